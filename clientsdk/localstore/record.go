package localstore

import (
	"github.com/ncruces/go-sqlite3"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Record is a row of the register.
type Record struct {
	N    int64 // names the record inside this store; zero before it is saved
	ID   merge.RecordID
	Type string
	// Base is the record as home has it, nil if home has none.
	Base []byte
	// View is the record with own unconfirmed changes, nil if none touches it.
	View []byte
	// Standing is what the view makes of it.
	Standing merge.Standing
	// Open says that a person should look at it.
	Open bool
	// Quarantined says that a change that the view shows is in quarantine.
	Quarantined bool
}

// Row returns the record as this tablet sees it.
func (r *Record) Row() []byte {
	if r.View != nil {
		return r.View
	}
	return r.Base
}

const selectRecord = `
SELECT r.n, r.id, t.name, r.base, r.view, r.standing, r.open, r.quarantined
FROM record r JOIN type t ON t.n = r.type `

func scanRecord(s *sqlite3.Stmt) Record {
	return Record{
		N: s.ColumnInt64(0), ID: merge.RecordID(s.ColumnRawBlob(1)), Type: s.ColumnText(2),
		Base: copyBlob(s, 3), View: copyBlob(s, 4), Standing: merge.Standing(s.ColumnInt64(5)),
		Open: s.ColumnBool(6), Quarantined: s.ColumnBool(7),
	}
}

func (tx *sqlTx) records(sql string, args ...any) (records []Record, err error) {
	err = tx.conn.query(sql, func(s *sqlite3.Stmt) error {
		records = append(records, scanRecord(s))
		return nil
	}, args...)
	return records, err
}

func (tx *sqlTx) Record(space int64, id merge.RecordID) (*Record, error) {
	found, err := tx.records(selectRecord+"WHERE r.space = ? AND r.id = ?", space, id[:])
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

func (tx *sqlTx) RecordsOfType(space int64, typeName string) ([]Record, error) {
	return tx.records(selectRecord+"WHERE r.space = ? AND t.name = ?", space, typeName)
}

func (tx *sqlTx) RecordsReferring(space int64, typeName string, field uint32, target merge.RecordID) ([]Record, error) {
	return tx.records(selectRecord+`
WHERE r.n IN (SELECT record FROM reference WHERE target = ? AND field = ?)
AND r.space = ? AND t.name = ?`, target[:], int64(field), space, typeName)
}

func (tx *sqlTx) OpenRecords(space int64) ([]Record, error) {
	return tx.records(selectRecord+"WHERE r.space = ? AND r.open ORDER BY r.id", space)
}

func (tx *sqlTx) ViewedRecords(space int64) ([]merge.RecordID, error) {
	return tx.recordIDs("SELECT id FROM record WHERE space = ? AND view IS NOT NULL ORDER BY id", space)
}

func (tx *sqlTx) RecordIDs(space int64) ([]merge.RecordID, error) {
	return tx.recordIDs("SELECT id FROM record WHERE space = ? ORDER BY id", space)
}

func (tx *sqlTx) recordIDs(sql string, space int64) (ids []merge.RecordID, err error) {
	err = tx.conn.query(sql, func(s *sqlite3.Stmt) error {
		ids = append(ids, merge.RecordID(s.ColumnRawBlob(0)))
		return nil
	}, space)
	return ids, err
}

func (tx *sqlTx) SaveRecord(space int64, r *Record) error {
	if r.N != 0 {
		return tx.conn.exec("UPDATE record SET standing = ?, open = ?, quarantined = ?, base = ?, view = ? WHERE n = ?",
			int64(r.Standing), r.Open, r.Quarantined, r.Base, r.View, r.N)
	}
	if err := tx.conn.exec("INSERT OR IGNORE INTO type (name) VALUES (?)", r.Type); err != nil {
		return err
	}
	err := tx.conn.exec(`
INSERT INTO record (space, id, type, standing, open, quarantined, base, view)
VALUES (?, ?, (SELECT n FROM type WHERE name = ?), ?, ?, ?, ?, ?)`,
		space, r.ID[:], r.Type, int64(r.Standing), r.Open, r.Quarantined, r.Base, r.View)
	r.N = tx.conn.db.LastInsertRowID()
	return err
}

func (tx *sqlTx) DeleteRecord(n int64) error {
	return tx.conn.exec("DELETE FROM record WHERE n = ?", n)
}

func (tx *sqlTx) AddReference(record int64, field uint32, target merge.RecordID) error {
	return tx.conn.exec("INSERT OR IGNORE INTO reference (target, field, record) VALUES (?, ?, ?)", target[:], int64(field), record)
}

func (tx *sqlTx) DropReference(record int64, field uint32, target merge.RecordID) error {
	return tx.conn.exec("DELETE FROM reference WHERE target = ? AND field = ? AND record = ?", target[:], int64(field), record)
}

func (tx *sqlTx) ClearBase(space int64) error {
	if err := tx.conn.exec("DELETE FROM reference WHERE record IN (SELECT n FROM record WHERE space = ? AND view IS NULL)", space); err != nil {
		return err
	}
	if err := tx.conn.exec("DELETE FROM record WHERE space = ? AND view IS NULL", space); err != nil {
		return err
	}
	return tx.conn.exec("UPDATE record SET base = NULL WHERE space = ?", space)
}

func (tx *sqlTx) DropReferences() error {
	return tx.conn.exec("DELETE FROM reference")
}
