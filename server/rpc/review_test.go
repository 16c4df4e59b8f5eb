package rpc

import (
	"bytes"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Olena's tablet sends a quote, which the server cannot explain. The coordinator
// sees it in the list for review and gives it back, and the tablet is told.
func TestACoordinatorGivesAChangeBack(t *testing.T) {
	r := openRegister(t) // which does not know Quote
	newer, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	batch := firstChange(t, newer, olena, hall, &recordsv1.Quote{Text: "Тепер я знаю, що робити"})
	if _, err := r.push(olena, hall, batch); err != nil {
		t.Fatal(err)
	}
	ctx := as(t.Context(), iryna)
	listed, err := r.desk.ListQuarantined(ctx, &syncv1.ListQuarantinedRequest{SpaceId: hall[:]})
	if err != nil || len(listed.Changes) != 1 || listed.NextPageToken != "" {
		t.Fatalf("%v, %v", listed, err)
	}
	held := listed.Changes[0]
	mustBe(t, "author", merge.PersonID(held.Author), olena)
	mustBe(t, "sender", merge.PersonID(held.Sender), olena)
	mustBe(t, "author's clock", held.StampMillis, received-1000)
	mustBe(t, "server's clock", held.ReceivedMillis, received)
	mustBe(t, "why", held.Findings[0].Cause, syncv1.Cause_CAUSE_UNKNOWN_TYPE)
	if w := held.Records[0]; w.Type != "zhurnal.records.v1.Quote" || !bytes.Contains(w.Cells[0].Value, []byte("Тепер")) || !bytes.Equal(w.RecordId, course[:]) {
		t.Errorf("what it would write: %v", w)
	}
	request := &syncv1.DismissRequest{SpaceId: hall[:], Changes: []*syncv1.ChangeID{held.Change}, ReasonKey: "draft.entered_twice"}
	for range 2 {
		if _, err := r.desk.Dismiss(ctx, request); err != nil {
			t.Fatal(err)
		}
	}
	synced, err := r.tablet.Sync(as(t.Context(), olena), &syncv1.SyncRequest{Spaces: []*syncv1.SpaceUp{{
		SpaceId: hall[:], Batches: [][]byte{batch}, Asks: []*syncv1.ChangeID{held.Change},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	told := synced.Spaces[0].Outcomes
	for _, entry := range synced.Spaces[0].Page.Entries {
		told = append(told, entry.Outcomes...)
	}
	mustBe(t, "answers to the resend and the question, and the log's word", len(told), 3)
	for _, o := range told {
		mustBe(t, "verdict", o.Verdict, syncv1.Verdict_VERDICT_DISMISSED)
		mustBe(t, "cause", o.Findings[0].Cause, syncv1.Cause_CAUSE_GIVEN_BACK)
		mustBe(t, "reason", o.Findings[0].MessageKey, "draft.entered_twice")
	}
	if listed, err := r.desk.ListQuarantined(ctx, &syncv1.ListQuarantinedRequest{SpaceId: hall[:]}); err != nil || len(listed.Changes) > 0 {
		t.Errorf("still: %v, %v", listed, err)
	}
}

func TestAMergedChangeIsNotGivenBack(t *testing.T) {
	r := openRegister(t)
	if _, err := r.push(olena, hall, titled(t, olena, hall, "Перша допомога")); err != nil {
		t.Fatal(err)
	}
	dismiss := func(who merge.PersonID, id *syncv1.ChangeID) error {
		_, err := r.desk.Dismiss(as(t.Context(), who), &syncv1.DismissRequest{SpaceId: hall[:], Changes: []*syncv1.ChangeID{id}, ReasonKey: "draft.entered_twice"})
		return err
	}
	id := r.history()[0].Change
	mustBe(t, "merged", status.Code(dismiss(iryna, id)), codes.InvalidArgument)
	mustBe(t, "never received", status.Code(dismiss(iryna, &syncv1.ChangeID{Replica: tablet[:], Seq: 1, Tag: id.Tag})), codes.NotFound)
	mustBe(t, "without a tag", status.Code(dismiss(iryna, &syncv1.ChangeID{Replica: tablet[:], Seq: 1})), codes.InvalidArgument)
	mustBe(t, "a stranger", status.Code(dismiss(stranger, id)), codes.NotFound)
	_, err := r.desk.ListQuarantined(as(t.Context(), stranger), &syncv1.ListQuarantinedRequest{SpaceId: hall[:]})
	mustBe(t, "a stranger's list", status.Code(err), codes.NotFound)
}

// Olena has no role in the hall any more when what her tablet held comes. The
// coordinator vouches for it. It is hers, and merged; asking again is harmless.
func TestACoordinatorVouchesForWhatIsKeptBack(t *testing.T) {
	r := openRegister(t)
	if _, err := r.engine.SetAccess(t.Context(), iryna, hall, schemav1.SpaceKind_SPACE_KIND_COMMUNITY, olena, false); err != nil {
		t.Fatal(err)
	}
	if _, err := r.push(olena, hall, titled(t, olena, hall, "Перша допомога")); err != nil {
		t.Fatal(err)
	}
	ctx := as(t.Context(), iryna)
	listed, err := r.desk.ListQuarantined(ctx, &syncv1.ListQuarantinedRequest{SpaceId: hall[:]})
	if err != nil || len(listed.Changes) != 1 {
		t.Fatalf("%v, %v", listed, err)
	}
	request := &syncv1.AcceptRequest{SpaceId: hall[:], Changes: []*syncv1.ChangeID{listed.Changes[0].Change}}
	_, err = r.desk.Accept(as(t.Context(), olena), request)
	mustBe(t, "by its author", status.Code(err), codes.NotFound)
	for range 2 {
		if _, err := r.desk.Accept(ctx, request); err != nil {
			t.Fatal(err)
		}
	}
	if history := r.history(); len(history) != 1 || merge.PersonID(history[0].Author) != olena {
		t.Errorf("merged: %v", history)
	}
}
