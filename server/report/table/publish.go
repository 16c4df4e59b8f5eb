package table

import "slices"

// Publish makes, of reports that were counted from one state for one period, what
// may leave the organisation. All that is published of a period goes through it
// together, so that no report gives away what another keeps back. It alters the
// tables of the documents.
//
//   - Tables for the organisation alone are left out.
//   - A number of people from 1 to below the threshold is suppressed, in every table
//     in which it stands. Zero is published.
//   - Where a total is suppressed, so are all its parts.
//   - Where all people of a row, fewer than three times the threshold, are in one
//     category, the categories of the row are suppressed: each would tell of
//     every one of them.
//   - Then more is suppressed, the smallest first, until whoever reads everything
//     must think possible, of each number that is suppressed, a range at least as
//     wide as the threshold.
//   - What follows from a suppressed number, such as a share, is suppressed.
//
// One mark stands for all that is suppressed, whatever the reason: to tell small
// numbers from others would say of the small ones how large they can be at most.
func Publish(documents []*Document) {
	p := &publication{hidden: map[string]bool{}, least: map[string]int{}}
	for _, d := range documents {
		d.Tables = slices.DeleteFunc(d.Tables, func(t Table) bool { return t.Internal })
		for i := range d.Tables {
			if t := &d.Tables[i]; t.Threshold > 0 {
				p.take(t)
			}
		}
	}
	p.hideSmall()
	for p.hideMore() {
	}
	for _, d := range documents {
		d.Tables = slices.DeleteFunc(d.Tables, func(t Table) bool { return t.WholeOrNone && p.hides(&t) })
		for i := range d.Tables {
			p.mark(&d.Tables[i])
		}
	}
}

// publication is one on its way.
type publication struct {
	grids []*grid
	// least is, by the name of a number, the least that may be published of it, and
	// places where it stands.
	least  map[string]int
	places map[string][]standing
	hidden map[string]bool
	// names are those of all numbers, in the order in which they were read.
	names    []string
	networks map[*grid]*network
}

// standing is a place in a grid.
type standing struct {
	grid *grid
	place
}

// take reads a table. One that is published whole or not at all takes nothing
// away from others: if something in it has to be suppressed, it is left out.
func (p *publication) take(t *Table) {
	if p.places == nil {
		p.places = map[string][]standing{}
	}
	for _, g := range gridsOf(t) {
		for r := range g.cells {
			for c, s := range g.cells[r] {
				if p.least[s.name] == 0 {
					p.names = append(p.names, s.name)
				}
				p.least[s.name] = max(p.least[s.name], g.threshold)
				p.places[s.name] = append(p.places[s.name], standing{g, place{r, c}})
			}
		}
		if !t.WholeOrNone {
			p.grids = append(p.grids, g)
		}
	}
}

func (p *publication) valueOf(name string) int {
	at := p.places[name][0]
	return at.grid.cells[at.row][at.column].value
}

// hideSmall suppresses small numbers, and rows that are of one category.
func (p *publication) hideSmall() {
	for _, name := range p.names {
		if n := p.valueOf(name); n > 0 && n < p.least[name] {
			p.hidden[name] = true
		}
	}
	for _, g := range p.grids {
		if g.totalColumn == none || g.columns() < 3 {
			continue
		}
		for r, row := range g.cells {
			total := row[g.totalColumn].value
			if total > 0 && total < 3*g.threshold && slices.ContainsFunc(row, func(s spot) bool { return s.name != row[g.totalColumn].name && s.value == total }) {
				p.hideLine(g, place{r, g.totalColumn})
			}
		}
	}
}

// hideLine suppresses the parts of a total.
func (p *publication) hideLine(g *grid, total place) (more bool) {
	hide := func(r, c int) {
		if name := g.cells[r][c].name; !p.hidden[name] && (r != total.row || c != total.column) {
			p.hidden[name], more = true, true
		}
	}
	if total.column == g.totalColumn {
		for c := range g.cells[total.row] {
			hide(total.row, c)
		}
	}
	if total.row == g.totalRow {
		for r := range g.cells {
			hide(r, total.column)
		}
	}
	return more
}

