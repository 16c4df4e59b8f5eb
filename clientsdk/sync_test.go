package clientsdk_test

import (
	"context"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
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
