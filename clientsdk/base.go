package clientsdk

import (
	"errors"
	"slices"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// follower moves the base of a space along home's log.
type follower struct {
	*workspace
	// reached is the position that the base has in memory.
	reached uint64
	// replaced says that the base was begun anew, and rebuild which records
	// had a view then.
	replaced bool
	rebuild  []merge.RecordID
	// applying is the change that is being applied, and missing names, by
	// change, those that home said had not come when it applied it.
	applying merge.ID
	missing  map[merge.ID][]merge.ID
	// others counts the changes of the entry that are not the tablet's own.
	others int
	// applied are the changes that the base holds.
	applied *appliedSet
	// changes and rows count what came from home, relayed what came by a hub.
	changes, rows, relayed int
	swept                  sweep
}

func newFollower(known *schema.Schema, tx localstore.Tx, space *localstore.Space) *follower {
	w := newWorkspace(known, tx, space)
	w.mends = true
	return &follower{workspace: w, applied: newAppliedSet(tx, space.N)}
}

// Record implements merge.Rows.
func (f *follower) Record(id merge.RecordID) (*merge.Record, error) {
	h, err := f.hold(id)
	if err != nil {
		return nil, err
	}
	if h.base != nil {
		h.baseChanged = true
	}
	return h.base, nil
}

// Put implements merge.Rows.
func (f *follower) Put(rec *merge.Record) error {
	h, err := f.hold(rec.ID)
	if err != nil {
		return err
	}
	h.base, h.baseChanged = rec, true
	return nil
}

// Applied implements merge.Rows: as home saw it, not as the tablet does. What
// the tablet knows or lacks must not show in the base, or two copies differ.
func (f *follower) Applied(id merge.ID) (bool, error) {
	return !slices.Contains(f.missing[f.applying], id), nil
}

// page applies one page to the base.
func (f *follower) page(p *wire.Page) error {
	if p.ReplacesAll {
		if err := f.clear(); err != nil {
			return err
		}
	}
	for i := range p.Rows {
		if err := f.row(&p.Rows[i]); err != nil {
			return err
		}
	}
	f.swept.persons = append(f.swept.persons, p.Erasures...)
	if len(p.Applied) > 0 {
		if err := f.applied.replace(p.Applied); err != nil {
			return err
		}
		if err := f.endDelivered(false); err != nil {
			return err
		}
	}
	for i := range p.Entries {
		if err := f.entry(&p.Entries[i]); err != nil {
			return fault.New(fault.KindOf(err), "entry at position %d: %w", p.Entries[i].FirstPosition, err)
		}
	}
	if !p.ByRows && f.reached != p.Position {
		return fault.New(fault.Malformed, "the page leads to position %d and says %d", f.reached, p.Position)
	}
	f.reached = p.Position
	return f.flush()
}

// clear empties the base.
func (f *follower) clear() error {
	if err := f.flush(); err != nil {
		return err
	}
	views, err := f.tx.ViewedRecords(f.space.N)
	if err != nil {
		return err
	}
	f.rebuild, f.reached, f.replaced = views, 0, true
	if err := f.applied.clear(); err != nil {
		return err
	}
	return f.tx.ClearBase(f.space.N)
}

// row puts the state of one record in place of what the base has.
func (f *follower) row(r *wire.StateRow) error {
	rec, err := merge.ParseRecord(r.Record, r.Row)
	if err != nil {
		return fault.New(fault.Malformed, "row of record %s: %w", r.Record, err)
	}
	f.rows++
	if rec.Erased {
		f.swept.add(rec.ID, rec.Kept)
	}
	f.findFork(rec)
	return f.Put(rec)
}

// findFork looks for values that another store wrote under our replica after
// it was copied.
func (w *workspace) findFork(rec *merge.Record) {
	chain := &w.space.Chain
	for i := range rec.Cells {
		for _, v := range rec.Cells[i].Values {
			if v.Change.Replica == chain.Replica && v.Change.Seq > chain.LastSeq {
				w.fork(chain.Replica)
			}
		}
	}
}

// entry applies one entry of home's log, but for what the base has already.
func (f *follower) entry(e *wire.LogEntry) error {
	last := e.FirstPosition + uint64(e.Positions) - 1
	switch {
	case e.FirstPosition == 0 || e.Positions == 0 || e.FirstPosition > f.reached+1:
		return fault.New(fault.Malformed, "%d positions do not follow position %d", e.Positions, f.reached)
	case last <= f.reached:
		return nil
	}
	changes, err := f.decode(e)
	if err != nil {
		return err
	}
	f.missing, f.others = missingIn(e.Outcomes), 0
	for i, c := range changes {
		if err := f.apply(c, e, e.FirstPosition+uint64(i)); err != nil {
			return fault.New(fault.KindOf(err), "change %s: %w", c.ID, err)
		}
	}
	if err := f.eraseEntry(e, len(changes) == 0); err != nil {
		return err
	}
	for i := range e.Outcomes {
		if err := f.outcome(&e.Outcomes[i]); err != nil {
			return err
		}
	}
	f.reached = last
	return f.carry(e, last)
}

func (f *follower) decode(e *wire.LogEntry) ([]*merge.Change, error) {
	if len(e.Batch) == 0 {
		return nil, nil
	}
	changes, err := wire.DecodeKeptBatch(f.space.ID, e.Batch)
	if err != nil {
		return nil, err
	}
	if len(changes) != int(e.Positions) {
		return nil, fault.New(fault.Malformed, "%d changes at %d positions", len(changes), e.Positions)
	}
	return changes, nil
}

// apply merges one change into the base.
func (f *follower) apply(c *merge.Change, e *wire.LogEntry, position uint64) error {
	f.applying = c.ID
	f.changes++
	if _, err := merge.Apply(f, c, e.Received, position); errors.Is(err, merge.ErrTypeChanged) {
		return fault.New(fault.Malformed, "%w", err)
	} else if err != nil {
		return err
	}
	if err := f.applied.add(c); err != nil {
		return err
	}
	n, err := f.ownName(c.ID)
	if err != nil || n == 0 {
		f.others++
		return errors.Join(err, f.endRelayed(c.ID))
	}
	if err := f.takePurged(n, c); err != nil {
		return err
	}
	return f.verdict(n, wire.Applied, position, nil)
}

// missingIn returns, by change, what home said had not come when it applied the
// changes of an entry. It may have come later in the same entry.
func missingIn(outcomes []wire.Outcome) map[merge.ID][]merge.ID {
	missing := make(map[merge.ID][]merge.ID)
	for i := range outcomes {
		for _, finding := range outcomes[i].Findings {
			if finding.Cause == wire.ReplacedMissing {
				id := outcomes[i].Last()
				missing[id] = append(missing[id], finding.MissingChange)
			}
		}
	}
	return missing
}

// finish brings the views in line with the base and the verdicts as they are
// now, and writes everything back.
func (f *follower) finish() error {
	if err := f.sweepOriginals(); err != nil {
		return err
	}
	if err := f.noteScrub(); err != nil {
		return err
	}
	if err := f.settle(f.replaced); err != nil {
		return err
	}
	for _, id := range f.rebuild {
		h, err := f.hold(id)
		if err != nil {
			return err
		}
		h.stale = true
	}
	f.rebuild = nil
	if err := f.applied.flush(); err != nil {
		return err
	}
	return f.flush()
}
