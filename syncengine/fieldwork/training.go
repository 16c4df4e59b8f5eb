package fieldwork

import (
	"cmp"
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Training is a training with its days and everybody who has to do with it.
type Training struct {
	Ref     Ref
	Message *recordsv1.Training
	// Community is the p-code, empty where it is not known.
	Community string
	// Days are sorted by number. Days called a mistake are among them only if
	// somebody was there.
	Days []Day
	// Attendees are in the order of their ids.
	Attendees []Attendee
	void      bool
	// mistaken are the days called a mistake at which nobody was. They are in no
	// figure, but for those that leave out who was linked with whom.
	mistaken []Day
}

// Attendee is a person who was expected at a training, or is marked at it.
type Attendee struct {
	Person merge.RecordID
	// Enrolled tells whether the person is among those who could complete the
	// training: expected and not withdrawn before the first day held, or there.
	Enrolled bool
	// Days is on how many held days the person was there; InFull, on how many
	// of them not only to leave early; Disputed, on how many it is in dispute.
	Days, InFull, Disputed int
	// AllDays tells whether the person was there, in full, on every day held.
	AllDays bool
	// Completed tells the same by the training's own rule, which may ask for a
	// share of the days held.
	Completed bool
}

// HeldDays is how many days were held, not how many were planned.
func (t *Training) HeldDays() int {
	n := 0
	for i := range t.Days {
		if t.Days[i].Held() {
			n++
		}
	}
	return n
}

// FirstHeld is the calendar day of the first day held; zero where none was
// held or none has a day of the calendar.
func (t *Training) FirstHeld() int32 {
	first := int32(0)
	for i := range t.Days {
		day := t.Days[i].Date()
		if t.Days[i].Held() && realDay(day) && (first == 0 || day < first) {
			first = day
		}
	}
	return first
}

// readTrainings returns all trainings in the order of their ids; called a mistake
// are those of them at which nobody was, which it returns apart.
func (r *Reckoning) readTrainings(b *Book, attendance map[Ref][]Attendance) (trainings, mistaken []Training) {
	days, mistakenDays := b.daysByTraining(attendance)
	enrolments := map[Ref][]*recordsv1.Enrolment{}
	for at, e := range b.enrolments {
		training := at.to(e.GetTrainingId())
		enrolments[training] = append(enrolments[training], e)
	}
	for _, at := range sortedRefs(b.trainings) {
		msg := b.trainings[at].msg
		t := Training{
			Ref: at, Message: msg, Community: r.places.of(at.to(msg.GetCommunityId())), Days: days[at],
			void: b.trainings[at].void, mistaken: mistakenDays[at],
		}
		if t.void && !slices.ContainsFunc(t.Days, func(d Day) bool { return d.somebodyThere }) {
			mistaken = append(mistaken, t)
			continue
		}
		t.Attendees = t.readAttendees(enrolments[at], r.persons)
		trainings = append(trainings, t)
	}
	return trainings, mistaken
}

// daysByTraining sets days apart that were called a mistake, unless somebody was
// there.
func (b *Book) daysByTraining(attendance map[Ref][]Attendance) (days, mistaken map[Ref][]Day) {
	days, mistaken = map[Ref][]Day{}, map[Ref][]Day{}
	for at, session := range b.days {
		day, of := newDay(at, session, attendance[at]), days
		if day.void && !day.somebodyThere {
			of = mistaken
		}
		training := at.to(day.Message.GetTrainingId())
		of[training] = append(of[training], day)
	}
	byNumber := func(a, b Day) int {
		return cmp.Or(cmp.Compare(a.Message.GetDayNumber(), b.Message.GetDayNumber()), a.Ref.Compare(b.Ref))
	}
	for training := range days {
		slices.SortFunc(days[training], byNumber)
	}
	for training := range mistaken {
		slices.SortFunc(mistaken[training], byNumber)
	}
	return days, mistaken
}

func (t *Training) readAttendees(enrolments []*recordsv1.Enrolment, persons *Persons) []Attendee {
	people := map[merge.RecordID]*Attendee{}
	attendee := func(person merge.RecordID) *Attendee {
		if people[person] == nil {
			people[person] = &Attendee{Person: person}
		}
		return people[person]
	}
	first := t.FirstHeld()
	for _, e := range enrolments {
		a := attendee(persons.Canonical(recordID(e.GetParticipantId())))
		withdrawn := e.GetWithdrawnOn() != 0 && (first == 0 || e.GetWithdrawnOn() < first)
		a.Enrolled = a.Enrolled || !withdrawn
	}
	for i := range t.Days {
		for _, there := range t.Days[i].heldAttendance() {
			attendee(there.Person).count(there.Outcome)
		}
	}
	held := t.HeldDays()
	list := make([]Attendee, 0, len(people))
	for _, person := range sortedRecords(people) {
		people[person].complete(held, int(t.Message.GetCompletionPercent()))
		list = append(list, *people[person])
	}
	return list
}

func (a *Attendee) count(outcome Outcome) {
	if outcome.Attended() {
		a.Days++
		a.Enrolled = true
	}
	if outcome.AttendedInFull() {
		a.InFull++
	}
	if outcome == Disputed {
		a.Disputed++
	}
}

// complete applies the training's rule; zero percent means that none was set,
// and that all days are asked for.
func (a *Attendee) complete(heldDays, percent int) {
	a.AllDays = heldDays > 0 && a.InFull == heldDays
	a.Completed = a.AllDays
	if percent > 0 && percent < 100 {
		a.Completed = heldDays > 0 && a.Days*100 >= percent*heldDays
	}
}
