package fieldwork

import "github.com/zhurnal/zhurnal/syncengine/merge"

// Completion is how far people came with trainings, each person once.
type Completion struct {
	// Enrolled could complete one: the denominator of the others.
	Enrolled int
	// AllDays were there on every day held of at least one training.
	AllDays int
	// Completed completed at least one by its own rule.
	Completed int
	// Disputed are not in AllDays, and might be if disputes were settled.
	Disputed int
}

// Completion counts over the trainings whose first day held is in the period.
func (r *Reckoning) Completion(p Period) Completion {
	enrolled, allDays, completed, disputed := set{}, set{}, set{}, set{}
	for i := range r.trainings {
		t := &r.trainings[i]
		held := t.HeldDays()
		if held == 0 || !p.Contains(t.FirstHeld()) {
			continue
		}
		for _, a := range t.Attendees {
			enrolled.add(a.Person, a.Enrolled)
			allDays.add(a.Person, a.AllDays)
			completed.add(a.Person, a.Completed)
			disputed.add(a.Person, a.Disputed > 0 && a.InFull+a.Disputed == held)
		}
	}
	for person := range allDays {
		delete(disputed, person)
	}
	return Completion{len(enrolled), len(allDays), len(completed), len(disputed)}
}

// set is a set of people.
type set map[merge.RecordID]bool

func (s set) add(person merge.RecordID, belongs bool) {
	if belongs {
		s[person] = true
	}
}
