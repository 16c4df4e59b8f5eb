package rpc

import (
	"bytes"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

var theCourse = &syncv1.RecordName{RecordId: course[:]}

// settle writes the course's title as the coordinator.
func (r *register) settle(title string) *syncv1.WriteResponse {
	r.t.Helper()
	message, err := proto.Marshal(&recordsv1.Training{TitleUk: title})
	if err != nil {
		r.t.Fatal(err)
	}
	written, err := r.desk.Write(as(r.t.Context(), iryna), &syncv1.WriteRequest{SpaceId: hall[:], Records: []*syncv1.RecordValues{{
		Record: &syncv1.RecordName{Type: "zhurnal.records.v1.Training", RecordId: course[:]}, Message: message, Fields: []uint32{1},
	}}})
	if err != nil {
		r.t.Fatal(err)
	}
	return written
}

// history reads all pages of the course's history, one change at a time.
func (r *register) history() (changes []*syncv1.HistoryChange) {
	r.t.Helper()
	for before := uint64(0); ; {
		page, err := r.desk.ListHistory(as(r.t.Context(), iryna), &syncv1.ListHistoryRequest{
			SpaceId: hall[:], Record: theCourse, Limit: 1, BeforePosition: before,
		})
		if err != nil || len(page.Changes) != 1 || page.Record.Type != "zhurnal.records.v1.Training" || !bytes.Equal(page.Record.RecordId, course[:]) {
			r.t.Fatalf("%v, %v", page, err)
		}
		changes = append(changes, page.Changes...)
		if before = page.NextBeforePosition; before == 0 {
			return changes
		}
	}
}

func TestACoordinatorReadsWhoWroteWhat(t *testing.T) {
	r := openRegister(t)
	for _, author := range []merge.PersonID{olena, taras} {
		if _, err := r.push(author, hall, titled(t, author, hall, "Допомога "+author.String()[:2])); err != nil {
			t.Fatal(err)
		}
	}
	settled := r.settle("Перша домедична допомога")
	past := r.history()
	if len(past) != 3 || past[0].Position != settled.Position || !bytes.Equal(past[0].Change.Tag, settled.Change.Tag) {
		t.Fatalf("%v", past)
	}
	mustBe(t, "who settled", merge.PersonID(past[0].Author), iryna)
	mustBe(t, "what she replaced", len(past[0].Writes[0].Write.Replaces), 2)
	mustBe(t, "hers is live", past[0].Writes[0].Live, true)
	for i, author := range []merge.PersonID{taras, olena} {
		lost := past[1+i]
		mustBe(t, "author", merge.PersonID(lost.Author), author)
		mustBe(t, "author's clock", lost.StampMillis, received-1000)
		mustBe(t, "server's clock", lost.ReceivedMillis, received)
		mustBe(t, "verdict", lost.Verdict, syncv1.Verdict_VERDICT_APPLIED)
		mustBe(t, "live", lost.Writes[0].Live, false)
		if !bytes.Contains(lost.Writes[0].Write.Value, []byte(author.String()[:2])) {
			t.Errorf("the value that %s wrote: %q", author, lost.Writes[0].Write.Value)
		}
	}
	r.mustHaveBeen(past[1].Position, past[1].Writes[0].Write.Value, past[2].Writes[0].Write.Value)
	r.mustHaveBeen(past[2].Position, past[2].Writes[0].Write.Value)
	r.mustHaveBeen(0, past[0].Writes[0].Write.Value)
}

// mustHaveBeen checks which titles the course had at a position.
func (r *register) mustHaveBeen(position uint64, titles ...[]byte) {
	r.t.Helper()
	then, err := r.desk.GetRecordAt(as(r.t.Context(), iryna), &syncv1.GetRecordAtRequest{SpaceId: hall[:], Record: theCourse, Position: position})
	if err != nil || len(then.Cells) == 0 || then.Cells[0].Field != 1 || len(then.Cells[0].Values) != len(titles) {
		r.t.Fatalf("at %d: %v, %v", position, then, err)
	}
	if position != 0 {
		mustBe(r.t, "position", then.Position, position)
	}
	for _, title := range titles {
		found := false
		for _, v := range then.Cells[0].Values {
			found = found || bytes.Equal(v.Value, title)
		}
		mustBe(r.t, "the title was there", found, true)
	}
}

// A record with a key may be named by it.
func TestHistoryOfARecordThatIsNamedByItsKey(t *testing.T) {
	r := openRegister(t)
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	day := &recordsv1.TrainingDay{TrainingId: course[:], DayNumber: 1, FieldDate: 20160715}
	plan := types.Plan("zhurnal.records.v1.TrainingDay")
	header, err := plan.Header(day)
	if err != nil {
		t.Fatal(err)
	}
	record := merge.KeyedRecordID(hall, plan.Name, header)
	writes, err := plan.Compose(hall, nil, schema.Draft{Record: record, Message: day})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.push(olena, hall, batchOf(t, olena, hall, writes)); err != nil {
		t.Fatal(err)
	}
	name := &syncv1.RecordName{Type: plan.Name, Header: header}
	page, err := r.desk.ListHistory(as(t.Context(), iryna), &syncv1.ListHistoryRequest{SpaceId: hall[:], Record: name})
	if err != nil || len(page.Changes) != 1 || !proto.Equal(page.Record, name) {
		t.Fatalf("%v, %v", page, err)
	}
}

func TestHistoryIsForWhoMayReadTheSpace(t *testing.T) {
	r := openRegister(t)
	ask := func(who merge.PersonID, space merge.SpaceID, record *syncv1.RecordName) error {
		_, err := r.desk.ListHistory(as(t.Context(), who), &syncv1.ListHistoryRequest{SpaceId: space[:], Record: record})
		_, again := r.desk.GetRecordAt(as(t.Context(), who), &syncv1.GetRecordAtRequest{SpaceId: space[:], Record: record})
		mustBe(t, "both calls", status.Code(again), status.Code(err))
		return err
	}
	if _, err := r.push(olena, hall, titled(t, olena, hall, "Перша допомога")); err != nil {
		t.Fatal(err)
	}
	there, absent := ask(stranger, hall, theCourse), ask(stranger, hall, &syncv1.RecordName{RecordId: bytes.Repeat([]byte{9}, 16)})
	mustBe(t, "a stranger", status.Code(there), codes.NotFound)
	mustBe(t, "what a stranger learns", status.Convert(there).Message(), status.Convert(absent).Message())
	mustBe(t, "another's space", status.Code(ask(olena, room, theCourse)), codes.NotFound)
	mustBe(t, "no such record", status.Code(ask(iryna, room, theCourse)), codes.NotFound)
	mustBe(t, "no record", status.Code(ask(olena, hall, nil)), codes.InvalidArgument)
	mustBe(t, "an id of one byte", status.Code(ask(olena, hall, &syncv1.RecordName{RecordId: []byte{1}})), codes.InvalidArgument)
	mustBe(t, "a record that is there", status.Code(ask(olena, hall, theCourse)), codes.OK)
}
