package persons

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork/names"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Someone is a person with all registrations that are linked.
type Someone struct {
	// ID is that under which the person is counted.
	ID            merge.RecordID
	Registrations []Registration
	// Pairs are those of the registrations about which somebody has decided or
	// should: with each other, and with registrations that may be the person's.
	Pairs []Pair
}

// Found is a page of what a search gives.
type Found struct {
	People []Someone
	// Next begins the next page; empty after the last.
	Next string
	// Total is how many there are on all pages.
	Total int
}

// Search finds people by words of their names, in any script, language and order,
// and by the code on their card; without words it finds everybody. They come in
// the order of the Ukrainian alphabet, at most so many or, for zero, as many as a
// page may have. The token of a page begins the next.
func (f *Finder) Search(ctx context.Context, a Asker, text, token string, most int) (Found, error) {
	after, err := readPeopleToken(token)
	if err != nil {
		return Found{}, err
	}
	end, err := f.begin(ctx)
	if err != nil {
		return Found{}, err
	}
	defer end()
	v, err := f.viewFor(ctx, &a)
	if err != nil {
		return Found{}, err
	}
	query, code := names.NewQuery(text), strings.ToUpper(strings.TrimSpace(text))
	hits := map[merge.RecordID]bool{}
	for id, shown := range v.shown {
		if query.Empty() || query.Finds(nameWords(shown)) || shown.GetCode() != "" && strings.ToUpper(shown.GetCode()) == code {
			hits[v.persons.Canonical(id)] = true
		}
	}
	found := Found{Total: len(hits)}
	for id := range hits {
		found.People = append(found.People, v.someone(id))
	}
	v.sortByName(found.People)
	found.page(after, most)
	return found, nil
}

// Find returns who has a registration.
func (f *Finder) Find(ctx context.Context, a Asker, registration merge.RecordID) (Someone, error) {
	end, err := f.begin(ctx)
	if err != nil {
		return Someone{}, err
	}
	defer end()
	v, err := f.viewFor(ctx, &a)
	if err != nil {
		return Someone{}, err
	}
	if v.shown[registration] == nil {
		return Someone{}, fault.New(fault.NotFound, "registration %s: it is not there, or not for you", registration)
	}
	someone := v.someone(registration)
	someone.Pairs = v.pairsOf(someone.ID)
	return someone, nil
}

func (v *view) someone(id merge.RecordID) Someone {
	someone := Someone{ID: v.persons.Canonical(id)}
	for _, member := range v.persons.Registrations(id) {
		if v.shown[member] != nil {
			someone.Registrations = append(someone.Registrations, v.registration(member))
		}
	}
	return someone
}

// pairsOf are the pairs, decided and waiting, with a registration of the person.
func (v *view) pairsOf(person merge.RecordID) (pairs []Pair) {
	for _, state := range []State{Waiting, Undecided, Decided} {
		for _, at := range v.places(state) {
			if v.persons.Canonical(at.ids[0]) == person || v.persons.Canonical(at.ids[1]) == person {
				pairs = append(pairs, v.pair(at.ids))
			}
		}
	}
	return pairs
}

// sortByName sorts by what is shown of the first registration.
func (v *view) sortByName(people []Someone) {
	alphabet := collate.New(language.Ukrainian, collate.IgnoreCase)
	var buffer collate.Buffer
	keys := make(map[merge.RecordID][]byte, len(people))
	for i := range people {
		keys[people[i].ID] = alphabet.KeyFromString(&buffer, nameOf(people[i].Registrations[0].Shown))
	}
	slices.SortFunc(people, func(a, b Someone) int {
		return cmp.Or(bytes.Compare(keys[a.ID], keys[b.ID]), bytes.Compare(a.ID[:], b.ID[:]))
	})
}

// nameOf is the whole name as it was entered, the surname first.
func nameOf(p *recordsv1.Participant) string {
	return strings.Join(strings.Fields(p.GetFamilyName()+" "+p.GetGivenName()+" "+p.GetPatronymic()), " ")
}

func nameWords(p *recordsv1.Participant) names.Person {
	return names.Person{Family: p.GetFamilyName(), Given: p.GetGivenName(), Patronymic: p.GetPatronymic(), Latin: p.GetNameLatin()}
}
