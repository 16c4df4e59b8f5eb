package syncengine

import (
	"bytes"
	"context"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// What a page of a record's history holds: so many changes unless asked
// otherwise, and at most. Each may have to be read from a batch of its own.
const (
	historyPage    = 50
	historyPageMax = 200
)

// HistoryPage is a part of a record's history.
type HistoryPage struct {
	// Type, Record and Header name the record.
	Type   string
	Record merge.RecordID
	Header []byte
	// Erased says that the person whom it is about was erased: of its changes only
	// what stays is told.
	Erased bool
	// Changes are those that wrote to the record, the newest first.
	Changes []HistoryChange
	// Next is the position before which the next page begins; zero after the
	// last.
	Next uint64
	// CutThrough says of a last page that the record has older changes, at or
	// below this position, which the log no longer has. Zero if it has none.
	CutThrough uint64
}

// HistoryChange is a change, as far as it is about one record.
type HistoryChange struct {
	Change   merge.ID
	Author   merge.PersonID
	Stamp    int64  // the author's clock, milliseconds since 1970
	Received int64  // the server's clock when the log took it, milliseconds since 1970
	Position uint64 // in the space's log
	// Verdict and Findings are what is made of it now; the findings may be about
	// other records of the change too.
	Verdict  wire.Verdict
	Findings []wire.Finding
	Writes   []HistoryWrite
}

// HistoryWrite is what a change put into one cell, with the changes whose
// values it replaced.
type HistoryWrite struct {
	merge.Write
	// Live says that the value is in the cell now.
	Live bool
}

// History lists the changes that wrote to a record at positions below before,
// the newest first; zero begins with the last. A page holds limit changes, zero
// for 50, or fewer, but at least one if there is one. Values that lost are in
// it, and can be written again, as far as the log has not been cut. Who may not read the space is not told whether
// there is such a record.
func (e *Engine) History(ctx context.Context, person merge.PersonID, space merge.SpaceID, record merge.RecordID, before uint64, limit int) (HistoryPage, error) {
	if err := e.gate.enter(); err != nil {
		return HistoryPage{}, err
	}
	defer e.gate.leave()
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	walk, err := newRecordWalk(ctx, snapshot, person, space, record)
	if err != nil {
		return HistoryPage{}, err
	}
	page := HistoryPage{Type: walk.now.Type, Record: record, Header: walk.now.Header, Erased: walk.now.Erased}
	if limit <= 0 {
		limit = historyPage
	}
	if page.Changes, page.Next, err = walk.describeBelow(before, min(limit, historyPageMax)); err != nil {
		return HistoryPage{}, err
	}
	if walk.beyond {
		page.CutThrough = walk.cut
	}
	return page, nil
}

// RecordAt returns a record as it was when the space's log was at a position,
// zero for as it is. It is made anew from the record's changes up to there. An
// error of kind NotFound says that there was no such record then, or that the
// log no longer tells. Access is as for History.
func (e *Engine) RecordAt(ctx context.Context, person merge.PersonID, space merge.SpaceID, record merge.RecordID, position uint64) (*merge.Record, error) {
	if err := e.gate.enter(); err != nil {
		return nil, err
	}
	defer e.gate.leave()
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	walk, err := newRecordWalk(ctx, snapshot, person, space, record)
	if err != nil {
		return nil, err
	}
	if position > walk.head {
		return nil, fault.New(fault.Invalid, "record at position %d: the log of the space ends at %d; ask for that or less", position, walk.head)
	}
	if position == 0 || position >= walk.now.Position {
		return walk.now, nil
	}
	steps, err := walk.upTo(position)
	switch {
	case err != nil:
		return nil, err
	case walk.beyond:
		return nil, fault.New(fault.NotFound, "record %s at position %d: what it was made of is no longer kept: the log begins after position %d; the record is known as it is since %d",
			record, position, walk.cut, walk.now.Position)
	}
	then := &formerRow{snapshot: snapshot, space: space}
	for i := len(steps) - 1; i >= 0; i-- { // the oldest first
		then.position = steps[i].position
		if _, err := merge.Apply(then, steps[i].change, steps[i].received, then.position); err != nil {
			return nil, fault.New(fault.Damaged, "history of record %s at %d: %w", record, then.position, err)
		}
	}
	if then.rec == nil {
		return nil, fault.New(fault.NotFound, "record %s: it was not there at position %d", record, position)
	}
	if walk.now.Erased {
		then.rec.Erase(walk.now.Kept)
	}
	return then.rec, nil
}

// describeBelow describes so many changes below a position, as far as they fit
// a page, and returns where the next page begins.
func (w *recordWalk) describeBelow(before uint64, limit int) (changes []HistoryChange, next uint64, err error) {
	at, err := w.below(before)
	if err != nil {
		return nil, 0, err
	}
	for budgetBytes := limits.PageBytes; at != 0; {
		if len(changes) > 0 && (len(changes) == limit || budgetBytes <= 0) {
			return changes, changes[len(changes)-1].Position, nil
		}
		step, err := w.at(at)
		if err != nil {
			return nil, 0, err
		}
		if step.change == nil { // only that it was erased
			break
		}
		described, err := w.describe(&step)
		if err != nil {
			return nil, 0, err
		}
		changes = append(changes, described)
		budgetBytes -= wire.ChangeSizeBytes(step.change)
		at = step.previous
	}
	return changes, 0, nil
}

// describe tells what a step of the walk did and what has become of it.
func (w *recordWalk) describe(step *historyStep) (HistoryChange, error) {
	c := step.change
	known, err := w.snapshot.Known(w.space, c.ID)
	if err != nil {
		return HistoryChange{}, err
	}
	if known == nil {
		return HistoryChange{}, w.damaged(step.position, "change %s has no verdict", c.ID)
	}
	findings, err := openFindings(w.snapshot, w.space, c.ID, known.Verdict)
	described := HistoryChange{
		Change: c.ID, Author: c.Author, Stamp: c.Stamp, Received: step.received, Position: step.position,
		Verdict: known.Verdict, Findings: findings, Writes: make([]HistoryWrite, len(c.Records[0].Writes)),
	}
	for i, write := range c.Records[0].Writes {
		live := write.Purged == nil && slices.Contains(w.now.Cell(write.Cell).Seen(), c.ID)
		described.Writes[i] = HistoryWrite{Write: write, Live: live}
	}
	return described, err
}

// upTo returns the record's steps that are not beyond the position, the newest
// first.
func (w *recordWalk) upTo(position uint64) (steps []historyStep, err error) {
	at, err := w.below(position + 1)
	if err != nil {
		return nil, err
	}
	for at != 0 {
		step, err := w.at(at)
		if err != nil {
			return nil, err
		}
		if step.change == nil {
			break
		}
		steps = append(steps, step)
		at = step.previous
	}
	return steps, nil
}

// formerRow is the state of one record while its changes are applied again.
type formerRow struct {
	snapshot *store.Snapshot
	space    merge.SpaceID
	position uint64 // of the change that is applied
	rec      *merge.Record
}

// Record implements merge.Rows.
func (r *formerRow) Record(merge.RecordID) (*merge.Record, error) { return r.rec, nil }

// Put implements merge.Rows.
func (r *formerRow) Put(rec *merge.Record) error {
	r.rec = rec
	return nil
}

// Applied implements merge.Rows: as it was at the position.
func (r *formerRow) Applied(id merge.ID) (bool, error) {
	known, err := r.snapshot.Known(r.space, id)
	return known != nil && known.Verdict.Merged() && known.Position < r.position, err
}

// ownBytes returns the part in bytes of its own, so that keeping it does not
// keep the batch that it came in.
func ownBytes(part *merge.RecordWrites) merge.RecordWrites {
	own := *part
	own.Header = bytes.Clone(part.Header)
	own.Writes = slices.Clone(part.Writes)
	for i := range own.Writes {
		own.Writes[i].Value = bytes.Clone(own.Writes[i].Value)
	}
	return own
}
