package clientsdk_test

import (
	"context"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

func TestAccessLostAndRegained(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	theirs := oksana.register("Коваленко")
	oksana.sync()
	petro.write(func(tx *clientsdk.Tx) error {
		_, err := tx.Create(&recordsv1.Participant{FamilyName: "Бондар", Phone: "none"}) // which is flagged
		return err
	})
	petro.sync()
	h.access(petro.space, community, false, "petro")
	unsent := petro.register("Мельник")
	petro.syncWithFault(fault.NoAccess)
	if people := petro.people(); len(people) != 1 || people[0].ID != unsent || !people[0].Quarantined {
		t.Fatalf("only what he wrote and home has not merged may be left: %v", people)
	}
	if s := petro.status(); s.Readable || s.Confirmed != 1 || s.Quarantined != 1 {
		t.Fatalf("%+v", s)
	}
	petro.syncWithFault(fault.NoAccess)

	h.access(petro.space, community, true, "petro")
	petro.sync()
	if row := petro.person(theirs); row.Message.FamilyName != "Коваленко" {
		t.Fatal(row)
	}
	if s := petro.status(); !s.Readable || s.Confirmed != 2 {
		t.Fatalf("%+v", s)
	}
	petro.mustEqual(h)
}

// Access that is taken and given between two syncs makes the cursor void.
func TestABadCursorBeginsTheSpaceAnew(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	olena := oksana.register("Коваленко")
	oksana.sync()
	petro.sync()
	petro.update(olena, &recordsv1.Participant{NameLatin: "Olena"})
	petro.sync()
	h.access(petro.space, community, false, "petro")
	h.access(petro.space, community, true, "petro")
	petro.update(olena, &recordsv1.Participant{Phone: "+380501112233"})
	result := petro.sync()
	if result.Resent != 2 || result.Sent != 1 {
		t.Fatalf("%+v", result)
	}
	petro.mustEqual(h)
	if s := petro.status(); s.Confirmed != 2 || s.Waiting != 0 {
		t.Fatalf("%+v", s)
	}
}

// The server's disk is lost, and an empty server takes its place. What the
// tablets wrote comes back from them.
func TestAnEmptyServerGetsEverythingBack(t *testing.T) {
	old := newHome(t)
	oksana, petro := newTablet(t, old, "oksana", "lyman"), newTablet(t, old, "petro", "lyman")
	old.access(oksana.space, community, true, "oksana", "petro")
	olena := oksana.register("Коваленко")
	oksana.sync()
	petro.sync()
	petro.update(olena, &recordsv1.Participant{NameLatin: "Olena"})
	petro.sync()
	oksana.sync()
	want, _ := old.digest(oksana.space)

	fresh := newHome(t)
	fresh.access(oksana.space, community, true, "oksana", "petro")
	oksana.line, petro.line = fresh.line("oksana"), fresh.line("petro")
	fresh.alter = func(resp *syncv1.SyncResponse) {
		if p := resp.Spaces[0].Page; p != nil {
			p.ReplacesAll = false // the tablet knows that it asked without a cursor
		}
	}
	petro.sync()
	if row := petro.person(olena); row.Message.NameLatin != "Olena" {
		t.Fatalf("%+v", row)
	}
	oksana.sync()
	petro.sync()
	oksana.mustEqual(fresh)
	petro.mustEqual(fresh)
	if got, _ := fresh.digest(oksana.space); got != want {
		t.Fatal("something is missing at home")
	}
	if open := append(petro.attention(), oksana.attention()...); len(open) != 0 {
		t.Fatalf("%+v", open)
	}
}

// slow makes requests as small as they get, as cuts on a bad link do.
func (tab *tablet) slow() {
	tab.t.Helper()
	h := tab.line.home
	h.before = func() error { return errCut }
	for range 8 {
		if _, err := tab.Sync(context.Background(), tab.line); err == nil {
			tab.t.Fatal("a cut is no error")
		}
	}
	h.before = nil
}

// cutAfter lets this many answers through, and no more.
func (tab *tablet) cutAfter(answers int) clientsdk.SyncResult {
	tab.t.Helper()
	h := tab.line.home
	h.before = func() error {
		if answers--; answers < 0 {
			return errCut
		}
		return nil
	}
	defer func() { h.before = nil }()
	result, err := tab.Sync(context.Background(), tab.line)
	if err == nil {
		tab.t.Fatal("the sync was done before the cut")
	}
	return result
}

// Much was sent and the answer lost; then the link carries only a part of it
// again, but the log has all of it.
func TestOwnChangesInTheLogNeedNoVerdict(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	oksana.edit([]clientsdk.RecordID{oksana.register("Коваленко")}, 80)
	h.after = func() error { return errCut }
	if _, err := oksana.Sync(t.Context(), oksana.line); err == nil {
		t.Fatal("a cut is no error")
	}
	h.after = nil
	oksana.slow()
	result := oksana.sync()
	if result.Sent != 0 || result.Resent == 0 || result.Resent >= 81 || oksana.status().Confirmed != 81 {
		t.Fatalf("%+v, %+v", result, oksana.status())
	}
	oksana.mustEqual(h)
}

// While a server that has lost everything gets it back bit by bit, the tablet
// goes on showing what was written, and nothing that was replaced.
func TestNothingVanishesWhileAServerGetsEverythingBack(t *testing.T) {
	old := newHome(t)
	oksana, petro := newTablet(t, old, "oksana", "lyman"), newTablet(t, old, "petro", "lyman")
	old.access(oksana.space, community, true, "oksana", "petro")
	var people []clientsdk.RecordID
	for range 20 {
		people = append(people, oksana.register("Коваленко"))
	}
	oksana.edit(people, 80)
	oksana.sync()
	petro.sync()
	petro.update(people[0], &recordsv1.Participant{NameLatin: "Petro's"})
	petro.sync()
	oksana.sync()
	before := map[clientsdk.RecordID]*recordsv1.Participant{}
	for _, id := range people {
		before[id] = oksana.person(id).Message
	}

	fresh := newHome(t)
	fresh.access(oksana.space, community, true, "oksana", "petro")
	oksana.line, petro.line = fresh.line("oksana"), fresh.line("petro")
	oksana.slow()
	oksana.cutAfter(1) // the server does not know the cursor
	for _, id := range people {
		if row := oksana.person(id); !proto.Equal(row.Message, before[id]) || row.Provisional || len(row.Disagreements) != 0 {
			t.Fatalf("%+v", row)
		}
	}
	oksana.cutAfter(1) // it has got the first of her changes, and nothing of Petro's
	for _, id := range people[1:] {
		if row := oksana.person(id); !proto.Equal(row.Message, before[id]) || len(row.Disagreements) != 0 {
			t.Fatalf("%+v", row)
		}
	}
	oksana.sync()
	petro.sync()
	oksana.sync()
	oksana.mustEqual(fresh)
	petro.mustEqual(fresh)
	if got := oksana.person(people[0]).Message; !proto.Equal(got, before[people[0]]) {
		t.Fatalf("%v", got)
	}
}
