package report

import (
	"slices"
	"sync"

	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// reckoned is what the rules make of some portions, in a form that is counted
// quickly: people and communities by number.
type reckoned struct {
	portions []*portion
	*fieldwork.Reckoning
	// people are all who were reached, and everybody who belongs to a group.
	people []fieldwork.Profile
	number map[merge.RecordID]int32
	facts  []fact
	// pcodes are the communities of facts; the first is that which is not known.
	pcodes []string
	// doubts are the same for every report.
	doubts func() doubts
	mu     sync.Mutex
	// unlinked has, by period, how many were trained had nobody linked anybody.
	unlinked map[fieldwork.Period]int
}

// fact is a fieldwork.ReachFact: who was reached, when, where and by what.
type fact struct {
	person, date, community int32
	// activity is an index of Trainings or Events, by kind.
	activity int32
	kind     fieldwork.ActivityKind
}

func reckon(portions []*portion) *reckoned {
	books := make([]*fieldwork.Book, len(portions))
	for i, p := range portions {
		books[i] = p.book
	}
	r := &reckoned{
		portions: slices.Clone(portions), Reckoning: fieldwork.Reckon(books...),
		number: map[merge.RecordID]int32{}, pcodes: []string{""}, unlinked: map[fieldwork.Period]int{},
	}
	r.readFacts()
	r.doubts = sync.OnceValue(r.findDoubts)
	return r
}

func (r *reckoned) readFacts() {
	communities := map[string]int32{"": 0}
	activities := map[fieldwork.Ref]int32{}
	for i := range r.Trainings() {
		activities[r.Trainings()[i].Ref] = int32(i)
	}
	for i := range r.Events() {
		activities[r.Events()[i].Ref] = int32(i)
	}
	r.EachReach(fieldwork.Period{}, func(f *fieldwork.ReachFact) {
		community, ok := communities[f.Community]
		if !ok {
			community = int32(len(r.pcodes))
			communities[f.Community] = community
			r.pcodes = append(r.pcodes, f.Community)
		}
		r.facts = append(r.facts, fact{r.numberOf(f.Person), f.Date, community, activities[f.Activity], f.Kind})
	})
}

// numberOf returns the number of a person, with the profile in its place.
func (r *reckoned) numberOf(person merge.RecordID) int32 {
	n, ok := r.number[person]
	if !ok {
		n = int32(len(r.people))
		r.number[person] = n
		r.people = append(r.people, r.Profile(person))
	}
	return n
}

// trainedUnlinked is how many people a period's trainings would have, had nobody
// linked registrations. It is reckoned anew, and kept for the period.
func (r *reckoned) trainedUnlinked(p fieldwork.Period) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, ok := r.unlinked[p]
	if !ok {
		books := make([]*fieldwork.Book, len(r.portions))
		for i := range r.portions {
			books[i] = r.portions[i].book
		}
		n = fieldwork.ReckonUnlinked(books...).Trained(p).People
		r.unlinked[p] = n
	}
	return n
}
