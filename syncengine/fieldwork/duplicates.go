package fieldwork

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork/names"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Suggestion is two registrations that may be one person, of two people about whom
// nobody has decided anything. Nothing links them but somebody's decision.
type Suggestion struct {
	// First is the lower id.
	First, Second merge.RecordID
	// Points say how much speaks for it, and [Duplicates.Compare] why.
	Points int
}

// Duplicates compares registrations with each other. Registrations and decisions
// may change; while they do it is not safe for concurrent use.
type Duplicates struct {
	register *names.Register[merge.RecordID]
	persons  *Persons
	// spoken are the registrations about which somebody has decided anything.
	spoken map[merge.RecordID]bool
}

// NewDuplicates compares nobody yet.
func NewDuplicates() *Duplicates {
	d := &Duplicates{register: names.NewRegister(compareRecords)}
	d.Decide(NewPersons(nil))
	return d
}

// Read makes the registrations those that a view shows, by their ids; see [ShownOf].
// What was known and is as it was is not compared again.
func (d *Duplicates) Read(shown map[merge.RecordID]*recordsv1.Participant) {
	people := make(map[merge.RecordID]names.Person, len(shown))
	for id, p := range shown {
		people[id] = NamedBy(p)
	}
	d.register.Replace(people)
}

// Update puts registrations in the place of what was known under their ids, or
// takes those out that are nil: nothing of them is kept. Only they are compared
// anew, and what follows is as if all had been.
func (d *Duplicates) Update(changed map[merge.RecordID]*names.Prepared) { d.register.Update(changed) }

// Decide puts what is decided in the place of what was. Nothing is, at first.
func (d *Duplicates) Decide(persons *Persons) {
	d.persons, d.spoken = persons, make(map[merge.RecordID]bool, 2*len(persons.pairs))
	for i := range persons.pairs {
		d.spoken[persons.pairs[i].First], d.spoken[persons.pairs[i].Second] = true, true
	}
}

// Possible returns who may be registered twice, the likeliest first. Of two people
// with several registrations the likeliest two registrations stand for them, so
// that what is listed is how many decisions wait. Where somebody has said anything
// of a registration of the one and one of the other, also that nobody can know,
// they are not in the list.
func (d *Duplicates) Possible() []Suggestion {
	list := make([]Suggestion, 0, d.register.Len())
	done := d.persons.decided()
	d.register.Each(func(pair names.Pair[merge.RecordID]) {
		if d.spoken[pair.First] || d.spoken[pair.Second] {
			two := d.persons.two(pair.First, pair.Second)
			if two[0] == two[1] || done[two] {
				return
			}
			done[two] = true // what comes now of these two is less likely
		}
		list = append(list, Suggestion(pair))
	})
	return list
}

// Compare tells how much speaks for two registrations being one person; false
// where too little does, or one is not here.
func (d *Duplicates) Compare(a, b merge.RecordID) (names.Match, bool) {
	return d.register.Compare(a, b)
}

// ReadDuplicates lets d have the registrations and the decisions of the reckoning.
func (r *Reckoning) ReadDuplicates(d *Duplicates) {
	shown := make(map[merge.RecordID]*recordsv1.Participant, len(r.participants))
	for id, registrations := range r.participants {
		shown[id] = newProfile(registrations).Shown
	}
	d.Read(shown)
	d.Decide(r.persons)
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
