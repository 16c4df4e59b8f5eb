package syncengine_test

import (
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
	"google.golang.org/protobuf/proto"
)

// A change that makes a record and refers to it dangles nowhere.
func TestAReferenceInsideOneChange(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "petro")
	a := newDevice(t, "petro", "lyman", 1)
	plan := func(m proto.Message) *schema.Plan {
		return a.types.Plan(string(m.ProtoReflect().Descriptor().FullName()))
	}
	compose := func(id merge.RecordID, m proto.Message) merge.RecordWrites {
		w, err := plan(m).Compose(a.space, nil, schema.Draft{Record: id, Message: m})
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	who := recordNamed("olena")
	m := &recordsv1.AttendanceMark{SessionId: who[:], ParticipantId: who[:], RecorderId: who[:], Presence: recordsv1.Presence_PRESENCE_PRESENT}
	header, err := plan(m).Header(m)
	if err != nil {
		t.Fatal(err)
	}
	a.raw(compose(who, olena()), compose(merge.KeyedRecordID(a.space, plan(m).Name, header), m))
	out := a.push(e)
	v, _ := e.Verdicts(a.person, a.space, []merge.ID{a.chain[0].ID})
	if out[0].Verdict != v[0].Verdict {
		t.Fatal("the answer is not the verdict")
	}
}

// A reference to a record that has not come is before people until the record
// comes or somebody replaces the reference, alone in its cell, in a group, or an
// element of a set; or calls the record a mistake.
func TestADanglingReferenceClosesWhenItIsCorrected(t *testing.T) {
	training, venue, group, other := recordNamed("training"), recordNamed("venue"), recordNamed("group"), recordNamed("other group")
	place := &recordsv1.Training{VenueId: venue[:]}
	audience := &recordsv1.Training{Audience: [][]byte{group[:], other[:]}}
	for name, c := range map[string]struct {
		refers  *recordsv1.Training
		correct func(r *ruled)
		want    wire.Verdict
	}{
		"the record comes":     {place, func(r *ruled) { r.petro.write(venue, &recordsv1.Venue{NameEn: "Library"}) }, wire.Applied},
		"another place":        {place, func(r *ruled) { r.petro.write(training, &recordsv1.Training{}, "venue_id") }, wire.Applied},
		"something beside it":  {place, func(r *ruled) { r.petro.write(training, &recordsv1.Training{PlannedDays: 3}, "planned_days") }, wire.Flagged},
		"a void":               {place, func(r *ruled) { r.petro.void(training) }, wire.Applied},
		"no group":             {audience, func(r *ruled) { r.petro.write(training, &recordsv1.Training{}, "audience") }, wire.Applied},
		"one group of the two": {audience, func(r *ruled) { r.petro.write(training, &recordsv1.Training{Audience: [][]byte{other[:]}}, "audience") }, wire.Flagged},
		"one comes, one goes": {audience, func(r *ruled) {
			r.petro.write(training, &recordsv1.Training{Audience: [][]byte{other[:]}}, "audience")
			r.petro.write(other, &recordsv1.Group{NameEn: "Mothers"})
		}, wire.Applied},
	} {
		t.Run(name, func(t *testing.T) {
			r := openRuled(t)
			bad := r.oksana.write(training, c.refers)
			mustVerdict(t, r.send(r.oksana), wire.Flagged, wire.ReferenceDangles)
			r.petro.pull(r.e, 0)
			c.correct(r)
			r.send(r.petro)
			r.mustBe(bad.ID, c.want)
			r.mustReplay()
			if c.want == wire.Applied {
				r.mustWaitForNothing()
			}
		})
	}
}

// What is corrected before it comes is not flagged.
func TestAReferenceThatComesCorrectedDanglesNowhere(t *testing.T) {
	r, training, venue := openRuled(t), recordNamed("training"), recordNamed("venue")
	bad := r.oksana.write(training, &recordsv1.Training{VenueId: venue[:], PlannedDays: 2})
	good := r.oksana.write(training, &recordsv1.Training{}, "venue_id")
	r.oksana.unsent = []*merge.Change{good}
	r.oksana.push(r.e)
	r.oksana.unsent = []*merge.Change{bad}
	mustVerdict(t, r.oksana.push(r.e), wire.Applied, 0)
	r.mustBe(good.ID, wire.Applied)
	r.mustReplay()
}

// mustWaitForNothing checks, on the disk of a server that is closed, the numbers
// by which it knows that nothing needs looking up.
func (r *ruled) mustWaitForNothing() {
	r.t.Helper()
	s, err := store.Open(store.Options{Memory: r.disk})
	if err != nil {
		r.t.Fatal(err)
	}
	defer s.Close()
	v := s.Snapshot()
	defer v.Close()
	head, err := v.Head(r.hall.space)
	if err != nil || head.Awaited != 0 || head.RuleFlags != 0 {
		r.t.Fatalf("%d and %d wait, and nothing is open: %v", head.GetAwaited(), head.GetRuleFlags(), err)
	}
}