// hideMore suppresses what has to be, as far as one look at everything shows it,
// and tells whether there was something.
func (p *publication) hideMore() (more bool) {
	p.networks = map[*grid]*network{}
	for _, g := range p.grids {
		for r := range g.cells {
			for c, s := range g.cells[r] {
				if p.hidden[s.name] && !g.inner(r, c) {
					more = p.hideLine(g, place{r, c}) || more
				}
			}
		}
	}
	if more {
		return true
	}
	for _, g := range p.grids {
		more = p.pairUp(g) || more
	}
	if more {
		return true
	}
	for _, g := range p.grids {
		more = p.protectInside(g) || more
	}
	if more {
		return true
	}
	return slices.ContainsFunc(p.grids, p.protectTotals)
}

// pairUp suppresses a second number in each line with a published total that has
// one: the first would follow from the others.
func (p *publication) pairUp(g *grid) (more bool) {
	alone := func(line []place) bool {
		n := 0
		for _, at := range line {
			if p.hidden[g.cells[at.row][at.column].name] {
				n++
			}
		}
		return n == 1 && p.hideSmallest(g, func(at place) bool { return slices.Contains(line, at) })
	}
	for r := range g.cells {
		if g.totalColumn != none && !p.hidden[g.cells[r][g.totalColumn].name] {
			more = alone(g.parts(func(at place) bool { return at.row == r })) || more
		}
	}
	for c := range g.columns() {
		if g.totalRow != none && !p.hidden[g.cells[g.totalRow][c].name] {
			more = alone(g.parts(func(at place) bool { return at.column == c })) || more
		}
	}
	return more
}

// network is that of a grid as it was when everything was looked at. What is
// suppressed since only widens it.
type network struct {
	flow *flow
	arcs [][]int
}

func (p *publication) networkOf(g *grid) *network {
	if p.networks[g] == nil {
		f, arcs := g.network(p.hidden)
		p.networks[g] = &network{f, arcs}
	}
	return p.networks[g]
}

// protectInside looks at the numbers inside a grid, with all totals as they are.
// One thing more is suppressed for each row that needs it.
func (p *publication) protectInside(g *grid) (more bool) {
	if p.allHidden(g) {
		return false // there is nothing from which to reckon
	}
	n := p.networkOf(g)
	for r := range g.cells {
		for c, s := range g.cells[r] {
			if n.arcs[r][c] == noArc || g.width(n.flow, n.arcs[r][c], r, c, p.least[s.name]) >= p.least[s.name] {
				continue
			}
			inside := func(at place) bool { return g.inner(at.row, at.column) }
			if p.hideSmallest(g, func(at place) bool { return inside(at) && at.row == r }) ||
				p.hideSmallest(g, func(at place) bool { return inside(at) && at.column == c }) ||
				p.hideSmallest(g, inside) || p.hideSmallest(g, func(place) bool { return true }) {
				more = true
				break
			}
		}
	}
	return more
}

// allHidden tells whether not even the total of everything is published: then
// there is nothing from which to reckon.
func (p *publication) allHidden(g *grid) bool {
	for _, row := range g.cells {
		for _, s := range row {
			if !p.hidden[s.name] {
				return false
			}
		}
	}
	return true
}

// protectTotals looks at the totals of a grid. A total is safe if, in every grid in
// which it stands, it can be more or less by enough while another total of its line
// is so much less or more.
func (p *publication) protectTotals(g *grid) bool {
	for _, line := range g.lines() {
		for _, at := range line {
			s := g.cells[at.row][at.column]
			if !p.hidden[s.name] || p.widthOfTotal(g, line, at) >= p.least[s.name] {
				continue
			}
			if p.hideSmallest(g, func(of place) bool { return slices.Contains(line, of) }) {
				return true
			}
			if g.totalRow != none && g.totalColumn != none && p.hideSmallest(g, func(of place) bool { return of == place{g.totalRow, g.totalColumn} }) {
				return true
			}
		}
	}
	return false
}

