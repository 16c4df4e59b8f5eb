package demo

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/demo/season"
	"github.com/zhurnal/zhurnal/server/report"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// seasonYear has all that is planned. Reports of many rows ask for a year at most.
var seasonYear = fieldwork.Period{From: 20160101, To: 20161231}

// figures are those of every report of the catalogue, each parameter in each way.
// Left out is up to which position a register was read, since an erasure is an
// entry of its log; what docs/reports.md says of erased persons moves is added up.
func (r *playthrough) figures(t *testing.T) map[string]table.Cell {
	t.Helper()
	all, reporter := map[string]table.Cell{}, report.New(r.host.engine, nowMillis)
	for _, d := range report.Catalogue() {
		ways := []map[string]string{nil}
		for _, p := range d.Parameters {
			for _, c := range p.Choices {
				ways = append(ways, map[string]string{p.Name: c.Name})
			}
		}
		for _, way := range ways {
			document, err := reporter.Run(t.Context(), report.Query{Name: d.Name, Desk: r.desk.space, MayCount: true, Period: seasonYear, Parameters: way})
			if err != nil {
				t.Fatal(err)
			}
			for i := range document.Tables {
				addFigures(all, fmt.Sprint(d.Name, way), &document.Tables[i])
			}
		}
	}
	return all
}

func addFigures(all map[string]table.Cell, where string, of *table.Table) {
	for _, row := range of.Rows {
		for i, c := range row.Cells {
			at := of.Name + " " + row.Key + " " + of.Columns[i].Name
			switch {
			case leaves(of.Name, row.Key, of.Columns[i].Name), of.Name == "rows" && (c.Words != table.Text{} || of.Columns[i].Name == "month"):
				continue
			case of.Name == "by_disability", of.Name == "by_veteran":
				at = of.Name + " " + row.Key
				c.Number += all[where+" "+at].Number
			case of.Name == "rows": // a row for each combination, of which some are the same then
				c.Number += all[where+" "+at].Number
			}
			all[where+" "+at] = c
		}
	}
}

// leaves tells whether a figure rests on what does not stay.
func leaves(tab, row, column string) bool {
	switch tab {
	case "spaces":
		return column == "position"
	case "disagreements":
		return row == "cells_with_siblings"
	case "by_group":
		return column == "disability" || column == "veterans"
	case "representation":
		return column != "members"
	case "summary":
		return row == "follow_ups_due"
	}
	return false
}

// people are the persons of a kind of space who are registered, by their spaces.
func (r *playthrough) people(t *testing.T, kind schemav1.SpaceKind, name string) map[merge.SpaceID][]merge.RecordID {
	t.Helper()
	infos, err := r.host.engine.Spaces()
	if err != nil {
		t.Fatal(err)
	}
	all := map[merge.SpaceID][]merge.RecordID{}
	for _, info := range infos {
		if info.Kind != kind {
			continue
		}
		_, err := r.host.engine.Records(info.ID, func(rec *merge.Record) error {
			if rec.Type == name {
				all[info.ID] = append(all[info.ID], rec.ID)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// A season is played, reported, and then person after person is erased, those who
// were registered twice and those over whom there is a dispute among them: they go
// on being counted, as nobody.
func TestEveryFigureOfASeasonIsTheSameWithoutItsPeople(t *testing.T) {
	o, _ := sizes()
	s, err := season.Plan(o)
	if err != nil {
		t.Fatal(err)
	}
	r := playedSeason(t, s)
	before := r.figures(t)
	if len(before) < 100 {
		t.Fatalf("%d figures: the season proves little", len(before))
	}
	erased := 0
	for kind, name := range map[schemav1.SpaceKind]string{
		schemav1.SpaceKind_SPACE_KIND_COMMUNITY:        "zhurnal.records.v1.Participant",
		schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM: "zhurnal.records.v1.Client",
	} {
		for space, people := range r.people(t, kind, name) {
			for _, id := range people {
				if _, err := r.host.engine.Erase(t.Context(), merge.PersonID{1}, space, id, nil); err != nil {
					t.Fatalf("%s %s: %v", name, id, err)
				}
				erased++
			}
		}
	}
	after := r.figures(t)
	for _, at := range slices.Sorted(maps.Keys(before)) {
		if before[at] != after[at] {
			t.Errorf("without %d people: %s: %+v, and was %+v", erased, at, after[at], before[at])
		}
	}
	if len(after) != len(before) || erased < 12 {
		t.Errorf("%d figures, and were %d; %d people were erased", len(after), len(before), erased)
	}
}
