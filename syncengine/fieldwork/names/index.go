package names

import (
	"cmp"
	"slices"
)

// Index finds similar people among many without comparing all. It is immutable and
// safe for concurrent use.
type Index struct {
	people []read
	// entries are sorted by key and then by person.
	entries []indexed
	// bearers counts who has a name.
	bearers map[key]int
}

type indexed struct {
	key    key
	person int32
}

// NewIndex reads people. Results name them by their place in the slice.
func NewIndex(people []Person) *Index {
	x := &Index{people: make([]read, len(people)), bearers: make(map[key]int, len(people))}
	for i := range people {
		r := readPerson(&people[i])
		x.people[i] = r
		for _, k := range r.keys() {
			x.entries = append(x.entries, indexed{k, int32(i)})
		}
		if len(r.readings) > 0 {
			x.bearers[r.bearers]++
		}
	}
	slices.SortFunc(x.entries, func(a, b indexed) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.person, b.person))
	})
	return x
}

// How many have a name that is common, and one that is very common. Any other is
// rare.
const (
	commonFrom     = 4
	veryCommonFrom = 31
)

// rarity says what it weighs that two have a name which others have as well.
func (x *Index) rarity(r *read) Reason {
	switch n := x.bearers[r.bearers]; {
	case n >= veryCommonFrom:
		return NameVeryCommon
	case n >= commonFrom:
		return NameCommon
	default:
		return NameRare
	}
}

// Compare tells how much speaks for two of the index being one person; false where
// too little does.
func (x *Index) Compare(i, j int) (Match, bool) { return x.match(&x.people[i], &x.people[j]) }

// match compares two of whom one may be new. The commoner of their names counts.
func (x *Index) match(a, b *read) (Match, bool) {
	w, ok := a.compare(b)
	if !ok || w.points+NameRare.Points() < PointsPossible {
		return Match{}, false
	}
	rarity := x.rarity(a)
	if other := x.rarity(b); other.Points() < rarity.Points() {
		rarity = other
	}
	if w.add(rarity); w.points < PointsPossible {
		return Match{}, false
	}
	return w.match(), true
}

// Hit is somebody who is similar.
type Hit struct {
	// Person is the place in the slice of which the index was made.
	Person int
	Match
}

// Similar returns who may be the same as somebody who is not in the index: the
// most similar first, and of equals the first in the index.
func (x *Index) Similar(p Person) (hits []Hit) {
	r := readPerson(&p)
	seen := map[int32]bool{}
	for _, k := range r.keys() {
		for _, entry := range x.block(k) {
			if seen[entry.person] {
				continue
			}
			seen[entry.person] = true
			if m, ok := x.match(&r, &x.people[entry.person]); ok {
				hits = append(hits, Hit{int(entry.person), m})
			}
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Points, a.Points), cmp.Compare(a.Person, b.Person))
	})
	return hits
}

func (x *Index) block(k key) []indexed {
	from, _ := slices.BinarySearchFunc(x.entries, k, func(e indexed, k key) int { return cmp.Compare(e.key, k) })
	to := from
	for to < len(x.entries) && x.entries[to].key == k {
		to++
	}
	return x.entries[from:to]
}
