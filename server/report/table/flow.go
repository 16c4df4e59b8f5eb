package table

// flow finds how much of something can be moved through a network, which is how
// far numbers that nobody publishes can be shifted while all that is published
// stays as it is.
type flow struct {
	arcs []arc
	// of are the arcs that leave a node, as places in arcs. An arc and its reverse
	// stand beside each other, so that the reverse of i is i^1.
	of [][]int
}

type arc struct {
	to, room int
}

func newFlow(nodes int) *flow { return &flow{of: make([][]int, nodes)} }

// join makes an arc through which so much can go, and so much back.
func (f *flow) join(from, to, room, back int) int {
	at := len(f.arcs)
	f.arcs = append(f.arcs, arc{to, room}, arc{from, back})
	f.of[from] = append(f.of[from], at)
	f.of[to] = append(f.of[to], at+1)
	return at
}

// most is how much can go from one node to another, counted up to a limit, without
// the arc `without` and its reverse. The network is as before afterwards.
func (f *flow) most(from, to, limit, without int) int {
	type change struct{ arc, by int }
	var done []change
	moved := 0
	for moved < limit {
		path := f.path(from, to, without)
		if path == nil {
			break
		}
		by := limit - moved
		for _, at := range path {
			by = min(by, f.arcs[at].room)
		}
		for _, at := range path {
			f.arcs[at].room -= by
			f.arcs[at^1].room += by
			done = append(done, change{at, by})
		}
		moved += by
	}
	for _, c := range done {
		f.arcs[c.arc].room += c.by
		f.arcs[c.arc^1].room -= c.by
	}
	return moved
}

// path is a shortest one with room, nil if there is none.
func (f *flow) path(from, to, without int) []int {
	const unseen = -1
	came := make([]int, len(f.of))
	for i := range came {
		came[i] = unseen
	}
	queue := []int{from}
	for len(queue) > 0 && came[to] == unseen {
		node := queue[0]
		queue = queue[1:]
		for _, at := range f.of[node] {
			next := f.arcs[at].to
			if f.arcs[at].room > 0 && next != from && came[next] == unseen && at|1 != without|1 {
				came[next] = at
				queue = append(queue, next)
			}
		}
	}
	if came[to] == unseen {
		return nil
	}
	var path []int
	for node := to; node != from; node = f.arcs[came[node]^1].to {
		path = append(path, came[node])
	}
	return path
}

// noArc is for a network that is asked about as a whole.
const noArc = -2
