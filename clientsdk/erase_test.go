package clientsdk_test

import (
	"bytes"
	"crypto/sha512"
	"fmt"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// secret is in every value that is to be erased.
const secret = "Nadiya-7fQzX9kLmW2vR4tB8nY6"

func (tab *tablet) mustHold(want bool, what string) {
	tab.t.Helper()
	where, err := tab.Holds(tab.t.Context(), tab.space, secret)
	if err != nil {
		tab.t.Fatal(err)
	}
	if (len(where) > 0) != want {
		tab.t.Fatalf("%s: the tablet has the value in %v", what, where)
	}
}

func (h *home) erase(tab *tablet, person clientsdk.RecordID) {
	h.t.Helper()
	if _, err := h.engine.Erase(h.t.Context(), named[merge.PersonID]("nadia"), tab.space, person, nil); err != nil {
		h.t.Fatal(err)
	}
}

func nadiya() *recordsv1.Participant {
	return &recordsv1.Participant{FamilyName: secret, Phone: secret, Sex: recordsv1.Sex_SEX_FEMALE}
}

func (tab *tablet) create(msg *recordsv1.Participant) (id clientsdk.RecordID) {
	tab.t.Helper()
	tab.write(func(tx *clientsdk.Tx) (err error) {
		id, err = tx.Create(msg)
		return err
	})
	return id
}

func twoTablets(t *testing.T) (h *home, nadia, petro *tablet) {
	h = newHome(t)
	nadia, petro = newTablet(t, h, "nadia", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(nadia.space, community, true, "nadia", "petro")
	return h, nadia, petro
}

// Base, views, originals of one's own and those of others: all of it goes with the
// next sync, and what totals need stays under the same id.
func TestAnErasureReachesTablets(t *testing.T) {
	h, nadia, petro := twoTablets(t)
	person := nadia.create(nadiya())
	other := nadia.register("Bondar")
	nadia.sync()
	petro.sync()
	petro.update(person, &recordsv1.Participant{Phone: secret + "2"}, "phone")
	petro.sync()
	nadia.sync()
	nadia.mustHold(true, "before")
	petro.mustHold(true, "before")
	h.erase(nadia, person)
	for _, tab := range []*tablet{nadia, petro} {
		result := tab.sync()
		if result.Erased != 1 || result.Purged != 1 {
			t.Fatalf("%d records erased, %d own changes purged; want one of each", result.Erased, result.Purged)
		}
		tab.mustHold(false, "after")
		row := tab.person(person)
		if !row.Erased || row.Message.Sex != recordsv1.Sex_SEX_FEMALE || row.Message.Phone != "" || tab.person(other).Erased {
			t.Fatalf("%+v", row)
		}
		tab.mustEqual(h)
	}
}

// What was written meanwhile: it is never shown again, goes up without what is
// erased, and nothing else that stands in the same change is lost.
func TestWhatWasNotSentIsPurged(t *testing.T) {
	h, nadia, petro := twoTablets(t)
	person := nadia.create(nadiya())
	other := nadia.register("Bondar")
	nadia.sync()
	petro.sync()
	petro.write(func(tx *clientsdk.Tx) error {
		if err := tx.Update(person, &recordsv1.Participant{Phone: secret}, "phone"); err != nil {
			return err
		}
		return tx.Update(other, &recordsv1.Participant{Phone: "+380 66 1"}, "phone")
	})
	h.erase(nadia, person)
	petro.sync()
	petro.mustHold(false, "after")
	nadia.sync()
	for _, tab := range []*tablet{nadia, petro} {
		if got := tab.person(other).Message.Phone; got != "+380 66 1" {
			t.Fatalf("what else was in the change: %q", got)
		}
		tab.mustEqual(h)
	}
	if s := petro.status(); s.Waiting != 0 || s.Quarantined != 0 || s.Confirmed != 1 {
		t.Fatalf("%+v", s)
	}
}

// Who knows of the erasure is warned while the form is open, and nothing of it is
// kept; what stays can be written.
func TestWritingOfAnErasedPerson(t *testing.T) {
	h, nadia, _ := twoTablets(t)
	person := nadia.create(nadiya())
	nadia.sync()
	h.erase(nadia, person)
	nadia.sync()
	written := nadia.write(func(tx *clientsdk.Tx) error {
		return tx.Update(person, &recordsv1.Participant{Phone: secret, Sex: recordsv1.Sex_SEX_MALE}, "phone", "sex")
	})
	if len(written.Warnings) != 1 || written.Warnings[0].Key != clientsdk.KeyErased || written.Warnings[0].Field != "phone" {
		t.Fatalf("%+v", written)
	}
	nadia.mustHold(false, "before it is sent")
	nadia.sync()
	if row := nadia.person(person); row.Message.Sex != recordsv1.Sex_SEX_MALE || row.Message.Phone != "" {
		t.Fatalf("%+v", row.Message)
	}
	nadia.mustEqual(h)
}

// A record of the person that home had never heard of comes back purged, and takes
// the place of what its author had.
func TestANewRecordOfAnErasedPersonComesBackPurged(t *testing.T) {
	h, nadia, petro := twoTablets(t)
	person := nadia.create(nadiya())
	nadia.sync()
	h.erase(nadia, person)
	petro.sync()
	petro.write(func(tx *clientsdk.Tx) error {
		_, err := tx.Create(&recordsv1.Quote{Text: secret, SpeakerId: person[:]})
		return err
	})
	petro.mustHold(true, "before it is sent")
	petro.sync()
	petro.mustHold(false, "after")
	nadia.sync()
	nadia.mustHold(false, "another")
	nadia.mustEqual(h)
	petro.mustEqual(h)
}

// A tablet that was away since before is served rows, and learns from them.
func TestATabletThatWasAwayLearnsOfAnErasure(t *testing.T) {
	h, nadia, petro := twoTablets(t)
	person := petro.create(nadiya())
	petro.sync()
	petro.update(person, &recordsv1.Participant{Phone: secret + "late"}, "phone") // not sent
	nadia.sync()
	h.erase(nadia, person)
	busy := nadia.register("busy")
	for i := range 600 {
		nadia.update(busy, &recordsv1.Participant{Phone: fmt.Sprintf("%x", sha512.Sum512([]byte{byte(i), byte(i >> 8)}))}, "phone")
	}
	nadia.sync()
	h.backup()
	if result := petro.sync(); result.Rows == 0 || result.Erased == 0 {
		t.Fatalf("%+v: the test proves nothing", result)
	}
	petro.sync()
	petro.mustHold(false, "after")
	petro.mustEqual(h)
}

// A record that two erased persons share keeps what stays of both. Here the tablet
// hears of it by rows, and has one change that names the one of whom less goes.
func TestARecordOfTwoErasedPersonsKeepsWhatStaysOfBoth(t *testing.T) {
	const quoteType, textField, speakerField = "zhurnal.records.v1.Quote", 1, 6
	h, nadia, petro := twoTablets(t)
	strict, loose := nadia.create(&recordsv1.Participant{GivenName: "Strict"}), nadia.create(&recordsv1.Participant{GivenName: "Loose"})
	nadia.sync()
	petro.sync()
	petro.edit([]clientsdk.RecordID{petro.register("other")}, 80) // which come first
	var quote clientsdk.RecordID
	petro.write(func(tx *clientsdk.Tx) (err error) {
		quote, err = tx.Create(&recordsv1.Quote{Text: secret, SpeakerId: strict[:]})
		return err
	})
	petro.write(func(tx *clientsdk.Tx) error {
		return tx.Update(quote, &recordsv1.Quote{Text: secret, SpeakerId: loose[:]}, "text", "speaker_id")
	})
	for person, keep := range map[clientsdk.RecordID][]uint32{strict: nil, loose: {textField, speakerField}} {
		if _, err := h.engine.Erase(t.Context(), named[merge.PersonID]("nadia"), nadia.space, person, map[string][]uint32{quoteType: keep}); err != nil {
			t.Fatal(err)
		}
	}
	h.after = func() error { return errCut }
	if _, err := petro.Sync(t.Context(), petro.line); err == nil {
		t.Fatal("the answer was not lost: the test proves nothing")
	}
	h.after = nil
	busy := nadia.register("busy")
	for i := range 600 {
		nadia.update(busy, &recordsv1.Participant{Phone: fmt.Sprintf("%x", sha512.Sum512([]byte{byte(i), byte(i >> 8)}))}, "phone")
	}
	nadia.sync()
	h.backup()
	petro.slow() // so that the rows come before the verdicts over all of it
	switch result := petro.sync(); {
	case result.Rows == 0 || result.Erased == 0:
		t.Fatalf("%+v: the test proves nothing", result)
	case result.Purged != 2:
		t.Fatalf("%d of the two changes were purged", result.Purged)
	}
	petro.mustHold(false, "after")
	petro.mustEqual(h)
}

// A draft of which everything was erased is no draft any more.
func TestDraftsOfAnErasedPersonAreGone(t *testing.T) {
	h, nadia, petro := twoTablets(t)
	person := nadia.create(nadiya())
	nadia.sync()
	petro.sync()
	h.access(nadia.space, community, false, "petro")
	draft := petro.write(func(tx *clientsdk.Tx) error {
		return tx.Update(person, &recordsv1.Participant{Phone: secret + "2"}, "phone")
	})
	_, _ = petro.Sync(t.Context(), petro.line)
	if err := h.engine.Dismiss(t.Context(), named[merge.PersonID]("nadia"), nadia.space, []merge.ID{draft.Change}, "draft.twice"); err != nil {
		t.Fatal(err)
	}
	h.access(nadia.space, community, true, "petro")
	petro.sync()
	if drafts, err := petro.Drafts(t.Context()); err != nil || len(drafts) != 1 {
		t.Fatalf("%+v, %v: the test proves nothing", drafts, err)
	}
	h.erase(nadia, person)
	petro.sync()
	petro.mustHold(false, "after")
	if drafts, err := petro.Drafts(t.Context()); err != nil || len(drafts) != 0 {
		t.Fatalf("%+v, %v", drafts, err)
	}
}

// A hub hears of the erasure from home, and purges what tablets bring it, and what
// it has.
func TestAHubErases(t *testing.T) {
	h, at, nadia, petro := twoAndAHall(t)
	at.reached = true
	person := nadia.create(nadiya())
	nadia.visits(at)
	petro.visits(at)
	petro.mustHold(true, "before")
	at.relays()
	nadia.sync()
	petro.sync()
	h.erase(nadia, person)
	at.relays()
	petro.update(person, &recordsv1.Participant{Phone: secret + "late"}, "phone")
	petro.visits(at)
	away := newTablet(t, h, "petro", "liman")
	away.visits(at)
	away.sync()
	away.visits(at)
	away.mustHold(false, "by the hub")
	at.relays()
	petro.sync()
	petro.mustHold(false, "after")
	nadia.sync()
	nadia.mustEqual(h)
	if where := hubHolds(at, nadia.space); len(where) > 0 {
		t.Fatalf("the hub has the value in %v", where)
	}
}

func hubHolds(at *hall, space merge.SpaceID) (where []string) {
	_, err := at.engine.Records(space, func(rec *merge.Record) error {
		if bytes.Contains(merge.AppendRecord(nil, rec), []byte(secret)) {
			where = append(where, rec.ID.String())
		}
		return nil
	})
	if err != nil {
		at.t.Fatal(err)
	}
	return where
}
