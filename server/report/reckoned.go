package report

import (
	"slices"
	"sync"

	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// reckoned is what the rules make of some portions, in a form that is counted
// quickly: people and communities by number.
type reckoned struct {
	portions []*portion
	*fieldwork.Reckoning
	// people are all who were reached or expected, and everybody who belongs to a
	// group.
	people []fieldwork.Profile
	number map[merge.RecordID]int32
	facts  []fact
	// pcodes are the communities of facts; the first is that which is not known.
	pcodes []string
	// doubts are the same for every report.
	doubts func() doubts
	// of is for what the reports are that are kept in all, nothing of them
	// suppressed yet.
	of  publishing
	all []*table.Document
}

// publishing is what the reports that are published together follow from, beside
// what was reckoned.
type publishing struct {
	period fieldwork.Period
	at     made
}

// published are all reports that are published of a period, each as it is asked for
// without parameters. Those of the last period are kept.
func (r *reckoned) published(as *run) []*table.Document {
	of := publishing{as.q.Period, as.made}
	if r.all != nil && r.of == of {
		return r.all
	}
	r.of, r.all = of, nil
	for i := range definitions {
		if d := &definitions[i]; d.Publishable {
			q := *as.q
			q.Name, q.Parameters = d.Name, nil
			r.all = append(r.all, newRun(r, d, &q, as.readable, as.made).internal())
		}
	}
	return r.all
}

// fact is a fieldwork.ReachFact: who was reached, when, where and by what.
type fact struct {
	person, date, community int32
	// activity is an index of Trainings or Events, by kind.
	activity int32
	kind     fieldwork.ActivityKind
}

// memory is what is of use when something has moved.
type memory struct {
	reckoner fieldwork.Reckoner
	// duplicates are of the people whose hash is people, and possible is how many
	// pairs of registrations may be one person.
	duplicates *fieldwork.Duplicates
	people     merge.Hash
	possible   int
}

// possibleDuplicates counts them anew if somebody was registered or linked, and
// compares whose registration has changed.
func (m *memory) possibleDuplicates(r *reckoned) int {
	people := merge.Hash{}
	for _, p := range r.portions {
		people = people.Combine(p.people)
	}
	if m.duplicates != nil && m.people == people {
		return m.possible
	}
	if m.duplicates == nil {
		m.duplicates = fieldwork.NewDuplicates()
	}
	r.ReadDuplicates(m.duplicates)
	m.people, m.possible = people, len(m.duplicates.Possible())
	return m.possible
}

func reckon(m *memory, portions []*portion) *reckoned {
	books := make([]*fieldwork.Book, len(portions))
	for i, p := range portions {
		books[i] = p.book
	}
	r := &reckoned{
		portions: slices.Clone(portions), Reckoning: m.reckoner.Reckon(books...),
		number: map[merge.RecordID]int32{}, pcodes: []string{""},
	}
	r.readFacts()
	for i := range r.Trainings() {
		for j := range r.Trainings()[i].Attendees {
			r.numberOf(r.Trainings()[i].Attendees[j].Person)
		}
	}
	for i := range r.Groups() {
		for _, person := range r.Groups()[i].People() {
			r.numberOf(person)
		}
	}
	r.doubts = sync.OnceValue(func() doubts { return r.findDoubts(m) })
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
