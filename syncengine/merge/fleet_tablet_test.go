package merge_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// tablet holds what home delivered, at one position of home's log, and over it
// what home has not confirmed: its own changes, and what came by the hub.
type tablet struct {
	home      *home // to be compared with; what a tablet learns comes in pages and rows
	writer    *mergetest.Writer
	aheadBy   int64 // the error of its clock, milliseconds
	base      *mergetest.Space
	cursor    int // home's position that base is at
	overlay   map[merge.ID]*merge.Change
	own       []*merge.Change
	dismissed map[merge.ID]bool
	fetch     *rowFetch // nil while no rows are being fetched
}

// rowFetch is a tablet's fetching of all rows, page by page while home's log
// goes on: each row is of another position.
type rowFetch struct {
	since  int // home's position when the fetch began
	rows   []*merge.Record
	behind merge.RecordID // rows up to this id are fetched
}

func newTablet(h *home, number int, aheadBy int64) *tablet {
	name := fmt.Sprintf("tablet %d", number)
	return &tablet{
		home: h, writer: mergetest.NewWriter(testSpace, name, "recorder "+name), aheadBy: aheadBy,
		base: mergetest.NewSpace(), overlay: map[merge.ID]*merge.Change{}, dismissed: map[merge.ID]bool{},
	}
}

// clone is what restoring a tablet's backup onto a second tablet makes.
func (t *tablet) clone() *tablet {
	twin, writer := *t, *t.writer
	twin.writer, twin.base, twin.fetch = &writer, t.base.Clone(), nil
	twin.overlay, twin.dismissed, twin.own = maps.Clone(t.overlay), maps.Clone(t.dismissed), slices.Clone(t.own)
	return &twin
}

// view is what the person with the tablet sees.
func (t *tablet) view() *mergetest.Space {
	view := t.base.Clone()
	for _, id := range slices.SortedFunc(maps.Keys(t.overlay), merge.ID.Compare) {
		if _, err := view.Apply(t.overlay[id], 0, 0); err != nil {
			panic(err)
		}
	}
	return view
}

func (t *tablet) edit(src mergetest.Source) (c *merge.Change, seen *mergetest.Space) {
	seen = t.view()
	c = t.writer.Seal(mergetest.DrawSalt(src), t.home.nowMillis+t.aheadBy, mergetest.Crowded.Draft(src, testSpace, seen)...)
	t.own = append(t.own, c)
	t.overlay[c.ID] = c
	return c, seen
}

// unconfirmed returns, in any order, some of the own changes that home has not
// confirmed; all with loss 0.
func (t *tablet) unconfirmed(src mergetest.Source, loss int) (changes []*merge.Change) {
	for _, c := range t.own {
		if t.overlay[c.ID] == nil || loss > 0 && src.IntN(loss) == 0 {
			continue
		}
		changes = slices.Insert(changes, src.IntN(len(changes)+1), c)
	}
	return changes
}

// receiveHub takes in what a hub hands on.
func (t *tablet) receiveHub(changes []*merge.Change) {
	for _, c := range changes {
		if !t.base.Has(c.ID) && !t.dismissed[c.ID] {
			t.overlay[c.ID] = c
		}
	}
}

// receivePage moves base along home's log. A page that came late or twice
// brings nothing; one that leaves a gap waits to be asked for again.
func (t *tablet) receivePage(p page) {
	for _, id := range p.dismissed {
		t.dismissed[id] = true
	}
	if p.after <= t.cursor {
		for i, e := range p.entries {
			if position := p.after + i + 1; position > t.cursor {
				t.follow(t.base, e, position)
				t.cursor = position
			}
		}
	}
	t.settle()
}

func (t *tablet) follow(base *mergetest.Space, e entry, position int) {
	if _, err := base.Follow(e.change, e.received, uint64(position), e.missing); err != nil {
		panic(err)
	}
}

// fetchRows fetches the next count rows, and begins a fetch if none is under
// way. After the last row the log's tail since the beginning is applied to what
// was fetched, base is replaced in one step, and the fetch is complete.
func (t *tablet) fetchRows(count int) (complete bool) {
	if t.fetch == nil {
		t.fetch = &rowFetch{since: len(t.home.log)}
	}
	for _, rec := range t.home.space.Records() {
		if bytes.Compare(rec.ID[:], t.fetch.behind[:]) <= 0 {
			continue
		}
		if count--; count < 0 {
			return false
		}
		row, err := merge.ParseRecord(rec.ID, merge.AppendRecord(nil, rec))
		if err != nil {
			panic(err)
		}
		t.fetch.rows, t.fetch.behind = append(t.fetch.rows, row), rec.ID
	}
	t.replaceBase()
	return true
}

func (t *tablet) replaceBase() {
	base := mergetest.NewSpace()
	for _, row := range t.fetch.rows {
		_ = base.Put(row)
	}
	for _, e := range t.home.log[:t.fetch.since] {
		base.Admit(e.change.ID)
	}
	for i, e := range t.home.log[t.fetch.since:] {
		t.follow(base, e, t.fetch.since+i+1)
	}
	t.base, t.cursor, t.fetch = base, len(t.home.log), nil
	t.settle()
}

// settle takes out of the overlay what home has decided, and leaves a replica
// that somebody else writes under too.
func (t *tablet) settle() {
	for id := range t.overlay {
		if t.base.Has(id) || t.dismissed[id] {
			delete(t.overlay, id)
		}
	}
	for _, e := range t.home.log[:t.cursor] {
		own := func(c *merge.Change) bool { return c.ID == e.change.ID }
		if e.change.ID.Replica == t.writer.Replica && !slices.ContainsFunc(t.own, own) {
			fresh := fmt.Sprintf("%s after %x", t.writer.Replica, t.writer.Previous)
			t.writer = &mergetest.Writer{Space: testSpace, Replica: merge.ReplicaID(mergetest.ID16(fresh)), Author: t.writer.Author, Stamp: t.writer.Stamp}
			return
		}
	}
}

// check holds base to home's log at the cursor, and the view to that and the
// overlay; and says whether an own change is lost.
func (t *tablet) check() error {
	facts := t.home.facts(t.cursor)
	if err := mergetest.Recompute(facts).Diff(t.base.Records()); err != nil {
		return fmt.Errorf("tablet %s at position %d: base: %w", t.writer.Replica, t.cursor, err)
	}
	for _, c := range t.overlay {
		facts = append(facts, fact{Change: c})
	}
	if err := mergetest.Recompute(facts).Diff(t.view().Records()); err != nil {
		return fmt.Errorf("tablet %s at position %d with %d over it: %w", t.writer.Replica, t.cursor, len(t.overlay), err)
	}
	for _, c := range t.own {
		if t.overlay[c.ID] == nil && !t.base.Has(c.ID) && !t.dismissed[c.ID] {
			return fmt.Errorf("tablet %s: own change %s is lost", t.writer.Replica, c.ID)
		}
	}
	for _, rec := range t.base.Records() {
		if there, _ := t.home.space.Record(rec.ID); there.Position <= uint64(t.cursor) && !bytes.Equal(merge.AppendRecord(nil, rec), merge.AppendRecord(nil, there)) {
			return fmt.Errorf("tablet %s at position %d: row %s differs from home's, which was last touched at %d", t.writer.Replica, t.cursor, rec.ID, there.Position)
		}
	}
	return nil
}
