package report

import (
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
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
	build:       (*run).attendedAllDays,
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
type completion struct {
	n [completions]int
	// seen has who is counted; without it everybody comes once.
	seen [completions]bits
}

// What is counted of who could complete a training.
const (
	enrolled = iota
	allDays
	leastShare
	ownRule
	disputed
	completions
)

func (r *run) newCompletion() *completion {
	c := &completion{}
	for i := range c.seen {
		c.seen[i] = newBits(len(r.people))
	}
	return c
}

// add counts a person by number.
func (c *completion) add(person int32, a *fieldwork.Attendee, held, percent int) {
	for i, belongs := range [completions]bool{a.Enrolled, a.AllDays, a.Days*100 >= percent*held, a.Completed, a.Disputed > 0} {
		if belongs && (c.seen[i] == nil || c.seen[i].add(person)) {
			c.n[i]++
		}
	}
}

func (c *completion) cells() []table.Cell {
	return []table.Cell{
		table.Number(c.n[enrolled]), table.Number(c.n[allDays]), table.Nothing(),
		table.Number(c.n[leastShare]), table.Nothing(), table.Number(c.n[ownRule]), table.Number(c.n[disputed]),
	}
}

// eachCompleted visits the trainings whose first day held is in the period.
func (r *run) eachCompleted(visit func(t *fieldwork.Training, held int)) {
	for i := range r.Trainings() {
		t := &r.Trainings()[i]
		if held := t.HeldDays(); held > 0 && r.q.Period.Contains(t.FirstHeld()) {
			visit(t, held)
		}
	}
}

func (r *run) completionOfAll() *completion {
	all := r.newCompletion()
	r.eachCompleted(func(t *fieldwork.Training, held int) {
		for j := range t.Attendees {
			all.add(r.number[t.Attendees[j].Person], &t.Attendees[j], held, 100)
		}
	})
	return all
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

func (r *run) attendedAllDays() []table.Table {
	percent := r.q.number("percent")
	if percent == 0 {
		percent = 70
	}
	all, places := r.newCompletion(), map[string]*completion{}
	each := table.Table{Name: "by_training", Title: table.Text{"За тренінгами", "By training"}, Internal: true}
	each.Columns = append([]table.Column{{Name: "training", Title: table.Text{"Тренінг", "Training"}, Kind: table.Words}}, placeColumns()...)
	each.Columns = append(each.Columns,
		table.Column{Name: "first_held", Title: table.Text{"Перший день", "First day"}, Kind: table.Day},
		table.Column{Name: "days_held", Title: table.Text{"Днів проведено", "Days held"}, Kind: table.Count})
	each.Columns = append(each.Columns, completionColumns(len(each.Columns))...)
	r.eachCompleted(func(t *fieldwork.Training, held int) {
		own := &completion{}
		if places[t.Community] == nil {
			places[t.Community] = r.newCompletion()
		}
		for j := range t.Attendees {
			a := &t.Attendees[j]
			for _, c := range []*completion{own, all, places[t.Community]} {
				c.add(r.number[a.Person], a, held, percent)
			}
		}
		row := r.placeRow(t.Community)
		row.Key, row.At = t.Ref.Record.String(), ""
		row.Cells = append([]table.Cell{table.Wording(titleOf(t))}, row.Cells...)
		row.Cells = append(row.Cells, table.Cell{Number: int64(t.FirstHeld())}, table.Number(held))
		each.Rows = append(each.Rows, table.Row{Key: row.Key, Cells: append(row.Cells, own.cells()...)})
	})
	sortRows(&each, 2, 3, 0)
	return []table.Table{r.completionByCommunity(all, places), r.rulesByCommunity(all, places), each}
}

// completionByCommunity has who was there on all days and who was not, so that
// small numbers of either are seen.
func (r *run) completionByCommunity(all *completion, places map[string]*completion) table.Table {
	const figure = "completion"
	tab := table.Table{
		Name: "by_community", Title: table.Text{"За громадами", "By community"}, Threshold: plainThreshold,
		Columns: []table.Column{
			persons("enrolled", figure, table.Text{"Могли завершити", "Could complete"}),
			{Name: "all_days", Title: table.Text{"Були всі дні", "All days"}, Kind: table.Count, People: true, Figure: figure, At: "days=all"},
			{Name: "not_all_days", Title: table.Text{"Не всі дні", "Not all days"}, Kind: table.Count, People: true, Figure: figure, At: "days=some"},
			sharing("all_days_share", table.Text{"% усі дні", "% all days"}, 3, 2),
		},
		Chart: table.Chart{Columns: []int{3, 4}, Stacked: true},
	}
	cells := func(c *completion) []table.Cell {
		if c == nil {
			return nil
		}
		return append(counts(c.n[enrolled], c.n[allDays], c.n[enrolled]-c.n[allDays]), table.Nothing())
	}
	return r.placeTable(tab, keys(places), func(pcode string) []table.Cell { return cells(places[pcode]) }, cells(all))
}

// rulesByCommunity has the other rules of completing a training.
func (r *run) rulesByCommunity(all *completion, places map[string]*completion) table.Table {
	tab := table.Table{Name: "rules", Title: table.Text{"Інші правила, за громадами", "Other rules, by community"}, Internal: true, Columns: completionColumns(2)}
	return r.placeTable(tab, keys(places), func(pcode string) []table.Cell {
		if places[pcode] == nil {
			return nil
		}
		return places[pcode].cells()
	}, all.cells())
}

// titleOf is what a training is called.
func titleOf(t *fieldwork.Training) table.Text {
	uk, en := t.Message.GetTitleUk(), t.Message.GetTitleEn()
	return orElse(orElse(table.Text{uk, en}, table.Text{en, uk}), table.Text{"без назви", "untitled"})
}
