package sim

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// roundsMax is within how many rounds, in which every tablet syncs once, all are
// equal after the faults have stopped. One brings everything up, the next one
// down; another is for changes that were quarantined until then.
const roundsMax = 3

// converge stops the faults, lets everybody sync, and holds every copy to what
// the set of changes means.
func (f *fleet) converge() {
	if f.failed != nil {
		return
	}
	f.calmDown()
	for range roundsMax {
		f.relaysInCalm()
		for _, t := range f.tablets {
			if f.failed == nil {
				f.syncsInCalm(t)
			}
		}
	}
	for _, space := range f.spaces {
		f.checkHome(space)
		f.checkAcknowledged(space)
		f.checkReceipts(space)
	}
	for _, t := range f.tablets {
		for _, space := range t.spaces {
			f.checkEqual(t, space)
		}
	}
	f.checkErased()
	if f.failed == nil && f.tally.Forgotten+f.tally.Erased > 0 {
		f.home.checkRows()
	}
}

// calmDown brings the server up, with the newer types and room on its disk, and
// gives everybody access who ever had it.
func (f *fleet) calmDown() {
	f.pass(math.MaxInt64)
	f.calm = true
	f.checkFollowers()
	f.say("the faults stop")
	f.home.disk.Fill(math.MaxUint64)
	f.home.newer = true
	f.home.restart()
	for _, t := range f.tablets {
		for _, space := range t.spaces {
			f.home.allow(t.person, space, true)
		}
	}
	f.witness.look()
}

func (f *fleet) syncsInCalm(t *tablet) {
	result, err := t.sync(&link{tablet: t, draws: rand.New(rand.NewPCG(f.Seed, 3))})
	if err == nil {
		err = result.Err()
	}
	f.must(err, "%s syncs in calm", t)
	f.witness.look()
}

// relaysInCalm lets the hub, with the newer types, bring everything up.
func (f *fleet) relaysInCalm() {
	if f.failed != nil {
		return
	}
	f.hall.crash()
	relayed, err := f.hall.relays(nil)
	f.must(errors.Join(err, relayed.Err), "the hub relays in calm")
	f.witness.look()
}

// checkReceipts holds the log to what the hub has given receipts for: nobody
// else needs to have it any more.
func (f *fleet) checkReceipts(space merge.SpaceID) {
	for id := range f.hall.receipts[space] {
		if f.witness.logs[space].positions[id] == 0 && !f.dismissed[id] {
			f.fail("%s: the hub gave a receipt for change %s, and it is lost", f.names[space], id)
			return
		}
	}
}

// checkHome holds the server's rows to the set of changes in its log.
func (f *fleet) checkHome(space merge.SpaceID) {
	if f.failed != nil {
		return
	}
	l := f.witness.logs[space]
	var facts []mergetest.Fact
	for _, fact := range l.facts {
		if fact.Change != nil {
			facts = append(facts, fact)
		}
	}
	var rows []*merge.Record
	position, err := f.home.engine.Records(space, func(rec *merge.Record) error {
		rows = append(rows, rec)
		return nil
	})
	f.must(err, "read the rows of %s", f.names[space])
	if position != l.position() {
		f.fail("%s: the server is at position %d, its log ends at %d", f.names[space], position, l.position())
	}
	means := mergetest.Recompute(facts)
	for _, of := range l.erased {
		means.Erase(of.Record, of.Kept)
	}
	f.must(means.Diff(rows), "%s: the server's rows", f.names[space])
}

// checkAcknowledged holds the log to what registers have taken.
func (f *fleet) checkAcknowledged(space merge.SpaceID) {
	l := f.witness.logs[space]
	for id, ack := range f.acknowledged[space] {
		if l.positions[id] == 0 && !ack.forgotten && !f.dismissed[id] {
			f.fail("%s: change %s was acknowledged by %s and is lost", f.names[space], id, ack.by)
			return
		}
	}
}

// checkEqual holds a tablet to the server.
func (f *fleet) checkEqual(t *tablet, space merge.SpaceID) {
	if f.failed != nil {
		return
	}
	l := f.witness.logs[space]
	got, err := t.reg.Digest(noCut, space)
	f.must(err, "%s: digest", t)
	want := l.digests[l.position()]
	if got.Position != l.position() || got.Base != want || got.View != want {
		f.fail("after %d rounds %s is not equal to the server in %s: position %d of %d, base %t, view %t",
			roundsMax, t, f.names[space], got.Position, l.position(), got.Base == want, got.View == want)
	}
	if s := t.status(space); s.Waiting+s.Quarantined > 0 {
		f.fail("after %d rounds %s has changes in %s that nothing came of: %s", roundsMax, t, f.names[space], fmt.Sprintf("%+v", s))
	}
}
