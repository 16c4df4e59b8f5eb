package fieldwork

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Reckoning is what a book of records comes to. It is immutable, and safe for
// concurrent use; callers must not alter the slices and messages it hands out.
// All its lists are sorted, so equal books give equal reckonings.
type Reckoning struct {
	persons       *Persons
	participants  map[merge.RecordID][]registration
	registrations int
	places        places
	members       members
	trainings     []Training
	mistaken      []Training // called so, and nobody was there
	events        []Event
	groups        []Group
	venues        []Venue
	quotes        []Quote
	rooms         map[Ref]*recordsv1.CounsellingRoom
	clients       map[Ref]*recordsv1.Client
	counselling   map[Ref]*recordsv1.CounsellingSession
	followUps     map[Ref]*recordsv1.FollowUp
	marks         int
	orphans       []Orphan
	unreadable    []Ref
}

// Persons says which registrations are one person.
func (r *Reckoning) Persons() *Persons { return r.persons }

// Trainings returns all trainings in the order of their ids.
func (r *Reckoning) Trainings() []Training { return r.trainings }

// Events returns all events in the order of their ids.
func (r *Reckoning) Events() []Event { return r.events }

// Marks is the number of marks, disputed and overridden ones among them.
func (r *Reckoning) Marks() int { return r.marks }

// Registrations is the number of participant records, duplicates among them.
func (r *Reckoning) Registrations() int { return r.registrations }

// People returns the ids of everybody who is registered, each person once.
func (r *Reckoning) People() []merge.RecordID {
	people := map[merge.RecordID]bool{}
	for id := range r.participants {
		people[r.persons.Canonical(id)] = true
	}
	return sortedRecords(people)
}

// Profile returns what is known of the person who has this registration.
func (r *Reckoning) Profile(id merge.RecordID) Profile {
	members := r.persons.Registrations(id)
	var parts []registration
	for _, member := range members {
		parts = append(parts, r.participants[member]...)
	}
	profile := newProfile(parts)
	profile.Person, profile.Registrations = r.persons.Canonical(id), members
	return profile
}

// Unreadable returns the rows about a person that name none: their ids are not
// 16 bytes long. They are in no figure.
func (r *Reckoning) Unreadable() []Ref { return r.unreadable }

// eachAttendance visits what was decided at every training day and event.
func (r *Reckoning) eachAttendance(visit func(*Attendance)) {
	for i := range r.trainings {
		for j := range r.trainings[i].Days {
			for k := range r.trainings[i].Days[j].Attendance {
				visit(&r.trainings[i].Days[j].Attendance[k])
			}
		}
	}
	for i := range r.events {
		for j := range r.events[i].Attendance {
			visit(&r.events[i].Attendance[j])
		}
	}
}

// DisputeCount is how often recorders contradicted each other about a person at
// a session. Found is Settled and Open together.
type DisputeCount struct {
	Found, Settled, Open int
}

// Disputes counts contradictions, each person at each session once.
func (r *Reckoning) Disputes() DisputeCount {
	var n DisputeCount
	r.eachAttendance(func(a *Attendance) {
		switch a.Dispute {
		case DisputeOpen:
			n.Found, n.Open = n.Found+1, n.Open+1
		case DisputeSettled:
			n.Found, n.Settled = n.Found+1, n.Settled+1
		}
	})
	return n
}

// OpenDisputes returns what waits for a coordinator, with all marks.
func (r *Reckoning) OpenDisputes() []Attendance {
	var open []Attendance
	r.eachAttendance(func(a *Attendance) {
		if a.Dispute == DisputeOpen {
			open = append(open, *a)
		}
	})
	return open
}

// DefaultsOverridden is how many "rest absent" marks said nothing, because
// somebody else had marked the person by name; see [Decision].
func (r *Reckoning) DefaultsOverridden() int {
	n := 0
	r.eachAttendance(func(a *Attendance) { n += a.DefaultsOverridden })
	return n
}
