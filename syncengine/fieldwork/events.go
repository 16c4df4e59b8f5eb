package fieldwork

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Event is an event with everybody who was there.
type Event struct {
	Ref     Ref
	Message *recordsv1.Event
	// Community is the p-code, empty where it is not known.
	Community string
	// Attendance is the register, where one was kept.
	Attendance []Attendance
	// Named are the people known to have been there, in the order of their ids.
	Named []merge.RecordID
	// NamedButAbsent are people whom one list names and the register does not
	// find there: they are not counted.
	NamedButAbsent []merge.RecordID
	// HeadCount is what the sheets come to.
	HeadCount HeadCount
	SessionState
}

// Date is the first calendar day, zero where nobody entered it.
func (e *Event) Date() int32 { return e.Message.GetDateStart() }

// Attendances is how many people came: the heads counted and, where the sheets
// leave those out, the people who are named. It is never less than the people
// who are named.
func (e *Event) Attendances() int {
	if e.HeadCount.IncludesNamed {
		return max(e.HeadCount.Total, len(e.Named))
	}
	return e.HeadCount.Total + len(e.Named)
}

// Unnamed is how many came of whom no name is known. They may be the same
// people at every event.
func (e *Event) Unnamed() int { return e.Attendances() - len(e.Named) }

// Review tells whether somebody has to look at the event: its sheets, or lists
// that contradict each other or the count.
func (e *Event) Review() bool {
	return e.HeadCount.Review() || len(e.NamedButAbsent) > 0 || e.CancelledButAttended() || e.VoidedButAttended() ||
		e.HeadCount.IncludesNamed && e.HeadCount.Total < len(e.Named)
}

func (r *Reckoning) readEvents(b *Book, attendance map[Ref][]Attendance) []Event {
	sheets, listed := b.sheetsByEvent(), b.listedByEvent(r.persons)
	var events []Event
	for _, at := range sortedRefs(b.events) {
		s := b.events[at]
		e := Event{
			Ref: at, Message: s.msg,
			Community:  r.places.of(at.to(s.msg.GetCommunityId())),
			Attendance: attendance[at], HeadCount: CountHeads(sheets[at]),
			SessionState: SessionState{status: s.msg.GetStatus(), void: s.void, calledOff: s.calledOff},
		}
		e.name(listed[at])
		e.somebodyThere = len(e.Named) > 0 || e.HeadCount.Total > 0 || somebodyThere(e.Attendance)
		if !s.void || e.somebodyThere {
			events = append(events, e)
		}
	}
	return events
}

func (b *Book) sheetsByEvent() map[Ref][]Sheet {
	sheets := map[Ref][]Sheet{}
	for at, sheet := range b.sheets {
		event := at.to(sheet.Numbers.GetEventId())
		sheets[event] = append(sheets[event], sheet)
	}
	return sheets
}

func (b *Book) listedByEvent(persons *Persons) map[Ref]set {
	listed := map[Ref]set{}
	for at, p := range b.participations {
		event := at.to(p.GetEventId())
		if listed[event] == nil {
			listed[event] = set{}
		}
		listed[event].add(persons.Canonical(recordID(p.GetParticipantId())), true)
	}
	return listed
}

// name fills in who is known to have been there: who is on a list, unless the
// register looked for the person and is not sure of having found him or her,
// and whom the register found.
func (e *Event) name(listed set) {
	named, absent := set{}, set{}
	for person := range listed {
		named.add(person, true)
	}
	for i := range e.Attendance {
		a := &e.Attendance[i]
		switch a.Outcome {
		case Present, Late, LeftEarly:
			named.add(a.Person, true)
		case AbsentConfirmed, Excused, Disputed:
			absent.add(a.Person, named[a.Person])
			delete(named, a.Person)
		}
	}
	e.Named, e.NamedButAbsent = sortedRecords(named), sortedRecords(absent)
}

// EventTotals is what the events of a period come to.
type EventTotals struct {
	// Held is the number of events.
	Held       int
	ByCategory map[recordsv1.EventCategory]int
	BySubtype  map[recordsv1.EventSubtype]int
	// Attendances is the sum over the events: who came twice counts twice.
	Attendances           int
	AttendancesByCategory map[recordsv1.EventCategory]int
	// Named is how many people are known by name, each once; Unnamed how many
	// of the attendances have no name.
	Named, Unnamed int
	// Review are the events at which somebody has to look, in the order of
	// their ids.
	Review []Ref
}

// EventTotals counts over the events held in the period, by their first day.
func (r *Reckoning) EventTotals(p Period) EventTotals {
	totals := EventTotals{
		ByCategory:            map[recordsv1.EventCategory]int{},
		BySubtype:             map[recordsv1.EventSubtype]int{},
		AttendancesByCategory: map[recordsv1.EventCategory]int{},
	}
	named := set{}
	for i := range r.events {
		e := &r.events[i]
		if !e.Held() || !p.Contains(e.Date()) {
			continue
		}
		totals.Held++
		totals.ByCategory[e.Message.GetCategory()]++
		totals.BySubtype[e.Message.GetSubtype()]++
		totals.Attendances += e.Attendances()
		totals.AttendancesByCategory[e.Message.GetCategory()] += e.Attendances()
		totals.Unnamed += e.Unnamed()
		for _, person := range e.Named {
			named.add(person, true)
		}
		if e.Review() {
			totals.Review = append(totals.Review, e.Ref)
		}
	}
	totals.Named = len(named)
	return totals
}
