package merge_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// fleet is a home server, a hub and some tablets, with frames under way between
// them.
type fleet struct {
	src     mergetest.Source
	home    *home
	hub     *hub
	tablets []*tablet
	network []func() node // each delivers one frame
	seen    map[*merge.Change]*mergetest.Space
	met     encounters
}

// node is a member of the fleet that can be held to what it has been given.
type node interface{ check() error }

// encounters counts what a schedule came upon, so that a run that comes upon
// nothing is not taken for proof.
type encounters struct {
	edits, barred, dismissed, forks, lost, repeated, disagreements, missing int

	rowsWhileLogged int // fetches of rows during which home's log went on
}

func newFleet(src mergetest.Source) *fleet {
	f := &fleet{src: src, home: newHome(), hub: &hub{space: mergetest.NewSpace()}, seen: map[*merge.Change]*mergetest.Space{}}
	clocks := []int64{0, 0, -1 << 40, 1 << 40, 250, -250}
	for i := range 3 + src.IntN(4) {
		f.tablets = append(f.tablets, newTablet(f.home, i, clocks[src.IntN(len(clocks))]))
	}
	return f
}

// step lets one thing happen, and returns the node that it happened to; nil for
// none.
func (f *fleet) step() node {
	f.home.nowMillis += int64(f.src.IntN(100))
	t := f.tablets[f.src.IntN(len(f.tablets))]
	switch action := f.src.IntN(20); {
	case action < 5:
		c, seen := t.edit(f.src)
		f.seen[c] = seen
		f.met.edits++
		return t
	case action < 10:
		return f.deliver()
	case action < 15:
		f.send(t)
	case action < 17:
		return f.fetchRow(t)
	case action == 17:
		return f.changeAccess(t.writer.Author)
	case action == 18:
		if n := len(f.home.quarantined); n > 0 {
			f.home.dismiss(f.src.IntN(n))
			f.met.dismissed++
		}
	case len(f.tablets) < 8 && f.src.IntN(4) == 0:
		f.tablets = append(f.tablets, t.clone())
		f.met.forks++
	}
	return nil
}

// fetchRow lets a tablet fetch one row: one that has begun to, else this one.
func (f *fleet) fetchRow(t *tablet) node {
	if i := slices.IndexFunc(f.tablets, func(t *tablet) bool { return t.fetch != nil }); i >= 0 {
		t = f.tablets[i]
	}
	fetch := t.fetch
	if t.fetchRows(1) && fetch != nil && fetch.since < len(f.home.log) {
		f.met.rowsWhileLogged++
	}
	return t
}

// send puts one frame under way, from or to the tablet, or between hub and home.
func (f *fleet) send(t *tablet) {
	up := t.unconfirmed(f.src, 5)
	relayed := slices.Clone(f.hub.changes)
	switch f.src.IntN(8) {
	default:
		f.network = append(f.network, func() node { f.home.receive(up); return f.home })
	case 1:
		f.network = append(f.network, func() node { f.hub.receive(up); return f.hub })
	case 2:
		p := f.home.pageAfter(t.cursor, 1+f.src.IntN(10))
		f.network = append(f.network, func() node { t.receivePage(p); return t })
	case 3:
		f.network = append(f.network, func() node { t.receiveHub(relayed); return t })
	case 4:
		f.network = append(f.network, func() node { f.home.receive(relayed); return f.home })
	case 5:
		originals := f.home.originals()
		f.network = append(f.network, func() node { f.hub.receive(originals); return f.hub })
	}
}

// deliver brings any of the frames under way; it may be lost, or come again.
func (f *fleet) deliver() node {
	if len(f.network) == 0 {
		return nil
	}
	i := f.src.IntN(len(f.network))
	frame := f.network[i]
	fate := f.src.IntN(10)
	if fate > 1 {
		f.network = slices.Delete(f.network, i, i+1)
	} else {
		f.met.repeated++
	}
	if fate == 9 {
		f.met.lost++
		return nil
	}
	return frame()
}

func (f *fleet) changeAccess(person merge.PersonID) node {
	if f.home.barred[person] {
		f.home.admit(person)
		return f.home
	}
	f.home.barred[person] = true
	f.met.barred++
	return nil
}

