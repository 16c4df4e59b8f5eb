package names

import (
	"cmp"
	"slices"
)

// Bounds of the work. A key that more people share is that of a common name, of
// which the name alone says nothing: there only those are compared who were born
// at about the same time, each with so many at most. So the work grows with the
// number of people, and not with its square.
const (
	blockMost  = 48
	windowMost = 24
)

// among are those of a block who are compared, each two once: the lower slot in
// the upper half.
func (x *Index[ID]) among(block []indexed) []uint64 {
	if len(block) > blockMost {
		return x.bornTogether(block)
	}
	all := make([]uint64, 0, len(block)*(len(block)-1)/2)
	for i := range block {
		for j := i + 1; j < len(block); j++ {
			all = append(all, two(block[i].person, block[j].person))
		}
	}
	return all
}

func two(a, b int32) uint64 { return uint64(min(a, b))<<32 | uint64(max(a, b)) }

// bornTogether leaves out whoever tells nothing of the birth.
func (x *Index[ID]) bornTogether(block []indexed) (all []uint64) {
	block = slices.DeleteFunc(slices.Clone(block), func(e indexed) bool { return x.people[e.person].birth.precision == byNothing })
	slices.SortFunc(block, func(a, b indexed) int {
		p, q := &x.people[a.person], &x.people[b.person]
		return cmp.Or(cmp.Compare(p.birth.first, q.birth.first), x.order(p.id, q.id))
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
