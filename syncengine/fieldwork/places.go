package fieldwork

import (
	"maps"
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// places finds the community of a row.
type places struct {
	pcodes map[Ref]string
	// only has the community of each space that holds exactly one.
	only    map[merge.SpaceID]string
	byPcode map[string]*recordsv1.Community
}

func newPlaces(communities map[Ref]*recordsv1.Community) places {
	p := places{map[Ref]string{}, map[merge.SpaceID]string{}, map[string]*recordsv1.Community{}}
	inSpace := map[merge.SpaceID]int{}
	for _, at := range sortedRefs(communities) {
		pcode := communities[at].GetPcode()
		p.pcodes[at] = pcode
		p.only[at.Space] = pcode
		inSpace[at.Space]++
		if p.byPcode[pcode] == nil {
			p.byPcode[pcode] = communities[at]
		}
	}
	maps.DeleteFunc(p.only, func(space merge.SpaceID, _ string) bool { return inSpace[space] > 1 })
	return p
}

// of returns the p-code of a community record; where that is missing, the one
// of the space's only community; empty where it is not known.
func (p *places) of(community Ref) string {
	if pcode, ok := p.pcodes[community]; ok {
		return pcode
	}
	return p.only[community.Space]
}

// Communities returns the p-codes of all communities, sorted.
func (r *Reckoning) Communities() []string { return slices.Sorted(maps.Keys(r.places.byPcode)) }

// Community returns the community that has the p-code, nil if none has.
func (r *Reckoning) Community(pcode string) *recordsv1.Community { return r.places.byPcode[pcode] }
