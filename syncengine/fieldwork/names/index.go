package names

import (
	"cmp"
	"maps"
	"slices"
)

// Index finds similar people among many without comparing all. People come and go;
// while they do it is not safe for concurrent use.
type Index[ID comparable] struct {
	order func(a, b ID) int
	slots map[ID]int32
	// people are by slot; a free one is empty.
	people []occupant[ID]
	free   []int32
	// entries are sorted by key, and then by slot.
	entries []indexed
	// bearers counts who has a name.
	bearers map[key]int
}

type occupant[ID comparable] struct {
	id ID
	*Prepared
}

type indexed struct {
	key    key
	person int32 // slot
}

func (e indexed) compare(f indexed) int {
	return cmp.Or(cmp.Compare(e.key, f.key), cmp.Compare(e.person, f.person))
}

// NewIndex reads people. Results name them by their place in the slice.
func NewIndex(people []Person) *Index[int] {
	x := newIndex(cmp.Compare[int])
	x.update(preparedAll(people))
	return x
}

func preparedAll(people []Person) map[int]*Prepared {
	all := make(map[int]*Prepared, len(people))
	for i, p := range people {
		all[i] = Prepare(p)
	}
	return all
}

func newIndex[ID comparable](order func(a, b ID) int) *Index[ID] {
	return &Index[ID]{order: order, slots: map[ID]int32{}, bearers: map[key]int{}}
}

// update puts people into the index, or takes those out of it who are nil, and
// returns whose slots are touched by it.
func (x *Index[ID]) update(changed map[ID]*Prepared) (touched []bool) {
	touched = make([]bool, len(x.people)+len(changed))
	var added []indexed
	for _, id := range slices.SortedFunc(maps.Keys(changed), x.order) { // neighbours in memory
		p := changed[id]
		slot, known := x.slots[id]
		if known {
			x.leave(slot)
		} else if p != nil {
			slot = x.freeSlot()
		}
		switch {
		case p != nil:
			x.enter(slot, id, p)
			for _, k := range p.keys {
				added = append(added, indexed{k, slot})
			}
		case known:
			delete(x.slots, id)
			x.free = append(x.free, slot)
		default:
			continue
		}
		touched[slot] = true
	}
	x.entries = slices.DeleteFunc(x.entries, func(e indexed) bool { return touched[e.person] })
	slices.SortFunc(added, indexed.compare)
	x.entries = merged(x.entries, added, indexed.compare)
	return touched
}

func (x *Index[ID]) freeSlot() (slot int32) {
	if last := len(x.free) - 1; last >= 0 {
		slot, x.free = x.free[last], x.free[:last]
		return slot
	}
	x.people = append(x.people, occupant[ID]{})
	return int32(len(x.people) - 1)
}

func (x *Index[ID]) enter(slot int32, id ID, p *Prepared) {
	x.slots[id], x.people[slot] = slot, occupant[ID]{id, p}
	if p.stands() {
		x.bearers[p.bearers]++
	}
}

func (x *Index[ID]) leave(slot int32) {
	if p := x.people[slot].Prepared; p.stands() {
		if x.bearers[p.bearers]--; x.bearers[p.bearers] == 0 {
			delete(x.bearers, p.bearers)
		}
	}
	x.people[slot] = occupant[ID]{}
}

// merged puts what is sorted into what is sorted, in its place.
func merged[T any](list, more []T, compare func(a, b T) int) []T {
	i, j := len(list)-1, len(more)-1
	list = append(list, more...)
	for at := len(list) - 1; j >= 0; at-- {
		if i >= 0 && compare(list[i], more[j]) > 0 {
			list[at], i = list[i], i-1
		} else {
			list[at], j = more[j], j-1
		}
	}
	return list
}

// How many have a name that is common, and one that is very common. Any other is
// rare.
const (
	commonFrom     = 4
	veryCommonFrom = 31
)

// rarity says what it weighs that so many have a name.
func rarity(bearers int) Reason {
	switch {
	case bearers >= veryCommonFrom:
		return NameVeryCommon
	case bearers >= commonFrom:
		return NameCommon
	default:
		return NameRare
	}
}

// Compare tells how much speaks for two of the index being one person; false where
// too little does, or one is not there.
func (x *Index[ID]) Compare(a, b ID) (Match, bool) {
	i, knownA := x.slots[a]
	j, knownB := x.slots[b]
	if !knownA || !knownB {
		return Match{}, false
	}
	w, ok := x.weigh(x.people[i].Prepared, x.people[j].Prepared)
	return w.match(), ok
}

// weigh compares two of whom one may be new. The commoner of their names counts.
func (x *Index[ID]) weigh(a, b *Prepared) (w weighed, ok bool) {
	w, ok = a.compare(&b.read)
	if !ok || w.points+NameRare.Points() < PointsPossible {
		return weighed{}, false
	}
	common := rarity(x.bearers[a.bearers])
	if other := rarity(x.bearers[b.bearers]); other.Points() < common.Points() {
		common = other
	}
	if w.add(common); w.points < PointsPossible {
		return weighed{}, false
	}
	return w, true
}

// Hit is somebody who is similar.
type Hit[ID comparable] struct {
	Person ID
	Match
}

// Similar returns who may be the same as somebody who is not in the index: the
// most similar first, and of equals the first in the index.
func (x *Index[ID]) Similar(p Person) (hits []Hit[ID]) {
	one := Prepare(p)
	seen := map[int32]bool{}
	for _, k := range one.keys {
		for _, entry := range x.block(k) {
			if seen[entry.person] {
				continue
			}
			seen[entry.person] = true
			if w, ok := x.weigh(one, x.people[entry.person].Prepared); ok {
				hits = append(hits, Hit[ID]{x.people[entry.person].id, w.match()})
			}
		}
	}
	slices.SortFunc(hits, func(a, b Hit[ID]) int {
		return cmp.Or(cmp.Compare(b.Points, a.Points), x.order(a.Person, b.Person))
	})
	return hits
}

func (x *Index[ID]) block(k key) []indexed {
	from, _ := slices.BinarySearchFunc(x.entries, k, func(e indexed, k key) int { return cmp.Compare(e.key, k) })
	to := from
	for to < len(x.entries) && x.entries[to].key == k {
		to++
	}
	return x.entries[from:to]
}
