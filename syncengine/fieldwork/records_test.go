package fieldwork_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
)

func recordTypes() []protoreflect.MessageDescriptor {
	var types []protoreflect.MessageDescriptor
	protoregistry.GlobalFiles.RangeFilesByPackage("zhurnal.records.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Messages().Len() {
			types = append(types, file.Messages().Get(i))
		}
		return true
	})
	return types
}

func collection(t *testing.T, desc protoreflect.MessageDescriptor) *schemav1.Collection {
	t.Helper()
	c, ok := proto.GetExtension(desc.Options(), schemav1.E_Collection).(*schemav1.Collection)
	if !ok || c == nil {
		t.Fatalf("%s is not a record type", desc.FullName())
	}
	return c
}

func failedRules(t *testing.T, msg proto.Message) []string {
	t.Helper()
	err := protovalidate.Validate(msg)
	if err == nil {
		return nil
	}
	var failed *protovalidate.ValidationError
	if !errors.As(err, &failed) {
		t.Fatalf("%s: %v", msg.ProtoReflect().Descriptor().FullName(), err)
	}
	var rules []string
	for _, v := range failed.Violations {
		rules = append(rules, protovalidate.FieldPathString(v.Proto.GetField())+" "+v.Proto.GetRuleId())
	}
	return rules
}

// A change carries only what it writes, so a rule that an empty field breaks
// would flag changes in which nothing is wrong. Key fields are always there.
func TestRulesHoldForWhatWasNotWritten(t *testing.T) {
	types := recordTypes()
	if len(types) != 21 {
		t.Errorf("%d record types, want 21", len(types))
	}
	for _, desc := range types {
		msgType, err := protoregistry.GlobalTypes.FindMessageByName(desc.FullName())
		if err != nil {
			t.Fatal(err)
		}
		key := collection(t, desc).GetKey()
		for _, failed := range failedRules(t, msgType.New().Interface()) {
			if field, _, _ := strings.Cut(failed, " "); !slices.Contains(key, field) {
				t.Errorf("%s: empty message fails %q", desc.FullName(), failed)
			}
		}
	}
}

// An id that follows from a key can be guessed, and would betray a client.
func TestNothingInACounsellingRoomHasAKey(t *testing.T) {
	rooms := 0
	for _, desc := range recordTypes() {
		c := collection(t, desc)
		if !slices.Contains(c.GetSpace(), schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM) {
			continue
		}
		rooms++
		if len(c.GetSpace()) != 1 || len(c.GetKey()) != 0 {
			t.Errorf("%s: space %v, key %v", desc.FullName(), c.GetSpace(), c.GetKey())
		}
	}
	if rooms != 6 {
		t.Errorf("%d types live in a counselling room, want 6", rooms)
	}
}

func TestRulesCatchWhatCannotBe(t *testing.T) {
	id := make([]byte, 16)
	higher := append(make([]byte, 15), 1)
	for name, c := range map[string]struct {
		msg  proto.Message
		rule string
	}{
		"more women than people": {
			&recordsv1.HeadCountSheet{EventId: id, CountPoint: "door", CounterId: id, Total: proto.Int32(90), Female: proto.Int32(60), Male: proto.Int32(31)},
			" head_count_sheet.sex",
		},
		"more ages than people": {
			&recordsv1.HeadCountSheet{EventId: id, CountPoint: "door", CounterId: id, Total: proto.Int32(3), Age_0_17: proto.Int32(2), Age_60Plus: proto.Int32(2)},
			" head_count_sheet.age",
		},
		"a link written from the higher id to the lower": {
			&recordsv1.PersonLink{FirstPersonId: higher, SecondPersonId: id, DeciderId: id},
			" person_link.order",
		},
		"a link from a person to itself": {
			&recordsv1.PersonLink{FirstPersonId: id, SecondPersonId: id, DeciderId: id},
			" person_link.order",
		},
		"a settled mark that leaves it to the default": {
			&recordsv1.AttendanceMark{
				SessionId: id, ParticipantId: id, RecorderId: id,
				Presence: recordsv1.Presence_PRESENCE_ABSENT_DEFAULT, Evidence: recordsv1.Evidence_EVIDENCE_SETTLED,
			},
			" attendance_mark.settled",
		},
		"a birth date called a year": {
			&recordsv1.Participant{BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR, BirthDate: 19840229},
			" participant.birth",
		},
		"an amount without currency": {&recordsv1.Event{CostMinorUnits: proto.Int64(100)}, " event.cost"},
		"a session of four minutes":  {&recordsv1.CounsellingSession{DurationMinutes: 4}, "duration_minutes int32.gte_lte"},
		"a day at 24:00": {
			&recordsv1.TrainingDay{TrainingId: id, DayNumber: 1, StartsMinute: proto.Int32(1440)},
			"starts_minute int32.gte_lte",
		},
		"a correction of nothing": {&recordsv1.Note{Kind: recordsv1.NoteKind_NOTE_KIND_CORRECTION}, " note.original"},
	} {
		if failed := failedRules(t, c.msg); !slices.Contains(failed, c.rule) {
			t.Errorf("%s: failed rules %q, want %q", name, failed, c.rule)
		}
	}
	fits := &recordsv1.HeadCountSheet{
		EventId: id, CountPoint: "door", CounterId: id,
		Total: proto.Int32(90), Female: proto.Int32(50), Male: proto.Int32(31), SexUndisclosed: proto.Int32(9), Idp: proto.Int32(90),
	}
	if failed := failedRules(t, fits); failed != nil {
		t.Errorf("a sheet that adds up fails %q", failed)
	}
}
