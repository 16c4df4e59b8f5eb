package table

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// somebody is a person of whom tables are made.
type somebody struct {
	in   map[int]bool // communities
	a, b int          // a category of each dimension
}

const (
	testThreshold  = 3
	testCategories = 3
)

// tablesOf counts people as reports do.
func tablesOf(people []somebody, communities int) []*Document {
	count := func(wanted func(*somebody) bool) (n int) {
		for i := range people {
			if wanted(&people[i]) {
				n++
			}
		}
		return n
	}
	build := func(name, figure string, total bool, category func(*somebody) int, categories int) Table {
		t := Table{Name: name, Threshold: testThreshold}
		if total {
			t.Columns = append(t.Columns, Column{Name: "all", Kind: Count, People: true, Figure: figure})
		}
		for c := range categories {
			t.Columns = append(t.Columns, Column{Name: fmt.Sprint(c), Kind: Count, People: true, Figure: figure, At: fmt.Sprintf("%s=%d", name[:1], c)})
		}
		row := func(r Row, in func(*somebody) bool) {
			if total {
				r.Cells = append(r.Cells, Number(count(in)))
			}
			for c := range categories {
				r.Cells = append(r.Cells, Number(count(func(p *somebody) bool { return in(p) && category(p) == c })))
			}
			t.Rows = append(t.Rows, r)
		}
		for place := range communities {
			row(Row{Key: fmt.Sprint(place), At: fmt.Sprintf("community=%d", place)}, func(p *somebody) bool { return p.in[place] })
		}
		row(Row{Key: "all", Total: true}, func(*somebody) bool { return true })
		return t
	}
	a, b := func(p *somebody) int { return p.a }, func(p *somebody) int { return p.b }
	return []*Document{
		{Name: "one", Tables: []Table{
			build("community", "people", true, a, 0), build("a", "people", true, a, testCategories), build("b", "people", true, b, testCategories),
		}},
		{Name: "part", Tables: []Table{build("a part", "people", false, a, testCategories-1)}},
	}
}

// secretsOf are all numbers, by name.
func secretsOf(documents []*Document) map[string]int {
	secrets := map[string]int{}
	for _, d := range documents {
		for i := range d.Tables {
			for _, g := range gridsOf(&d.Tables[i]) {
				for _, row := range g.cells {
					for _, s := range row {
						secrets[s.name] = s.value
					}
				}
			}
		}
	}
	return secrets
}

func drawPeople(t *rapid.T, communities int) []somebody {
	people := make([]somebody, rapid.IntRange(0, 24).Draw(t, "people"))
	overlap := rapid.Bool().Draw(t, "some are in two communities")
	for i := range people {
		p := &people[i]
		p.in = map[int]bool{rapid.IntRange(0, communities-1).Draw(t, "community"): true}
		if overlap && rapid.IntRange(0, 3).Draw(t, "in another") == 0 {
			p.in[rapid.IntRange(0, communities-1).Draw(t, "community")] = true
		}
		p.a, p.b = rapid.IntRange(0, testCategories-1).Draw(t, "a"), rapid.IntRange(0, testCategories-1).Draw(t, "b")
	}
	return people
}

// TestLawAReaderCannotNarrowWhatIsSuppressed publishes random tables that share
// their totals, and has a reader work out what can be: of no suppressed number is
// the range narrower than the threshold.
func TestLawAReaderCannotNarrowWhatIsSuppressed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		communities := rapid.IntRange(1, 3).Draw(t, "communities")
		documents := tablesOf(drawPeople(t, communities), communities)
		secrets := secretsOf(documents)
		Publish(documents)
		mustKeep(t, documents, secrets, testThreshold)
		for _, d := range documents {
			for i := range d.Tables {
				mustHideSmall(t, &d.Tables[i])
			}
		}
	})
}

// mustHideSmall fails where a small number is published.
func mustHideSmall(t *rapid.T, tab *Table) {
	for _, row := range tab.Rows {
		for c, cell := range row.Cells {
			if tab.Columns[c].People && cell.State == Value && cell.Number > 0 && cell.Number < testThreshold {
				t.Errorf("%s, %s: %d is published", tab.Name, row.Key, cell.Number)
			}
		}
	}
}

// TestPublishingLeavesWhatItCan publishes a table of which nothing has to be
// suppressed, and one of which one number has.
func TestPublishingLeavesWhatItCan(t *testing.T) {
	of := func(numbers ...int) []*Document {
		tab := Table{Name: "t", Threshold: 5, Columns: []Column{
			{Name: "all", Kind: Count, People: true, Figure: "f"},
			{Name: "a", Kind: Count, People: true, Figure: "f", At: "x=a"},
			{Name: "b", Kind: Count, People: true, Figure: "f", At: "x=b"},
			{Name: "share", Kind: Share, Of: &[2]int{1, 0}},
		}}
		for i := 0; i < len(numbers); i += 2 {
			a, b := numbers[i], numbers[i+1]
			tab.Rows = append(tab.Rows, Row{Key: fmt.Sprint(i / 2), At: fmt.Sprint("y=", i/2), Total: i == len(numbers)-2, Cells: []Cell{Number(a + b), Number(a), Number(b), Nothing()}})
		}
		tab.Rows[len(tab.Rows)-1].At = ""
		tab.Fill()
		return []*Document{{Tables: []Table{tab}}}
	}
	suppressed := func(d []*Document) (names []string) {
		for _, row := range d[0].Tables[0].Rows {
			for c, cell := range row.Cells {
				if cell.State == Suppressed {
					names = append(names, row.Key+" "+d[0].Tables[0].Columns[c].Name)
				}
			}
		}
		return names
	}
	for name, c := range map[string]struct {
		numbers []int
		want    string
	}{
		"nothing small":        {[]int{20, 30, 40, 50, 60, 80}, "[]"},
		"zeros tell of nobody": {[]int{20, 0, 40, 50, 60, 50}, "[]"},
		"one small, so a square of four": {
			[]int{4, 30, 40, 50, 60, 70, 104, 150},
			"[0 a 0 b 0 share 1 a 1 b 1 share]",
		},
		"all of a small row in one category": {
			[]int{12, 0, 40, 50, 60, 70, 112, 120},
			"[0 a 0 b 0 share 1 a 1 b 1 share]",
		},
	} {
		d := of(c.numbers...)
		secrets := secretsOf(d)
		Publish(d)
		if got := fmt.Sprint(suppressed(d)); got != c.want {
			t.Errorf("%s: suppressed %s, want %s", name, got, c.want)
		}
		mustKeep(t, d, secrets, 5)
	}
}
