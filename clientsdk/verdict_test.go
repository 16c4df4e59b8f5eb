package clientsdk_test

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// syncWithFault syncs, and expects the one space to fail with this kind.
func (tab *tablet) syncWithFault(kind fault.Kind) clientsdk.SyncResult {
	tab.t.Helper()
	result, err := tab.Sync(context.Background(), tab.line)
	if err != nil {
		tab.t.Fatal(err)
	}
	if fault := fault.KindOf(result.Spaces[0].Err); result.Spaces[0].Err == nil || fault != kind {
		tab.t.Fatalf("kind %d is due, got %v", kind, result.Spaces[0].Err)
	}
	return result
}

func TestQuarantinedChangesStayInTheirAuthorsViewAndHeal(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "petro") // nobody has thought of Oksana yet
	olena := oksana.register("Коваленко")
	oksana.syncWithFault(fault.NoAccess)
	petro.sync()
	if len(petro.people()) != 0 {
		t.Fatal("what is in quarantine is nobody else's")
	}
	oksana.update(olena, &recordsv1.Participant{NameLatin: "Olena"})
	if result := oksana.syncWithFault(fault.NoAccess); result.Sent != 1 || result.Resent != 0 {
		t.Fatalf("%+v", result)
	}
	if row := oksana.person(olena); !row.Provisional || !row.Quarantined || row.Message.NameLatin != "Olena" || row.Message.FamilyName != "Коваленко" {
		t.Fatalf("%+v", row)
	}
	if s := oksana.status(); s.Quarantined != 2 || s.Confirmed != 0 || s.Waiting != 0 {
		t.Fatalf("%+v", s)
	}
	open := oksana.attention()
	if len(open) != 2 || open[0].Finding.Cause != wire.NoAccess || !open[0].Quarantined || open[0].Key != "access.none" {
		t.Fatalf("%+v", open)
	}

	h.access(oksana.space, community, true, "oksana")
	if result := oksana.sync(); result.Sent+result.Resent != 0 {
		t.Fatalf("nothing needs sending again: %+v", result)
	}
	if row := oksana.person(olena); row.Provisional || row.Quarantined {
		t.Fatalf("%+v", row)
	}
	if len(oksana.attention()) != 0 || oksana.status().Confirmed != 2 {
		t.Fatalf("%+v", oksana.status())
	}
	oksana.mustEqual(h)
	petro.sync()
	petro.mustEqual(h)
}

// Home says that a type is unknown to it; the rest of the register goes on.
func TestOneQuarantinedChangeStopsNoOther(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, room, true, "oksana") // somebody made the space as another kind
	olena := oksana.register("Коваленко")
	oksana.sync()
	open := oksana.attention()
	if len(open) != 1 || open[0].Finding.Cause != wire.WrongSpace || open[0].Record != olena || oksana.status().Quarantined != 1 {
		t.Fatalf("%+v, %+v", open, oksana.status())
	}
	if !oksana.person(olena).Quarantined {
		t.Fatal("the row is not marked")
	}
	ivan := oksana.register("Бондар")
	oksana.sync()
	if len(oksana.people()) != 2 || !oksana.person(ivan).Quarantined {
		t.Fatalf("%+v", oksana.people())
	}
}

