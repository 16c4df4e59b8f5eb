package report

import (
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

var ageBands = Parameter{Name: "age_bands", Title: table.Text{"Вікові групи", "Age bands"}, Choices: []Choice{
	{fieldwork.ProgrammeBands.Name, table.Text{"програми: 0–17, 18, 19–24, 25–35, 36–59, 60+", "of the programme: 0-17, 18, 19-24, 25-35, 36-59, 60+"}},
	{fieldwork.ResponseBands.Name, table.Text{"гуманітарного плану: 0–17, 18–59, 60+", "of the response plan: 0-17, 18-59, 60+"}},
	{fieldwork.FiveYearBands.Name, table.Text{"по п'ять років", "of five years"}},
}}

// bands is the set that was asked for.
func (r *run) bands() *fieldwork.BandSet {
	name := r.q.choice(r.d, ageBands.Name).Name
	for i := range fieldwork.BandSets {
		if fieldwork.BandSets[i].Name == name {
			return &fieldwork.BandSets[i]
		}
	}
	return &fieldwork.ProgrammeBands
}

var peopleReachedReport = Definition{
	Name:  "people-reached",
	Title: table.Text{"Охоплені люди", "People reached"},
	About: table.Text{
		"Скільки різних людей програма охопила тренінгами й подіями, за громадами та ознаками?",
		"How many different people did trainings and events reach, by community and by who they are?",
	},
	Parameters:  []Parameter{ageBands, {Name: "target", Title: table.Text{"Ціль, людей", "Target, in people"}}},
	Publishable: true,
	build:       (*run).peopleReached,
	notes: []table.Text{
		{
			"Людину, охоплену у двох громадах, пораховано один раз у кожному рядку і один раз разом: сума рядків не менша за підсумок.",
			"Who was reached in two communities counts once in each row and once in all: the rows add up to at least the total.",
		},
		{
			"Відвідування без імені не звільнені від повторів: справжня кількість людей лежить між «людей» і «щонайбільше».",
			"Attendances without a name are not free of repetition: the true number of people lies between \"people\" and \"at most\".",
		},
		{
			"Клієнтів консультування тут немає: хто клієнт, не знає ніхто поза кімнатою. Їх рахує звіт «Консультування».",
			"Clients of counselling are not in it: who is a client is nobody's business outside the room. The report \"Counselling\" counts them.",
		},
	},
}

const reachedFigure = "people_reached"

func (r *run) peopleReached() []table.Table {
	t := r.tally(everything)
	ages := byAge(r.bands())
	tables := []table.Table{r.reachByCommunity(t)}
	if target := r.q.number("target"); target > 0 {
		tables = append(tables, againstTarget(reachedFigure, len(t.people), target))
	}
	for _, of := range []struct {
		d     *dimension
		title table.Text
	}{
		{&bySex, table.Text{"За статтю", "By sex"}},
		{&ages, table.Text{"За віком", "By age"}},
		{&byDisplacement, table.Text{"За переміщенням", "By displacement"}},
		{&byDisability, table.Text{"За інвалідністю", "By disability"}},
		{&byVeteran, table.Text{"За статусом ветерана", "By veteran status"}},
	} {
		tables = append(tables, t.byCommunity(reachedFigure, of.title, of.d))
	}
	return append(tables, t.cross(reachedFigure, table.Text{"За віком і статтю", "By age and sex"}, &ages, &bySex))
}

// reachByCommunity has three figures for each community: people by name,
// attendances without one, and what that comes to at most.
func (r *run) reachByCommunity(t *tally) table.Table {
	tab := table.Table{
		Name: "by_community", Title: table.Text{"За громадами", "By community"}, Threshold: plainThreshold,
		Columns: append(placeColumns(),
			table.Column{Name: "people", Title: table.Text{"Людей, відомих на ім'я", "People known by name"}, Kind: table.Count, People: true, Figure: reachedFigure},
			table.Column{Name: "unnamed", Title: table.Text{"Відвідувань без імені", "Attendances without a name"}, Kind: table.Count, People: true, Figure: "unnamed_attendances"},
			table.Column{Name: "at_most", Title: table.Text{"Людей щонайбільше", "People at most"}, Kind: table.Count, Plus: &[2]int{2, 3}},
		),
		Chart: table.Chart{Columns: []int{2}},
	}
	unnamed, all := r.unnamed()
	for _, pcode := range r.communities(keys(unnamed)...) {
		people := 0
		for i := range r.pcodes {
			if r.pcodes[i] == pcode {
				people = len(t.rows[int32(i)])
			}
		}
		if people+unnamed[pcode] > 0 {
			row := r.placeRow(pcode)
			row.Cells = append(row.Cells, table.Number(people), table.Number(unnamed[pcode]), table.Nothing())
			tab.Rows = append(tab.Rows, row)
		}
	}
	row := totalRow(allOnce)
	row.Cells = append(row.Cells, table.Number(len(t.people)), table.Number(all), table.Nothing())
	tab.Rows = append(tab.Rows, row)
	return tab
}

func keys[V any](m map[string]V) []string {
	var all []string
	for key := range m {
		all = append(all, key)
	}
	return all
}

// unnamed are the attendances of the period's events that have no name.
func (r *run) unnamed() (byCommunity map[string]int, all int) {
	byCommunity = map[string]int{}
	for i := range r.Events() {
		e := &r.Events()[i]
		if e.Held() && r.q.Period.Contains(e.Date()) {
			byCommunity[e.Community] += e.Unnamed()
			all += e.Unnamed()
		}
	}
	return byCommunity, all
}

// againstTarget sets what was reached beside what was to be.
func againstTarget(figure string, actual, target int) table.Table {
	return table.Table{
		Name: "target", Title: table.Text{"Проти цілі", "Against the target"}, Threshold: plainThreshold,
		Columns: []table.Column{
			{Name: "what", Title: table.Text{"Що", "What"}, Kind: table.Words},
			{Name: "actual", Title: table.Text{"Досягнуто", "Actual"}, Kind: table.Count, People: true, Figure: figure},
			{Name: "target", Title: table.Text{"Ціль", "Target"}, Kind: table.Count},
			{Name: "share", Title: table.Text{"% цілі", "% of target"}, Kind: table.Share, Of: &[2]int{1, 2}},
		},
		Rows: []table.Row{{Key: "all", Total: true, Cells: []table.Cell{
			table.Wording(peopleTitle), table.Number(actual), table.Number(target), table.Nothing(),
		}}},
	}
}
