package localstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

// Tx is a transaction: what is read in it belongs together, what is written in
// it is kept whole or not at all. It ends with the function it was handed to,
// and one goroutine uses it.
type Tx struct {
	conn *conn
}

// Write runs fn in a transaction that writes; they run one at a time. When
// Write returns nil, all of it is durable; otherwise nothing of it is kept. fn
// must not call Write.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	return s.run(ctx, s.writer, "BEGIN IMMEDIATE", fn)
}

// Read runs fn on a snapshot: what is written meanwhile is not in it.
func (s *Store) Read(ctx context.Context, fn func(*Tx) error) error {
	return s.run(ctx, s.reader, "BEGIN", fn)
}

func (s *Store) run(ctx context.Context, pool chan *conn, begin string, fn func(*Tx) error) error {
	var c *conn
	select {
	case c = <-pool:
	case <-s.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { pool <- c }()
	err := c.transact(ctx, begin, fn)
	if ctx.Err() != nil && errors.Is(err, sqlite3.INTERRUPT) {
		return ctx.Err()
	}
	return err
}

// transact commits if fn returns nil, and takes everything back otherwise, also
// when fn panics.
func (c *conn) transact(ctx context.Context, begin string, fn func(*Tx) error) (err error) {
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
	if err := fn(&Tx{conn: c}); err != nil {
		return err
	}
	return c.exec("COMMIT")
}

// Property returns a single value, nil if it was never set.
func (tx *Tx) Property(name string) (value []byte, err error) {
	err = tx.conn.query("SELECT value FROM property WHERE name = ?", func(s *sqlite3.Stmt) error {
		value = copyBlob(s, 0)
		return nil
	}, name)
	return value, err
}

// SetProperty sets a single value.
func (tx *Tx) SetProperty(name string, value []byte) error {
	return tx.conn.exec("INSERT OR REPLACE INTO property (name, value) VALUES (?, ?)", name, notNull(value))
}

// notNull makes an empty blob of nil, which would be bound as NULL.
func notNull(value []byte) []byte {
	if value == nil {
		return []byte{}
	}
	return value
}
