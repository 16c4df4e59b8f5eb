package syncengine

import (
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// Records calls each with every record of a space at one moment, in the order
// of ids, and returns the space's position at that moment. It asks for no
// access: it is for the server's own reports.
func (e *Engine) Records(space merge.SpaceID, each func(rec *merge.Record) error) (position uint64, err error) {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	head, err := snapshot.Head(space)
	if err != nil {
		return 0, err
	}
	if head == nil {
		return 0, errNoAccess(space)
	}
	return head.Position, eachRecord(snapshot, space, merge.RecordID{}, each)
}

// Digest returns the combined digest of all records of a space, and the
// position at which it holds.
func (e *Engine) Digest(space merge.SpaceID) (digest merge.Hash, position uint64, err error) {
	position, err = e.Records(space, func(rec *merge.Record) error {
		digest = digest.Combine(rec.Digest())
		return nil
	})
	return digest, position, err
}

func eachRecord(snapshot *store.Snapshot, space merge.SpaceID, from merge.RecordID, each func(rec *merge.Record) error) error {
	return snapshot.RecordRows(space, from, func(id merge.RecordID, row []byte) error {
		rec, err := merge.ParseRecord(id, row)
		if err != nil {
			return fault.New(fault.Damaged, "record %s: %w: the store is damaged; restore it from a backup", id, err)
		}
		return each(rec)
	})
}
