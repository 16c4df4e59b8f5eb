package localstore

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/ncruces/go-sqlite3"

	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// KeyBytes is the length of the key that encrypts a register.
const KeyBytes = 32

// FileName is the name of the database in its directory. SQLite keeps its log
// and the index of the log beside it, under names that begin the same.
const FileName = "register.db"

// readers is the number of connections for reading. A reader never waits for a
// writer; a second one lets a list on the screen load while another is read.
// A connection takes about half a megabyte, and its cache.
const readers = 2

// sqlStore is one open database. Several processes may have it open.
type sqlStore struct {
	writer chan *conn // holds the connection that writes, while it is free
	reader chan *conn
	closed chan struct{}
	close  sync.Once
}

// Open opens the register in this directory, and creates both if need be; the
// parent directory must exist. The caller keeps the key, and may overwrite it
// when Open has returned.
//
// A wrong key, and a database of a newer version, are errors that leave the
// files as they are.
func Open(ctx context.Context, dir string, key []byte) (Store, error) {
	registerFileSystem()
	return open(ctx, dir, key, fileSystem)
}

func open(ctx context.Context, dir string, key []byte, vfs string) (Store, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := makeDir(dir); err != nil {
		return nil, fmt.Errorf("open register: %w", err)
	}
	path := filepath.Join(dir, FileName)
	conns := make([]*conn, 0, 1+readers)
	for i := range 1 + readers {
		c, err := connect(ctx, path, key, vfs)
		conns = append(conns, c)
		if err == nil && i > 0 {
			err = c.exec("PRAGMA query_only = ON")
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open register: %w", explain(err)), closeAll(conns))
		}
	}
	s := &sqlStore{writer: make(chan *conn, 1), reader: make(chan *conn, readers), closed: make(chan struct{})}
	s.writer <- conns[0]
	for _, c := range conns[1:] {
		s.reader <- c
	}
	return s, nil
}

func checkKey(key []byte) error {
	if len(key) != KeyBytes {
		return fault.New(fault.Invalid, "open register: key of %d bytes where %d are due: draw them once at random and keep them in the key store of the device", len(key), KeyBytes)
	}
	return nil
}

// makeDir creates the directory for nobody else to read, and makes sure that
// its name is on the disk before anything in it counts as durable.
func makeDir(dir string) error {
	switch err := os.Mkdir(dir, 0o700); {
	case errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Invalid, "the parent directory is not there: create it, or hand in another: %w", err)
	case err != nil:
		return explain(err)
	}
	return atomicfile.SyncDir(filepath.Dir(dir))
}

// connect opens a connection and makes sure that the key is the right one
// before anything is written.
func connect(ctx context.Context, path string, key []byte, vfs string) (*conn, error) {
	name := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: "vfs=" + vfs}
	db, err := sqlite3.OpenContext(ctx, name.String())
	c := &conn{db: db, statements: make(map[string]*sqlite3.Stmt)}
	if err != nil {
		return c, err
	}
	// With a wrong key SQLite takes the log for an empty one, and would delete
	// it on closing, with all commits that are only there.
	if _, err := db.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true); err != nil {
		return c, err
	}
	if err := db.Exec("PRAGMA hexkey = '" + hex.EncodeToString(key) + "'; PRAGMA busy_timeout = 10000"); err != nil {
		return c, err
	}
	if err := c.checkVersion(); err != nil {
		return c, err
	}
	if err := db.Exec(settings); err != nil {
		return c, err
	}
	if err := c.checkMode(); err != nil {
		return c, err
	}
	if err := c.migrate(); err != nil {
		return c, err
	}
	_, err = db.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, false)
	return c, err
}

// settings of a connection; see the package documentation. secure_delete writes
// zeros over what is deleted: a person may ask for that. fullfsync makes
// Apple's systems sync for real and means nothing elsewhere. The caches are
// 1 MB each; a log that one large pull has made long is cut back.
const settings = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA checkpoint_fullfsync = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -1024;
PRAGMA journal_size_limit = 4194304;
PRAGMA trusted_schema = OFF;
PRAGMA secure_delete = ON;
PRAGMA cell_size_check = ON;
`

// checkMode makes sure that the database has its log: where it cannot have one,
// readers and the writer would wait for each other.
func (c *conn) checkMode() error {
	return c.query("PRAGMA journal_mode", func(s *sqlite3.Stmt) error {
		if mode := s.ColumnText(0); mode != "wal" {
			return fault.New(fault.Unavailable, "the file system of the directory does not share memory between connections (journal mode %s): use one of the device's own", mode)
		}
		return nil
	})
}

// Close implements Store.
func (s *sqlStore) Close() error {
	var err error
	s.close.Do(func() {
		close(s.closed)
		conns := make([]*conn, 0, 1+readers)
		for range readers {
			conns = append(conns, <-s.reader)
		}
		err = closeAll(append(conns, <-s.writer))
	})
	return err
}

func closeAll(conns []*conn) error {
	var all []error
	for _, c := range conns {
		all = append(all, c.close())
	}
	return errors.Join(all...)
}
