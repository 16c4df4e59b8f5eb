package fieldwork

import (
	"bytes"
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Link is what one person has decided about two registrations.
type Link struct {
	First, Second merge.RecordID
	Decider       merge.PersonID
	Verdict       recordsv1.LinkVerdict
}

// Pair is two registrations with all that was decided about them. Deciders are
// sorted, each at most once in each list.
type Pair struct {
	First, Second           merge.RecordID
	Same, Different, Unsure []merge.PersonID
}

// Linked tells whether the two are counted as one person: somebody says that
// they are the same, and nobody that they are different. Counting two where
// there is one can be mended and reveals nothing; so doubt keeps them apart.
func (p *Pair) Linked() bool { return len(p.Same) > 0 && len(p.Different) == 0 }

// Contested tells whether deciders contradict each other.
func (p *Pair) Contested() bool { return len(p.Same) > 0 && len(p.Different) > 0 }

// Undecided tells whether the pair waits for somebody to decide: deciders
// contradict each other, or nobody was sure.
func (p *Pair) Undecided() bool {
	return p.Contested() || len(p.Same)+len(p.Different) == 0
}

// Persons says which registrations are one person: the connected components of
// the linked pairs. Taking a link back splits what only it held together.
type Persons struct {
	canonical map[merge.RecordID]merge.RecordID
	members   map[merge.RecordID][]merge.RecordID
	pairs     []Pair
}

// NewPersons works out persons from links, whose order and repetition do not
// matter. A link from a registration to itself says nothing.
func NewPersons(links []Link) *Persons {
	p := &Persons{
		canonical: map[merge.RecordID]merge.RecordID{},
		members:   map[merge.RecordID][]merge.RecordID{},
		pairs:     pairsOf(links),
	}
	for i := range p.pairs {
		if p.pairs[i].Linked() {
			p.join(p.pairs[i].First, p.pairs[i].Second)
		}
	}
	for id := range p.canonical {
		root := p.Canonical(id)
		p.members[root] = append(p.members[root], id)
	}
	for root, members := range p.members {
		slices.SortFunc(members, compareRecords)
		for _, id := range members {
			p.canonical[id] = root
		}
	}
	return p
}

// join makes the lower of two components' least ids the id of both.
func (p *Persons) join(a, b merge.RecordID) {
	a, b = p.Canonical(a), p.Canonical(b)
	least := a
	if compareRecords(b, a) < 0 {
		least = b
	}
	p.canonical[a], p.canonical[b] = least, least
}

// Canonical returns the id under which the person is counted: the least of the
// registrations that are linked; the id itself where nothing links it.
func (p *Persons) Canonical(registration merge.RecordID) merge.RecordID {
	for {
		next, ok := p.canonical[registration]
		if !ok || next == registration {
			return registration
		}
		registration = next
	}
}

// Registrations returns all registrations of the person, sorted. The caller
// must not alter the slice.
func (p *Persons) Registrations(registration merge.RecordID) []merge.RecordID {
	if members := p.members[p.Canonical(registration)]; members != nil {
		return members
	}
	return []merge.RecordID{registration}
}

// Pairs returns every pair about which somebody decided something, sorted. The
// caller must not alter the slice.
func (p *Persons) Pairs() []Pair { return p.pairs }

// Undecided returns the pairs that wait for somebody to decide.
func (p *Persons) Undecided() []Pair {
	return slices.DeleteFunc(slices.Clone(p.pairs), func(pair Pair) bool {
		return !pair.Undecided()
	})
}

func pairsOf(links []Link) []Pair {
	type key struct{ first, second merge.RecordID }
	byKey := map[key]*Pair{}
	for _, link := range links {
		at := key{link.First, link.Second}
		switch compareRecords(link.First, link.Second) {
		case 0:
			continue
		case 1:
			at = key{link.Second, link.First}
		}
		if byKey[at] == nil {
			byKey[at] = &Pair{First: at.first, Second: at.second}
		}
		byKey[at].add(link)
	}
	pairs := make([]Pair, 0, len(byKey))
	for _, pair := range byKey {
		if len(pair.Same)+len(pair.Different)+len(pair.Unsure) > 0 {
			pairs = append(pairs, *pair)
		}
	}
	slices.SortFunc(pairs, func(a, b Pair) int {
		if c := compareRecords(a.First, b.First); c != 0 {
			return c
		}
		return compareRecords(a.Second, b.Second)
	})
	return pairs
}

func (p *Pair) add(link Link) {
	list := &p.Unsure
	switch link.Verdict {
	case recordsv1.LinkVerdict_LINK_VERDICT_SAME:
		list = &p.Same
	case recordsv1.LinkVerdict_LINK_VERDICT_DIFFERENT:
		list = &p.Different
	case recordsv1.LinkVerdict_LINK_VERDICT_UNSPECIFIED:
		return // the verdict was taken back
	}
	compare := func(a, b merge.PersonID) int { return bytes.Compare(a[:], b[:]) }
	if i, ok := slices.BinarySearchFunc(*list, link.Decider, compare); !ok {
		*list = slices.Insert(*list, i, link.Decider)
	}
}
