package fieldwork_test

import (
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

// The words of the stories.
const (
	present       = recordsv1.Presence_PRESENCE_PRESENT
	late          = recordsv1.Presence_PRESENCE_LATE
	leftEarly     = recordsv1.Presence_PRESENCE_LEFT_EARLY
	absent        = recordsv1.Presence_PRESENCE_ABSENT_CONFIRMED
	restAbsent    = recordsv1.Presence_PRESENCE_ABSENT_DEFAULT
	excused       = recordsv1.Presence_PRESENCE_EXCUSED
	byTap         = recordsv1.Evidence_EVIDENCE_BULK_DEFAULT
	byWord        = recordsv1.Evidence_EVIDENCE_SELF_REPORT
	byRollCall    = recordsv1.Evidence_EVIDENCE_ROLL_CALL
	byCard        = recordsv1.Evidence_EVIDENCE_QR_CARD_SCAN
	bySignature   = recordsv1.Evidence_EVIDENCE_SIGNATURE_CHECKED
	byDecision    = recordsv1.Evidence_EVIDENCE_SETTLED
	held          = recordsv1.SessionStatus_SESSION_STATUS_HELD
	cancelled     = recordsv1.SessionStatus_SESSION_STATUS_CANCELLED
	didNotHappen  = recordsv1.SessionStatus_SESSION_STATUS_DID_NOT_HAPPEN
	same          = recordsv1.LinkVerdict_LINK_VERDICT_SAME
	different     = recordsv1.LinkVerdict_LINK_VERDICT_DIFFERENT
	unsure        = recordsv1.LinkVerdict_LINK_VERDICT_UNSURE
	lymanPcode    = "UA1412300"
	svatovePcode  = "UA4423600"
	initiative    = recordsv1.GroupKind_GROUP_KIND_INITIATIVE_GROUP
	firstOfAugust = 20160801
)

var season = fieldwork.Period{From: 20160801, To: 20160930}

// inLyman is a field with a training in Lyman, which two facilitators hold:
// Olha and Petro, each with a tablet. Iryna and Maria coordinate.
type inLyman struct {
	*field
	olha, petro, iryna, maria *tablet
}

func newLyman(f *field) inLyman {
	s := inLyman{f, f.tablet("lyman", "Olha"), f.tablet("lyman", "Petro"), f.tablet("lyman", "Iryna"), f.tablet("lyman", "Maria")}
	s.iryna.write("", &recordsv1.Community{Pcode: lymanPcode, NameUk: "Лиман", NameEn: "Lyman"})
	s.iryna.write("training", &recordsv1.Training{TitleEn: "Community development", PlannedDays: 3})
	f.sync()
	return s
}

// day adds a day of the training "training".
func (tab *tablet) day(number, date int32) fieldwork.Ref {
	return tab.write("", &recordsv1.TrainingDay{TrainingId: id("training"), DayNumber: number, FieldDate: date})
}

// person registers a participant under a name from which the id follows.
func (tab *tablet) person(name string) { tab.write(name, &recordsv1.Participant{GivenName: name}) }

// mark writes the mark of the tablet's user.
func (tab *tablet) mark(session fieldwork.Ref, person string, presence recordsv1.Presence, evidence recordsv1.Evidence) fieldwork.Ref {
	return tab.write("", &recordsv1.AttendanceMark{
		SessionId: session.Record[:], ParticipantId: id(person), RecorderId: tab.writer.Author[:],
		Presence: presence, Evidence: evidence,
	}, 4)
}

// settle writes the decision of the tablet's user over the marks that the
// tablet has about the person there.
func (tab *tablet) settle(session fieldwork.Ref, person string, presence recordsv1.Presence) {
	tab.field.t.Helper()
	a := attendance(tab.field.t, bookOf(tab.field.pages(tab)).Reckon(), session, person)
	mark := &recordsv1.AttendanceMark{
		SessionId: session.Record[:], ParticipantId: id(person), RecorderId: tab.writer.Author[:],
		Presence: presence, Evidence: byDecision,
	}
	for _, seen := range fieldwork.SeenOf(a.Marks) {
		mark.Seen = append(mark.Seen, seen.Encode())
	}
	tab.write("", mark, 4)
}

// link writes what the tablet's user decides about two registrations.
func (tab *tablet) link(one, other string, verdict recordsv1.LinkVerdict) {
	first, second := id(one), id(other)
	if string(first) > string(second) {
		first, second = second, first
	}
	tab.write("", &recordsv1.PersonLink{
		FirstPersonId: first, SecondPersonId: second, DeciderId: tab.writer.Author[:], Verdict: verdict,
	}, 4) // also the verdict that takes one back
}

// concert adds the event "concert" and returns it.
func (tab *tablet) concert(status recordsv1.SessionStatus) fieldwork.Ref {
	return tab.write("concert", &recordsv1.Event{
		Category: recordsv1.EventCategory_EVENT_CATEGORY_CULTURE, Subtype: recordsv1.EventSubtype_EVENT_SUBTYPE_CONCERT,
		DateStart: 20160910, Status: status,
	})
}

// heads writes the head-count of the tablet's user at one place of the concert.
func (tab *tablet) heads(point string, total int32, includesNamed bool) {
	tab.write("", &recordsv1.HeadCountSheet{
		EventId: id("concert"), CountPoint: point, CounterId: tab.writer.Author[:],
		Total: proto.Int32(total), IncludesNamed: includesNamed,
	})
}

// names writes that people were at the concert.
func (tab *tablet) names(people ...string) {
	for _, person := range people {
		tab.write("", &recordsv1.Participation{EventId: id("concert"), ParticipantId: id(person)})
	}
}

// attendance returns what was decided about a person at a training day; who is
// not marked there is unmarked.
func attendance(t rapid.TB, r *fieldwork.Reckoning, session fieldwork.Ref, person string) fieldwork.Attendance {
	t.Helper()
	for _, a := range theDay(t, r, session).Attendance {
		if a.Person == r.Persons().Canonical(recordID(person)) {
			return a
		}
	}
	return fieldwork.Attendance{}
}

func theDay(t rapid.TB, r *fieldwork.Reckoning, session fieldwork.Ref) *fieldwork.Day {
	t.Helper()
	for i := range r.Trainings() {
		for j := range r.Trainings()[i].Days {
			if day := &r.Trainings()[i].Days[j]; day.Ref == session {
				return day
			}
		}
	}
	t.Fatalf("the day is not among the trainings")
	return nil
}

func theConcert(t rapid.TB, r *fieldwork.Reckoning) *fieldwork.Event {
	t.Helper()
	for i := range r.Events() {
		if r.Events()[i].Ref.Record == recordID("concert") {
			return &r.Events()[i]
		}
	}
	t.Fatalf("the concert is not among the events")
	return nil
}

func refsOf(sessions []fieldwork.SessionRef) []fieldwork.Ref {
	refs := make([]fieldwork.Ref, len(sessions))
	for i := range sessions {
		refs[i] = sessions[i].Ref
	}
	return refs
}
