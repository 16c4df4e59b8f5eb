package clientsdk_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Access is taken away, 500 edits are made offline and sent, access is given
// back: all of them are applied, and the app has done nothing but sync.
func TestWorkDoneWithoutAccessHealsByItself(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	people := make([]clientsdk.RecordID, 100)
	for i := range people {
		people[i] = oksana.register(fmt.Sprint("Коваленко-", i))
	}
	oksana.sync()
	h.access(oksana.space, community, false, "oksana")
	for i := range 500 {
		oksana.update(people[i%100], &recordsv1.Participant{Phone: fmt.Sprintf("+380670000%03d", i)})
	}
	oksana.syncWithFault(fault.NoAccess)
	oksana.syncWithFault(fault.NoAccess)
	if s := oksana.status(); s.Quarantined != 500 || s.Confirmed != 100 || s.Waiting != 0 {
		t.Fatalf("%+v", s)
	}
	h.access(oksana.space, community, true, "oksana")
	oksana.sync()
	if s := oksana.status(); s.Confirmed != 600 || s.Saved != 600 || len(oksana.attention()) != 0 {
		t.Fatalf("%+v, %+v", s, oksana.attention())
	}
	oksana.mustEqual(h)
	petro.sync()
	petro.mustEqual(h)
	for i, id := range people {
		if row := petro.person(id); row.Message.Phone != fmt.Sprintf("+380670000%03d", 400+i) || len(row.Disagreements) > 0 {
			t.Fatalf("%d: %+v", i, row)
		}
	}
}

// One change of 10,000 is of a type that home does not know: the others land in
// the same sync. A coordinator gives that one back, and its author has a draft,
// which is put right and entered again.
func TestOnePoisonChangeAmongTenThousand(t *testing.T) {
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm") // 10,000 commits to a disk take half a minute
	}
	h := newHome(t)
	newer, set := withVisits(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	oksana.reopen(newer)
	var poison clientsdk.Written
	olena := oksana.register("Коваленко")
	for i := 1; i < 10_000; i++ {
		if i != 5000 {
			oksana.register("Бондар")
			continue
		}
		poison = oksana.write(func(tx *clientsdk.Tx) error {
			_, err := tx.Create(visit(newer, olena, "all well"))
			return errors.Join(err, tx.Update(olena, &recordsv1.Participant{NameLatin: "Olena"}))
		})
	}
	if result := oksana.sync(); result.Sent != 10_000 {
		t.Fatalf("%+v", result)
	}
	if s := oksana.status(); s.Confirmed != 9_999 || s.Quarantined != 1 {
		t.Fatalf("%+v", s)
	}
	records := 0
	if _, err := h.engine.Records(oksana.space, func(*merge.Record) error { records++; return nil }); err != nil || records != 9_999 {
		t.Fatalf("home has %d records, %v", records, err)
	}

	list, _, err := h.engine.Quarantined(t.Context(), petro.line.person, petro.space, "")
	if err != nil || len(list) != 1 || list[0].Change != poison.Change || list[0].Findings[0].Cause != wire.UnknownType {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := h.engine.Dismiss(t.Context(), petro.line.person, petro.space, []merge.ID{poison.Change}, "draft.entered_twice"); err != nil {
		t.Fatal(err)
	}
	oksana.sync()
	oksana.mustEqual(h)
	if s := oksana.status(); s.Dismissed != 1 || s.Quarantined != 0 || len(oksana.attention()) != 0 {
		t.Fatalf("%+v, %+v", s, oksana.attention())
	}
	oksana.enterDraftAgain(olena, poison.Change)

	// The type comes to be known, and what was dismissed stays out.
	if _, released, err := h.engine.AddSchema(t.Context(), petro.line.person, set); err != nil || released != 0 {
		t.Fatalf("released %d, %v", released, err)
	}
	oksana.sync()
	oksana.mustEqual(h)
	if s := oksana.status(); s.Confirmed != 10_000 || s.Saved != 10_000 {
		t.Fatalf("%+v", s)
	}
}

// enterDraftAgain writes what a draft meant for a person, and nothing else of it.
func (tab *tablet) enterDraftAgain(person clientsdk.RecordID, change clientsdk.ChangeID) {
	tab.t.Helper()
	drafts, err := tab.Drafts(tab.t.Context())
	if err != nil || len(drafts) != 1 || drafts[0].Change != change || drafts[0].Reason != "draft.entered_twice" || len(drafts[0].Records) != 2 {
		tab.t.Fatalf("%+v, %v", drafts, err)
	}
	if row := tab.person(person); row.Message.NameLatin != "" || row.Quarantined || row.Provisional {
		tab.t.Fatalf("a draft is still shown: %+v", row)
	}
	tab.write(func(tx *clientsdk.Tx) error {
		for _, rec := range drafts[0].Records {
			if rec.Record != person {
				continue
			}
			if err := tx.Update(rec.Record, rec.Message, rec.Fields...); err != nil {
				return err
			}
		}
		return tx.DiscardDraft(change)
	})
	tab.sync()
	if row := tab.person(person); row.Message.NameLatin != "Olena" {
		tab.t.Fatalf("%+v", row)
	}
	if drafts, err := tab.Drafts(tab.t.Context()); len(drafts) > 0 || err != nil {
		tab.t.Fatalf("%+v, %v", drafts, err)
	}
	if open := tab.attention(); len(open) > 0 {
		tab.t.Fatalf("%+v", open)
	}
}
