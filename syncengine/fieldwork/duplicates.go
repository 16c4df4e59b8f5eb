package fieldwork

import (
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

// Duplicates compares registrations with each other. It is immutable, and safe for
// concurrent use.
type Duplicates struct {
	ids     []merge.RecordID
	index   *names.Index
	persons *Persons
}

// NewDuplicates reads registrations as a view shows them, by their ids; see
// [ShownOf]. Persons says what has been decided.
func NewDuplicates(shown map[merge.RecordID]*recordsv1.Participant, persons *Persons) *Duplicates {
	d := &Duplicates{ids: sortedRecords(shown), persons: persons}
	people := make([]names.Person, len(d.ids))
	for i, id := range d.ids {
		people[i] = NamedBy(shown[id])
	}
	d.index = names.NewIndex(people)
	return d
}

// Possible returns who may be registered twice, the likeliest first. Of two people
// with several registrations the likeliest two registrations stand for them, so
// that what is listed is how many decisions wait. Where somebody has said anything
// of a registration of the one and one of the other, also that nobody can know,
// they are not in the list.
func (d *Duplicates) Possible() (list []Suggestion) {
	done := d.persons.decided()
	for _, pair := range d.index.Pairs() {
		first, second := d.ids[pair.First], d.ids[pair.Second]
		two := d.persons.two(first, second)
		if two[0] == two[1] || done[two] {
			continue
		}
		done[two] = true // what comes now of these two is less likely
		list = append(list, Suggestion{first, second, pair.Match})
	}
	return list
}

// Compare tells how much speaks for two registrations being one person; false
// where too little does, or one is not here.
func (d *Duplicates) Compare(a, b merge.RecordID) (names.Match, bool) {
	i, knownA := slices.BinarySearchFunc(d.ids, a, compareRecords)
	j, knownB := slices.BinarySearchFunc(d.ids, b, compareRecords)
	if !knownA || !knownB {
		return names.Match{}, false
	}
	return d.index.Compare(i, j)
}

// PossibleDuplicates returns who may be registered twice; see [Duplicates.Possible].
func (r *Reckoning) PossibleDuplicates() []Suggestion {
	shown := make(map[merge.RecordID]*recordsv1.Participant, len(r.participants))
	for id, registrations := range r.participants {
		shown[id] = newProfile(registrations).Shown
	}
	return NewDuplicates(shown, r.persons).Possible()
}

// ShownOf returns of a participant's record what [Profile.Shown] has.
func ShownOf(rec *merge.Record) *recordsv1.Participant {
	return newProfile([]registration{readRegistration(rec)}).Shown
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
