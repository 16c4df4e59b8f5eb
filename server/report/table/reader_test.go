package table

import (
	"slices"
	"testing"
)

// reader is somebody who knows everything that was published, and how tables are
// made: that categories leave nobody out, and that each person of a row is in the
// total. It works out what each suppressed number can be, by trying.
type reader struct {
	numbers map[string]int // by name, the place in the ranges
	low     []int
	high    []int
	rules   []rule
}

// rule is least <= the sum of the numbers, each times its factor <= most.
type rule struct {
	at, times   []int
	least, most int
}

// plentyOf is more people than there are in any test.
const plentyOf = 500

// read reads what was published.
func read(documents []*Document) *reader {
	r := &reader{numbers: map[string]int{}}
	for _, d := range documents {
		for i := range d.Tables {
			if t := &d.Tables[i]; t.Threshold > 0 {
				for _, g := range gridsOf(t) {
					r.readGrid(t, g)
				}
			}
		}
	}
	return r
}

func (r *reader) number(t *Table, g *grid, row, column int) int {
	name := g.cells[row][column].name
	at, known := r.numbers[name]
	if !known {
		at = len(r.low)
		r.numbers[name] = at
		r.low, r.high = append(r.low, 0), append(r.high, plentyOf)
	}
	for c := range t.Columns {
		if t.Columns[c].People && nameOf(&t.Columns[c], &t.Rows[row]) == name && t.Rows[row].Cells[c].State == Value {
			r.low[at], r.high[at] = g.cells[row][column].value, g.cells[row][column].value
		}
	}
	return at
}

func (r *reader) readGrid(t *Table, g *grid) {
	at := make([][]int, len(g.cells))
	for row := range g.cells {
		for column := range g.cells[row] {
			at[row] = append(at[row], r.number(t, g, row, column))
		}
	}
	for row := range at {
		if g.totalColumn != none && len(at[row]) > 1 { // the categories of a row add up
			add := rule{at: slices.Clone(at[row]), times: make([]int, len(at[row]))}
			for c := range add.times {
				add.times[c] = 1
			}
			add.times[g.totalColumn] = -1
			r.rules = append(r.rules, add)
		}
	}
	if g.totalRow == none {
		return
	}
	for column := range g.columns() {
		atLeast := rule{most: 10 * plentyOf}
		for row := range at {
			times := 1
			if row == g.totalRow {
				times = -1
			} else {
				r.rules = append(r.rules, rule{at: []int{at[row][column], at[g.totalRow][column]}, times: []int{1, -1}, least: -plentyOf})
			}
			atLeast.at, atLeast.times = append(atLeast.at, at[row][column]), append(atLeast.times, times)
		}
		r.rules = append(r.rules, atLeast)
	}
}

// narrow takes from the ranges what the rules exclude; false if nothing is left.
func (r *reader) narrow(low, high []int) bool {
	for changed := true; changed; {
		changed = false
		for i := range r.rules {
			rule := &r.rules[i]
			least, most := 0, 0
			for j, at := range rule.at {
				a, b := rule.times[j]*low[at], rule.times[j]*high[at]
				least, most = least+min(a, b), most+max(a, b)
			}
			for j, at := range rule.at {
				a, b := rule.times[j]*low[at], rule.times[j]*high[at]
				from, to := rule.least-(most-max(a, b)), rule.most-(least-min(a, b))
				if rule.times[j] < 0 {
					from, to = -to, -from
				}
				if from > low[at] {
					low[at], changed = from, true
				}
				if to < high[at] {
					high[at], changed = to, true
				}
				if low[at] > high[at] {
					return false
				}
			}
		}
	}
	return true
}

// possible tells whether there are numbers that keep all rules.
func (r *reader) possible(low, high []int) bool {
	low, high = slices.Clone(low), slices.Clone(high)
	if !r.narrow(low, high) {
		return false
	}
	open := -1
	for i := range low {
		if low[i] < high[i] && (open < 0 || high[i]-low[i] < high[open]-low[open]) {
			open = i
		}
	}
	if open < 0 {
		return true
	}
	for v := low[open]; v <= high[open]; v++ {
		l, h := slices.Clone(low), slices.Clone(high)
		l[open], h[open] = v, v
		if r.possible(l, h) {
			return true
		}
	}
	return false
}

// rangeOf is the least and the most that a number can be.
func (r *reader) rangeOf(at int) (least, most int) {
	can := func(v int) bool {
		l, h := slices.Clone(r.low), slices.Clone(r.high)
		l[at], h[at] = v, v
		return r.possible(l, h)
	}
	low, high := slices.Clone(r.low), slices.Clone(r.high)
	r.narrow(low, high)
	for least = low[at]; least < high[at] && !can(least); least++ {
	}
	for most = high[at]; most > least && !can(most); most-- {
	}
	return least, most
}

// mustKeep fails where a reader can narrow a suppressed number of people to less
// than the threshold. secret are the numbers as they are, by name.
func mustKeep(t interface {
	Helper()
	Errorf(string, ...any)
}, documents []*Document, secret map[string]int, threshold int,
) {
	t.Helper()
	r := read(documents)
	for name, at := range r.numbers {
		if r.low[at] == r.high[at] || secret[name] == 0 {
			continue
		}
		if least, most := r.rangeOf(at); most-least < threshold || secret[name] < least || secret[name] > most {
			t.Errorf("%s is %d, and a reader knows that it is %d to %d", name, secret[name], least, most)
		}
	}
}

// The reader is no fool: what can be reckoned is.
func TestAReaderFindsWhatCanBeReckoned(t *testing.T) {
	tab := Table{Name: "t", Threshold: 3, Columns: []Column{
		{Name: "all", Kind: Count, People: true, Figure: "f"},
		{Name: "a", Kind: Count, People: true, Figure: "f", At: "x=a"},
		{Name: "b", Kind: Count, People: true, Figure: "f", At: "x=b"},
	}, Rows: []Row{
		{Key: "one", At: "y=1", Cells: []Cell{Number(9), {State: Suppressed, Number: 2}, Number(7)}},
		{Key: "two", At: "y=2", Cells: []Cell{Number(9), {State: Suppressed, Number: 4}, {State: Suppressed, Number: 5}}},
		{Key: "all", Total: true, Cells: []Cell{Number(15), Number(6), Number(9)}},
	}}
	r := read([]*Document{{Tables: []Table{tab}}})
	if least, most := r.rangeOf(r.numbers["f|x=a|y=1"]); least != 2 || most != 2 {
		t.Errorf("a single suppressed number is %d to %d to the reader, and follows from its row: 2", least, most)
	}
	if least, most := r.rangeOf(r.numbers["f|x=a|y=2"]); least != 4 || most != 6 {
		t.Errorf("%d to %d; at least 6-2 and at most 6", least, most)
	}
}
