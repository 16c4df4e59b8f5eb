package report

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

// run makes a report for the coordinator; the overview, if none is named.
func (r *registers) run(q Query) *table.Document {
	r.t.Helper()
	q.Caller, q.Desk = person("iryna"), space("desk")
	if q.Name == "" {
		q.Name = "overview"
	}
	document, err := New(r, now).Run(context.Background(), q)
	if err != nil {
		r.t.Fatal(err)
	}
	return document
}

// bytes are everything that a report comes to: as it is sent, and as files.
func (r *registers) bytes(q Query) string {
	r.t.Helper()
	document := r.run(q)
	sent, err := proto.MarshalOptions{Deterministic: true}.Marshal(table.ToWire(document))
	if err != nil {
		r.t.Fatal(err)
	}
	all := bytes.NewBuffer(sent)
	for _, l := range []table.Language{table.Ukrainian, table.English} {
		for _, write := range writers {
			if err := write(all, document, l); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	return all.String()
}

// figure is a number of a list.
func (r *registers) figure(q Query, of, key string) int {
	r.t.Helper()
	return r.number(q, of, key, "number")
}

func (r *registers) number(q Query, of, key, column string) int {
	r.t.Helper()
	cell, ok := r.run(q).Table(of).Cell(key, column)
	if !ok || cell.State != table.Value {
		r.t.Fatalf("%s has no number %s, %s", of, key, column)
	}
	return int(cell.Number)
}

// numbers are those of a list, zeros left out.
func numbers(t *table.Table) map[string]int {
	all := map[string]int{}
	for _, row := range t.Rows {
		if n := row.Cells[len(row.Cells)-1].Number; n != 0 {
			all[row.Key] = int(n)
		}
	}
	return all
}

// queryFor asks for a report of all time, or of the season's year where a period
// is needed.
func queryFor(d Definition) Query {
	q := Query{Name: d.Name}
	if d.needsYear {
		q.Period = fieldwork.Period{From: 20160101, To: 20161231}
	}
	return q
}

func recorders(names ...string) (all []Recorder) {
	for _, name := range names {
		all = append(all, Recorder{ID: person(name)})
	}
	return all
}

func TestASmallSeasonInFigures(t *testing.T) {
	r := smallSeason(t)
	r.link()
	got := r.run(Query{})
	for name, want := range map[string]map[string]int{
		"trainings": {
			"communities": 1, "trainings_held": 1, "training_days_held": 2,
			// Halyna twice, Ivan on day 2, Maria on day 1.
			"people_trained": 3, "people_trained_before_linking": 4, "person_links": 1,
			"attended_all_days": 1, // Halyna; Ivan is disputed on day 1
			"people_registered": 4, // Halyna twice
			"marks":             10, "absent_default_overridden": 1, "days_cancelled_but_attended": 1,
		},
		"trained_by_community": {"UA4401300": 3, "all": 3},
		// The training's title, the status of day 2.
		"disagreements": {"disputes_found": 1, "disputes_open": 1, "cells_with_siblings": 2},
		"counselling":   {"communities": 1, "rooms": 1, "sessions_individual": 2, "sessions_group": 1},
		"events":        {"culture": 1, "attendances": 1},
		"completeness": {
			"spaces": 3, "recorders_heard": 4, "replicas_heard": 4, "disputes_open": 1, "called_off_but_attended": 1,
		},
	} {
		if got := numbers(got.Table(name)); !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestAReportOfManyRowsIsOfAYearIfNothingIsSaid(t *testing.T) {
	document := smallSeason(t).run(Query{Name: "activity-rows"})
	if got := document.Facts[0].Value.In(table.English); got != "2015-10-01 to 2016-09-30" {
		t.Errorf("the period is %s", got)
	}
	if rows := document.Table("rows").Rows; len(rows) != 2 {
		t.Errorf("%d rows, want those of the training and the concert", len(rows))
	}
}

func TestLinkingMakesTwoRegistrationsOnePerson(t *testing.T) {
	r := smallSeason(t)
	before := r.figure(Query{}, "trainings", "people_trained")
	r.link()
	after, unlinked := r.figure(Query{}, "trainings", "people_trained"), r.figure(Query{}, "trainings", "people_trained_before_linking")
	if before != 4 || after != 3 || unlinked != 4 {
		t.Errorf("trained %d before the link, %d after it, %d had there been none", before, after, unlinked)
	}
}

func TestAPeriodBoundsWhatWasHeld(t *testing.T) {
	r := smallSeason(t)
	august := Query{Period: fieldwork.Period{From: 20160802, To: 20160831}}
	for _, want := range []struct {
		table, key string
		n          int
	}{
		{"trainings", "training_days_held", 1},
		{"events", "attendances", 0},
		{"counselling", "sessions_individual", 2},
		{"trainings", "people_registered", 4},
	} {
		if got := r.figure(august, want.table, want.key); got != want.n {
			t.Errorf("%s: %d, want %d", want.key, got, want.n)
		}
	}
	later := numbers(r.run(Query{Period: fieldwork.Period{From: 20170101}}).Table("trainings"))
	if later["training_days_held"]+later["people_trained"]+later["communities"] != 0 || later["marks"] != 10 {
		t.Errorf("a year later: %v", later)
	}
}

// writers are the ways in which a document becomes a file.
var writers = []func(io.Writer, *table.Document, table.Language) error{table.WriteText, table.WriteCSV, table.WriteXLSX}

// TestOneStampIsOneReport makes each report anew, from nothing that was kept: it
// is equal to the byte. When something comes in, so does another stamp.
func TestOneStampIsOneReport(t *testing.T) {
	r := smallSeason(t)
	stamps := map[string]string{}
	for _, d := range Catalogue() {
		q := queryFor(d)
		first := r.bytes(q)
		for range 3 {
			if r.bytes(q) != first {
				t.Fatalf("two reports %s of one state differ", d.Name)
			}
		}
		stamps[d.Name] = r.run(q).Stamp
		if !strings.Contains(first, stamps[d.Name]) {
			t.Errorf("%s does not show its stamp", d.Name)
		}
		if other := r.run(Query{Name: d.Name, Period: fieldwork.Period{From: 20160801, To: 20160831}}).Stamp; other == stamps[d.Name] {
			t.Errorf("%s has one stamp for two questions", d.Name)
		}
	}
	r.link()
	for _, d := range Catalogue() {
		if r.run(queryFor(d)).Stamp == stamps[d.Name] {
			t.Errorf("%s has one stamp for two states", d.Name)
		}
	}
}

// TestWhatWasReadIsReadAgainWhenItMoves asks one reporter before and after a
// change in one space.
func TestWhatWasReadIsReadAgainWhenItMoves(t *testing.T) {
	r := smallSeason(t)
	reporter := New(r, now)
	ask := func() (trained, possible int) {
		document, err := reporter.Run(context.Background(), Query{Name: "overview", Caller: person("iryna"), Desk: space("desk")})
		if err != nil {
			t.Fatal(err)
		}
		return numbers(document.Table("trainings"))["people_trained"], numbers(document.Table("completeness"))["duplicates_possible"]
	}
	if trained, possible := ask(); trained != 4 || possible != 1 {
		t.Errorf("trained %d, want 4; %d possible duplicates, want 1", trained, possible)
	}
	read := maps.Clone(reporter.read)
	r.link()
	if trained, possible := ask(); trained != 3 || possible != 0 {
		t.Errorf("after the link trained %d, want 3; %d possible duplicates, want 0", trained, possible)
	}
	for id, p := range read {
		if moved := id == space("bilovodsk"); (reporter.read[id] != p) != moved {
			t.Errorf("space %s: read again %v", id, reporter.read[id] != p)
		}
	}
}

func TestCompleteness(t *testing.T) {
	r := smallSeason(t)
	document := r.run(Query{Expected: recorders("petro", "olena", "taras", "nadia", "olena")})
	got := numbers(document.Table("completeness"))
	if got["recorders_expected"] != 4 || got["recorders_missing"] != 1 {
		t.Errorf("expected %d, missing %d", got["recorders_expected"], got["recorders_missing"])
	}
	if got["recorders_heard"] != 3 || got["replicas_heard"] != 3 {
		t.Errorf("heard from %d recorders on %d replicas", got["recorders_heard"], got["replicas_heard"])
	}
	// The tablets wrote on 31 July 2016 by the server's corrected time, 1 August
	// where the day begins first; the report is of 28 September.
	if got["silence_days"] != 58 {
		t.Errorf("silent for %d days, want 58", got["silence_days"])
	}
	if cell, ok := document.Table("recorders").Cell(person("petro").String(), "last_heard"); !ok || cell.State != table.None {
		t.Error("Petro is not listed as missing")
	}
	since := r.figure(Query{Expected: recorders("olena"), Period: fieldwork.Period{To: 20160731}}, "completeness", "recorders_since")
	if since != 1 {
		t.Errorf("%d heard from since the period ended, want 1", since)
	}
}

func TestARoomIsNamedToWhoMayReadItAlone(t *testing.T) {
	r := smallSeason(t)
	named := func() (named int) {
		for _, row := range r.run(Query{Name: "data-quality"}).Table("spaces").Rows {
			if row.Key != "" {
				named++
			} else if row.Cells[1].State != table.None || row.Cells[2].State != table.None {
				t.Error("a space that is not named has a position")
			}
		}
		return named
	}
	if got := named(); got != 2 {
		t.Errorf("%d of 3 spaces are named to a coordinator", got)
	}
	r.grant("room", roomSpace, "iryna")
	if got := named(); got != 3 {
		t.Errorf("%d of 3 spaces are named to who may read all", got)
	}
}

func TestNoPersonLeavesAReport(t *testing.T) {
	r := doubtfulSeason(t)
	r.link()
	secrets := []string{"Гончаренко", "Галина", "Goncharenko", "Іваненко", "Марія", "380501112233"}
	for _, id := range [][]byte{idOf("halyna"), idOf("ivan"), idOf("maria"), idOf("halyna again"), idOf("nobody"), idOf("s1"), idOf("s4"), idOf("room")} {
		secrets = append(secrets, string(id), hex.EncodeToString(id), base64.StdEncoding.EncodeToString(id))
	}
	for _, name := range []string{"taras", "nadia", "iryna"} {
		id := person(name)
		secrets = append(secrets, string(id[:]), hex.EncodeToString(id[:]), base64.StdEncoding.EncodeToString(id[:]))
	}
	for _, d := range Catalogue() {
		q := queryFor(d)
		q.Expected = recorders("olena")
		text, err := protojson.Marshal(table.ToWire(r.run(q)))
		if err != nil {
			t.Fatal(err)
		}
		all := string(text) + r.bytes(q)
		for _, secret := range secrets {
			if strings.Contains(all, secret) {
				t.Errorf("%s has %q", d.Name, secret)
			}
		}
	}
}

func TestOnlyWhoHoldsTheDeskGetsAReport(t *testing.T) {
	r := smallSeason(t)
	for name, q := range map[string]Query{
		"a facilitator":            {Caller: person("olena"), Desk: space("desk")},
		"a desk that is not there": {Caller: person("iryna"), Desk: space("another desk")},
		"a community as desk":      {Caller: person("iryna"), Desk: space("bilovodsk")},
		"a stranger":               {Caller: person("stranger"), Desk: space("desk")},
	} {
		for _, d := range Catalogue() {
			q.Name, q.Period = d.Name, queryFor(d).Period
			if document, err := New(r, now).Run(context.Background(), q); fault.KindOf(err) != fault.NoAccess || document != nil {
				t.Errorf("%s, %s: %v, %v", name, d.Name, document, err)
			}
		}
	}
}

func TestAQueryThatMakesNoSense(t *testing.T) {
	r := openRegisters(t)
	for name, c := range map[string]struct {
		q    Query
		want fault.Kind
	}{
		"no such day":              {Query{Period: fieldwork.Period{From: 20160931}}, fault.Invalid},
		"a year only":              {Query{Period: fieldwork.Period{To: 2016}}, fault.Invalid},
		"negative":                 {Query{Period: fieldwork.Period{From: -1}}, fault.Invalid},
		"ends before it began":     {Query{Period: fieldwork.Period{From: 20160802, To: 20160801}}, fault.Invalid},
		"too many expected":        {Query{Expected: make([]Recorder, 10_001)}, fault.TooLarge},
		"rows of two years":        {Query{Name: "activity-rows", Period: fieldwork.Period{From: 20150101, To: 20161231}}, fault.Invalid},
		"no such report":           {Query{Name: "people"}, fault.Invalid},
		"no such parameter":        {Query{Parameters: map[string]string{"target": "1"}}, fault.Invalid},
		"no such choice":           {Query{Name: "people-reached", Parameters: map[string]string{"age_bands": "all"}}, fault.Invalid},
		"a target that is none":    {Query{Name: "people-reached", Parameters: map[string]string{"target": "many"}}, fault.Invalid},
		"nothing to publish":       {Query{Public: true}, fault.Invalid},
		"published by other ages":  {Query{Name: "people-reached", Public: true, Parameters: map[string]string{"age_bands": "response"}}, fault.Invalid},
		"published from mid-month": {Query{Name: "people-reached", Public: true, Period: fieldwork.Period{From: 20160802}}, fault.Invalid},
		"published to mid-month":   {Query{Name: "people-reached", Public: true, Period: fieldwork.Period{To: 20160830}}, fault.Invalid},
	} {
		c.q.Caller, c.q.Desk = person("iryna"), space("desk")
		if c.q.Name == "" {
			c.q.Name = "overview"
		}
		if _, err := New(r, now).Run(context.Background(), c.q); err == nil || fault.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAReportWaitsItsTurn(t *testing.T) {
	r := openRegisters(t)
	reporter := New(r, now)
	reporter.turn <- struct{}{} // another report is being made
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	q := Query{Name: "overview", Caller: person("iryna"), Desk: space("desk")}
	if _, err := reporter.Run(ctx, q); err != context.Canceled {
		t.Errorf("who gave up waiting got %v", err)
	}
	<-reporter.turn
	if _, err := reporter.Run(context.Background(), q); err != nil {
		t.Error(err)
	}
}

// TestEveryReportIsWhole looks at what all reports promise: titles in both
// languages, rows as wide as their tables, names that are there once.
func TestEveryReportIsWhole(t *testing.T) {
	r := doubtfulSeason(t)
	names := map[string]bool{}
	both := func(where string, text table.Text) {
		if text[0] == "" || text[1] == "" {
			t.Errorf("%s has a text in one language alone: %q", where, text)
		}
	}
	for _, d := range Catalogue() {
		if names[d.Name] {
			t.Errorf("%s is there twice", d.Name)
		}
		names[d.Name] = true
		q := queryFor(d)
		q.Expected = recorders("olena", "petro")
		document := r.run(q)
		both(d.Name, d.Title)
		both(d.Name, d.About)
		tables := map[string]bool{}
		for _, tab := range slices.Concat(document.Tables, []table.Table{document.Completeness}) {
			where := d.Name + ": " + tab.Name
			both(where, tab.Title)
			if tables[tab.Name] {
				t.Errorf("%s is there twice", where)
			}
			tables[tab.Name] = true
			for _, c := range tab.Columns {
				both(where, c.Title)
			}
			for _, note := range tab.Notes {
				both(where, note)
			}
			for _, row := range tab.Rows {
				if len(row.Cells) != len(tab.Columns) {
					t.Errorf("%s: row %s has %d cells for %d columns", where, row.Key, len(row.Cells), len(tab.Columns))
				}
			}
		}
	}
}