// calm lets the faults stop: everybody has access, and everything gets through.
func (f *fleet) calm() {
	for person := range maps.Clone(f.home.barred) {
		f.home.admit(person)
	}
	for range 2 {
		for _, t := range f.tablets {
			f.home.receive(t.unconfirmed(f.src, 0))
		}
		f.home.receive(f.hub.changes)
		f.hub.receive(f.home.originals())
		for _, t := range f.tablets {
			t.receivePage(f.home.pageAfter(t.cursor, len(f.home.log)))
		}
	}
}

// run plays one schedule and returns what it came upon.
func run(t failer, src mergetest.Source) encounters {
	t.Helper()
	f := newFleet(src)
	for range 60 + src.IntN(140) {
		if touched := f.step(); touched != nil {
			if err := touched.check(); err != nil {
				t.Fatalf("after %d edits: %v", f.met.edits, err)
			}
		}
	}
	f.calm()
	if err := f.checkConverged(); err != nil {
		t.Fatalf("when all was calm: %v", err)
	}
	return f.met
}

func (f *fleet) checkConverged() error {
	for _, n := range f.nodes() {
		if err := n.check(); err != nil {
			return err
		}
	}
	for _, t := range f.tablets {
		if len(t.overlay) > 0 {
			return fmt.Errorf("tablet %s: %d changes without a verdict", t.writer.Replica, len(t.overlay))
		}
		if t.base.Digest() != f.home.space.Digest() || !bytes.Equal(rows(t.base), rows(f.home.space)) {
			return fmt.Errorf("tablet %s: holds another state than home", t.writer.Replica)
		}
	}
	if f.met.dismissed > 0 { // the hub does not take back what it has handed on
		return nil
	}
	if f.hub.space.Digest() != f.home.space.Digest() {
		return fmt.Errorf("the hub holds another state than home")
	}
	return f.checkMaximal()
}

func (f *fleet) nodes() []node {
	nodes := []node{f.home, f.hub}
	for _, t := range f.tablets {
		nodes = append(nodes, t)
	}
	return nodes
}

// checkMaximal holds home to the promise itself, from what people saw and not
// from what their changes name: a value is live unless somebody who had seen
// its change wrote to the cell.
func (f *fleet) checkMaximal() error {
	type place struct {
		record merge.RecordID
		cell   merge.CellKey
	}
	writers := map[place][]*merge.Change{}
	for c := range f.seen {
		for _, rec := range c.Records {
			for _, w := range rec.Writes {
				writers[place{rec.Record, w.Cell}] = append(writers[place{rec.Record, w.Cell}], c)
			}
		}
	}
	for at, changes := range writers {
		rec, _ := f.home.space.Record(at.record)
		cell := rec.Cell(at.cell)
		for _, c := range changes {
			overwritten := slices.ContainsFunc(changes, func(later *merge.Change) bool { return f.seen[later].Has(c.ID) })
			if holds(cell, c.ID) == overwritten {
				return fmt.Errorf("record %s cell %v: %s is live: %v, written over by who had seen it: %v", at.record, at.cell, c.ID, !overwritten, overwritten)
			}
		}
		if cell.Distinct() > 1 {
			f.met.disagreements++
		}
	}
	for _, e := range f.home.log {
		f.met.missing += len(e.missing)
	}
	return nil
}

func TestFleetConverges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { run(t, draws{t}) })
}

var schedules = flag.Uint64("schedules", 300, "how many schedules TestFleetOverManySchedules plays")

func TestFleetOverManySchedules(t *testing.T) {
	var met encounters
	for seed := range *schedules {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { met.add(run(t, seeded(seed))) })
	}
	t.Logf("%+v", met)
	if met.dismissed*met.forks*met.barred*met.rowsWhileLogged*met.lost*met.repeated*met.disagreements*met.missing == 0 {
		t.Errorf("the schedules came upon too little to prove anything: %+v", met)
	}
}

func (e *encounters) add(o encounters) {
	e.edits += o.edits
	e.barred += o.barred
	e.dismissed += o.dismissed
	e.forks += o.forks
	e.rowsWhileLogged += o.rowsWhileLogged
	e.lost += o.lost
	e.repeated += o.repeated
	e.disagreements += o.disagreements
	e.missing += o.missing
}
