package names

import (
	"cmp"
	"slices"
)

// Pair is two of an index who may be one person.
type Pair struct {
	// First and Second are places in the slice of which the index was made; First
	// is the lower.
	First, Second int
	Match
}

// Bounds of the work. A key that more people share is that of a common name, of
// which the name alone says nothing: there only those are compared who were born
// at about the same time, each with so many at most. So the work grows with the
// number of people, and not with its square.
const (
	blockMost  = 48
	windowMost = 24
)

// Pairs returns all who may be one person, the most similar first, and of equals
// the first in the index. Equal indexes give equal pairs.
func (x *Index) Pairs() (pairs []Pair) {
	for _, c := range x.candidates() {
		a, b := int(c>>32), int(c&0xffffffff)
		if m, ok := x.match(&x.people[a], &x.people[b]); ok {
			pairs = append(pairs, Pair{a, b, m})
		}
	}
	slices.SortFunc(pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(b.Points, a.Points), cmp.Compare(a.First, b.First), cmp.Compare(a.Second, b.Second))
	})
	return pairs
}

// candidates are those who share a key, each two once: the lower place in the
// upper half.
func (x *Index) candidates() (all []uint64) {
	for from := 0; from < len(x.entries); {
		to := from + 1
		for to < len(x.entries) && x.entries[to].key == x.entries[from].key {
			to++
		}
		if block := x.entries[from:to]; len(block) <= blockMost {
			all = everyTwo(all, block)
		} else {
			all = x.bornTogether(all, block)
		}
		from = to
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func everyTwo(all []uint64, block []indexed) []uint64 {
	for i := range block {
		for j := i + 1; j < len(block); j++ {
			all = append(all, two(block[i].person, block[j].person))
		}
	}
	return all
}

func two(a, b int32) uint64 { return uint64(min(a, b))<<32 | uint64(max(a, b)) }

// bornTogether leaves out whoever tells nothing of the birth.
func (x *Index) bornTogether(all []uint64, block []indexed) []uint64 {
	block = slices.DeleteFunc(slices.Clone(block), func(e indexed) bool { return x.people[e.person].birth.precision == byNothing })
	slices.SortStableFunc(block, func(a, b indexed) int {
		return cmp.Compare(x.people[a.person].birth.first, x.people[b.person].birth.first)
	})
	for i := range block {
		latest := x.people[block[i].person].birth.last + 366
		for j := i + 1; j < min(len(block), i+1+windowMost); j++ {
			if x.people[block[j].person].birth.first > latest {
				break
			}
			all = append(all, two(block[i].person, block[j].person))
		}
	}
	return all
}
