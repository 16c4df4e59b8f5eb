package localstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// sqlTx is a transaction on a connection.
type sqlTx struct {
	conn *conn
}

// Write implements Store.
func (s *sqlStore) Write(ctx context.Context, fn func(Tx) error) error {
	return s.run(ctx, s.writer, "BEGIN IMMEDIATE", fn)
}

// Read implements Store.
func (s *sqlStore) Read(ctx context.Context, fn func(Tx) error) error {
	return s.run(ctx, s.reader, "BEGIN", fn)
}

// Scrub implements Store. What is deleted is written over with zeros, since the
// settings say so; here the log, which still has what pages were before, is
// written into the database and cut to nothing.
func (s *sqlStore) Scrub(ctx context.Context) error {
	c, err := s.take(ctx, s.writer)
	if err != nil {
		return err
	}
	defer func() { s.writer <- c }()
	return c.query("PRAGMA wal_checkpoint(TRUNCATE)", func(row *sqlite3.Stmt) error {
		if row.ColumnInt64(0) != 0 {
			return fault.New(fault.Unavailable, "the register is being read: what was erased lies in its log until nobody does")
		}
		return nil
	})
}

// take waits for a connection.
func (s *sqlStore) take(ctx context.Context, pool chan *conn) (*conn, error) {
	select {
	case c := <-pool:
		return c, nil
	case <-s.closed:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *sqlStore) run(ctx context.Context, pool chan *conn, begin string, fn func(Tx) error) error {
	c, err := s.take(ctx, pool)
	if err != nil {
		return err
	}
	defer func() { pool <- c }()
	err = c.transact(ctx, begin, fn)
	if ctx.Err() != nil && errors.Is(err, sqlite3.INTERRUPT) {
		return ctx.Err()
	}
	return err
}

// transact commits if fn returns nil, and takes everything back otherwise, also
// when fn panics.
func (c *conn) transact(ctx context.Context, begin string, fn func(Tx) error) (err error) {
	defer c.db.SetInterrupt(c.db.SetInterrupt(ctx))
	if err := c.exec(begin); err != nil {
		return err
	}
	defer func() {
		if c.db.GetAutocommit() {
			return // committed, or taken back by SQLite itself, as on a full disk
		}
		c.db.SetInterrupt(context.Background())
		if back := c.exec("ROLLBACK"); back != nil {
			err = errors.Join(err, fmt.Errorf("roll back: %w", back))
		}
	}()
	if err := fn(&sqlTx{conn: c}); err != nil {
		return err
	}
	return c.exec("COMMIT")
}

func (tx *sqlTx) Property(name string) (value []byte, err error) {
	err = tx.conn.query("SELECT value FROM property WHERE name = ?", func(s *sqlite3.Stmt) error {
		value = copyBlob(s, 0)
		return nil
	}, name)
	return value, err
}

func (tx *sqlTx) SetProperty(name string, value []byte) error {
	return tx.conn.exec("INSERT OR REPLACE INTO property (name, value) VALUES (?, ?)", name, notNull(value))
}

// notNull makes an empty blob of nil, which would be bound as NULL.
func notNull(value []byte) []byte {
	if value == nil {
		return []byte{}
	}
	return value
}
