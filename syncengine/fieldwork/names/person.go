package names

import (
	"strings"
	"unicode/utf8"
)

// Person is what is written of somebody, as it was entered. Everything may be
// empty.
type Person struct {
	Family, Given, Patronymic string
	// Latin is the whole name as a passport has it, where that is known.
	Latin string
	Sex   Sex
	Birth Birth
	// Phone is in any form; it is compared by its last digits.
	Phone string
	// Residence is the p-code of where the person lives.
	Residence string
}

// reading is a person's name taken apart.
type reading struct {
	family     family
	given      string // in its letters
	skeleton   string // of given
	names      []called
	near       bool // names are those of which given is one letter off
	initial    bool // given is the first letter alone
	patronymic patronymic
}

// read is a person as they are compared.
type read struct {
	readings []reading
	sex      Sex // recorded, or else what the names tell
	birth    Birth
	phone    string
	place    string
	bearers  key // under which those are counted who have this name
}

func readPerson(p *Person) read {
	r := read{sex: p.Sex, birth: p.Birth, phone: lastDigits(p.Phone), place: p.Residence}
	for _, one := range []reading{readName(p), readWhole(words(p.Latin))} {
		if one.stands() {
			r.readings = append(r.readings, one)
		}
	}
	if len(r.readings) > 0 {
		r.bearers = r.readings[0].bearers()
	}
	for i := range r.readings {
		if r.sex == Unknown {
			r.sex = r.readings[i].sex()
		}
	}
	return r
}

// stands tells whether there is enough to compare: a surname and a given name.
func (r *reading) stands() bool { return len(r.family.stems) > 0 && r.skeleton != "" }

// readName reads the three fields of a name. Where somebody has put all of it
// into one, or the given name into the place of the surname, it is put right.
func readName(p *Person) reading {
	family, given, patronymic := words(p.Family), words(p.Given), words(p.Patronymic)
	switch {
	case len(given) == 0 || len(family) == 0:
		return readWhole(append(append(family, given...), patronymic...))
	case len(patronymic) == 0 && len(given) > 1:
		given, patronymic = given[:1], given[1:]
	}
	if !isGiven(given[0]) && len(family) == 1 && isGiven(family[0]) {
		family, given = given, family
	}
	return reading{family: familyOf(family), patronymic: entered(patronymic)}.called(given[0])
}

// readWhole reads a whole name of which it is not known what is what: the
// patronymic by its ending, the given name as one that is known, or what stands
// behind the surname.
func readWhole(all []string) reading {
	if len(all) < 2 {
		return reading{}
	}
	var r reading
	rest := make([]string, 0, len(all))
	for i, word := range all {
		p, ok := patronymicOf(word)
		if ok && r.patronymic.stem == "" && i > 0 && len(all) > 2 {
			r.patronymic = p
			continue
		}
		rest = append(rest, word)
	}
	at := 1
	if !isGiven(rest[1]) && (isGiven(rest[0]) || utf8.RuneCountInString(rest[0]) == 1) {
		at = 0
	}
	if len(rest) > 2 && r.patronymic.stem == "" && utf8.RuneCountInString(rest[2]) == 1 { // Шевченко О. П.
		r.patronymic = entered(rest[2:])
		rest = rest[:2]
	}
	given := rest[at]
	r.family = familyOf(append(append([]string{}, rest[:at]...), rest[at+1:]...))
	return r.called(given)
}

// called reads a given name.
func (r reading) called(given string) reading {
	r.given = given
	r.skeleton = skeletonOf(strings.ReplaceAll(given, "-", ""))
	r.initial = utf8.RuneCountInString(given) == 1
	table := givenNames()
	if r.names = table.of[r.skeleton]; len(r.names) == 0 && !r.initial {
		r.names = table.nearly(r.skeleton)
		r.near = len(r.names) > 0
	}
	return r
}

func isGiven(word string) bool { return len(givenNames().of[skeletonOf(word)]) > 0 }

// sex is that of the patronymic, or that of all names which the given name may be.
func (r *reading) sex() Sex {
	if r.patronymic.sex != Unknown {
		return r.patronymic.sex
	}
	sex := Unknown
	for _, c := range r.names {
		switch of := givenNames().names[c.name].sex; {
		case sex == Unknown:
			sex = of
		case sex != of:
			return Unknown
		}
	}
	return sex
}

// phoneDigits is how much of a telephone number is compared: what is left when
// the country and the operator are written in another way, or not at all.
const phoneDigits = 7

func lastDigits(phone string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone)
	if len(digits) < phoneDigits {
		return ""
	}
	return digits[len(digits)-phoneDigits:]
}
