package localstore

import (
	"iter"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// record returns a record as the caller's own.
func (tx *memoryTx) record(n int64) Record {
	kept, _ := tx.records.get(n)
	r := kept.Record
	r.Base, r.View = cloned(r.Base), cloned(r.View)
	return r
}

// recordsOf walks over the records of a space in the order of their ids, and
// shows them as they are kept.
func (tx *memoryTx) recordsOf(space int64) iter.Seq[*recordRow] {
	return func(yield func(*recordRow) bool) {
		for key, n := range tx.recordID.from(recordIDKey{space: space}) {
			kept, _ := tx.records.get(n)
			if key.space != space || !yield(&kept) {
				return
			}
		}
	}
}

func (tx *memoryTx) Record(space int64, id merge.RecordID) (*Record, error) {
	n, found := tx.recordID.get(recordIDKey{space, id})
	if !found {
		return nil, nil
	}
	r := tx.record(n)
	return &r, nil
}

func (tx *memoryTx) RecordsOfType(space int64, typeName string) (records []Record, err error) {
	for key := range tx.recordType.from(recordTypeKey{space: space, typeName: typeName}) {
		if key.space != space || key.typeName != typeName {
			break
		}
		records = append(records, tx.record(key.record))
	}
	return records, nil
}

func (tx *memoryTx) RecordsReferring(space int64, typeName string, field uint32, target merge.RecordID) (records []Record, err error) {
	for key := range tx.references.from(referenceKey{target: target, field: field}) {
		if key.target != target || key.field != field {
			break
		}
		if kept, found := tx.records.get(key.record); found && kept.space == space && kept.Type == typeName {
			records = append(records, tx.record(key.record))
		}
	}
	return records, nil
}

func (tx *memoryTx) OpenRecords(space int64) (records []Record, err error) {
	for kept := range tx.recordsOf(space) {
		if kept.Open {
			records = append(records, tx.record(kept.N))
		}
	}
	return records, nil
}

func (tx *memoryTx) ViewedRecords(space int64) (ids []merge.RecordID, err error) {
	for kept := range tx.recordsOf(space) {
		if kept.View != nil {
			ids = append(ids, kept.ID)
		}
	}
	return ids, nil
}

func (tx *memoryTx) RecordIDs(space int64) (ids []merge.RecordID, err error) {
	for kept := range tx.recordsOf(space) {
		ids = append(ids, kept.ID)
	}
	return ids, nil
}

func (tx *memoryTx) SaveRecord(space int64, r *Record) error {
	base, view := cloned(r.Base), cloned(r.View)
	if r.N != 0 {
		return update(tx, tx.records, r.N, func(kept *recordRow) {
			kept.Standing, kept.Open, kept.Quarantined, kept.Base, kept.View = r.Standing, r.Open, r.Quarantined, base, view
		})
	}
	if tx.recordID.has(recordIDKey{space, r.ID}) {
		return errExists
	}
	r.N = nextName(tx.records)
	kept := recordRow{space, *r}
	kept.Base, kept.View = base, view
	if err := put(tx, tx.records, r.N, kept); err != nil {
		return err
	}
	if err := put(tx, tx.recordID, recordIDKey{space, r.ID}, r.N); err != nil {
		return err
	}
	return put(tx, tx.recordType, recordTypeKey{space, r.Type, r.N}, none{})
}

func (tx *memoryTx) DeleteRecord(n int64) error {
	kept, found := tx.records.get(n)
	if !found {
		return nil
	}
	if err := drop(tx, tx.recordID, recordIDKey{kept.space, kept.ID}); err != nil {
		return err
	}
	if err := drop(tx, tx.recordType, recordTypeKey{kept.space, kept.Type, n}); err != nil {
		return err
	}
	return drop(tx, tx.records, n)
}

func (tx *memoryTx) AddReference(record int64, field uint32, target merge.RecordID) error {
	return put(tx, tx.references, referenceKey{target, field, record}, none{})
}

func (tx *memoryTx) DropReference(record int64, field uint32, target merge.RecordID) error {
	return drop(tx, tx.references, referenceKey{target, field, record})
}

func (tx *memoryTx) ClearBase(space int64) error {
	gone := map[int64]bool{}
	for _, n := range keysOf(tx.records, func(r recordRow) bool { return r.space == space && r.View == nil }) {
		gone[n] = true
		if err := tx.DeleteRecord(n); err != nil {
			return err
		}
	}
	if err := tx.dropReferencesOf(gone); err != nil {
		return err
	}
	return updateAll(tx, tx.records, func(r recordRow) bool { return r.space == space }, func(kept *recordRow) { kept.Base = nil })
}

// dropReferencesOf drops what points from these records.
func (tx *memoryTx) dropReferencesOf(gone map[int64]bool) error {
	var references []referenceKey
	for key := range tx.references.all() {
		if gone[key.record] {
			references = append(references, key)
		}
	}
	return drop(tx, tx.references, references...)
}

func (tx *memoryTx) DropReferences() error {
	return drop(tx, tx.references, keysOf(tx.references, func(none) bool { return true })...)
}
