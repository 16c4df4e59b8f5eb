package report

import (
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

var trainingsReport = Definition{
	Name:  "trainings",
	Title: table.Text{"Тренінги", "Trainings"},
	About: table.Text{
		"Скільки тренінгів і днів проведено, на які теми, в яких громадах, і скільки людино-днів це дало?",
		"How many trainings and days were held, on what, in which communities, and how many person-days was that?",
	},
	Publishable: true,
	build:       (*run).trainings,
	notes: []table.Text{{
		"Тренінг проведено, якщо в періоді проведено хоча б один його день. Тренінг із двома темами є в обох рядках: сума рядків не менша за підсумок.",
		"A training was held if one of its days was held in the period. One with two topics is in both rows: the rows add up to at least the total.",
	}},
}

// trainingSum is what some trainings come to.
type trainingSum struct {
	held, days, personDays int
	people                 bits
	persons                int
}

func (r *run) newTrainingSum() *trainingSum { return &trainingSum{people: newBits(len(r.people))} }

func (s *trainingSum) cells() []table.Cell {
	if s == nil {
		return nil
	}
	return counts(s.held, s.days, s.personDays, s.persons)
}

// add counts the days of a training that were held in the period.
func (r *run) addTraining(t *fieldwork.Training, to []*trainingSum) {
	held := false
	for j := range t.Days {
		day := &t.Days[j]
		if !day.Held() || !r.q.Period.Contains(day.Date()) {
			continue
		}
		held = true
		for _, s := range to {
			s.days++
			for k := range day.Attendance {
				if a := &day.Attendance[k]; a.Outcome.Attended() {
					s.personDays++
					if s.people.add(r.number[a.Person]) {
						s.persons++
					}
				}
			}
		}
	}
	for _, s := range to {
		if held {
			s.held++
		}
	}
}

func (r *run) trainings() []table.Table {
	all, byTopic, byPlace := r.newTrainingSum(), make([]*trainingSum, len(topicNames)), map[string]*trainingSum{}
	sumOf := func(s **trainingSum) *trainingSum {
		if *s == nil {
			*s = r.newTrainingSum()
		}
		return *s
	}
	for i := range r.Trainings() {
		t := &r.Trainings()[i]
		if !r.heldInPeriod(t) {
			continue
		}
		place := byPlace[t.Community]
		to := []*trainingSum{all, sumOf(&place)}
		byPlace[t.Community] = place
		for _, topic := range topicsOf(t) {
			to = append(to, sumOf(&byTopic[topic]))
		}
		r.addTraining(t, to)
	}
	columns := func() []table.Column {
		return []table.Column{
			things("trainings", table.Text{"Тренінгів", "Trainings"}), things("days", table.Text{"Днів", "Days"}),
			persons("person_days", "person_days", table.Text{"Людино-днів", "Person-days"}),
			persons("people", "people_trained", peopleTitle),
		}
	}
	places := table.Table{Name: "by_community", Title: table.Text{"За громадами", "By community"}, Threshold: plainThreshold, Columns: columns(), Chart: table.Chart{Columns: []int{5}}}
	topics := table.Table{Name: "by_topic", Title: table.Text{"За темами", "By topic"}, Threshold: plainThreshold, Columns: columns(), Chart: table.Chart{Columns: []int{4}}}
	return []table.Table{
		r.placeTable(places, keys(byPlace), func(pcode string) []table.Cell { return byPlace[pcode].cells() }, all.cells()),
		categoryTable(topics, table.Text{"Тема", "Topic"}, topicNames, func(i int) []table.Cell { return byTopic[i].cells() }, all.cells()),
	}
}

func (r *run) heldInPeriod(t *fieldwork.Training) bool {
	return slices.ContainsFunc(t.Days, func(d fieldwork.Day) bool { return d.Held() && r.q.Period.Contains(d.Date()) })
}

// topicsOf are the places of a training's topics in the list; the last, if nobody
// entered one.
func topicsOf(t *fieldwork.Training) []int {
	var topics []int
	for _, topic := range t.Message.GetTopics() {
		if at := int(topic) - 1; topic != recordsv1.Topic_TOPIC_UNSPECIFIED && at < len(topicNames)-1 && !slices.Contains(topics, at) {
			topics = append(topics, at)
		}
	}
	if len(topics) == 0 {
		return []int{len(topicNames) - 1}
	}
	return topics
}
