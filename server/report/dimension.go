package report

import (
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

// dimension divides people. Its categories are disjoint and leave nobody out:
// not to know is one of them.
type dimension struct {
	name       string
	title      table.Text
	categories []category
	// threshold is the least number of people of a category that may be published.
	threshold int
	// of returns the index of the category of a person; first is the first day on
	// which the person was reached.
	of func(p *fieldwork.Profile, first int32) int
}

// category is one part of a dimension.
type category struct {
	key   string
	title table.Text
}

// The least numbers of people that may be published: of tables that touch
// counselling, disability, veterans, displacement, children, and of others.
const (
	sensitiveThreshold = 10
	plainThreshold     = 5
)

var bySex = dimension{
	name: "sex", title: table.Text{"Стать", "Sex"}, categories: sexes, threshold: plainThreshold,
	of: func(p *fieldwork.Profile, _ int32) int { return indexOf(sexOrder, p.Sex) },
}

var byDisplacement = dimension{
	name: "displacement", title: table.Text{"Переміщення", "Displacement"}, categories: displacements, threshold: sensitiveThreshold,
	of: func(p *fieldwork.Profile, _ int32) int { return indexOf(displacementOrder, p.Displacement) },
}

var byDisability = dimension{
	name: "disability", title: table.Text{"Інвалідність", "Disability"}, categories: disabilities, threshold: sensitiveThreshold,
	of: func(p *fieldwork.Profile, _ int32) int { return indexOf(disabilityOrder, p.Disability) },
}

var byVeteran = dimension{
	name: "veteran", title: table.Text{"Ветерани", "Veterans"}, categories: veterans, threshold: sensitiveThreshold,
	of: func(p *fieldwork.Profile, _ int32) int { return indexOf(veteranOrder, p.Veteran) },
}

// byAge divides by the age on the first day on which the person was reached.
func byAge(set *fieldwork.BandSet) dimension {
	d := dimension{name: "age", title: table.Text{"Вік", "Age"}, threshold: sensitiveThreshold}
	for _, band := range set.Bands {
		d.categories = append(d.categories, category{band.String(), table.Same(band.String())})
	}
	d.categories = append(d.categories, category{unknownKey, notKnown})
	d.of = func(p *fieldwork.Profile, first int32) int {
		years, known := p.AgeOn(first)
		if !known || first == unknownDay {
			return len(set.Bands)
		}
		return set.Of(years)
	}
	return d
}

// indexOf is the place of a value in an order, the last place for what is not in
// it.
func indexOf[T comparable](order []T, value T) int {
	for i, v := range order {
		if v == value {
			return i
		}
	}
	return len(order)
}

// divide puts people into categories.
func (t *tally) divide(d *dimension, people []int32) []int {
	n := make([]int, len(d.categories))
	for _, person := range people {
		n[d.of(&t.r.people[person], t.first[person])]++
	}
	return n
}

// byCommunity is a table of communities against the categories of a dimension.
func (t *tally) byCommunity(figure string, title table.Text, d *dimension) table.Table {
	tab := table.Table{
		Name: "by_" + d.name, Title: title, Threshold: d.threshold, Columns: append(placeColumns(), table.Column{
			Name: "people", Title: peopleTitle, Kind: table.Count, People: true, Figure: figure,
		}),
	}
	for i, c := range d.categories {
		tab.Columns = append(tab.Columns, table.Column{
			Name: c.key, Title: c.title, Kind: table.Count, People: true, Figure: figure, At: d.name + "=" + c.key,
		})
		tab.Chart.Columns = append(tab.Chart.Columns, 3+i)
	}
	tab.Chart.Stacked = true
	row := func(row table.Row, people []int32) {
		row.Cells = append(row.Cells, table.Number(len(people)))
		for _, n := range t.divide(d, people) {
			row.Cells = append(row.Cells, table.Number(n))
		}
		tab.Rows = append(tab.Rows, row)
	}
	for _, pcode := range t.places() {
		row(t.r.placeRow(t.r.pcodes[pcode]), t.rows[pcode])
	}
	row(totalRow(allOnce), t.people)
	return tab
}

// places are the communities that have somebody, in the order of their p-codes.
func (t *tally) places() []int32 {
	var places []int32
	for _, pcode := range t.r.communities() {
		for i := range t.r.pcodes {
			if t.r.pcodes[i] == pcode && len(t.rows[int32(i)]) > 0 {
				places = append(places, int32(i))
			}
		}
	}
	return places
}

var peopleTitle = table.Text{"Людей", "People"}

// cross is a table of two dimensions over everybody.
func (t *tally) cross(figure string, title table.Text, rows, columns *dimension) table.Table {
	tab := table.Table{
		Name: rows.name + "_by_" + columns.name, Title: title, Threshold: max(rows.threshold, columns.threshold), WholeOrNone: true,
		Columns: []table.Column{
			{Name: rows.name, Title: rows.title, Kind: table.Words},
			{Name: "people", Title: peopleTitle, Kind: table.Count, People: true, Figure: figure},
		},
	}
	for i, c := range columns.categories {
		tab.Columns = append(tab.Columns, table.Column{
			Name: c.key, Title: c.title, Kind: table.Count, People: true, Figure: figure, At: columns.name + "=" + c.key,
		})
		tab.Chart.Columns = append(tab.Chart.Columns, 2+i)
	}
	tab.Chart.Stacked = true
	in := make([][]int32, len(rows.categories))
	for _, person := range t.people {
		at := rows.of(&t.r.people[person], t.first[person])
		in[at] = append(in[at], person)
	}
	row := func(row table.Row, people []int32) {
		row.Cells = append(row.Cells, table.Number(len(people)))
		for _, n := range t.divide(columns, people) {
			row.Cells = append(row.Cells, table.Number(n))
		}
		tab.Rows = append(tab.Rows, row)
	}
	for i, c := range rows.categories {
		row(table.Row{Key: c.key, At: rows.name + "=" + c.key, Cells: []table.Cell{table.Wording(c.title)}}, in[i])
	}
	row(table.Row{Key: "all", Total: true, Cells: []table.Cell{table.Wording(allOnce)}}, t.people)
	return tab
}
