package fieldwork

import (
	"slices"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// SessionRef names a training day, an event or a counselling session at which
// somebody has to look.
type SessionRef struct {
	Ref
	// Type is the full name of the record's type.
	Type string
	// Date is the calendar day as it was entered, zero where nobody did.
	Date int32
}

func sessionRef(at Ref, msg proto.Message, date int32) SessionRef {
	return SessionRef{at, string(msg.ProtoReflect().Descriptor().FullName()), date}
}

// SuspectDates returns the training days, events and counselling sessions that
// were held on no day of the calendar, or after asOf, if that is not zero. They
// are in no period until somebody corrects the date. In the order of their ids,
// as the next three.
func (r *Reckoning) SuspectDates(asOf int32) []SessionRef {
	suspect := func(date int32) bool { return !realDay(date) || asOf != 0 && date > asOf }
	list := r.sessions(func(s SessionState, at SessionRef) bool { return s.Held() && suspect(at.Date) })
	for at, m := range r.counselling {
		if heldCounselling(m) && suspect(m.GetFieldDate()) {
			list = append(list, sessionRef(at, m, m.GetFieldDate()))
		}
	}
	slices.SortFunc(list, func(a, b SessionRef) int { return a.Compare(b.Ref) })
	return list
}

func heldCounselling(m *recordsv1.CounsellingSession) bool {
	return m.GetStatus() == recordsv1.CounsellingStatus_COUNSELLING_STATUS_HELD
}

// CancelledButAttended returns the training days and events at which somebody
// was although a tablet says that they were called off.
func (r *Reckoning) CancelledButAttended() []SessionRef {
	return r.sessions(func(s SessionState, _ SessionRef) bool { return s.CancelledButAttended() })
}

// VoidedButAttended returns the training days and events at which somebody was
// although they were called a mistake, or the day's training was.
func (r *Reckoning) VoidedButAttended() []SessionRef {
	return r.sessions(func(s SessionState, _ SessionRef) bool { return s.VoidedButAttended() })
}

// UnregisteredAt returns the training days and events at which the people of
// [Reckoning.Unregistered] were.
func (r *Reckoning) UnregisteredAt() []SessionRef {
	at := map[Ref]bool{}
	r.eachUnregistered(func(fact *ReachFact) { at[fact.Session] = true })
	return r.sessions(func(_ SessionState, session SessionRef) bool { return at[session.Ref] })
}

// Unregistered returns who was reached although no registration of the person
// is here: it has not come yet, or somebody called it a mistake. They count as
// people.
func (r *Reckoning) Unregistered() []merge.RecordID {
	people := map[merge.RecordID]bool{}
	r.eachUnregistered(func(fact *ReachFact) { people[fact.Person] = true })
	return sortedRecords(people)
}

func (r *Reckoning) eachUnregistered(visit func(*ReachFact)) {
	registered := map[merge.RecordID]bool{}
	for id := range r.participants {
		registered[r.persons.Canonical(id)] = true
	}
	r.EachReach(Period{}, func(fact *ReachFact) {
		if !registered[fact.Person] {
			visit(fact)
		}
	})
}

// sessions lists training days and events. The days of a training that was
// called a mistake are called one with it.
func (r *Reckoning) sessions(belongs func(SessionState, SessionRef) bool) []SessionRef {
	var list []SessionRef
	take := func(s SessionState, at SessionRef) {
		if belongs(s, at) {
			list = append(list, at)
		}
	}
	for i := range r.trainings {
		for j := range r.trainings[i].Days {
			day := &r.trainings[i].Days[j]
			state := day.SessionState
			state.void = state.void || r.trainings[i].void
			take(state, sessionRef(day.Ref, day.Message, day.Date()))
		}
	}
	for i := range r.events {
		event := &r.events[i]
		take(event.SessionState, sessionRef(event.Ref, event.Message, event.Date()))
	}
	slices.SortFunc(list, func(a, b SessionRef) int { return a.Compare(b.Ref) })
	return list
}
