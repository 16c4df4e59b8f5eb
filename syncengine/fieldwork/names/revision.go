package names

import "slices"

// revision is one update of a register. Who changes has other pairs, and so have
// others: those of a name that is common now, or is no longer; and in a block too
// large to compare all with all, those who come to stand near each other there, or
// stand apart.
type revision[ID comparable] struct {
	*Register[ID]
	// before are the candidates of the blocks that are large, or may become it.
	before map[key][]uint64
	// bore is how many had the names of those who change.
	bore map[key]int
	// touched are the slots whose pairs are all looked for again.
	touched []bool
	// moved are pairs of others that a block no longer has, or has anew.
	moved map[uint64]bool
}

// differing leaves out who is what he or she was.
func (v *revision[ID]) differing(changed map[ID]*Prepared) map[ID]*Prepared {
	differing := make(map[ID]*Prepared, len(changed))
	for id, p := range changed {
		old := v.prepared(id)
		if old == nil && p == nil || old != nil && p != nil && old.person == p.person {
			continue
		}
		differing[id] = p
	}
	return differing
}

// prepared is nil for who is not there.
func (x *Index[ID]) prepared(id ID) *Prepared {
	if slot, known := x.slots[id]; known {
		return x.people[slot].Prepared
	}
	return nil
}

// remember keeps of how it was what the change is told by.
func (v *revision[ID]) remember(changed map[ID]*Prepared) {
	for id, p := range changed {
		for _, one := range []*Prepared{v.prepared(id), p} {
			if one == nil {
				continue
			}
			v.bore[one.bearers] = v.bearers[one.bearers]
			for _, k := range one.keys {
				if _, done := v.before[k]; done {
					continue
				}
				if block := v.block(k); len(block)+len(changed) > blockMost && len(block) > 1 {
					v.before[k] = v.among(block)
				}
			}
		}
	}
}

// touchRenowned touches who has a name that weighs something else now.
func (v *revision[ID]) touchRenowned() {
	for name, n := range v.bore {
		if rarity(n) == rarity(v.bearers[name]) {
			delete(v.bore, name)
		}
	}
	if len(v.bore) == 0 {
		return
	}
	for slot := range v.people {
		if p := v.people[slot].Prepared; p != nil && !v.touched[slot] {
			_, v.touched[slot] = v.bore[p.bearers]
		}
	}
}

// candidates are those who share a key with somebody touched, each two once.
func (v *revision[ID]) candidates() (all []uint64) {
	var keys []key
	for slot := range v.people {
		if p := v.people[slot].Prepared; p != nil && v.touched[slot] {
			keys = append(keys, p.keys...)
		}
	}
	slices.Sort(keys)
	for _, k := range slices.Compact(keys) {
		for _, c := range v.among(v.block(k)) {
			if v.touches(c) {
				all = append(all, c)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (v *revision[ID]) touches(c uint64) bool { return v.touched[c>>32] || v.touched[c&0xffffffff] }

// shifted are the candidates among others that large blocks have anew, or have no
// more while another block still has them.
func (v *revision[ID]) shifted() (all []uint64) {
	v.moved = map[uint64]bool{}
	now := map[key]map[uint64]bool{}
	for k, before := range v.before {
		now[k] = setOf(v.among(v.block(k)))
		was := setOf(before)
		for c := range now[k] {
			if !was[c] && !v.touches(c) {
				v.moved[c] = true
			}
		}
		for c := range was {
			if !now[k][c] && !v.touches(c) {
				v.moved[c] = true
			}
		}
	}
	for c := range v.moved {
		if v.isCandidate(c, now) {
			all = append(all, c)
		}
	}
	return all
}

// isCandidate tells whether any block has the two. now are blocks that were looked
// at.
func (v *revision[ID]) isCandidate(c uint64, now map[key]map[uint64]bool) bool {
	a, b := v.people[c>>32].keys, v.people[c&0xffffffff].keys
	for _, k := range a {
		if _, shared := slices.BinarySearch(b, k); !shared {
			continue
		}
		if now[k] == nil {
			now[k] = setOf(v.among(v.block(k)))
		}
		if now[k][c] {
			return true
		}
	}
	return false
}

func setOf(list []uint64) map[uint64]bool {
	set := make(map[uint64]bool, len(list))
	for _, c := range list {
		set[c] = true
	}
	return set
}
