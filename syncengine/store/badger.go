package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
)

// memTableBytes decides how much a transaction holds: Badger takes 15 % of it.
const memTableBytes = 16 << 20

// Settings returns Badger's options but for the key of its files; where they
// differ from its defaults, a measured reason stands beside them.
func Settings(o Options) badger.Options {
	return badger.DefaultOptions(o.Dir).
		WithLogger(nil).
		WithMetricsEnabled(false).
		WithSyncWrites(!o.Unsynced). // the default loses acknowledged commits in a power cut
		// Blocks are not verified by default: a flipped bit is served as data.
		WithChecksumVerificationMode(options.OnBlockRead).
		WithVerifyValueChecksum(true).
		WithMemTableSize(memTableBytes).                           // at 64 MB a commit writes ten times as much to the device
		WithNumMemtables(3).WithNumCompactors(2).                  // no gain from more on two cores
		WithBlockCacheSize(32 << 20).WithIndexCacheSize(16 << 20). // zero keeps all indices in memory
		WithValueLogFileSize(16 << 20).                            // values live in the LSM tree, the value log stays empty
		WithDetectConflicts(false).                                // there is one committer
		WithNumVersionsToKeep(1)
}

// The adapters hold one pointer each, so that an interface value of them takes
// no memory of its own.
type (
	badgerBackend  struct{ db *badger.DB }
	badgerTxn      struct{ txn *badger.Txn }
	badgerIterator struct{ it *badger.Iterator }
)

// openBadger opens the directory, or makes a store in an empty one. It belongs
// to one process at a time. What is in it is sealed, and the files are encrypted
// by Badger too, which hides keys and sizes of rows from who has the files; it
// does not show that they were altered.
func openBadger(o Options) (*sealedBackend, error) {
	ring, err := openRing(o)
	if err != nil {
		return nil, err
	}
	if err := checkFiles(o.Dir, ring.FilesKey()); err != nil {
		return nil, err
	}
	db, err := openFiles(Settings(o).WithEncryptionKey(ring.FilesKey()))
	switch {
	case err == nil:
		b := badgerBackend{db}
		if err := ring.Unchanged(); err != nil {
			return nil, errors.Join(err, b.close())
		}
		return newSealedBackend(b, ring), nil
	case strings.Contains(err.Error(), "Cannot acquire directory lock"):
		return nil, fault.New(fault.Unavailable, "%s: another process has the store open; stop it first", o.Dir)
	}
	return nil, fault.New(fault.Damaged, "%s: %w: the store cannot be opened; restore it from a backup", o.Dir, err)
}

// openFiles opens Badger's files. A crash may have left logs that have a name and
// nothing else: Badger writes the beginning of each, and returns an error, the
// first time.
func openFiles(o badger.Options) (*badger.DB, error) {
	const emptyLogsMax = 4 // one of each kind is what a crash leaves
	db, err := badger.Open(o)
	for i := 0; i < emptyLogsMax && err != nil && strings.Contains(err.Error(), "Create a new file"); i++ {
		db, err = badger.Open(o)
	}
	return db, err
}

// openRing opens the keyring of a store, and makes the directory and the keyring
// of a new one.
func openRing(o Options) (*keyring.Ring, error) {
	if o.Master == nil {
		return nil, fault.New(fault.Invalid, "a store in a directory is sealed: say under which master key")
	}
	_, err := os.Stat(filepath.Join(o.Dir, badger.ManifestFilename))
	switch {
	case err == nil:
		return keyring.Open(o.Dir, o.Master)
	case o.Existing:
		return nil, errNoStore
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fault.New(fault.Invalid, "store directory: %w", err)
	}
	return keyring.Create(o.Dir, o.Master)
}

func (b badgerBackend) view() view       { return badgerTxn{b.db.NewTransaction(false)} }
func (b badgerBackend) update() update   { return badgerTxn{b.db.NewTransaction(true)} }
func (b badgerBackend) updateBytes() int { return int(b.db.MaxBatchSize()) }
func (b badgerBackend) close() error     { return b.db.Close() }

// scrubbed is a key that no row has. Dropping it is how Badger is made to write
// its tables in memory to the disk, and the files of their logs away.
var scrubbed = []byte("z/scrub")

// scrub writes all tables together: of each row the last version is left, and
// the files that held the others are deleted. Badger keeps old versions until it
// happens to compact the tables that they are in.
func (b badgerBackend) scrub() error {
	err := b.db.Update(func(txn *badger.Txn) error { return txn.Set(scrubbed, []byte{1}) })
	if err == nil {
		err = b.db.DropPrefix(scrubbed)
	}
	if err != nil {
		return err
	}
	return b.db.Flatten(1)
}

func (t badgerTxn) get(key []byte) ([]byte, error) {
	item, err := t.txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, readFault(err)
	}
	data, err := item.ValueCopy(nil) // not nil for an empty value
	if err != nil {
		return nil, readFault(err)
	}
	return data, nil
}

func (t badgerTxn) has(key []byte) (bool, error) {
	_, err := t.txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return false, nil
	}
	if err != nil {
		return false, readFault(err)
	}
	return true, nil
}

func (t badgerTxn) set(key, value []byte) error { return badgerFault(t.txn.Set(key, value)) }
func (t badgerTxn) commit() error               { return badgerFault(t.txn.Commit()) }
func (t badgerTxn) discard()                    { t.txn.Discard() }

func badgerFault(err error) error {
	if errors.Is(err, badger.ErrTxnTooBig) {
		return ErrFoldTooBig
	}
	return err
}

func (t badgerTxn) iterate(prefix []byte) iterator {
	opts := badger.DefaultIteratorOptions
	opts.PrefetchValues, opts.Prefix = false, prefix
	return badgerIterator{t.txn.NewIterator(opts)}
}

func (t badgerTxn) last(prefix, bound []byte) (key, value []byte, err error) {
	opts := badger.DefaultIteratorOptions
	opts.PrefetchValues, opts.Prefix, opts.Reverse = false, prefix, true
	it := badgerIterator{t.txn.NewIterator(opts)}
	defer it.close()
	it.seek(bound)
	if !it.valid() {
		return nil, nil, nil
	}
	value, err = it.value()
	return bytes.Clone(it.key()), value, err
}

func (i badgerIterator) seek(key []byte) { i.it.Seek(key) }
func (i badgerIterator) next()           { i.it.Next() }
func (i badgerIterator) valid() bool     { return i.it.Valid() }
func (i badgerIterator) key() []byte     { return i.it.Item().Key() }
func (i badgerIterator) close()          { i.it.Close() }

func (i badgerIterator) value() ([]byte, error) {
	value, err := i.it.Item().ValueCopy(nil)
	if err != nil {
		return nil, readFault(err)
	}
	return value, nil
}

func readFault(err error) error {
	if errors.Is(err, badger.ErrDBClosed) || errors.Is(err, badger.ErrDiscardedTxn) {
		return errClosing
	}
	return fault.New(fault.Damaged, "read row: %w: the store is damaged; restore it from a backup", err)
}
