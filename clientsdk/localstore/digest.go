package localstore

import (
	"github.com/ncruces/go-sqlite3"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func (tx *sqlTx) BaseRows(fn func(space int64, id merge.RecordID, row []byte) error) error {
	return tx.conn.query("SELECT space, id, base FROM record NOT INDEXED WHERE base IS NOT NULL", eachBaseRow(fn))
}

func (tx *sqlTx) BaseRowsOf(space int64, first byte, fn func(space int64, id merge.RecordID, row []byte) error) error {
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

func (tx *sqlTx) Erase(space int64, ids []merge.RecordID) error {
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
func (tx *sqlTx) dropReferencesOf(names map[int64]bool) error {
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

func (tx *sqlTx) OwnChanges(space int64, fn func(n int64, content []byte) error) error {
	return tx.conn.query(`
SELECT o.n, o.content FROM chain c JOIN own o ON o.n BETWEEN c.n << 40 AND (c.n << 40) + 1099511627775
WHERE c.space = ? ORDER BY o.n`, func(s *sqlite3.Stmt) error {
		return fn(s.ColumnInt64(0), s.ColumnRawBlob(1))
	}, space)
}

func (tx *sqlTx) Reopen(n int64, below uint8) error {
	return tx.conn.exec(`
INSERT INTO pending (n, verdict, position, overlaid, sent, handed, findings) VALUES (?, 0, 0, 0, 1, 0, x'')
ON CONFLICT (n) DO UPDATE SET verdict = 0, position = 0, findings = x'' WHERE verdict < ?`, n, int64(below))
}

func (tx *sqlTx) CarriedBatches(space int64, fn func(c Carried) error) error {
	return tx.conn.query("SELECT n, changes, batch FROM carried WHERE space = ? ORDER BY n", func(s *sqlite3.Stmt) error {
		return fn(Carried{N: s.ColumnInt64(0), Changes: int(s.ColumnInt64(1)), Batch: s.ColumnRawBlob(2)})
	}, space)
}

func (tx *sqlTx) Offer(n int64) error {
	return tx.conn.exec("UPDATE carried SET last = 0, offer = 1 WHERE n = ?", n)
}
