package report

import (
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

var groupKind = Parameter{Name: "group_kind", Title: table.Text{"Вид групи", "Kind of group"}, Choices: choices(groupKindNames)}

var membersTrainedReport = Definition{
	Name:  "members-trained",
	Title: table.Text{"Навчені члени груп", "Group members trained"},
	About: table.Text{
		"Скільки різних членів груп були хоча б на одному дні тренінгу?",
		"How many different members of groups were at one day of a training or more?",
	},
	Parameters: []Parameter{groupKind}, Publishable: true,
	build: (*run).membersTrained,
	notes: []table.Text{{
		"Членом рахується, хто належав до групи такого виду в перший проведений день тренінгу.",
		"A member is who belonged to a group of that kind on the first day of the training that was held.",
	}},
}

func (r *run) membersTrained() []table.Table {
	kind := groupKinds[indexOf(choiceNames(groupKind), r.q.choice(r.d, groupKind.Name).Name)]
	trainings := r.Trainings()
	t := r.tally(func(f *fact) bool {
		return f.kind == fieldwork.TrainingActivity && r.BelongedAtStart(&trainings[f.activity], r.people[f.person].Person, kind)
	})
	return []table.Table{t.byCommunity("members_trained", table.Text{"За громадою і статтю", "By community and sex"}, &bySex)}
}

func choiceNames(p Parameter) []string {
	var all []string
	for _, c := range p.Choices {
		all = append(all, c.Name)
	}
	return all
}
