package chart

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/server/report/table"
)

func people(stacked bool, rows ...table.Row) *table.Table {
	return &table.Table{
		Title: table.Text{"За статтю <усі>", "By sex <all>"},
		Columns: []table.Column{
			{Title: table.Same("Community"), Kind: table.Words},
			{Title: table.Text{"жінки", "female"}, Kind: table.Count},
			{Title: table.Text{"чоловіки", "male"}, Kind: table.Count},
			{Title: table.Text{"інша", "other"}, Kind: table.Count},
		},
		Rows: rows, Chart: table.Chart{Columns: []int{1, 2, 3}, Stacked: stacked},
	}
}

func row(name string, cells ...table.Cell) table.Row {
	return table.Row{Cells: append([]table.Cell{table.Wording(table.Same(name))}, cells...)}
}

// mustBeWhole fails where what was drawn is no XML.
func mustBeWhole(t *testing.T, drawn string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(drawn)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in %s", err, drawn)
		}
	}
}

func TestBarsSayWhatTheyShow(t *testing.T) {
	total := row("All", table.Number(50), table.Number(30), table.Number(0))
	total.Total = true
	drawn := string(Bars(people(true,
		row("Lyman & <Svatove>", table.Number(40), table.Number(20), table.Number(0)),
		row("Novopskov", table.Number(10), table.Cell{State: table.Suppressed}, table.Number(0)), total,
	), table.English, "t1"))
	mustBeWhole(t, drawn)
	for _, want := range []string{
		`role="img" aria-labelledby="t1-title t1-desc"`, `<title id="t1-title">By sex &lt;all&gt;</title>`, "table below",
		"Lyman &amp; &lt;Svatove&gt;: female 40", ">60<", ">10 + *<", ">male<",
	} {
		if !strings.Contains(drawn, want) {
			t.Errorf("no %q in %s", want, drawn)
		}
	}
	for _, not := range []string{"style=", "<Svatove>", ">other<", ">80<"} {
		if strings.Contains(drawn, not) {
			t.Errorf("%q in %s", not, drawn)
		}
	}
}

func TestNothingIsDrawnOfNothing(t *testing.T) {
	for name, tab := range map[string]*table.Table{
		"no rows":               people(true),
		"zeros":                 people(true, row("a", table.Number(0), table.Number(0), table.Number(0))),
		"one bar":               people(false, row("a", table.Number(1), table.Number(2), table.Number(3))),
		"nothing to draw of it": {Rows: []table.Row{row("a")}},
	} {
		if drawn := Bars(tab, table.English, "t"); drawn != "" {
			t.Errorf("%s: %s", name, drawn)
		}
	}
}

func TestOfTwoHundredCommunitiesTheLargestAreDrawn(t *testing.T) {
	var rows []table.Row
	for i := range 200 {
		rows = append(rows, row("community", table.Number(i), table.Number(0), table.Number(0)))
	}
	drawn := string(Bars(people(false, rows...), table.English, "t"))
	mustBeWhole(t, drawn)
	if !strings.Contains(drawn, ">199<") || strings.Contains(drawn, ">169<") || !strings.Contains(drawn, "170 more rows are in the table alone") {
		t.Errorf("got %s", drawn)
	}
}
