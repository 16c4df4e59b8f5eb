package names

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// Sex as names tell it and registers record it.
type Sex uint8

// The sexes by which names differ. What a person does not disclose is Unknown.
const (
	Unknown Sex = iota
	Female
	Male
)

//go:embed given.txt
var givenText string

// givenName is a line of given.txt.
type givenName struct {
	name string // in Ukrainian
	sex  Sex
	// initials are the first letters, in skeletons, under which it is found.
	initials string
}

// called is how a spelling stands to a name.
type called struct {
	name  int // in givenTable.names
	short bool
}

// givenTable is given.txt, by skeletons.
type givenTable struct {
	names []givenName
	// of says which names a spelling may be: several for Саша and Валя.
	of map[string][]called
	// near has the spellings of full names by what is left of them without one
	// letter, for what was mistyped.
	near map[string][]string
	// fathers are the stems that patronymics have before -ович, -івна.
	fathers map[string]int
}

var givenNames = sync.OnceValue(readGiven)

func readGiven() *givenTable {
	t := &givenTable{of: map[string][]called{}, near: map[string][]string{}, fathers: map[string]int{}}
	for line := range strings.Lines(givenText) {
		parts := strings.Split(strings.TrimSpace(line), ";")
		if len(parts) < 2 || strings.HasPrefix(line, "#") {
			continue
		}
		name := givenName{name: strings.TrimSpace(parts[1]), sex: Male}
		if parts[0] == "f" {
			name.sex = Female
		}
		t.names = append(t.names, name)
		for i, part := range parts[1:] {
			for spelling := range strings.FieldsSeq(part) {
				t.put(Skeleton(spelling), i == 2)
			}
		}
	}
	for _, spellings := range t.near {
		slices.Sort(spellings)
	}
	return t
}

// put adds a spelling of the last name.
func (t *givenTable) put(skeleton string, short bool) {
	at := len(t.names) - 1
	if slices.ContainsFunc(t.of[skeleton], func(c called) bool { return c.name == at }) {
		return
	}
	t.of[skeleton] = append(t.of[skeleton], called{at, short})
	if !strings.Contains(t.names[at].initials, skeleton[:1]) {
		t.names[at].initials += skeleton[:1]
	}
	if short {
		return
	}
	for _, less := range deletions(skeleton) {
		t.near[less] = append(t.near[less], skeleton)
	}
	if stem := strings.TrimRight(skeleton, "aeiou"); t.names[at].sex == Male {
		if _, taken := t.fathers[stem]; !taken {
			t.fathers[stem] = at
		}
	}
}

// nearly returns the names of which a spelling that is none is one letter off. A
// short spelling may be anything.
func (t *givenTable) nearly(skeleton string) (names []called) {
	if len(skeleton) < 4 {
		return nil
	}
	for _, less := range append(deletions(skeleton), skeleton) {
		for _, spelling := range t.near[less] {
			if !within1(skeleton, spelling) {
				continue
			}
			for _, c := range t.of[spelling] {
				if !slices.Contains(names, c) {
					names = append(names, c)
				}
			}
		}
	}
	slices.SortFunc(names, func(a, b called) int { return a.name - b.name })
	return names
}

// deletions are a word without each of its letters in turn, and the word.
func deletions(word string) []string {
	all := []string{word}
	for i := range len(word) {
		all = append(all, word[:i]+word[i+1:])
	}
	return all
}

// within1 tells whether one letter more, less or another, or two neighbours
// exchanged, make one word of the other. Equal words are within 1.
func within1(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch {
	case len(a) < len(b):
		return a[i:] == b[i+1:]
	case i == len(a) || a[i+1:] == b[i+1:]:
		return true
	default:
		return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
	}
}