// Home cannot explain one of two changes, and has the later one, which replaces
// a value of the earlier. Until the earlier comes, home keeps a marker for it,
// and so does every copy.
func TestAReplacedValueThatHomeHasNot(t *testing.T) {
	h := newHome(t)
	newer, set := withVisits(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	oksana.reopen(newer)
	olena := oksana.register("Коваленко")
	oksana.write(func(tx *clientsdk.Tx) error {
		if _, err := tx.Create(visit(newer, olena, "all well")); err != nil {
			return err
		}
		return tx.Update(olena, &recordsv1.Participant{NameLatin: "Olena"})
	})
	oksana.update(olena, &recordsv1.Participant{NameLatin: "Olena Kovalenko"})
	oksana.sync()
	petro.sync()
	petro.update(olena, &recordsv1.Participant{NameLatin: "Olena K."})
	petro.sync()
	oksana.update(olena, &recordsv1.Participant{NameLatin: "O. Kovalenko"})
	oksana.sync()
	petro.sync()
	petro.mustEqual(h)
	oksana.baseMustEqual(h)
	if s := oksana.status(); s.Quarantined != 1 || s.Confirmed != 3 {
		t.Fatalf("%+v", s)
	}
	if row := oksana.person(olena); len(row.Disagreements) != 1 || len(row.Disagreements[0].Values) != 2 {
		t.Fatalf("%+v", row)
	}
	if _, _, err := h.engine.AddSchema(t.Context(), oksana.line.person, set); err != nil {
		t.Fatal(err)
	}
	petro.sync()
	oksana.sync()
	petro.mustEqual(h)
	oksana.mustEqual(h)
	if s := oksana.status(); s.Confirmed != 4 || len(oksana.attention()) != 0 {
		t.Fatalf("%+v, %+v", s, oksana.attention())
	}
}

// The server says that a change is in quarantine, and not why.
func TestAVerdictWithoutItsReason(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	oksana.register("Коваленко")
	h.alter = func(resp *syncv1.SyncResponse) {
		for _, o := range resp.Spaces[0].Outcomes {
			o.Findings = nil
		}
	}
	oksana.syncWithFault(fault.NoAccess)
	if open := oksana.attention(); len(open) != 1 || open[0].Key != clientsdk.KeyUntold || !open[0].Quarantined {
		t.Fatalf("%+v", open)
	}
}

// dismiss makes the next answers say that a person has dismissed these changes.
func (h *home) dismiss(changes ...clientsdk.ChangeID) {
	h.alter = func(resp *syncv1.SyncResponse) {
		var outcomes []wire.Outcome
		for _, id := range changes {
			outcomes = wire.AppendOutcome(outcomes, id, wire.Dismissed, 0, nil)
		}
		resp.Spaces[0].Outcomes = append(resp.Spaces[0].Outcomes, wire.OutcomesToProto(outcomes)...)
	}
}

func TestADismissedChangeBecomesADraft(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	olena := oksana.register("Коваленко")
	var ivan clientsdk.RecordID
	second := oksana.write(func(tx *clientsdk.Tx) (err error) {
		if ivan, err = tx.Create(&recordsv1.Participant{FamilyName: "Бондар", Languages: []string{"uk", "ru"}}); err != nil {
			return err
		}
		return tx.Update(olena, &recordsv1.Participant{NameLatin: "Olena"}, "name_latin", "phone")
	})
	oksana.syncWithFault(fault.NoAccess)
	h.dismiss(second.Change)
	oksana.syncWithFault(fault.NoAccess)
	h.alter = nil
	if people := oksana.people(); len(people) != 1 || people[0].Message.NameLatin != "" {
		t.Fatalf("a dismissed change is still shown: %v", people)
	}
	if s := oksana.status(); s.Saved != 2 || s.Quarantined != 1 || s.Dismissed != 1 {
		t.Fatalf("%+v", s)
	}

	drafts, err := oksana.Drafts(t.Context())
	if err != nil || len(drafts) != 1 || drafts[0].Change != second.Change || len(drafts[0].Records) != 2 {
		t.Fatalf("%+v, %v", drafts, err)
	}
	first, other := drafts[0].Records[0], drafts[0].Records[1]
	person, _ := first.Message.(*recordsv1.Participant)
	if first.Record != ivan || person.GetFamilyName() != "Бондар" || len(person.Languages) != 2 {
		t.Fatalf("%+v", first)
	}
	if other.Record != olena || other.Message.(*recordsv1.Participant).NameLatin != "Olena" || other.Fields[0] != "name_latin" {
		t.Fatalf("%+v", other)
	}

	oksana.write(func(tx *clientsdk.Tx) error { // she enters the one again that was right
		return errors.Join(tx.Update(other.Record, other.Message, other.Fields...), tx.DiscardDraft(drafts[0].Change))
	})
	if drafts, _ := oksana.Drafts(t.Context()); len(drafts) != 0 {
		t.Fatalf("%+v", drafts)
	}
	if row := oksana.person(olena); row.Message.NameLatin != "Olena" {
		t.Fatalf("%+v", row)
	}
	h.access(oksana.space, community, true, "oksana")
	if s := oksana.status(); s.Saved != 2 || s.Dismissed != 0 || s.Waiting != 1 {
		t.Fatalf("%+v", s)
	}
	oksana.refused(fault.NotFound, func(tx *clientsdk.Tx) error { return tx.DiscardDraft(second.Change) })
}

func TestAFlagClosesByItself(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	day, nobody := oksana.register("a stand-in for a day"), clientsdk.RecordID{0xee}
	oksana.write(func(tx *clientsdk.Tx) error {
		_, err := tx.Put(mark(day, nobody, day, recordsv1.Presence_PRESENCE_PRESENT))
		return err
	})
	var flagged *syncv1.Page
	h.alter = func(resp *syncv1.SyncResponse) { flagged = proto.CloneOf(resp.Spaces[0].Page) }
	oksana.sync()
	h.alter = nil
	open := oksana.attention()
	if len(open) == 0 || open[0].Finding.Cause != wire.ReferenceDangles || open[0].Field != "participant_id" || open[0].Quarantined {
		t.Fatalf("%+v", open)
	}
	if s := oksana.status(); s.Confirmed != 2 {
		t.Fatalf("%+v", s)
	}
	// The person comes from the other tablet. Ids of records without a key are
	// drawn, so the test writes the change that closes the flag by hand.
	if err := h.writeAs("petro", petro.space, nobody, &recordsv1.Participant{FamilyName: "Бондар"}); err != nil {
		t.Fatal(err)
	}
	oksana.sync()
	if open := oksana.attention(); len(open) != 0 {
		t.Fatalf("%+v", open)
	}
	// Old entries that come again do not open it again.
	h.alter = func(resp *syncv1.SyncResponse) {
		p := resp.Spaces[0].Page
		p.Entries = append(proto.CloneOf(flagged).Entries, p.Entries...)
	}
	oksana.sync()
	if open := oksana.attention(); len(open) != 0 {
		t.Fatalf("%+v", open)
	}
	oksana.mustEqual(h)
}

func TestADisagreementIsSettled(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	olena := oksana.register("Коваленко")
	oksana.sync()
	petro.sync()
	h.clock.set(august2016 + 3_600_000)
	petro.clock.set(august2016 + 60_000)
	oksana.update(olena, &recordsv1.Participant{Code: "K7-0412-9"})
	petro.update(olena, &recordsv1.Participant{Code: "K8-0001-3"})
	oksana.sync()
	petro.sync()
	oksana.sync()

	var item clientsdk.Attention
	for _, open := range oksana.attention() {
		if open.Key == clientsdk.KeyDisagreement {
			item = open
		}
	}
	if item.Record != olena || item.Field != "code" || item.Disagreement == nil || len(item.Disagreement.Values) != 2 {
		t.Fatalf("%+v", item)
	}
	if row := oksana.person(olena); row.Message.Code != "K7-0412-9" || row.Provisional {
		t.Fatalf("of two codes the first is shown: %+v", row)
	}
	// While the person thinks, Petro writes a third value.
	petro.update(olena, &recordsv1.Participant{FamilyName: "Коваленко-Мельник"})
	petro.sync()
	oksana.write(func(tx *clientsdk.Tx) error { return tx.Settle(olena, *item.Disagreement, 1) })
	oksana.sync()
	petro.sync()
	if row := petro.person(olena); row.Message.Code != "K8-0001-3" || len(row.Disagreements) != 0 || row.Message.FamilyName != "Коваленко-Мельник" {
		t.Fatalf("%+v", row)
	}
	if len(petro.attention())+len(oksana.attention()) != 0 {
		t.Fatal("something is open still")
	}
	oksana.mustEqual(h)
	petro.mustEqual(h)
}
