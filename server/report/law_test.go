package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/report/table"
)

// drawSeason adds random people, marks and links to a small season.
func drawSeason(t *rapid.T, r *registers) {
	names := []string{"halyna", "halyna again", "ivan", "maria", "petro", "stepan"}
	for _, name := range names[4:] {
		r.sync("petro", "bilovodsk", name, &recordsv1.Participant{
			FamilyName: name, Sex: recordsv1.Sex(rapid.IntRange(0, 4).Draw(t, "sex")), SexBasis: recordsv1.SexBasis_SEX_BASIS_STATED,
			Displacement: recordsv1.Displacement(rapid.IntRange(0, 5).Draw(t, "displacement")), DisplacementAsOf: 20160101,
		})
	}
	for range rapid.IntRange(0, 8).Draw(t, "marks") {
		who, presence := rapid.SampledFrom(names).Draw(t, "who"), recordsv1.Presence(rapid.IntRange(1, 6).Draw(t, "presence"))
		r.sync("petro", "bilovodsk", "", r.mark("petro", int32(rapid.IntRange(1, 2).Draw(t, "day")), who, presence))
	}
	type link struct{ a, b string }
	var links []link
	for i := range names {
		for j := range i {
			if rapid.IntRange(0, 3).Draw(t, "linked") == 0 {
				links = append(links, link{names[i], names[j]})
			}
		}
	}
	for _, l := range rapid.Permutation(links).Draw(t, "order of links") {
		r.linkAs(l.a, l.b, recordsv1.LinkVerdict_LINK_VERDICT_SAME)
	}
}

// linkAs is Iryna's verdict on two registrations.
func (r *registers) linkAs(a, b string, verdict recordsv1.LinkVerdict) {
	first, second := idOf(a), idOf(b)
	if string(second) < string(first) {
		first, second = second, first
	}
	decider := person("iryna")
	r.sync("iryna", "bilovodsk", "", &recordsv1.PersonLink{FirstPersonId: first, SecondPersonId: second, DeciderId: decider[:], Verdict: verdict})
}

// TestLawTablesHoldTogether looks at every figure of people in every report of a
// random season: the categories of a row add up to it, no row is more than the
// total, and together the rows are at least the total.
func TestLawTablesHoldTogether(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := smallSeason(t)
		drawSeason(rt, r)
		seen := map[string]int64{}
		for range 3 { // of which two may have the same numbers
			d := rapid.SampledFrom(Catalogue()).Draw(rt, "report")
			for _, tab := range r.run(queryFor(d)).Tables {
				for c := range tab.Columns {
					if tab.Columns[c].People {
						mustAddUp(rt, d.Name, &tab, c, seen)
					}
				}
			}
		}
	})
}

// mustAddUp looks at a column. seen are the numbers by figure and parts: what has
// one name is one number wherever it stands.
func mustAddUp(t *rapid.T, report string, tab *table.Table, c int, seen map[string]int64) {
	column := &tab.Columns[c]
	var sum, largest, total int64
	hasTotal := false
	for _, row := range tab.Rows {
		n := row.Cells[c].Number
		name := fmt.Sprint(column.Figure, slices.Sorted(slices.Values([]string{column.At, row.At})))
		if was, ok := seen[name]; ok && was != n {
			t.Errorf("%s: %s is %d, and elsewhere %d", report, name, n, was)
		}
		seen[name] = n
		if row.Total {
			total, hasTotal = n, true
			continue
		}
		sum, largest = sum+n, max(largest, n)
		parts, divided := int64(0), false
		for other := range tab.Columns {
			if o := &tab.Columns[other]; o.People && o.Figure == column.Figure && o.At != "" {
				parts, divided = parts+row.Cells[other].Number, true
			}
		}
		if divided && column.At == "" && parts != n {
			t.Errorf("%s, %s: row %s has %d, and its parts are %d", report, tab.Name, row.Key, n, parts)
		}
	}
	if hasTotal && (total < largest || total > sum) {
		t.Errorf("%s, %s: the total of %s is %d, the rows come to %d, the largest of them is %d", report, tab.Name, column.Name, total, sum, largest)
	}
}

// TestAPersonCountsOnceInAnyOrderOfLinks links four registrations in every order of
// the links: the figures are the same, and there are two people.
func TestAPersonCountsOnceInAnyOrderOfLinks(t *testing.T) {
	links := [][2]string{{"halyna", "halyna again"}, {"halyna again", "ivan"}, {"ivan", "halyna"}}
	first := ""
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		r := smallSeason(t)
		for _, at := range order {
			r.linkAs(links[at][0], links[at][1], recordsv1.LinkVerdict_LINK_VERDICT_SAME)
		}
		var text strings.Builder
		for _, name := range []string{"people-reached", "members-trained", "attended-all-days", "trainings", "events"} {
			// Those for the organisation alone have titles, of which tablets disagree.
			tables := slices.DeleteFunc(r.run(Query{Name: name}).Tables, func(t table.Table) bool { return t.Internal })
			if err := table.WriteText(&text, &table.Document{Tables: tables}, table.English); err != nil {
				t.Fatal(err)
			}
		}
		if first == "" {
			first = text.String()
		}
		if text.String() != first {
			t.Errorf("linked in the order %v:\n%s\nin the first:\n%s", order, text.String(), first)
		}
		if got := r.number(Query{Name: "people-reached"}, "by_community", "all", "people"); got != 2 {
			t.Errorf("%d people, want 2", got)
		}
	}
}
