package sim

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// scenario is a season: who is there, and what happens when. It is all that a
// run depends on.
type scenario struct {
	Seed    uint64
	Tablets int
	Spaces  int
	// Held is how many of the spaces each tablet holds; zero: all.
	Held int
	Days int
	// Burst is how many transactions a tablet writes at most at one time.
	Burst int
	// HomeBehind and TabletsBehind say who begins with the older record types.
	HomeBehind    bool
	TabletsBehind int
	// SQLite says that the registers lie in real files, and not in memory.
	SQLite bool
	// Faulty is how many in a hundred requests meet a fault of the network.
	Faulty int
	Steps  []step
}

// step is one thing that somebody does.
type step struct {
	Minute int    // since the beginning
	Tablet int    // which tablet, where it is a tablet's deed
	Deed   string // of the table of deeds
	Seed   uint64 // of all that the deed draws
}

// largeEvery is how often a season is a large one: 30 tablets, 30 days, some
// 10,000 changes in ten communities.
const largeEvery = 50

// sqliteEvery is how often the registers of a season are the real ones: it is
// the first season of each such run of seeds, and never a large one.
const sqliteEvery = 25

// draw makes the scenario of a seed. Each season has its own selection of faults
// and its own proportions: a season in which everything goes wrong a little
// finds less than many in which a few things go wrong a lot (Groce et al.,
// "Swarm testing", ISSTA 2012).
func draw(seed uint64) *scenario {
	draws := rand.New(rand.NewPCG(seed, 1))
	s := &scenario{
		Seed: seed, Tablets: 2 + draws.IntN(4), Spaces: 1 + draws.IntN(2), Days: 2 + draws.IntN(40), Burst: 1 + draws.IntN(5),
		HomeBehind: draws.IntN(3) == 0, Faulty: draws.IntN(60), SQLite: seed%sqliteEvery == 1,
	}
	steps := 40 + draws.IntN(60)
	if seed%largeEvery == 0 {
		s.Tablets, s.Spaces, s.Held, s.Days, s.Burst, steps = 30, 10, 3, 30, 80, 1000
	}
	s.TabletsBehind = draws.IntN(s.Tablets + 1)
	weights := drawWeights(draws)
	for range steps {
		s.Steps = append(s.Steps, step{
			Minute: draws.IntN(s.Days * 24 * 60), Tablet: draws.IntN(s.Tablets), Deed: weights.pick(draws), Seed: draws.Uint64(),
		})
	}
	slices.SortStableFunc(s.Steps, func(a, b step) int { return cmp.Compare(a.Minute, b.Minute) })
	return s
}

// weighted is a deed and how often it is done.
type weighted struct {
	deed   string
	weight int
}

type proportions []weighted

// drawWeights leaves each deed that is not everyday out of every second season.
func drawWeights(draws *rand.Rand) (p proportions) {
	for _, d := range deeds() {
		weight := d.weight
		if !d.everyday && draws.IntN(2) == 0 {
			continue
		}
		if !d.everyday {
			weight *= 1 + draws.IntN(3)
		}
		p = append(p, weighted{d.name, weight})
	}
	return p
}

func (p proportions) pick(draws *rand.Rand) string {
	sum := 0
	for _, w := range p {
		sum += w.weight
	}
	at := draws.IntN(sum)
	for _, w := range p {
		if at -= w.weight; at < 0 {
			return w.deed
		}
	}
	panic("unreachable: the weights add up")
}

// deed is something that can happen in a season.
type deed struct {
	name     string
	weight   int
	everyday bool
	do       func(*doing)
}

// doing is one step while it is taken.
type doing struct {
	*fleet
	*rand.Rand
	tablet *tablet
	// listed are the records that the tablet has been seen to show, and wrote
	// says that this transaction may have made one.
	listed map[listing][]merge.RecordID
	wrote  bool
}
