package table

// grid is what a table says of one figure: a number for each part of the rows and
// each part of the columns, with totals at the right and below where the table
// has them.
type grid struct {
	threshold int
	// cells are by row and column; the names of the same number in two grids are
	// equal.
	cells [][]spot
	// totalRow and totalColumn are the places of the totals; none if there is none.
	totalRow, totalColumn int
}

// spot is a number and its name.
type spot struct {
	name  string
	value int
}

const none = -1

// gridsOf takes a table apart, figure by figure.
func gridsOf(t *Table) []*grid {
	byFigure := map[string][]int{}
	var figures []string
	for c := range t.Columns {
		if column := &t.Columns[c]; column.People {
			if byFigure[column.Figure] == nil {
				figures = append(figures, column.Figure)
			}
			byFigure[column.Figure] = append(byFigure[column.Figure], c)
		}
	}
	var grids []*grid
	for _, figure := range figures {
		grids = append(grids, gridOf(t, byFigure[figure]))
	}
	return grids
}

func gridOf(t *Table, columns []int) *grid {
	g := &grid{threshold: t.Threshold, totalRow: none, totalColumn: none}
	for at, c := range columns {
		if t.Columns[c].At == "" {
			g.totalColumn = at
		}
	}
	for r := range t.Rows {
		row := make([]spot, len(columns))
		for at, c := range columns {
			row[at] = spot{nameOf(&t.Columns[c], &t.Rows[r]), int(t.Rows[r].Cells[c].Number)}
		}
		if t.Rows[r].Total {
			g.totalRow = len(g.cells)
		}
		g.cells = append(g.cells, row)
	}
	return g
}

// nameOf names the number of a cell: the figure, and the parts of row and column
// in one order.
func nameOf(c *Column, r *Row) string {
	a, b := c.At, r.At
	if b < a {
		a, b = b, a
	}
	return c.Figure + "|" + a + "|" + b
}

// inner tells whether a cell is no total.
func (g *grid) inner(r, c int) bool { return r != g.totalRow && c != g.totalColumn }

// parts are the places inside that are asked for.
func (g *grid) parts(wanted func(place) bool) (all []place) {
	for r := range g.cells {
		for c := range g.cells[r] {
			if at := (place{r, c}); g.inner(r, c) && wanted(at) {
				all = append(all, at)
			}
		}
	}
	return all
}

func (g *grid) columns() int {
	if len(g.cells) == 0 {
		return 0
	}
	return len(g.cells[0])
}

// network has a node for each row and each column, and an arc for each number
// inside that is not published, from its row to its column: what goes through it
// is added to the number. Where a line has no total its node leads to a node that
// takes and gives everything. arcs has the places of the arcs.
//
// The overlap of rows, by which people who are in two make them add up to more
// than the total, is taken to be known. So is that a number which is not
// published is not zero. Both only narrow what is found.
func (g *grid) network(hidden map[string]bool) (f *flow, arcs [][]int) {
	const plenty = 1 << 30
	world := len(g.cells) + g.columns()
	f = newFlow(world + 1)
	for r := range g.cells {
		row := make([]int, g.columns())
		for c := range row {
			row[c] = noArc
			if s := g.cells[r][c]; g.inner(r, c) && hidden[s.name] {
				room := plenty
				if g.totalRow != none && !hidden[g.cells[g.totalRow][c].name] {
					room = max(0, g.cells[g.totalRow][c].value-s.value) // a part is no more than the whole
				}
				row[c] = f.join(r, len(g.cells)+c, room, s.value-min(1, s.value))
			}
		}
		arcs = append(arcs, row)
		if g.totalColumn == none {
			f.join(world, r, plenty, plenty)
		}
	}
	for c := range g.columns() {
		if g.totalRow == none {
			f.join(len(g.cells)+c, world, plenty, plenty)
		}
	}
	return f, arcs
}

// width is how far apart the least and the most are that a reader must think
// possible of a number inside, counted up to a limit, while all totals are as they
// are.
func (g *grid) width(f *flow, arc, r, c, limit int) int {
	column := len(g.cells) + c
	up := min(f.most(column, r, limit, arc), f.arcs[arc].room)
	if up >= limit {
		return up
	}
	return up + min(f.most(r, column, limit, arc), f.arcs[arc^1].room)
}

// exchange is how much of one total can be more if another is so much less,
// counted up to a limit. Both are of rows, or both of columns.
func (g *grid) exchange(f *flow, more, less place, limit int) int {
	if more.column == g.totalColumn && less.column == g.totalColumn {
		if g.columns() == 1 {
			return limit // nothing stands beside the totals
		}
		return f.most(more.row, less.row, limit, noArc)
	}
	if len(g.cells) == 1 {
		return limit
	}
	return f.most(len(g.cells)+less.column, len(g.cells)+more.column, limit, noArc)
}

// place is where a number stands in a grid.
type place struct{ row, column int }
