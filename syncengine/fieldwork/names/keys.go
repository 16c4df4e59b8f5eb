package names

import (
	"slices"
	"strconv"
)

// A key is what two who are to be compared have in common, hashed: whoever shares
// none is never compared.
type key uint64

const (
	fnvOffset key = 14695981039346656037
	fnvPrime  key = 1099511628211
)

// The kinds of keys, by what they are made of.
const (
	bySurname  byte = 'F' // given name, and surname less any one letter
	byFather   byte = 'T' // given name, surname, patronymic: takes apart what bySurname has too many of
	byInitial  byte = 'I' // surname and first letter
	byBirthday byte = 'B' // given name and day of birth: for surnames that changed
	byName     byte = 'N' // given name and surname as they are: tells how common they are
)

// keyOf is FNV-1a over the kind and the parts, each ended.
func keyOf(kind byte, parts ...string) key {
	k := (fnvOffset ^ key(kind)) * fnvPrime
	for _, part := range parts {
		for i := range len(part) {
			k = (k ^ key(part[i])) * fnvPrime
		}
		k = (k ^ 0xff) * fnvPrime
	}
	return k
}

// keys are all under which a person is found.
func (r *read) keys() (all []key) {
	for i := range r.readings {
		one := &r.readings[i]
		for _, name := range one.givenKeys() {
			all = append(all, r.keysNamed(name, one)...)
		}
		for _, letter := range one.initials() {
			all = append(all, keyOf(byInitial, one.family.whole(), string(letter)))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (r *read) keysNamed(name string, one *reading) (all []key) {
	father := one.patronymic.key()
	for _, stem := range one.family.keyStems() {
		for _, less := range deletions(stem) {
			all = append(all, keyOf(bySurname, name, less))
		}
		if father != "" {
			all = append(all, keyOf(byFather, name, stem, father))
		}
	}
	if r.birth.precision == byDay {
		all = append(all, keyOf(byBirthday, name, strconv.Itoa(int(r.birth.day))))
	}
	return all
}

// givenKeys are the names that a given name may be, or the name itself where it is
// in no table, less any one letter.
func (r *reading) givenKeys() (keys []string) {
	if r.initial {
		return nil
	}
	if len(r.names) == 0 {
		return deletions(r.skeleton)
	}
	for _, c := range r.names {
		keys = append(keys, strconv.Itoa(c.name))
	}
	return keys
}

// keyStems are the surname and, of several parts, each, and all of them in the
// order in which they are written.
func (f *family) keyStems() []string {
	if len(f.stems) == 1 {
		return f.stems
	}
	return append([]string{f.whole(), stemOf(together(f.skeletons))}, f.stems...)
}

// key is empty where the father's name is not known.
func (p *patronymic) key() string {
	switch {
	case p.stem == "" || p.initial:
		return ""
	case p.father >= 0:
		return strconv.Itoa(p.father)
	default:
		return p.stem
	}
}

// bearers is the key under which the bearers of a name are counted.
func (r *reading) bearers() key {
	name := r.skeleton
	if len(r.names) > 0 {
		name = strconv.Itoa(r.names[0].name)
	}
	return keyOf(byName, name, r.family.whole())
}
