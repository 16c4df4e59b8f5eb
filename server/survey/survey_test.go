package survey

import (
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// shelf has one space, and counts how often it is read.
type shelf struct {
	types    *schema.Schema
	position uint64
	records  []*merge.Record
	reads    int
}

var hall = merge.SpaceID{1}

func (s *shelf) Schema() *schema.Schema { return s.types }

func (s *shelf) Spaces() ([]syncengine.SpaceInfo, error) {
	return []syncengine.SpaceInfo{{ID: hall, Kind: schemav1.SpaceKind_SPACE_KIND_COMMUNITY, Position: s.position}}, nil
}

func (s *shelf) Records(_ merge.SpaceID, each func(*merge.Record) error) (uint64, error) {
	s.reads++
	for _, rec := range s.records {
		if err := each(rec); err != nil {
			return 0, err
		}
	}
	return s.position, nil
}

// put adds a record, by each author one after the other without having seen the
// others.
func (s *shelf) put(t *testing.T, id merge.RecordID, messages ...proto.Message) merge.RecordID {
	t.Helper()
	var rec *merge.Record
	for i, msg := range messages {
		plan := s.types.Plan(string(msg.ProtoReflect().Descriptor().FullName()))
		w, err := plan.Compose(hall, nil, schema.Draft{Record: id, Message: msg})
		if err != nil {
			t.Fatal(err)
		}
		if rec == nil {
			rec = &merge.Record{Type: w.Type, ID: w.Record, Header: w.Header}
		}
		for _, write := range w.Writes {
			value := merge.Value{Change: merge.ID{Replica: merge.ReplicaID{byte(i + 1)}, Seq: 1, Tag: merge.Tag{byte(i + 1)}}, At: 1, Author: merge.PersonID{byte(i + 1)}, Data: write.Value}
			if cell := rec.Cell(write.Cell); cell != nil {
				cell.Values = append(cell.Values, value)
				continue
			}
			rec.Cells = append(rec.Cells, merge.Cell{Key: write.Cell, Values: []merge.Value{value}})
		}
	}
	s.records = append(s.records, rec)
	s.position++
	return rec.ID
}

const today = 1_784_000_000_000 // 14 July 2026

func TestASpaceIsSurveyedOnceForEachPosition(t *testing.T) {
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{types: types}
	training := s.put(t, merge.RecordID{1}, &recordsv1.Training{TitleUk: "Домедична допомога"})
	held := s.put(t, merge.RecordID{}, &recordsv1.TrainingDay{TrainingId: training[:], DayNumber: 1, FieldDate: 20260712, SheetCount: proto.Int32(3)})
	s.put(t, merge.RecordID{}, &recordsv1.TrainingDay{TrainingId: training[:], DayNumber: 2, FieldDate: 20260713})                                                           // over, and nobody is marked
	s.put(t, merge.RecordID{}, &recordsv1.TrainingDay{TrainingId: training[:], DayNumber: 3, FieldDate: 20260713, Status: recordsv1.SessionStatus_SESSION_STATUS_CANCELLED}) // called off
	s.put(t, merge.RecordID{}, &recordsv1.TrainingDay{TrainingId: training[:], DayNumber: 4, FieldDate: 20260801})                                                           // to come
	olena := s.put(t, merge.RecordID{2}, &recordsv1.Participant{FamilyName: "Шевченко", Code: "A"}, &recordsv1.Participant{FamilyName: "Shevchenko", Code: "B"})             // two cells, of which one is for a person to settle
	mark := func(recorder byte, presence recordsv1.Presence) {
		who := merge.PersonID{recorder}
		s.put(t, merge.RecordID{}, &recordsv1.AttendanceMark{SessionId: held[:], ParticipantId: olena[:], RecorderId: who[:], Presence: presence, Evidence: recordsv1.Evidence_EVIDENCE_ROLL_CALL})
	}
	mark(1, recordsv1.Presence_PRESENCE_PRESENT)
	mark(2, recordsv1.Presence_PRESENCE_ABSENT_CONFIRMED)

	surveyor := New(s, func() int64 { return today })
	look := func() *Space {
		t.Helper()
		now, err := surveyor.Now()
		if err != nil {
			t.Fatal(err)
		}
		space, err := now.Space(hall, merge.SpaceID{})
		if err != nil {
			t.Fatal(err)
		}
		return space
	}
	n := look().Numbers
	for what, is := range map[string][2]uint32{
		"trainings": {n.Trainings, 1}, "days over and unmarked": {n.DaysUnmarked, 1}, "to settle": {n.Disagreements, 1}, "minor": {n.MinorDisagreements, 1},
		"disputes": {n.DisputedAttendances, 1}, "registrations": {n.Registrations, 1}, "marks": {n.Marks, 2}, "writers": {uint32(len(n.WriterIds)), 2},
	} {
		if is[0] != is[1] {
			t.Errorf("%s: %d, want %d", what, is[0], is[1])
		}
	}
	items := look().Review
	if len(items) != 2 || len(items[1].Values) != 2 || len(items[1].About) != 3 { // the person, the day and its training
		t.Errorf("to settle: %v", items)
	}
	if s.reads != 1 {
		t.Errorf("read %d times at one position", s.reads)
	}
	s.put(t, merge.RecordID{3}, &recordsv1.Event{TitleUk: "Концерт"})
	if n := look().Numbers; n.Events != 1 || s.reads != 2 {
		t.Errorf("%d events after %d reads", n.Events, s.reads)
	}
	now, err := surveyor.Now()
	if err != nil {
		t.Fatal(err)
	}
	if space, err := now.Space(merge.SpaceID{9}, merge.SpaceID{}); err != nil || space != nil {
		t.Errorf("where nobody has written: %v, %v", space, err)
	}
}
