package clientsdk_test

import (
	"context"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
)

func TestTwoTabletsMeetAtHome(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")

	olena := oksana.register("Коваленко")
	if row := oksana.person(olena); !row.Provisional || row.Message.FamilyName != "Коваленко" {
		t.Fatalf("before the sync: %+v", row)
	}
	if s := oksana.status(); s.Saved != 1 || s.Waiting != 1 || s.Confirmed != 0 {
		t.Fatalf("before the sync: %+v", s)
	}
	result := oksana.sync()
	if result.RoundTrips != 1 || result.Sent != 1 || result.Resent != 0 || result.Changes != 1 {
		t.Fatalf("first sync: %+v", result)
	}
	if s := oksana.status(); s.Saved != 1 || s.Waiting != 0 || s.Confirmed != 1 || s.Position != 1 || s.SyncedMillis == 0 {
		t.Fatalf("after the sync: %+v", s)
	}
	if row := oksana.person(olena); row.Provisional {
		t.Fatalf("after the sync: %+v", row)
	}
	petro.sync()
	if got := petro.person(olena).Message.GivenName; got != "Олена" {
		t.Fatalf("on the other tablet she is %q", got)
	}
	petro.update(olena, &recordsv1.Participant{NameLatin: "Olena Kovalenko"})
	petro.sync()
	oksana.sync()
	if got := oksana.person(olena).Message; got.NameLatin != "Olena Kovalenko" || got.FamilyName != "Коваленко" {
		t.Fatalf("after both: %v", got)
	}
	oksana.mustEqual(h)
	petro.mustEqual(h)
}

func TestDigestsOfBaseAndView(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	olena := oksana.register("Коваленко")
	oksana.sync()
	oksana.update(olena, &recordsv1.Participant{NameLatin: "Olena"})
	oksana.register("Бондар")
	d, err := oksana.Digest(t.Context(), oksana.space)
	want, position := h.digest(oksana.space)
	if err != nil || d.Base != want || d.Position != position || d.View == want {
		t.Fatalf("%+v, %v", d, err)
	}
	oksana.sync()
	if want, _ := h.digest(oksana.space); d.View != want {
		t.Fatal("the view was not what home became")
	}
}

func TestALostAnswerIsAResend(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	oksana.register("Коваленко")

	h.after = func() error { return errCut }
	if _, err := oksana.Sync(context.Background(), oksana.line); err == nil {
		t.Fatal("a cut is no error")
	}
	h.after = nil
	oksana.register("Бондар")
	result := oksana.sync()
	if result.Sent != 1 || result.Resent != 1 {
		t.Fatalf("after the cut: %+v", result)
	}
	if _, position := h.digest(oksana.space); position != 2 {
		t.Fatalf("home has %d changes", position)
	}
	oksana.mustEqual(h)
}

// A sync that brings nothing costs one local transaction, however many spaces
// there are, and still says when it was.
func TestASyncWithoutNews(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	oksana.join("svatove", community)
	h.access(named[clientsdk.SpaceID]("svatove"), community, true, "oksana")
	oksana.register("Коваленко")
	oksana.sync()
	before := oksana.status()
	result := oksana.sync()
	after := oksana.status()
	if result.RoundTrips != 1 || result.Spaces[0].Position != 1 || after.SyncedMillis <= before.SyncedMillis {
		t.Fatalf("%+v, %+v, %+v", result, before, after)
	}
	if cursor := h.last().Spaces[0].Cursor; len(cursor) == 0 {
		t.Fatal("it began anew")
	}
	oksana.sync()
	if string(h.seen[len(h.seen)-1].Spaces[0].Cursor) != string(h.seen[len(h.seen)-2].Spaces[0].Cursor) {
		t.Fatal("a cursor was written for nothing")
	}
	petro := newTablet(t, h, "petro", "lyman")
	h.access(petro.space, community, true, "petro")
	petro.register("Бондар")
	petro.sync()
	oksana.sync()
	oksana.mustEqual(h)
}
