package season

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

// figures sums everything up.
func (t *tally) figures() Figures {
	f := Figures{
		PeopleRegistered: len(t.registered), PersonLinks: t.links, Marks: len(t.marks),
		RoomsOpen: t.rooms, SessionsIndividual: t.individual, SessionsGroup: t.group,
		TrainedByCommunity: map[string]int{}, EventsByCategory: map[string]int{},
	}
	t.sumAttendance(&f)
	for _, e := range t.events {
		if e.held() {
			f.EventsByCategory[e.category]++
			f.Attendances += e.attendances()
		}
	}
	for _, heard := range t.tablet {
		if heard {
			f.TabletsHeardFrom++
		}
	}
	return f
}

func (t *tally) sumAttendance(f *Figures) {
	people := t.attendance(f)
	held := map[Name]int{}
	for _, day := range t.days {
		if day.saidHeld {
			held[day.space]++
			f.DaysHeld++
		}
	}
	member := map[string]bool{}
	for registration := range t.member {
		member[t.who(registration)] = true
	}
	for person, at := range people {
		if at.days > 0 && member[person] {
			f.PeopleTrained++
			f.TrainedByCommunity[t.labels[at.space]]++
		}
		if at.inFull > 0 && at.inFull == held[at.space] {
			f.AttendedAllDays++
		}
	}
	f.Unregistered = t.unregistered(people)
}

// unregistered is how many were at a training day or named at an event, and
// have no registration.
func (t *tally) unregistered(people map[string]*trained) int {
	came := map[string]bool{}
	for person, at := range people {
		came[person] = at.days > 0
	}
	for registration := range t.listed {
		came[t.who(registration)] = true
	}
	for registration := range t.registered {
		delete(came, t.who(registration))
	}
	n := 0
	for _, there := range came {
		if there {
			n++
		}
	}
	return n
}

// trained is how often a person was there.
type trained struct {
	space        Name
	days, inFull int
}

// attendance weighs all marks, and notes which days were held because somebody
// was there.
func (t *tally) attendance(f *Figures) map[string]*trained {
	marks := map[attendanceKey][]*recordsv1.AttendanceMark{}
	for _, m := range t.marks {
		at := attendanceKey{[16]byte(m.SessionId), t.who(string(m.ParticipantId))}
		marks[at] = append(marks[at], m)
	}
	people := map[string]*trained{}
	for at, about := range marks {
		v, day := verdictOf(about, t.settled[at]), t.days[at.session]
		if people[at.person] == nil {
			people[at.person] = &trained{space: day.space}
		}
		p := people[at.person]
		if v.anybodySaysThere {
			day.saidHeld = true
			day.attended = true
		}
		if v.there {
			p.days++
		}
		if v.inFull {
			p.inFull++
		}
		if v.disputed {
			f.DisputesFound++
		}
		if v.decided {
			f.DisputesSettled++
		}
		f.DefaultsOverridden += v.defaultsOverridden
	}
	for _, day := range t.days {
		if day.cancelled && day.attended {
			f.DaysCancelledButAttended++
		}
	}
	return people
}
