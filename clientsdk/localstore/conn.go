package localstore

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

// conn is one connection with the statements it has prepared. One goroutine
// uses it at a time.
type conn struct {
	db         *sqlite3.Conn
	statements map[string]*sqlite3.Stmt
}

func (c *conn) close() error {
	if c.db == nil {
		return nil
	}
	var all []error
	for _, s := range c.statements {
		all = append(all, s.Close())
	}
	return errors.Join(append(all, c.db.Close())...)
}

// prepare returns the statement for this SQL, which the connection keeps: the
// SQL must be a constant.
func (c *conn) prepare(sql string) (*sqlite3.Stmt, error) {
	if s := c.statements[sql]; s != nil {
		return s, nil
	}
	s, _, err := c.db.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT)
	if err != nil {
		return nil, err
	}
	c.statements[sql] = s
	return s, nil
}

// exec runs a statement that returns no rows.
func (c *conn) exec(sql string, args ...any) error {
	return c.query(sql, nil, args...)
}

// query runs a statement and calls row for each of its rows. row must not run
// the same statement, and returns errStop to see no more rows. Blobs that it
// reads are valid until it returns.
func (c *conn) query(sql string, row func(*sqlite3.Stmt) error, args ...any) error {
	return explain(c.run(sql, row, args))
}

func (c *conn) run(sql string, row func(*sqlite3.Stmt) error, args []any) (err error) {
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	if s.Busy() {
		return fmt.Errorf("statement is in use: %s", sql)
	}
	defer func() {
		if again := s.Reset(); err == nil { // it repeats the statement's error
			err = again
		}
	}()
	for i, arg := range args {
		if err := bind(s, i+1, arg); err != nil {
			return err
		}
	}
	for s.Step() {
		if row == nil {
			continue
		}
		switch err := row(s); {
		case err == errStop:
			return nil
		case err != nil:
			return err
		}
	}
	return s.Err()
}

// bind sets a parameter. A nil []byte is NULL.
func bind(s *sqlite3.Stmt, param int, arg any) error {
	switch v := arg.(type) {
	case int64:
		return s.BindInt64(param, v)
	case int:
		return s.BindInt64(param, int64(v))
	case bool:
		return s.BindBool(param, v)
	case string:
		return s.BindText(param, v)
	case []byte:
		if v == nil {
			return s.BindNull(param)
		}
		return s.BindBlob(param, v)
	}
	return fmt.Errorf("parameter %d of type %T", param, arg)
}

// copyBlob returns a copy of a column; nil for NULL.
func copyBlob(s *sqlite3.Stmt, column int) []byte {
	raw := s.ColumnRawBlob(column)
	if raw == nil {
		return nil
	}
	return append(make([]byte, 0, len(raw)), raw...)
}
