package report

import (
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

var allDaysReport = Definition{
	Name:  "attended-all-days",
	Title: table.Text{"Були всі дні", "Attended all days"},
	About: table.Text{
		"Хто з тих, хто міг завершити тренінг, був на всіх проведених днях?",
		"Of those who could complete a training, how many were there on every day that was held?",
	},
	Parameters:  []Parameter{{Name: "percent", Title: table.Text{"Найменша частка днів, % (70, якщо не сказано)", "Least share of days, % (70 if nothing is said)"}}},
	Publishable: true,
	build:       (*run).allDays,
	notes: []table.Text{
		{
			"Рахуються проведені дні, не заплановані. Хто пішов раніше, того дня був не повністю. Спірне відвідування — не відвідування.",
			"Days held count, not days planned. Who left early was not there in full on that day. A disputed attendance is none.",
		},
		{
			"Знаменник — хто записаний і не відмовився до першого проведеного дня, і хто прийшов. Тренінг належить до періоду за першим проведеним днем.",
			"The denominator is who was enrolled and had not withdrawn before the first day held, and who came. A training is in the period by its first day held.",
		},
	},
}

// completion is how far people came, each person once.
type completion struct{ enrolled, allDays, share, own, disputed map[merge.RecordID]bool }

func newCompletion() *completion {
	set := func() map[merge.RecordID]bool { return map[merge.RecordID]bool{} }
	return &completion{set(), set(), set(), set(), set()}
}

func (c *completion) add(a *fieldwork.Attendee, held, percent int) {
	for _, of := range []struct {
		set     map[merge.RecordID]bool
		belongs bool
	}{
		{c.enrolled, a.Enrolled},
		{c.allDays, a.AllDays},
		{c.share, a.Days*100 >= percent*held},
		{c.own, a.Completed},
		{c.disputed, a.Disputed > 0},
	} {
		if of.belongs {
			of.set[a.Person] = true
		}
	}
}

func (c *completion) cells() []table.Cell {
	return []table.Cell{
		table.Number(len(c.enrolled)), table.Number(len(c.allDays)), table.Nothing(),
		table.Number(len(c.share)), table.Nothing(), table.Number(len(c.own)), table.Number(len(c.disputed)),
	}
}

// completionColumns follow a number of others.
func completionColumns(after int) []table.Column {
	count := func(name string, title table.Text) table.Column {
		return table.Column{Name: name, Title: title, Kind: table.Count, People: true, Figure: "completion_" + name}
	}
	share := func(name string, of int) table.Column {
		return table.Column{Name: name, Title: table.Text{"%", "%"}, Kind: table.Share, Of: &[2]int{after + of, after}}
	}
	return []table.Column{
		count("enrolled", table.Text{"Могли завершити", "Could complete"}),
		count("all_days", table.Text{"Були всі дні", "All days"}), share("all_days_share", 1),
		count("least_share", table.Text{"Були частку днів", "Share of days"}), share("least_share_share", 3),
		count("own_rule", table.Text{"За правилом тренінгу", "By the training's rule"}),
		count("disputed", table.Text{"Зі спірними днями", "With disputed days"}),
	}
}

func (r *run) allDays() []table.Table {
	percent := r.q.number("percent")
	if percent == 0 {
		percent = 70
	}
	all, places := newCompletion(), map[string]*completion{}
	each := table.Table{Name: "by_training", Title: table.Text{"За тренінгами", "By training"}, Internal: true}
	each.Columns = append([]table.Column{{Name: "training", Title: table.Text{"Тренінг", "Training"}, Kind: table.Words}}, placeColumns()...)
	each.Columns = append(each.Columns,
		table.Column{Name: "first_held", Title: table.Text{"Перший день", "First day"}, Kind: table.Day},
		table.Column{Name: "days_held", Title: table.Text{"Днів проведено", "Days held"}, Kind: table.Count})
	each.Columns = append(each.Columns, completionColumns(len(each.Columns))...)
	for i := range r.Trainings() {
		t := &r.Trainings()[i]
		held := t.HeldDays()
		if held == 0 || !r.q.Period.Contains(t.FirstHeld()) {
			continue
		}
		own := newCompletion()
		if places[t.Community] == nil {
			places[t.Community] = newCompletion()
		}
		for j := range t.Attendees {
			for _, c := range []*completion{own, all, places[t.Community]} {
				c.add(&t.Attendees[j], held, percent)
			}
		}
		row := r.placeRow(t.Community)
		row.Key, row.At = t.Ref.Record.String(), ""
		row.Cells = append([]table.Cell{table.Wording(titleOf(t))}, row.Cells...)
		row.Cells = append(row.Cells, table.Cell{Number: int64(t.FirstHeld())}, table.Number(held))
		row.Cells = append(row.Cells, own.cells()...)
		each.Rows = append(each.Rows, row)
	}
	return []table.Table{r.completionByCommunity(all, places), each}
}

func (r *run) completionByCommunity(all *completion, places map[string]*completion) table.Table {
	tab := table.Table{
		Name: "by_community", Title: table.Text{"За громадами", "By community"}, Threshold: plainThreshold,
		Columns: append(placeColumns(), completionColumns(2)...), Chart: table.Chart{Columns: []int{2, 3}},
	}
	for _, pcode := range r.communities(keys(places)...) {
		if c := places[pcode]; c != nil {
			row := r.placeRow(pcode)
			row.Cells = append(row.Cells, c.cells()...)
			tab.Rows = append(tab.Rows, row)
		}
	}
	row := totalRow(allOnce)
	row.Cells = append(row.Cells, all.cells()...)
	tab.Rows = append(tab.Rows, row)
	return tab
}

// titleOf is what a training is called.
func titleOf(t *fieldwork.Training) table.Text {
	uk, en := t.Message.GetTitleUk(), t.Message.GetTitleEn()
	return orElse(orElse(table.Text{uk, en}, table.Text{en, uk}), table.Text{"без назви", "untitled"})
}
