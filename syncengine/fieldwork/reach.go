package fieldwork

import (
	"cmp"
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// ReachFact is one way in which the programme reached one person.
type ReachFact struct {
	Person merge.RecordID
	// Date is the calendar day, as it was entered.
	Date int32
	// Kind is what the person took part in, and Activity its record: the
	// training or the event.
	Kind     ActivityKind
	Activity Ref
	// Session is the day of the training, or the event again.
	Session Ref
	// Community is the p-code of the activity, not of the person.
	Community string
}

// ActivityKind is what a person took part in.
type ActivityKind uint8

// The kinds of activity.
const (
	TrainingActivity ActivityKind = iota + 1
	EventActivity
)

// ReachFacts returns who was reached in the period by what, as
// [Reckoning.EachReach] visits it, in the order of day, session and person.
func (r *Reckoning) ReachFacts(p Period) []ReachFact {
	var facts []ReachFact
	r.EachReach(p, func(fact *ReachFact) { facts = append(facts, *fact) })
	slices.SortFunc(facts, func(a, b ReachFact) int {
		return cmp.Or(cmp.Compare(a.Date, b.Date), a.Session.Compare(b.Session), compareRecords(a.Person, b.Person))
	})
	return facts
}

// EachReach visits who was reached in the period by what: attendance on the held
// days of trainings, and people named at events, which are held because these
// were there. Disputed attendance and heads without a name are not among them.
// In the order of activities; visit must not keep the fact.
func (r *Reckoning) EachReach(p Period, visit func(*ReachFact)) {
	for i := range r.trainings {
		r.trainings[i].eachReach(p, visit)
	}
	for i := range r.events {
		e := &r.events[i]
		if !p.Contains(e.Date()) {
			continue
		}
		for _, person := range e.Named {
			visit(&ReachFact{person, e.Date(), EventActivity, e.Ref, e.Ref, e.Community})
		}
	}
}

func (t *Training) eachReach(p Period, visit func(*ReachFact)) {
	for i := range t.Days {
		day := &t.Days[i]
		if !p.Contains(day.Date()) {
			continue
		}
		attendance := day.heldAttendance()
		for j := range attendance {
			if a := &attendance[j]; a.Outcome.Attended() {
				visit(&ReachFact{a.Person, day.Date(), TrainingActivity, t.Ref, day.Ref, t.Community})
			}
		}
	}
}

// Count is a number of people, each counted once over the whole and once in
// each community, so that the rows may add up to more than the whole.
type Count struct {
	People int
	// ByCommunity is by the p-code of the activity; empty: not known.
	ByCommunity map[string]int
}

func countPeople(facts []ReachFact) Count {
	people, rows := set{}, map[string]set{}
	for _, fact := range facts {
		people.add(fact.Person, true)
		if rows[fact.Community] == nil {
			rows[fact.Community] = set{}
		}
		rows[fact.Community].add(fact.Person, true)
	}
	count := Count{len(people), map[string]int{}}
	for community, row := range rows {
		count.ByCommunity[community] = len(row)
	}
	return count
}

// Trained counts who was at a training day held in the period.
func (r *Reckoning) Trained(p Period) Count {
	return countPeople(r.trainingReach(p, func(*Training, merge.RecordID) bool { return true }))
}

// BelongedAtStart tells whether a person was, on the first day held of a
// training, in a group of this kind.
func (r *Reckoning) BelongedAtStart(t *Training, person merge.RecordID, kind recordsv1.GroupKind) bool {
	return r.members.active(person, kind, t.FirstHeld())
}

// TrainedUnlinked is how many people Trained would count, had nobody linked
// registrations: a registration that was at a day held is one of them. What was
// called a mistake counts where only a link takes away that somebody was there.
func (r *Reckoning) TrainedUnlinked(p Period) int {
	there := set{}
	visit := func(registration merge.RecordID) { there.add(registration, true) }
	for i := range r.trainings {
		r.trainings[i].eachUnlinked(p, visit)
	}
	for i := range r.mistaken {
		if r.mistaken[i].somebodyThereUnlinked() {
			r.mistaken[i].eachUnlinked(p, visit)
		}
	}
	return len(there)
}

func (t *Training) eachUnlinked(p Period, visit func(registration merge.RecordID)) {
	for _, days := range [...][]Day{t.Days, t.mistaken} {
		for i := range days {
			if p.Contains(days[i].Date()) {
				days[i].eachUnlinked(visit)
			}
		}
	}
}

func (t *Training) somebodyThereUnlinked() bool {
	there := func(d Day) bool { return d.somebodyThereUnlinked() }
	return slices.ContainsFunc(t.Days, there) || slices.ContainsFunc(t.mistaken, there)
}

func (d *Day) somebodyThereUnlinked() bool {
	for i := range d.Attendance {
		for _, own := range byRegistration(&d.Attendance[i]) {
			if somebodyThere([]Attendance{{Decision: own}}) {
				return true
			}
		}
	}
	return false
}

// eachUnlinked visits the registrations that were there, each judged by its own
// marks. The day was held if it was, or if that finds somebody there; a day called
// a mistake was not, whatever a tablet says, unless that finds somebody.
func (d *Day) eachUnlinked(visit func(registration merge.RecordID)) {
	held := d.somebodyThere || d.saidHeld() && !d.void
	var there []merge.RecordID
	for i := range d.Attendance {
		a := &d.Attendance[i]
		if first := a.Marks[0].Participant; a.under(first) {
			if a.Outcome.Attended() {
				there = append(there, first)
			}
			continue
		}
		for registration, own := range byRegistration(a) {
			held = held || somebodyThere([]Attendance{{Decision: own}})
			if own.Outcome.Attended() {
				there = append(there, registration)
			}
		}
	}
	for _, registration := range there {
		if held {
			visit(registration)
		}
	}
}

// under tells whether all marks are about one registration.
func (a *Attendance) under(registration merge.RecordID) bool {
	for i := range a.Marks {
		if a.Marks[i].Participant != registration {
			return false
		}
	}
	return true
}

// byRegistration decides about each registration of a person.
func byRegistration(a *Attendance) map[merge.RecordID]Decision {
	marks := map[merge.RecordID][]Mark{}
	for i := range a.Marks {
		marks[a.Marks[i].Participant] = append(marks[a.Marks[i].Participant], a.Marks[i])
	}
	decided := map[merge.RecordID]Decision{}
	for registration, own := range marks {
		decided[registration] = Decide(own)
	}
	return decided
}

// MembersTrained counts who was at a training day held in the period and, on
// the first day held of that training, belonged to a group of this kind.
func (r *Reckoning) MembersTrained(p Period, kind recordsv1.GroupKind) Count {
	return countPeople(r.trainingReach(p, func(t *Training, person merge.RecordID) bool {
		return r.BelongedAtStart(t, person, kind)
	}))
}

func (r *Reckoning) trainingReach(p Period, counts func(*Training, merge.RecordID) bool) []ReachFact {
	var facts []ReachFact
	for i := range r.trainings {
		r.trainings[i].eachReach(p, func(fact *ReachFact) {
			if counts(&r.trainings[i], fact.Person) {
				facts = append(facts, *fact)
			}
		})
	}
	return facts
}

// TrainingTotals is what the trainings of a period come to.
type TrainingTotals struct {
	// Held is the number of trainings with a day held in the period, DaysHeld
	// the number of those days.
	Held, DaysHeld int
	// PersonDays is the sum of the people over the days.
	PersonDays int
}

// TrainingTotals counts over the training days held in the period.
func (r *Reckoning) TrainingTotals(p Period) TrainingTotals {
	var totals TrainingTotals
	for i := range r.trainings {
		days := 0
		for j := range r.trainings[i].Days {
			if day := &r.trainings[i].Days[j]; day.Held() && p.Contains(day.Date()) {
				days++
				totals.PersonDays += day.Attended()
			}
		}
		totals.DaysHeld += days
		if days > 0 {
			totals.Held++
		}
	}
	return totals
}

// Reach is how many people the programme reached by trainings and events. Who
// came without a name may be among the named or not, so the truth lies between
// Named and Named+Unnamed.
type Reach struct {
	// Named people are counted once, over the whole and in each community.
	Named Count
	// Unnamed attendances are not free of repetition.
	Unnamed int
}

// Reach counts over the period.
func (r *Reckoning) Reach(p Period) Reach {
	return Reach{Named: countPeople(r.ReachFacts(p)), Unnamed: r.EventTotals(p).Unnamed}
}
