package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/server/report"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

func TestTheCatalogueIsListedWithoutAServer(t *testing.T) {
	var out bytes.Buffer
	if err := (&reportCommand{List: true, reportForm: reportForm{Lang: "uk"}}).Run(t.Context(), streams{out: &out}); err != nil {
		t.Fatal(err)
	}
	for _, d := range report.Catalogue() {
		if !strings.Contains(out.String(), "\n"+d.Name) && !strings.HasPrefix(out.String(), d.Name) || !strings.Contains(out.String(), d.Title.In(table.Ukrainian)) {
			t.Errorf("%s is not in\n%s", d.Name, out.String())
		}
	}
	if err := (&reportCommand{Name: "overview"}).Run(t.Context(), streams{out: &out}); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "--desk") {
		t.Errorf("without a desk: %v", err)
	}
}

// TestAReportBecomesTheFileThatIsAskedFor writes what a server would have sent.
func TestAReportBecomesTheFileThatIsAskedFor(t *testing.T) {
	sent := table.ToWire(&table.Document{
		Name: "trainings", Title: table.Text{"Тренінги", "Trainings"}, Stamp: "0123",
		Tables: []table.Table{{Name: "t", Title: table.Text{"Усі", "All"}, Columns: []table.Column{{Title: table.Text{"Скільки", "Number"}, Kind: table.Count}}, Rows: []table.Row{{Cells: []table.Cell{table.Number(7)}}}}},
	})
	dir := t.TempDir()
	csv, xlsx := filepath.Join(dir, "a.csv"), filepath.Join(dir, "a.xlsx")
	for want, c := range map[string]*reportForm{
		"Усі":                {CSV: csv, Lang: "uk"},
		"\x50\x4b\x03\x04":   {XLSX: xlsx, Lang: "en"},
		"\ufeffTrainings,":   {CSV: "-", Lang: "en"},
		`"stamp":`:           {JSON: true},
		"  Number\n       7": {Lang: "en"},
	} {
		var out bytes.Buffer
		if err := c.write(&out, sent); err != nil {
			t.Fatal(err)
		}
		got := out.String()
		if name := c.CSV + c.XLSX; name != "" && name != "-" {
			data, err := os.ReadFile(name)
			if err != nil || out.Len() > 0 {
				t.Fatalf("%v; printed %q beside the file", err, out.String())
			}
			got = string(data)
		}
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
}
