package localstore

import (
	"github.com/ncruces/go-sqlite3"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// BaseRows calls fn with what home has delivered of all spaces, in the order in
// which it lies in the file: reading it once through costs far less than looking
// up each record. The row is valid until fn returns.
func (tx *Tx) BaseRows(fn func(space int64, id merge.RecordID, row []byte) error) error {
	return tx.conn.query("SELECT space, id, base FROM record NOT INDEXED WHERE base IS NOT NULL", eachBaseRow(fn))
}

// BaseRowsOf is BaseRows of the records of one space that begin with a byte, in
// the order of their ids.
func (tx *Tx) BaseRowsOf(space int64, first byte, fn func(space int64, id merge.RecordID, row []byte) error) error {
	least, most := merge.RecordID{first}, merge.RecordID{first}
	for i := range most[1:] {
		most[1+i] = 0xff
	}
	return tx.conn.query("SELECT space, id, base FROM record WHERE space = ? AND id BETWEEN ? AND ? AND base IS NOT NULL ORDER BY id",
		eachBaseRow(fn), space, least[:], most[:])
}

func eachBaseRow(fn func(space int64, id merge.RecordID, row []byte) error) func(*sqlite3.Stmt) error {
	return func(s *sqlite3.Stmt) error {
		var id merge.RecordID
		copy(id[:], s.ColumnRawBlob(1)) // of a damaged one, what there is
		return fn(s.ColumnInt64(0), id, s.ColumnRawBlob(2))
	}
}

// Erase drops records, whatever is left of them, with what points from them: a
// damaged row does not say which references it had.
func (tx *Tx) Erase(space int64, ids []merge.RecordID) error {
	names := make(map[int64]bool, len(ids))
	for _, id := range ids {
		err := tx.conn.query("SELECT n FROM record WHERE space = ? AND id = ?", func(s *sqlite3.Stmt) error {
			names[s.ColumnInt64(0)] = true
			return nil
		}, space, id[:])
		if err != nil {
			return err
		}
	}
	if err := tx.dropReferencesOf(names); err != nil {
		return err
	}
	for n := range names {
		if err := tx.conn.exec("DELETE FROM overlay WHERE record = ?", n); err != nil {
			return err
		}
		if err := tx.conn.exec("DELETE FROM record WHERE n = ?", n); err != nil {
			return err
		}
	}
	return nil
}

// dropReferencesOf reads the index of references once, which is by target.
func (tx *Tx) dropReferencesOf(names map[int64]bool) error {
	if len(names) == 0 {
		return nil
	}
	type reference struct {
		target        []byte
		field, record int64
	}
	var found []reference
	err := tx.conn.query("SELECT record, field, target FROM reference", func(s *sqlite3.Stmt) error {
		if n := s.ColumnInt64(0); names[n] {
			found = append(found, reference{copyBlob(s, 2), s.ColumnInt64(1), n})
		}
		return nil
	})
	for _, r := range found {
		if err == nil {
			err = tx.conn.exec("DELETE FROM reference WHERE target = ? AND field = ? AND record = ?", r.target, r.field, r.record)
		}
	}
	return err
}

// OwnChanges calls fn with the originals of all own changes of the space. The
// bytes are valid until fn returns.
func (tx *Tx) OwnChanges(space int64, fn func(n int64, content []byte) error) error {
	return tx.conn.query(`
SELECT o.n, o.content FROM chain c JOIN own o ON o.n BETWEEN c.n << 40 AND (c.n << 40) + 1099511627775
WHERE c.space = ? ORDER BY o.n`, func(s *sqlite3.Stmt) error {
		return fn(s.ColumnInt64(0), s.ColumnRawBlob(1))
	}, space)
}

// Reopen is ReopenOwn of one change.
func (tx *Tx) Reopen(n int64, below uint8) error {
	return tx.conn.exec(`
INSERT INTO pending (n, verdict, position, overlaid, sent, findings) VALUES (?, 0, 0, 0, 1, x'')
ON CONFLICT (n) DO UPDATE SET verdict = 0, position = 0, findings = x'' WHERE verdict < ?`, n, int64(below))
}

// CarriedBatches calls fn with all batches of others that are kept of a space.
func (tx *Tx) CarriedBatches(space int64, fn func(c Carried) error) error {
	return tx.conn.query("SELECT n, changes, batch FROM carried WHERE space = ? ORDER BY n", func(s *sqlite3.Stmt) error {
		return fn(Carried{N: s.ColumnInt64(0), Changes: int(s.ColumnInt64(1)), Batch: s.ColumnRawBlob(2)})
	}, space)
}

// Offer makes one batch wait to be sent.
func (tx *Tx) Offer(n int64) error {
	return tx.conn.exec("UPDATE carried SET last = 0, offer = 1 WHERE n = ?", n)
}
