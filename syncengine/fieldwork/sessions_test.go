package fieldwork_test

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

// A tablet whose clock is years ahead proposes its day, and somebody taps "yes".
func TestWhatWasHeldInAYearToComeIsListedWhateverItIs(t *testing.T) {
	const made, later = 20161001, 20610803
	s := newLyman(newField(t))
	oksana := s.tablet("room", "Oksana")
	day := s.iryna.day(1, later)
	s.iryna.mark(day, "Ivan", present, byRollCall)
	event := s.iryna.write("concert", &recordsv1.Event{DateStart: later, Status: held})
	session := oksana.write("talk", &recordsv1.CounsellingSession{
		FieldDate: later, Status: recordsv1.CounsellingStatus_COUNSELLING_STATUS_HELD,
	})
	// Held on the last day that can be, and planned for a day to come.
	s.iryna.write("fair", &recordsv1.Event{DateStart: made, Status: held})
	s.iryna.write("planned", &recordsv1.Event{DateStart: later})
	oksana.write("appointment", &recordsv1.CounsellingSession{FieldDate: later})

	want := []fieldwork.SessionRef{
		{Ref: day, Type: "zhurnal.records.v1.TrainingDay", Date: later},
		{Ref: event, Type: "zhurnal.records.v1.Event", Date: later},
		{Ref: session, Type: "zhurnal.records.v1.CounsellingSession", Date: later},
	}
	slices.SortFunc(want, func(a, b fieldwork.SessionRef) int { return a.Compare(b.Ref) })
	if got := s.reckon().SuspectDates(made); !slices.Equal(got, want) {
		t.Errorf("suspect\n%v, want\n%v", got, want)
	}
}

func TestADayOfATrainingCalledAMistakeIsListedIfSomebodyWasThere(t *testing.T) {
	s := newLyman(newField(t))
	attended, empty := s.iryna.day(1, 20160801), s.iryna.day(2, 20160802)
	s.sync()
	s.petro.void(fieldwork.Ref{Space: empty.Space, Record: recordID("training")})
	s.olha.mark(attended, "Ivan", present, byRollCall)
	if got := refsOf(s.reckon().VoidedButAttended()); !slices.Equal(got, []fieldwork.Ref{attended}) {
		t.Errorf("listed %v, want the day at which Ivan was, %v", got, attended)
	}
}

// The first value stays until a person decides, however late the other came.
func TestTheFirstCodeAndTheFirstWordsStay(t *testing.T) {
	for name, c := range map[string]struct{ first, second proto.Message }{
		"the code on a card":      {&recordsv1.Participant{Code: "K7-0412-9"}, &recordsv1.Participant{Code: "M2-0001-4"}},
		"the code of a client":    {&recordsv1.Client{Code: "R1-3"}, &recordsv1.Client{Code: "R1-4"}},
		"the words of a quote":    {&recordsv1.Quote{Text: "Ми шиємо"}, &recordsv1.Quote{Text: "Ми тут шиємо"}},
		"the language of a quote": {&recordsv1.Quote{Text: "Так", Language: "uk"}, &recordsv1.Quote{Text: "Так", Language: "ru"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newField(t)
			olha, petro := f.tablet("lyman", "Olha"), f.tablet("lyman", "Petro")
			at := olha.write("record", c.first)
			petro.write("record", c.second)
			f.sync()
			plan := planOf(string(c.first.ProtoReflect().Descriptor().FullName()))
			for _, tab := range f.tablets {
				rec, _ := tab.copy.Record(at.Record)
				shown, err := plan.Join(rec)
				if err != nil || !proto.Equal(shown, c.first) {
					t.Errorf("%s sees %v (%v), want %v", tab.name, shown, err, c.first)
				}
				if open := plan.Disagreements(rec); len(open) != 1 || !open[0].Review {
					t.Errorf("%s: put before a person: %v", tab.name, open)
				}
			}
			// Who has seen the first and corrects it has decided.
			petro.write("record", c.second)
			f.sync()
			rec, _ := olha.copy.Record(at.Record)
			if shown, err := plan.Join(rec); err != nil || !proto.Equal(shown, c.second) || len(plan.Disagreements(rec)) != 0 {
				t.Errorf("after the correction: %v (%v), open %v", shown, err, plan.Disagreements(rec))
			}
		})
	}
}
