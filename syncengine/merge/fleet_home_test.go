package merge_test

import (
	"fmt"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// home is the server that gives verdicts: it applies what it is given, keeps
// what its author may not write, and logs what it applied.
type home struct {
	space       *mergetest.Space
	log         []entry // position 1 first
	quarantined []*merge.Change
	barred      map[merge.PersonID]bool
	dismissed   map[merge.ID]bool
	nowMillis   int64
}

// entry is what home's log says of a change.
type entry struct {
	change   *merge.Change
	received int64
	missing  []merge.MissingValue
}

// page is part of home's log, with all that was dismissed by then.
type page struct {
	after     int
	entries   []entry
	dismissed []merge.ID
}

func newHome() *home {
	return &home{space: mergetest.NewSpace(), barred: map[merge.PersonID]bool{}, dismissed: map[merge.ID]bool{}, nowMillis: 1}
}

func (h *home) receive(changes []*merge.Change) {
	for _, c := range changes {
		known := func(q *merge.Change) bool { return q.ID == c.ID }
		switch {
		case h.space.Has(c.ID) || h.dismissed[c.ID] || slices.ContainsFunc(h.quarantined, known):
		case h.barred[c.Author]:
			h.quarantined = append(h.quarantined, c)
		default:
			h.apply(c)
		}
	}
}

func (h *home) apply(c *merge.Change) {
	effect, err := h.space.Apply(c, h.nowMillis, uint64(len(h.log)+1))
	if err != nil {
		panic(err)
	}
	h.log = append(h.log, entry{c, h.nowMillis, effect.Missing})
}

// admit gives the person access again, and applies what waited for it.
func (h *home) admit(person merge.PersonID) {
	delete(h.barred, person)
	waiting := h.quarantined
	h.quarantined = nil
	h.receive(waiting)
}

// dismiss takes the quarantined change with this index away for ever.
func (h *home) dismiss(index int) {
	h.dismissed[h.quarantined[index].ID] = true
	h.quarantined = slices.Delete(h.quarantined, index, index+1)
}

func (h *home) pageAfter(after, count int) page {
	p := page{after: after, entries: h.log[after:min(after+count, len(h.log))]}
	for id := range h.dismissed {
		p.dismissed = append(p.dismissed, id)
	}
	return p
}

func (h *home) originals() []*merge.Change {
	changes := make([]*merge.Change, len(h.log))
	for i, e := range h.log {
		changes[i] = e.change
	}
	return changes
}

// facts is what the log says up to a position.
func (h *home) facts(position int) []fact {
	facts := make([]fact, position)
	for i, e := range h.log[:position] {
		facts[i] = fact{Change: e.change, Received: e.received}
	}
	return facts
}

// check holds home to the meaning of its log.
func (h *home) check() error {
	if err := mergetest.Recompute(h.facts(len(h.log))).Diff(h.space.Records()); err != nil {
		return fmt.Errorf("home: %w", err)
	}
	last := map[merge.RecordID]uint64{}
	for i, e := range h.log {
		for _, rec := range e.change.Records {
			last[rec.Record] = uint64(i + 1)
		}
	}
	for _, rec := range h.space.Records() {
		if rec.Position != last[rec.ID] {
			return fmt.Errorf("home: record %s at position %d; last touched at %d", rec.ID, rec.Position, last[rec.ID])
		}
	}
	return nil
}

// hub is a laptop in the hall: it keeps and hands on the originals of what it
// is given, and gives no verdicts.
type hub struct {
	space   *mergetest.Space
	changes []*merge.Change
}

func (h *hub) receive(changes []*merge.Change) {
	for _, c := range changes {
		if h.space.Has(c.ID) {
			continue
		}
		if _, err := h.space.Apply(c, 0, 0); err != nil {
			panic(err)
		}
		h.changes = append(h.changes, c)
	}
}

func (h *hub) check() error {
	facts := make([]fact, len(h.changes))
	for i, c := range h.changes {
		facts[i].Change = c
	}
	if err := mergetest.Recompute(facts).Diff(h.space.Records()); err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	return nil
}
