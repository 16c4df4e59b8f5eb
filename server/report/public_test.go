package report

import (
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

// TestSmallNumbersAreInNoPublicVersion publishes everything of a season of four
// people: no small number is in it, and no list.
func TestSmallNumbersAreInNoPublicVersion(t *testing.T) {
	r := smallSeason(t)
	published := 0
	for _, d := range Catalogue() {
		if !d.Publishable {
			continue
		}
		published++
		document := r.run(Query{Name: d.Name, Public: true, Period: fieldwork.Period{From: 20160801, To: 20160930}})
		if !document.Public || !strings.Contains(document.Facts[len(document.Facts)-1].Value.In(table.English), "For publication") {
			t.Errorf("%s does not say that it is public", d.Name)
		}
		for _, tab := range document.Tables {
			if tab.Internal {
				t.Errorf("%s has %s, which is for the organisation alone", d.Name, tab.Name)
			}
			for _, row := range tab.Rows {
				for c, cell := range row.Cells {
					follows := tab.Columns[c].Plus != nil || tab.Columns[c].Of != nil
					if (tab.Columns[c].People || follows) && cell.State == table.Value && cell.Number > 0 && cell.Number < plainThreshold {
						t.Errorf("%s, %s, %s: %s is %d", d.Name, tab.Name, row.Key, tab.Columns[c].Name, cell.Number)
					}
				}
			}
		}
	}
	if cell, _ := r.run(Query{Name: "people-reached", Public: true}).Table("by_community").Cell("all", "people"); cell.State != table.Suppressed {
		t.Errorf("four people were reached, and %v is published", cell)
	}
	if published < 10 {
		t.Errorf("%d reports are published", published)
	}
}

// TestOneReportGivesNothingAwayThatAnotherKeepsBack publishes reports that have the
// same numbers: each is suppressed in all of them, or in none.
func TestOneReportGivesNothingAwayThatAnotherKeepsBack(t *testing.T) {
	benchT = t
	registers := openRegisters(t)
	reporter := New(&invented{types: registers.types, few: true}, now)
	cells := map[string]table.Cell{}
	suppressed := 0
	for _, d := range Catalogue() {
		if !d.Publishable {
			continue
		}
		document, err := reporter.Run(t.Context(), Query{Name: d.Name, Caller: person("iryna"), Desk: space("desk"), Public: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, tab := range document.Tables {
			for _, row := range tab.Rows {
				for c, cell := range row.Cells {
					column := &tab.Columns[c]
					if !column.People {
						continue
					}
					name := column.Figure + "|" + min(column.At, row.At) + "|" + max(column.At, row.At)
					if was, ok := cells[name]; ok && (was.State != cell.State || was.Number != cell.Number) {
						t.Errorf("%s, %s: %s is %v, and elsewhere %v", d.Name, tab.Name, name, cell, was)
					}
					cells[name] = cell
					if cell.State == table.Suppressed {
						suppressed++
					}
				}
			}
		}
	}
	if suppressed == 0 || suppressed == len(cells) {
		t.Errorf("of %d numbers %d are suppressed: the test proves nothing", len(cells), suppressed)
	}
}
