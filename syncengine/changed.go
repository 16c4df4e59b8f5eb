package syncengine

import (
	"bytes"
	"slices"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Changed calls each with every record of a space that was written to or erased
// after a position at which the space was read before, each once, in the order of
// ids, and returns the position at which they are now. Where the log no longer
// tells, or there is more to look at in it than there are records, it visits all
// records and says so; after zero it always does. Like Records it asks for no
// access.
func (e *Engine) Changed(space merge.SpaceID, after uint64, each func(rec *merge.Record) error) (position uint64, all bool, err error) {
	if err := e.gate.enter(); err != nil {
		return 0, false, err
	}
	defer e.gate.leave()
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	head, err := snapshot.Head(space)
	switch {
	case err != nil:
		return 0, false, err
	case head == nil:
		return 0, false, errNoAccess(space)
	case after == 0, after < head.CutThrough, after > head.Position, head.Position-after > head.Records:
		return head.Position, true, snapshot.Records(space, merge.RecordID{}, each)
	}
	ids, err := changedAfter(snapshot, space, after)
	if err != nil {
		return 0, false, err
	}
	for _, id := range ids {
		rec, err := snapshot.Record(space, id)
		if err != nil {
			return 0, false, err
		}
		if rec == nil { // written to by changes of which nothing is left
			continue
		}
		if err := each(rec); err != nil {
			return 0, false, err
		}
	}
	return head.Position, false, nil
}

// changedAfter lists the records that the space's log names after a position: what
// is merged or erased of a record, and nothing else, changes its row.
func changedAfter(snapshot *store.Snapshot, space merge.SpaceID, after uint64) ([]merge.RecordID, error) {
	named := map[merge.RecordID]bool{}
	log := &pulling{snapshot: snapshot, space: space}
	err := snapshot.Deliveries(space, after, func(first uint64, d *logv1.Delivery) error {
		entry, err := log.entry(first, d)
		if err != nil {
			return err
		}
		for _, r := range entry.Erased {
			named[r.Record] = true
		}
		if len(entry.Batch) == 0 {
			return nil
		}
		changes, err := wire.DecodeKeptBatch(space, entry.Batch)
		if err != nil {
			return fault.New(fault.Damaged, "log of space %s at %d: %w: the store is damaged; restore it from a backup", space, first, err)
		}
		for _, c := range changes {
			for i := range c.Records {
				named[c.Records[i].Record] = true
			}
		}
		return nil
	})
	ids := make([]merge.RecordID, 0, len(named))
	for id := range named {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b merge.RecordID) int { return bytes.Compare(a[:], b[:]) })
	return ids, err
}