// lines are the totals of the rows, and those of the columns, each without the
// total of everything.
func (g *grid) lines() [][]place {
	var ofRows, ofColumns []place
	for r := range g.cells {
		if g.totalColumn != none && r != g.totalRow {
			ofRows = append(ofRows, place{r, g.totalColumn})
		}
	}
	for c := range g.columns() {
		if g.totalRow != none && c != g.totalColumn {
			ofColumns = append(ofColumns, place{g.totalRow, c})
		}
	}
	return [][]place{ofRows, ofColumns}
}

// widthOfTotal is the range that a reader must think possible of a total, as far as
// it can be exchanged with one other.
func (p *publication) widthOfTotal(g *grid, line []place, at place) int {
	s := g.cells[at.row][at.column]
	if g.totalRow == none || g.totalColumn == none || p.hidden[g.cells[g.totalRow][g.totalColumn].name] {
		return p.least[s.name] // nothing holds it
	}
	up, down := 0, 0
	for _, other := range line {
		o := g.cells[other.row][other.column]
		if other == at || !p.hidden[o.name] {
			continue
		}
		up = max(up, min(o.value-min(1, o.value), p.exchange(s.name, o.name)))
		down = max(down, min(s.value-min(1, s.value), p.exchange(o.name, s.name)))
		if up+down >= p.least[s.name] {
			break
		}
	}
	return up + down
}

// exchange is how much of one total can be more if another is so much less, in all
// grids in which they stand.
func (p *publication) exchange(more, less string) int {
	most := max(p.least[more], p.least[less])
	for _, at := range p.places[more] {
		if !slices.Contains(p.grids, at.grid) {
			continue
		}
		other := slices.IndexFunc(p.places[less], func(s standing) bool { return s.grid == at.grid })
		f := p.networkOf(at.grid).flow
		switch {
		case other >= 0:
			most = min(most, at.grid.exchange(f, at.place, p.places[less][other].place, most))
		case at.row == at.grid.totalRow && at.grid.totalColumn == none: // some of the columns are in another table
			world := len(at.grid.cells) + at.grid.columns()
			most = min(most, f.most(world, len(at.grid.cells)+at.column, most, noArc))
		}
	}
	return most
}

// hideSmallest suppresses the smallest number that is published, of those that are
// asked for; zeros are left as they are.
func (p *publication) hideSmallest(g *grid, wanted func(place) bool) bool {
	smallest := place{none, none}
	for r := range g.cells {
		for c, s := range g.cells[r] {
			if s.value == 0 || p.hidden[s.name] || !wanted(place{r, c}) {
				continue
			}
			if smallest.row == none || s.value < g.cells[smallest.row][smallest.column].value {
				smallest = place{r, c}
			}
		}
	}
	if smallest.row == none {
		return false
	}
	p.hidden[g.cells[smallest.row][smallest.column].name] = true
	return true
}

// hides tells whether something in a table is suppressed.
func (p *publication) hides(t *Table) bool {
	for _, g := range gridsOf(t) {
		for _, row := range g.cells {
			if slices.ContainsFunc(row, func(s spot) bool { return p.hidden[s.name] }) {
				return true
			}
		}
	}
	return false
}

// mark puts the mark in the place of what is suppressed.
func (p *publication) mark(t *Table) {
	for r := range t.Rows {
		for c := range t.Columns {
			if t.Columns[c].People && p.hidden[nameOf(&t.Columns[c], &t.Rows[r])] {
				t.Rows[r].Cells[c] = Cell{State: Suppressed}
			}
		}
	}
	t.Fill()
}
