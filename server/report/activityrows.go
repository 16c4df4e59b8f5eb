package report

import (
	"cmp"
	"slices"

	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

var activityRowsReport = Definition{
	Name:  "activity-rows",
	Title: table.Text{"Рядки діяльності (5W)", "Activity rows (5W)"},
	About: table.Text{
		"Що, де, коли й для кого: рядки для ActivityInfo та OCHA, з новими людьми й тими, кого охоплено знову.",
		"What, where, when, for whom: rows for ActivityInfo and OCHA, with people who are new and those reached again.",
	},
	needsYear: true,
	build:     (*run).activityRows,
	notes: []table.Text{
		{
			"Людина рахується один раз у місяці, громаді й діяльності. Нова: її перше охоплення в календарному році припадає на цей місяць. Рядки не додаються: одна людина буває в кількох.",
			"A person counts once in a month, community and activity. New: the first time in the calendar year that the person was reached is in this month. Rows do not add up: one person may be in several.",
		},
		{
			"Ці рядки мають малі числа. Перш ніж передати їх партнеру, зведіть їх або приховайте малі.",
			"These rows have small numbers. Put them together, or suppress the small ones, before they go to a partner.",
		},
	},
}

// rowKey is what a row is about.
type rowKey struct {
	month, community, activity         int32
	displacement, sex, age, disability uint8
}

// oneMonth is a person in a month at one activity in a community.
type oneMonth struct{ person, month, community, activity int32 }

func (r *run) activityRows() []table.Table {
	first := map[[2]int32]int32{} // person and year: the first month
	for i := range r.facts {
		if f := &r.facts[i]; realDay(f.date) {
			at, month := [2]int32{f.person, f.date / 1_00_00}, f.date/100
			if was, ok := first[at]; !ok || month < was {
				first[at] = month
			}
		}
	}
	t := r.tally(everything)
	ages := byAge(&fieldwork.ResponseBands)
	seen, rows, in := map[oneMonth]bool{}, map[rowKey][2]int{}, r.inPeriod()
	for i := range r.facts {
		f := &r.facts[i]
		at := oneMonth{f.person, f.date / 100, f.community, r.activityOf(f)}
		if !realDay(f.date) || !in(f.date) || seen[at] {
			continue
		}
		seen[at] = true
		p := &r.people[f.person]
		key := rowKey{
			at.month, at.community, at.activity, uint8(byDisplacement.of(p, 0)), uint8(bySex.of(p, 0)),
			uint8(ages.of(p, t.first[f.person])), uint8(byDisability.of(p, 0)),
		}
		n := rows[key]
		if first[[2]int32{f.person, f.date / 1_00_00}] == at.month {
			n[0]++
		} else {
			n[1]++
		}
		rows[key] = n
	}
	return []table.Table{r.rowsTable(rows, ages.categories)}
}

// activityOf is the place of a fact's activity: training, or the category of the
// event.
func (r *run) activityOf(f *fact) int32 {
	if f.kind == fieldwork.TrainingActivity {
		return 0
	}
	return 1 + int32(indexOf(eventCategories[:len(eventCategories)-1], r.Events()[f.activity].Message.GetCategory()))
}

func activityNames() []category {
	names := []category{{"training", table.Text{"тренінг", "training"}}}
	for _, c := range eventCategoryNames {
		names = append(names, category{"event_" + c.key, table.Text{"подія: " + c.title[0], "event: " + c.title[1]}})
	}
	return names
}

func (r *run) rowsTable(rows map[rowKey][2]int, ages []category) table.Table {
	words := func(name string, title table.Text) table.Column {
		return table.Column{Name: name, Title: title, Kind: table.Words}
	}
	tab := table.Table{Name: "rows", Title: table.Text{"Рядки", "Rows"}, Columns: slices.Concat([]table.Column{
		{Name: "month", Title: table.Text{"Місяць", "Month"}, Kind: table.Month}, words("oblast", table.Text{"Область", "Oblast"}),
	}, placeColumns(), []table.Column{
		words("activity", table.Text{"Діяльність", "Activity"}), words("activity_code", table.Text{"Код", "Code"}),
		words("displacement", byDisplacement.title), words("sex", bySex.title), words("age", table.Text{"Вік", "Age"}), words("disability", byDisability.title),
		things("new", table.Text{"Нових", "New"}), things("again", table.Text{"Знову", "Again"}),
	})}
	all := make([]rowKey, 0, len(rows))
	for key := range rows {
		all = append(all, key)
	}
	slices.SortFunc(all, func(a, b rowKey) int {
		return cmp.Or(cmp.Compare(a.month, b.month), cmp.Compare(r.pcodes[a.community], r.pcodes[b.community]), cmp.Compare(a.activity, b.activity),
			cmp.Compare(a.displacement, b.displacement), cmp.Compare(a.sex, b.sex), cmp.Compare(a.age, b.age), cmp.Compare(a.disability, b.disability))
	})
	names := activityNames()
	for _, key := range all {
		_, oblast := oblastOf(r.pcodes[key.community])
		row := r.placeRow(r.pcodes[key.community])
		row.At = ""
		row.Cells = slices.Concat([]table.Cell{{Number: int64(key.month)}, table.Wording(oblast)}, row.Cells, []table.Cell{
			table.Wording(names[key.activity].title), table.Wording(table.Same(names[key.activity].key)),
			table.Wording(byDisplacement.categories[key.displacement].title), table.Wording(bySex.categories[key.sex].title),
			table.Wording(ages[key.age].title), table.Wording(byDisability.categories[key.disability].title),
		}, counts(rows[key][0], rows[key][1]))
		tab.Rows = append(tab.Rows, row)
	}
	return tab
}
