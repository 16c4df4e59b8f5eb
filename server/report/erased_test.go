package report

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

// cells are all figures of a report, under their tables, rows and columns, but for
// up to which position a register was read: an erasure is an entry of its log.
func cells(tables []table.Table) map[string]table.Cell {
	all := map[string]table.Cell{}
	for _, tab := range tables {
		for _, row := range tab.Rows {
			for i, c := range row.Cells {
				if tab.Name == "spaces" && tab.Columns[i].Name == "position" {
					continue
				}
				all[fmt.Sprintf("%s, %s, %s", tab.Name, row.Key, tab.Columns[i].Name)] = c
			}
		}
	}
	return all
}

// figures are those of every report of the catalogue, in its ways and periods.
func (r *registers) figures() map[string]table.Cell {
	r.t.Helper()
	all := map[string]table.Cell{}
	for _, d := range Catalogue() {
		for _, period := range []fieldwork.Period{{}, {From: 20160802, To: 20160831}} {
			for _, choice := range ways(&d) {
				document := r.run(Query{Name: d.Name, Period: period, Parameters: choice, Expected: recorders("olena", "petro")})
				for name, c := range cells(document.Tables) {
					all[fmt.Sprintf("%s %v %v: %s", d.Name, period, choice, name)] = c
				}
			}
		}
	}
	return all
}

// ways are the parameters of a report, each choice once.
func ways(d *Definition) []map[string]string {
	all := []map[string]string{nil}
	for _, p := range d.Parameters {
		for _, c := range p.Choices {
			all = append(all, map[string]string{p.Name: c.Name})
		}
	}
	return all
}

// Who is erased goes on being counted, as nobody: every figure of every report is
// what it was.
func TestEveryFigureIsTheSameAfterPeopleAreErased(t *testing.T) {
	for name, open := range map[string]func(*testing.T) *registers{"small": smallSeason, "doubtful": doubtfulSeason} {
		r := open(t)
		r.link()
		before := r.figures()
		for _, who := range []string{"halyna", "maria", "ivan", "halyna again"} {
			erased, err := r.Erase(context.Background(), person("iryna"), space("bilovodsk"), record(who), nil)
			if err != nil || erased.Records == 0 {
				t.Fatalf("%s: %+v, %v", who, erased, err)
			}
			after := r.figures()
			if len(after) != len(before) {
				t.Errorf("%s, without %s: %d figures, and were %d", name, who, len(after), len(before))
			}
			for _, at := range slices.Sorted(maps.Keys(before)) {
				if before[at] != after[at] {
					t.Errorf("%s, without %s: %s: %+v, and was %+v", name, who, at, after[at], before[at])
				}
			}
		}
	}
}
