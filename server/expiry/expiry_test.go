package expiry_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/expiry"
)

const (
	participant = "zhurnal.records.v1.Participant"
	mark        = "zhurnal.records.v1.AttendanceMark"
	day         = "zhurnal.records.v1.TrainingDay"
)

// at is a day's first minute, in milliseconds.
func at(y, m, d int) int64 { return time.Date(y, time.Month(m), d, 0, 1, 0, 0, time.UTC).UnixMilli() }

// A person is forgotten when nothing was written about the person for as long as
// the rules say, not when nobody has edited the name.
func TestAPersonStaysWhileSomethingIsWrittenAboutThem(t *testing.T) {
	r := newRegister(t)
	gone, comes := r.write(at(2020, 1, 10), &recordsv1.Participant{GivenName: "Надія", Sex: recordsv1.Sex_SEX_FEMALE}), r.write(at(2020, 1, 10), &recordsv1.Participant{GivenName: "Олена"})
	r.write(at(2023, 6, 1), &recordsv1.AttendanceMark{SessionId: r.newID(), ParticipantId: comes[:], RecorderId: r.author[:], Presence: recordsv1.Presence_PRESENCE_PRESENT})
	rules := expiry.Rules{Rules: []expiry.Rule{{Type: participant, Months: 60}}}
	for on, due := range map[expiry.Day]int{20250109: 0, 20250110: 1, 20280531: 1, 20280601: 2} {
		if list := r.run(rules, on, true); list[0].Erased != due || list[0].Records != 2 {
			t.Errorf("on %d: %+v, %d are due", on, list, due)
		}
	}
	if list := r.run(rules, 20250110, false); list[0].Erased != 1 {
		t.Fatalf("%+v", list)
	}
	if p := r.read(gone).(*recordsv1.Participant); p.GivenName != "" || p.Sex != recordsv1.Sex_SEX_FEMALE {
		t.Errorf("of who is forgotten there is left %v", p)
	}
	if p := r.read(comes).(*recordsv1.Participant); p.GivenName != "Олена" {
		t.Errorf("of who comes there is left %v", p)
	}
	// The same again finds nothing to do.
	if list := r.run(rules, 20250110, false); list[0].Erased != 0 || list[0].ErasedBefore != 1 {
		t.Errorf("asked again: %+v", list)
	}
	r.mustBeHealthy()
}

func TestTheDayCanBeInAField(t *testing.T) {
	r := newRegister(t)
	held := r.write(at(2024, 1, 1), &recordsv1.TrainingDay{TrainingId: r.newID(), DayNumber: 1, FieldDate: 20200131})
	unknown := r.write(at(2024, 1, 1), &recordsv1.TrainingDay{TrainingId: r.newID(), DayNumber: 1})
	rules := expiry.Rules{Rules: []expiry.Rule{{Type: day, Months: 13, Date: "field_date"}}}
	for on, due := range map[expiry.Day]int{20210227: 0, 20210228: 1, 20250131: 1, 20250201: 2} {
		if list := r.run(rules, on, true); list[0].Erased != due {
			t.Errorf("on %d: %+v, %d are due", on, list, due)
		}
	}
	rules.Held = []expiry.ID{expiry.ID(held), expiry.ID(unknown)}
	if list := r.run(rules, 20250201, false); list[0].Erased != 0 || list[0].Held != 2 {
		t.Errorf("held: %+v", list)
	}
}

// A person who is held holds what is about the person.
func TestWhatIsAboutAHeldPersonStays(t *testing.T) {
	r := newRegister(t)
	person := r.write(at(2020, 1, 10), &recordsv1.Participant{GivenName: "Надія"})
	for _, who := range [][]byte{person[:], r.newID()} {
		r.write(at(2020, 1, 10), &recordsv1.AttendanceMark{SessionId: r.newID(), ParticipantId: who, RecorderId: r.author[:], Presence: recordsv1.Presence_PRESENCE_PRESENT})
	}
	list := r.run(expiry.Rules{Rules: []expiry.Rule{{Type: mark, Months: 1}, {Type: participant, Months: 1}}, Held: []expiry.ID{expiry.ID(person)}}, 20240101, false)
	if fmt.Sprint(list[0].Held, list[0].Erased, list[1].Held, list[1].Erased) != "1 1 1 0" {
		t.Errorf("%+v", list)
	}
}

func TestRulesThatSayNothingAreRefused(t *testing.T) {
	r := newRegister(t)
	for content, says := range map[string]string{
		`{"rules": [{"type": "Note", "months": 24}]}`:                                                                     "its full name is due",
		`{"rules": [{"type": "zhurnal.records.v1.Note"}]}`:                                                                "0 months",
		`{"rules": [{"type": "zhurnal.records.v1.Note", "months": 1201}]}`:                                                "1201 months",
		`{"rules": [{"type": "zhurnal.records.v1.Note", "months": 1}, {"type": "zhurnal.records.v1.Note", "months": 2}]}`: "two for",
		`{"rules": [{"type": "zhurnal.records.v1.TrainingDay", "months": 1, "date": "day"}]}`:                             "no day in a field",
		`{"rules": [{"type": "zhurnal.records.v1.TrainingDay", "months": 1, "date": "training_id"}]}`:                     "no day in a field",
		`{"rule": []}`:       "is a file of one rule",
		`{"rules": []} {}`:   "more behind",
		`{"held": ["6c79"]}`: "32 hexadecimal digits",
	} {
		rules, err := expiry.Read(strings.NewReader(content))
		if err == nil {
			_, err = expiry.Run(context.Background(), r.engine, r.author, rules, 20240101, true)
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", content, err)
		}
	}
	if _, err := expiry.Run(context.Background(), r.engine, r.author, expiry.Rules{}, 20240230, true); err == nil {
		t.Error("a day that the calendar does not have")
	}
}
