package fieldwork

import (
	"cmp"
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork/names"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Suggestion is two registrations that may be one person, of two people about whom
// nobody has decided anything. Nothing links them but somebody's decision.
type Suggestion struct {
	// First is the lower id.
	First, Second merge.RecordID
	names.Match
}

// PossibleDuplicates returns who may be registered twice, the likeliest first. Of
// two people with several registrations the likeliest two registrations stand for
// them, so that what is listed is how many decisions wait. Where somebody has said
// anything of a registration of the one and one of the other, also that nobody can
// know, they are in no list.
func (r *Reckoning) PossibleDuplicates() (list []Suggestion) {
	ids := sortedRecords(r.participants)
	people := make([]names.Person, len(ids))
	for i, id := range ids {
		profile := newProfile(r.participants[id])
		people[i] = NamedBy(profile.Shown)
	}
	decided := r.persons.decided()
	for _, pair := range names.NewIndex(people).Pairs() {
		first, second := ids[pair.First], ids[pair.Second]
		two := r.persons.two(first, second)
		if two[0] == two[1] || decided[two] {
			continue
		}
		decided[two] = true // what comes now of these two is less likely
		list = append(list, Suggestion{first, second, pair.Match})
	}
	slices.SortFunc(list, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.Points, a.Points), compareRecords(a.First, b.First), compareRecords(a.Second, b.Second))
	})
	return list
}

// two are the persons of two registrations, the lower id first.
func (p *Persons) two(a, b merge.RecordID) [2]merge.RecordID {
	a, b = p.Canonical(a), p.Canonical(b)
	if compareRecords(b, a) < 0 {
		a, b = b, a
	}
	return [2]merge.RecordID{a, b}
}

// decided are the persons about whom somebody has said something.
func (p *Persons) decided() map[[2]merge.RecordID]bool {
	decided := map[[2]merge.RecordID]bool{}
	for i := range p.pairs {
		decided[p.two(p.pairs[i].First, p.pairs[i].Second)] = true
	}
	return decided
}

// NamedBy is of a registration what names are compared by.
func NamedBy(p *recordsv1.Participant) names.Person {
	return names.Person{
		Family: p.GetFamilyName(), Given: p.GetGivenName(), Patronymic: p.GetPatronymic(), Latin: p.GetNameLatin(),
		Sex: sexOf(p.GetSex()), Birth: birthOf(p), Phone: p.GetPhone(), Residence: p.GetResidencePcode(),
	}
}

func sexOf(s recordsv1.Sex) names.Sex {
	switch s {
	case recordsv1.Sex_SEX_FEMALE:
		return names.Female
	case recordsv1.Sex_SEX_MALE:
		return names.Male
	default:
		return names.Unknown
	}
}

func birthOf(p *recordsv1.Participant) names.Birth {
	switch p.GetBirthPrecision() {
	case recordsv1.BirthPrecision_BIRTH_PRECISION_DATE:
		return names.BornOn(p.GetBirthDate())
	case recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR:
		return names.BornIn(p.GetBirthYear())
	case recordsv1.BirthPrecision_BIRTH_PRECISION_AGE:
		return names.Aged(p.GetAgeYears(), p.GetAgeAsOf())
	default:
		return names.Birth{}
	}
}
