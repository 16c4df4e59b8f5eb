package clientsdk

import (
	"errors"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// overlaid returns a record with one more change on it, which home has not
// confirmed; rec is left as it is, and is nil if there is no such record.
func overlaid(rec *merge.Record, c *merge.Change, part *merge.RecordWrites) (*merge.Record, error) {
	top := &single{}
	if rec != nil {
		top.rec = rec.Clone()
	}
	alone := *c
	alone.Records = []merge.RecordWrites{*part}
	_, err := merge.Apply(top, &alone, 0, 0)
	if errors.Is(err, merge.ErrTypeChanged) {
		return rec, nil // home keeps it in quarantine; there is nothing to show it on
	}
	return top.rec, err
}

// single is a state of one record.
type single struct{ rec *merge.Record }

// Record implements merge.Rows.
func (s *single) Record(merge.RecordID) (*merge.Record, error) { return s.rec, nil }

// Put implements merge.Rows.
func (s *single) Put(rec *merge.Record) error {
	s.rec = rec
	return nil
}

// Applied implements merge.Rows. Which values have come is not asked: a marker
// for one that came and is gone meets nothing, and a view is made anew from its
// base. But for one that a hub passes on later, or that lies above in the
// overlay, there must be one.
func (s *single) Applied(merge.ID) (bool, error) { return false, nil }

// render makes the view of a record anew from its base.
func (w *workspace) render(h *held) (*merge.Record, error) {
	view := h.base
	for _, n := range h.overlay {
		c, err := w.change(n)
		if err != nil {
			return nil, err
		}
		part := partOf(c, h.row.ID)
		if part == nil {
			continue
		}
		if view, err = overlaid(view, c, part); err != nil {
			return nil, err
		}
	}
	return view, nil
}

func partOf(c *merge.Change, id merge.RecordID) *merge.RecordWrites {
	for i := range c.Records {
		if c.Records[i].Record == id {
			return &c.Records[i]
		}
	}
	return nil
}

// shownWrites returns what a view shows of the record as writes, which is how a
// plan reads references.
func shownWrites(plan *schema.Plan, rec *merge.Record) *merge.RecordWrites {
	writes := &merge.RecordWrites{Type: rec.Type, Record: rec.ID, Header: rec.Header, Writes: make([]merge.Write, 0, len(rec.Cells))}
	for i := range rec.Cells {
		c := &rec.Cells[i]
		if v, ok := c.Shown(plan.Rule(c.Key)); ok {
			writes.Writes = append(writes.Writes, merge.Write{Cell: c.Key, Value: v.Data})
		}
	}
	return writes
}

// referencesOf returns the references that a view shows of the record; none if
// there is no record, or its type is of a newer app.
func (w *workspace) referencesOf(rec *merge.Record) []schema.Reference {
	if rec == nil {
		return nil
	}
	plan := w.schema.Plan(rec.Type)
	if plan == nil {
		return nil
	}
	return plan.References(shownWrites(plan, rec))
}

// isOpen tells whether a person should look at the record.
func isOpen(known *schema.Schema, rec *merge.Record) bool {
	if rec.Standing() == merge.Contested {
		return true
	}
	several := func(c merge.Cell) bool { return len(c.Values) > 1 }
	plan := known.Plan(rec.Type)
	if plan == nil || !slices.ContainsFunc(rec.Cells, several) {
		return false
	}
	return slices.ContainsFunc(plan.Disagreements(rec), func(d schema.Disagreement) bool { return d.Review })
}

// inQuarantine tells whether one of these own changes is.
func inQuarantine(pending map[int64]*openChange, names []int64) bool {
	return slices.ContainsFunc(names, func(n int64) bool {
		p := pending[n]
		return p != nil && wire.Verdict(p.Verdict) == wire.Quarantined
	})
}
