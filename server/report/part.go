package report

import (
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

var veteransReport = Definition{
	Name:        "veterans",
	Title:       table.Text{"Ветерани", "Veterans"},
	About:       table.Text{"Скільки ветеранів та їхніх рідних охоплено, і в яких групах вони є?", "How many veterans and people of their families were reached, and in which groups are they?"},
	Publishable: true,
	build: func(r *run) []table.Table {
		t := r.tally(everything)
		return []table.Table{
			t.partByCommunity(&byVeteran, 3, table.Text{"Охоплені за громадами", "Reached, by community"}),
			r.partOfGroups(&byVeteran, 3),
		}
	},
	notes: []table.Text{partsNote},
}

// youthBands is how many of the programme's bands are young people.
const youthBands = 4

var youthReport = Definition{
	Name:        "youth",
	Title:       table.Text{"Молодь", "Youth"},
	About:       table.Text{"Скільки молодих людей охоплено за віком до 18, 18, 19–24 та 25–35, і в яких групах вони є?", "How many young people under 18, of 18, 19 to 24 and 25 to 35 were reached, and in which groups are they?"},
	Publishable: true,
	build: func(r *run) []table.Table {
		ages := byAge(&fieldwork.ProgrammeBands)
		t := r.tally(everything)
		return []table.Table{
			t.partByCommunity(&ages, youthBands, table.Text{"Охоплені за громадами", "Reached, by community"}),
			r.partOfGroups(&ages, youthBands),
		}
	},
	notes: []table.Text{partsNote, {
		"«До 18» — це 0–17. Кому рівно 18, того немає в жодній із груп, про які питають донори; тут це окрема група.",
		"\"Under 18\" is 0-17. Who is exactly 18 is in none of the bands for which donors ask; here it is a band of its own.",
	}},
}

var partsNote = table.Text{
	"Це ті самі числа, що й у звіті «Охоплені люди», лише з цими групами.",
	"These are the numbers of the report \"People reached\", of these categories alone.",
}

// partByCommunity is byCommunity with the first categories alone. It has no
// column of all: the number of all people stands in the report that it is part
// of, and a sum of some could be taken from it.
func (t *tally) partByCommunity(d *dimension, categories int, title table.Text) table.Table {
	tab := t.byCommunity(reachedFigure, title, d)
	const before = 2 // community and p-code
	tab.Columns = append(tab.Columns[:before:before], tab.Columns[before+1:before+1+categories]...)
	for i := range tab.Rows {
		cells := tab.Rows[i].Cells
		tab.Rows[i].Cells = append(cells[:before:before], cells[before+1:before+1+categories]...)
	}
	tab.Chart.Columns = nil
	for i := range categories {
		tab.Chart.Columns = append(tab.Chart.Columns, before+i)
	}
	return tab
}

// partOfGroups counts the members of groups, by kind of group.
func (r *run) partOfGroups(d *dimension, categories int) table.Table {
	tab := table.Table{Name: "in_groups", Title: table.Text{"У групах", "In groups"}, Internal: true}
	for _, c := range d.categories[:categories] {
		tab.Columns = append(tab.Columns, things(c.key, c.title))
	}
	day := r.asOf()
	sums, seen := make([][]int, len(groupKindNames)+1), make([]bits, len(groupKindNames)+1)
	for i := range r.Groups() {
		g := &r.Groups()[i]
		for _, m := range g.MembersOn(day) {
			person := r.number[m.Person]
			category := d.of(&r.people[person], day)
			for _, at := range []int{indexOf(groupKinds, g.Message.GetKind()), len(groupKindNames)} {
				if sums[at] == nil {
					sums[at], seen[at] = make([]int, categories), newBits(len(r.people))
				}
				if category < categories && seen[at].add(person) {
					sums[at][category]++
				}
			}
		}
	}
	all := sums[len(groupKindNames)]
	if all == nil {
		all = make([]int, categories)
	}
	return categoryTable(tab, table.Text{"Вид групи", "Kind of group"}, groupKindNames, func(i int) []table.Cell {
		if sums[i] == nil {
			return nil
		}
		return counts(sums[i]...)
	}, counts(all...))
}
