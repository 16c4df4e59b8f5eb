package syncengine

import (
	"context"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// The history of a record needs no index of its own. A record's row has the
// position of the last change that wrote to it, and each row of the space's log
// has, for every record of its changes, the position before that. So history
// walks the log backwards, from change to change of the one record. An index by
// record would be one more key in random order per change, which is two thirds
// of what storing a change costs.

// notePrevious keeps the positions at which the records of a change were last
// written to. The change is about to be applied at the head's position.
func (s *applying) notePrevious(c *merge.Change) error {
	for i := range c.Records {
		rec, err := s.fold.Record(s.entry.Space, c.Records[i].Record)
		if err != nil {
			return err
		}
		var back uint64
		if rec != nil {
			back = s.head.Position - rec.Position
		}
		s.previous = append(s.previous, back)
	}
	return nil
}

// trimmed leaves out zeros at the end: most batches are new records only.
func trimmed(previous []uint64) []uint64 {
	for len(previous) > 0 && previous[len(previous)-1] == 0 {
		previous = previous[:len(previous)-1]
	}
	return previous
}

func recordsIn(changes []*merge.Change) (n int) {
	for _, c := range changes {
		n += len(c.Records)
	}
	return n
}

// recordWalk walks a record's history backwards.
type recordWalk struct {
	ctx      context.Context // of the one call that walks
	snapshot *store.Snapshot
	space    merge.SpaceID
	head     uint64        // position of the space
	cut      uint64        // through which position its log is cut
	beyond   bool          // the history goes on where the log is cut
	now      *merge.Record // as it is
	row      deliveredRow  // that was read last: neighbours are often in the same
}

// deliveredRow is a row of the space's log, decoded.
type deliveredRow struct {
	first    uint64 // position
	received int64
	changes  []*merge.Change
	previous []uint64 // as in Delivery
	// erased says, by record that was erased, how many positions before it was
	// written to.
	erased map[merge.RecordID]uint64
}

// historyStep is one change of a record's history.
type historyStep struct {
	// change has the one record only, in bytes of its own.
	change   *merge.Change
	position uint64
	received int64
	previous uint64 // position of the step before; zero for the first that there is
}

// newRecordWalk begins at a record that the person may read.
func newRecordWalk(ctx context.Context, snapshot *store.Snapshot, person merge.PersonID, space merge.SpaceID, record merge.RecordID) (*recordWalk, error) {
	head, _, err := readable(snapshot, space, person)
	if err != nil {
		return nil, err
	}
	now, err := snapshot.Record(space, record)
	if err != nil {
		return nil, err
	}
	if now == nil {
		return nil, fault.New(fault.NotFound, "record %s: there is none in space %s", record, space)
	}
	return &recordWalk{ctx: ctx, snapshot: snapshot, space: space, head: head.Position, cut: head.CutThrough, now: now}, nil
}

// below returns the position of the last change to the record below a position,
// zero if there is none; before zero stands for beyond the end.
func (w *recordWalk) below(before uint64) (uint64, error) {
	at := w.kept(w.now.Position)
	if before == 0 || before > at {
		return at, nil
	}
	before = max(before, w.cut+1) // nothing is kept below, and walking tells whether there was anything
	// A page begins where another ended: at a change of the record.
	if change, _, err := w.find(before); err != nil {
		return 0, err
	} else if partOf(change, w.now.ID) >= 0 {
		step, err := w.at(before)
		return step.previous, err
	}
	for at >= before {
		step, err := w.at(at)
		if err != nil {
			return 0, err
		}
		at = step.previous
	}
	return at, nil
}

// kept returns a position of the record's history, or zero where the log is cut
// there: the walk ends.
func (w *recordWalk) kept(position uint64) uint64 {
	if position > w.cut {
		return position
	}
	w.beyond = w.beyond || position > 0
	return 0
}

// at returns the step at a position where the record was written to.
func (w *recordWalk) at(position uint64) (historyStep, error) {
	change, records, err := w.find(position)
	if err != nil {
		return historyStep{}, err
	}
	i := partOf(change, w.now.ID)
	if back, erased := w.row.erased[w.now.ID]; erased && i < 0 {
		return w.beforeErased(position, back)
	}
	if i < 0 {
		return historyStep{}, w.damaged(position, "record %s is not in it", w.now.ID)
	}
	alone := *change
	alone.Records = []merge.RecordWrites{ownBytes(&change.Records[i])}
	step := historyStep{change: &alone, position: position, received: w.row.received}
	if records+i < len(w.row.previous) {
		back := w.row.previous[records+i]
		if back > position {
			return historyStep{}, w.damaged(position, "record %s was written to %d positions before", w.now.ID, back)
		}
		if back > 0 {
			step.previous = w.kept(position - back)
		}
	}
	return step, nil
}

// beforeErased returns the step before a record was erased, which is none of its
// changes.
func (w *recordWalk) beforeErased(position, back uint64) (historyStep, error) {
	if back > position {
		return historyStep{}, w.damaged(position, "record %s was written to %d positions before", w.now.ID, back)
	}
	if position = w.kept(position - back); position == 0 {
		return historyStep{}, nil
	}
	return w.at(position)
}

// find returns the change at a position, nil if there is a verdict alone, and
// how many records the changes before it in the same row have.
func (w *recordWalk) find(position uint64) (change *merge.Change, records int, err error) {
	if err := w.ctx.Err(); err != nil {
		return nil, 0, err
	}
	if err := w.read(position); err != nil {
		return nil, 0, err
	}
	i := int(position - w.row.first)
	if i >= len(w.row.changes) {
		return nil, 0, nil
	}
	return w.row.changes[i], recordsIn(w.row.changes[:i]), nil
}

// read makes row the one with the position.
func (w *recordWalk) read(position uint64) error {
	if position >= w.row.first && position-w.row.first < uint64(len(w.row.changes)) {
		return nil
	}
	first, d, err := w.snapshot.DeliveryAt(w.space, position)
	if err != nil {
		return err
	}
	if d == nil || position-first >= uint64(d.Positions) {
		return w.damaged(position, "it is not there")
	}
	w.row = deliveredRow{first: first, received: d.ReceivedMillis, previous: d.Previous, erased: map[merge.RecordID]uint64{}}
	for _, r := range d.Erased {
		w.row.erased[merge.RecordID(r.RecordId)] = r.Back
	}
	entry, err := (&pulling{snapshot: w.snapshot, space: w.space}).entry(first, d)
	if err != nil || len(entry.Batch) == 0 {
		return err
	}
	if w.row.changes, err = wire.DecodeKeptBatch(w.space, entry.Batch); err != nil {
		return w.damaged(position, "%w", err)
	}
	return nil
}

func (w *recordWalk) damaged(position uint64, format string, args ...any) error {
	return fault.New(fault.Damaged, "log of space %s at %d: %w: the store is damaged; restore it from a backup",
		w.space, position, fault.New(fault.Damaged, format, args...))
}

// partOf returns the place of a record in a change, -1 if it is not in it.
func partOf(c *merge.Change, record merge.RecordID) int {
	if c == nil {
		return -1
	}
	for i := range c.Records {
		if c.Records[i].Record == record {
			return i
		}
	}
	return -1
}
