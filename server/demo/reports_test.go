package demo

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/zhurnal/zhurnal/server/report"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

// Write the expected reports anew: go test ./server/demo -run Reports -season.write
var write = flag.Bool("season.write", false, "write what the reports of the season are expected to be")

// seasonDay is the day of the reports: 1 December 2016.
func seasonDay() int64 { return 1_480_550_400_000 }

// TestTheReportsOfTheSeason compares each report of a small season, as people read
// it, with what is written down. Ids are drawn anew each time, so the lists that
// have them and the stamps are left out.
func TestTheReportsOfTheSeason(t *testing.T) {
	r := started(t)
	reporter := report.New(r.host.engine, seasonDay)
	for _, d := range report.Catalogue() {
		document := r.reportOf(t, reporter, report.Query{Name: d.Name, Period: fieldwork.Period{From: 20160801, To: 20161130}})
		document.Stamp = "(stamp)"
		document.Tables = slices.DeleteFunc(document.Tables, func(of table.Table) bool { return of.Name == "spaces" || of.Name == "recorders" })
		var text bytes.Buffer
		for _, l := range []table.Language{table.English, table.Ukrainian} {
			if err := table.WriteText(&text, document, l); err != nil {
				t.Fatal(err)
			}
		}
		got := ids.ReplaceAll(text.Bytes(), []byte("(id)"))
		name := filepath.Join("testdata", "reports", d.Name+".txt")
		if *write {
			if err := os.WriteFile(name, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is\n%s\nand not\n%s", d.Name, got, want)
		}
	}
	document := r.reportOf(t, reporter, report.Query{Name: "members-trained"})
	cell, _ := document.Table("by_sex").Cell("all", "people")
	if want := r.season.Expected().PeopleTrained; int(cell.Number) != want {
		t.Errorf("%d members trained, and the plan of the season has %d", cell.Number, want)
	}
}

// ids are drawn anew with each season, and so is the order of what is listed by
// them.
var ids = regexp.MustCompile(`[0-9a-f]{32}`)

func (r *playthrough) reportOf(t *testing.T, reporter *report.Reporter, q report.Query) *table.Document {
	t.Helper()
	view, err := r.host.known.View()
	if err != nil {
		t.Fatal(err)
	}
	of := report.QueryOf(view, r.desk.device.identity.Person, r.desk.space, nowMillis())
	of.Name, of.Period, of.Parameters, of.Public = q.Name, q.Period, q.Parameters, q.Public
	document, err := reporter.Run(context.Background(), of)
	if err != nil {
		t.Fatal(err)
	}
	return document
}
