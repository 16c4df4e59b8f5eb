package syncengine_test

import (
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// A device was lost, and turned away; weeks later it is found, and what is on it
// comes. Its author's word alone counts no more. A coordinator who knows that it is
// the author's own vouches for it, and it stays the author's.
func TestACoordinatorVouchesForWhatARevokedDeviceSigned(t *testing.T) {
	known := signers{}
	e, _ := known.office(t, "oksana", "petro")
	a := known.newSigning(t, "oksana", "lyman", 1)
	known[a.id].LetIn = false
	first := a.write(recordNamed("olena"), olena())
	second := a.write(recordNamed("ivan"), olena())
	mustVerdict(t, a.push(e), wire.Quarantined, wire.DeviceUnproven)
	err := e.Accept(bg, personNamed("oksana"), a.space, []merge.ID{first.ID})
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "device.revoked") {
		t.Fatalf("its author vouches for it alone: %v", err)
	}
	for range 2 { // the answer to the first was lost
		if err := e.Accept(bg, personNamed("petro"), a.space, []merge.ID{first.ID, second.ID}); err != nil {
			t.Fatal(err)
		}
	}
	if served := known.mustHold(t, e, "petro", a.space); served != 2 {
		t.Errorf("%d changes are served of 2", served)
	}
	b := newDevice(t, "petro", "lyman", 2)
	b.pull(e, 0)
	b.mustEqual(e)
}

// The same for what somebody wrote who has no role there any more. What comes of
// them after that is kept back as before.
func TestACoordinatorVouchesForWhoHasNoAccess(t *testing.T) {
	known := signers{}
	e, _ := known.office(t, "petro")
	a := known.newSigning(t, "oksana", "lyman", 1)
	first := a.write(recordNamed("olena"), olena())
	a.push(e)
	if err := e.Accept(bg, personNamed("petro"), a.space, []merge.ID{first.ID}); err != nil {
		t.Fatal(err)
	}
	if got := verdictIn(t, e, "petro", a.space, first.ID); !got.Merged() {
		t.Fatalf("it is %s", got)
	}
	second := a.write(recordNamed("ivan"), olena())
	a.push(e)
	if got := verdictIn(t, e, "petro", a.space, second.ID); got != wire.Quarantined {
		t.Fatalf("the next is %s", got)
	}
}

// What nobody can vouch for is an error, which says why; and then nothing of what
// was named with it is merged either.
func TestWhatCannotBeAccepted(t *testing.T) {
	known := signers{}
	e, _ := known.office(t, "oksana", "petro")
	a, stranger := known.newSigning(t, "oksana", "lyman", 1), known.newSigning(t, "oksana", "lyman", 2)
	delete(known, stranger.id)
	known[a.id].LetIn = false
	good := a.write(recordNamed("olena"), olena())
	odd, given := a.raw(thing("thing")), a.write(recordNamed("maria"), olena())
	a.push(e)
	unknown := stranger.write(recordNamed("ivan"), olena())
	stranger.push(e)
	if err := e.Dismiss(bg, personNamed("petro"), a.space, []merge.ID{given.ID}, enteredTwice); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		by      string
		changes []merge.ID
		kind    fault.Kind
		says    string
	}{
		"of a type that nobody knows":     {"petro", []merge.ID{good.ID, odd.ID}, fault.Invalid, "type.unknown"},
		"of a device that nobody knows":   {"petro", []merge.ID{good.ID, unknown.ID}, fault.Invalid, "device.unknown"},
		"given back":                      {"petro", []merge.ID{good.ID, given.ID}, fault.Invalid, "draft"},
		"never received":                  {"petro", []merge.ID{good.ID, {Replica: merge.ReplicaID{9}, Seq: 1}}, fault.NotFound, "never received"},
		"by somebody who may not be here": {"ivan", []merge.ID{good.ID}, fault.NoAccess, ""},
		"none":                            {"petro", nil, fault.Invalid, "0 changes"},
	} {
		err := e.Accept(bg, personNamed(c.by), a.space, c.changes)
		if fault.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := verdictIn(t, e, "petro", a.space, good.ID); got != wire.Quarantined {
		t.Errorf("what was named with them is %s", got)
	}
}

func verdictIn(t *testing.T, e *syncengine.Engine, reader string, space merge.SpaceID, id merge.ID) wire.Verdict {
	t.Helper()
	outcomes, err := e.Verdicts(personNamed(reader), space, []merge.ID{id})
	if err != nil || len(outcomes) != 1 {
		t.Fatalf("%+v, %v", outcomes, err)
	}
	return outcomes[0].Verdict
}
