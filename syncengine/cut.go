package syncengine

import (
	"context"
	"math"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// A server's log grows with every change, and most of it is asked for by nobody
// any more: a copy that is far behind is served rows, which say the same in
// less. So its beginning may be forgotten, on two conditions: it is in a
// verified backup, and it is as old as its space asks for. Nothing but the log
// is forgotten. Verdicts stay, so that a change which is sent again is known;
// records stay, with what was called a mistake and what awaits a value that was
// replaced before it came.
//
// Positions go on as they were, and no tablet is ever cut off: a cursor from
// before the cut is served rows.

// cutRows bounds the rows that one entry empties, so that applying it is bounded
// work.
const cutRows = 1000

// CutOptions say what Cut may forget.
type CutOptions struct {
	// Space is the only space that is cut, if it is not zero.
	Space merge.SpaceID
	// Retention holds for spaces of which nothing else was said. If it is zero
	// they keep nothing beyond what is not in a verified backup.
	Retention Retention
	// Rehearse forgets nothing, and says what would be.
	Rehearse bool
}

// Cut says what was forgotten, or would be.
type Cut struct {
	Spaces []SpaceCut
	// Entries is how many entries are gone of the logs of partitions, which hold
	// the changes as they came.
	Entries uint64
}

// SpaceCut says what was forgotten of one space.
type SpaceCut struct {
	Space                    merge.SpaceID
	Position, DurableThrough uint64
	// CutBefore is up to which position the log was forgotten before, and
	// CutThrough up to which it is now.
	CutBefore, CutThrough uint64
	Retention             Retention
}

// Cut forgets the beginning of the log, as far as it is in a verified backup and
// no longer to be kept.
func (e *Engine) Cut(ctx context.Context, by merge.PersonID, o CutOptions) (Cut, error) {
	if err := e.gate.enter(); err != nil {
		return Cut{}, err
	}
	defer e.gate.leave()
	if err := e.checkRoom(); err != nil {
		return Cut{}, err
	}
	e.cutting.Lock()
	defer e.cutting.Unlock()
	plan, err := e.planCut(o)
	if err != nil || o.Rehearse {
		return plan.cut, err
	}
	for i := range plan.cut.Spaces {
		s := &plan.cut.Spaces[i]
		if err := e.cutLog(ctx, by, store.Partition(s.Space), s.Space, s.CutBefore, s.CutThrough); err != nil {
			return Cut{}, err
		}
	}
	for partition, entries := range plan.entries {
		if err := e.cutLog(ctx, by, partition, merge.SpaceID{}, entries.cut, entries.through); err != nil {
			return Cut{}, err
		}
	}
	return plan.cut, nil
}

// cutLog forgets a log up to and including a place: that of a space, or without
// a space that of a partition.
func (e *Engine) cutLog(ctx context.Context, by merge.PersonID, partition uint16, space merge.SpaceID, before, through uint64) error {
	if through <= before {
		return nil
	}
	body, err := proto.Marshal(&logv1.Cut{Through: through})
	if err != nil {
		return marshalFailed("cut", err)
	}
	for {
		if err := ctx.Err(); err != nil {
			return fault.New(fault.Unavailable, "cut: %w; what was forgotten by now stays so", err)
		}
		outcome, err := e.log.Append(context.WithoutCancel(ctx), partition, log.Entry{
			Kind: log.Cut, Space: space, Received: e.options.Now(), Principal: by, Level: log.Level, Body: body, SizeBytes: 64 * cutRows,
		})
		if err != nil {
			return fault.New(fault.KindOf(err), "cut: %w", err)
		}
		if !outcome.Recorded {
			return nil
		}
	}
}

// cutPlan is what may be forgotten.
type cutPlan struct {
	cut     Cut
	entries map[uint16]entriesCut // by partition
}

type entriesCut struct{ cut, through uint64 }

// planCut finds out what may be forgotten. It stays so while others write: what
// comes later in a log is not before it.
func (e *Engine) planCut(o CutOptions) (cutPlan, error) {
	plan := cutPlan{entries: map[uint16]entriesCut{}}
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	now, kept := e.options.Now(), map[uint16]*keptEntries{}
	err := snapshot.Spaces(func(space merge.SpaceID, head *logv1.SpaceHead) error {
		s := SpaceCut{
			Space: space, Position: head.Position, DurableThrough: head.DurableThrough,
			CutBefore: head.CutThrough, CutThrough: head.CutThrough, Retention: retentionOf(head, o.Retention),
		}
		if o.Space == (merge.SpaceID{}) || o.Space == space {
			if err := s.find(snapshot, now); err != nil {
				return err
			}
			plan.cut.Spaces = append(plan.cut.Spaces, s)
		}
		partition := store.Partition(space)
		if kept[partition] == nil {
			kept[partition] = &keptEntries{from: math.MaxUint64, since: math.MaxInt64}
		}
		return kept[partition].of(snapshot, &s, now)
	})
	if err != nil {
		return plan, err
	}
	if o.Space != (merge.SpaceID{}) && len(plan.cut.Spaces) == 0 {
		return plan, fault.New(fault.NotFound, "cut: there is no space %s", o.Space)
	}
	for partition, k := range kept {
		entries, err := k.cut(snapshot, partition)
		if err != nil {
			return plan, err
		}
		plan.entries[partition] = entries
		plan.cut.Entries += entries.through - entries.cut
	}
	return plan, nil
}

// find finds the last position that may be forgotten.
func (s *SpaceCut) find(snapshot *store.Snapshot, now int64) error {
	since := s.Retention.since(now)
	return snapshot.Deliveries(s.Space, s.CutBefore, func(first uint64, d *logv1.Delivery) error {
		last := first + uint64(d.Positions) - 1
		if last > s.DurableThrough || d.ReceivedMillis >= since {
			return store.ErrStop
		}
		s.CutThrough = last
		return nil
	})
}

// keptEntries is what spaces keep of their partition's log: entries from one on,
// because their logs go on there, and those that came since a time.
type keptEntries struct {
	from  uint64
	since int64 // milliseconds since 1970
}

func (k *keptEntries) of(snapshot *store.Snapshot, s *SpaceCut, now int64) error {
	k.since = min(k.since, s.Retention.since(now))
	return snapshot.Deliveries(s.Space, s.CutThrough, func(_ uint64, d *logv1.Delivery) error {
		k.from = min(k.from, d.EntrySeq)
		return store.ErrStop
	})
}

// cut finds the last entry that may be forgotten.
func (k *keptEntries) cut(snapshot *store.Snapshot, partition uint16) (entriesCut, error) {
	head, err := snapshot.PartitionHead(partition)
	if err != nil {
		return entriesCut{}, err
	}
	c := entriesCut{head.CutThrough, head.CutThrough}
	err = snapshot.Entries(partition, c.cut, func(seq uint64, entry *logv1.Entry) error {
		if seq >= k.from || seq > head.DurableThrough || entry.ReceivedMillis >= k.since {
			return store.ErrStop
		}
		c.through = seq
		return nil
	})
	return c, err
}

// cut forgets the beginning of a space's log, or of a partition's.
func (a applier) cut(fold *store.Fold, partition uint16, e *log.Entry) (log.Outcome, error) {
	var body logv1.Cut
	if err := proto.Unmarshal(e.Body, &body); err != nil {
		return log.Outcome{}, fault.New(fault.Damaged, "cut entry: %w", err)
	}
	if e.Space == (merge.SpaceID{}) {
		return a.cutEntries(fold, partition, body.Through)
	}
	head, err := fold.Head(e.Space)
	if err != nil || head == nil {
		return log.Outcome{}, err
	}
	before := head.CutThrough
	through := min(body.Through, head.DurableThrough)
	for range cutRows {
		first := head.CutThrough + 1
		if first > through {
			break
		}
		d, err := fold.Delivery(e.Space, first)
		if err != nil {
			return log.Outcome{}, err
		}
		last := first + uint64(d.Positions) - 1
		if last > through {
			break // in the midst of an entry
		}
		fold.CutDelivery(e.Space, first)
		head.CutThrough, head.CutLogBytes = last, d.LogBytes
	}
	return log.Outcome{Recorded: head.CutThrough > before, Position: head.Position}, nil
}

// cutEntries forgets the beginning of a partition's log. Whoever appends the
// entry has seen that no space needs what is in it any more.
func (a applier) cutEntries(fold *store.Fold, partition uint16, through uint64) (log.Outcome, error) {
	head, err := fold.PartitionHead(partition)
	if err != nil {
		return log.Outcome{}, err
	}
	before := head.CutThrough
	through = min(through, head.DurableThrough, before+cutRows)
	for seq := before + 1; seq <= through; seq++ {
		fold.CutEntry(partition, seq)
		head.CutThrough = seq
	}
	return log.Outcome{Recorded: head.CutThrough > before}, nil
}
