package names

import (
	"cmp"
	"slices"
)

// Pair is two who may be one person.
type Pair[ID comparable] struct {
	// First is the lower id.
	First, Second ID
	Points        int
}

// Likely tells whether most pairs with so many points are one person.
func (p *Pair[ID]) Likely() bool { return p.Points >= PointsLikely }

// Register is an index with the pairs of all its people who may be one person.
// When some of them change, only they are compared again, and those whose pairs
// hang on them; what it then says is what it would say had it been made of all
// people anew.
type Register[ID comparable] struct {
	*Index[ID]
	pairs []scored // sorted by compare
}

// scored is two slots, that of the lower id first.
type scored struct {
	points, first, second int32
}

// NewRegister returns one of nobody. order is that of the ids.
func NewRegister[ID comparable](order func(a, b ID) int) *Register[ID] {
	return &Register[ID]{Index: newIndex(order)}
}

// Len is how many pairs there are.
func (r *Register[ID]) Len() int { return len(r.pairs) }

// Each calls each with all pairs, the most similar first, and of equals those of
// the lower ids.
func (r *Register[ID]) Each(each func(Pair[ID])) {
	for _, s := range r.pairs {
		each(Pair[ID]{r.people[s.first].id, r.people[s.second].id, int(s.points)})
	}
}

// Replace makes the people of the register these. Who is as he or she was is not
// compared again.
func (r *Register[ID]) Replace(people map[ID]Person) {
	changed := map[ID]*Prepared{}
	for id, p := range people {
		if known := r.prepared(id); known == nil || known.person != p {
			changed[id] = Prepare(p)
		}
	}
	for id := range r.slots {
		if _, stays := people[id]; !stays {
			changed[id] = nil
		}
	}
	r.Update(changed)
}

// Update puts people into the register, in the place of what was known of them, or
// takes those out who are nil. Of who is taken out nothing is kept.
func (r *Register[ID]) Update(changed map[ID]*Prepared) {
	v := revision[ID]{Register: r, before: map[key][]uint64{}, bore: map[key]int{}}
	if changed = v.differing(changed); len(changed) == 0 {
		return
	}
	v.remember(changed)
	v.touched = r.update(changed)
	v.touchRenowned()
	candidates := v.candidates()
	v.replacePairs(append(candidates, v.shifted()...)) // of others
}

// replacePairs compares candidates anew, in the place of what was known of those
// who are touched and of the pairs that are moved.
func (v *revision[ID]) replacePairs(candidates []uint64) {
	r := v.Register
	r.pairs = slices.DeleteFunc(r.pairs, func(s scored) bool {
		return v.touched[s.first] || v.touched[s.second] || v.moved[two(s.first, s.second)]
	})
	var found []scored
	for _, c := range candidates {
		a, b := int32(c>>32), int32(c&0xffffffff)
		if r.order(r.people[b].id, r.people[a].id) < 0 {
			a, b = b, a
		}
		if w, ok := r.weigh(r.people[a].Prepared, r.people[b].Prepared); ok {
			found = append(found, scored{int32(w.points), a, b})
		}
	}
	slices.SortFunc(found, r.compareScored)
	r.pairs = merged(r.pairs, found, r.compareScored)
}

func (r *Register[ID]) compareScored(s, t scored) int {
	return cmp.Or(cmp.Compare(t.points, s.points), r.order(r.people[s.first].id, r.people[t.first].id), r.order(r.people[s.second].id, r.people[t.second].id))
}
