package report

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/report/table"
)

var communitiesReport = Definition{
	Name:  "communities",
	Title: table.Text{"Громади", "Communities"},
	About: table.Text{
		"Скільки громад підтримано, з яких відборів і на яких етапах, і де робота ще попереду?",
		"How many communities were supported, of which selections and in which phases, and where is work still to come?",
	},
	Publishable: true, counselling: true,
	build: (*run).communitiesSupported,
	notes: []table.Text{{
		"Громаду підтримано, якщо в періоді там проведено день тренінгу, подію чи консультацію. «Лише заплановано»: тренінги там є, а жодного дня ще не проведено.",
		"A community is supported if a training day, an event or a counselling session was held there in the period. \"Planned only\": there are trainings, and no day was held yet.",
	}},
}

// activity is what was held in a community in the period.
type activity struct{ days, events, sessions, trainingsPlanned int }

func (a *activity) supported() bool { return a.days+a.events+a.sessions > 0 }

func (a *activity) plannedOnly() bool { return !a.supported() && a.trainingsPlanned > 0 }

func (r *run) activities() map[string]*activity {
	all := map[string]*activity{}
	of := func(pcode string) *activity {
		if all[pcode] == nil {
			all[pcode] = &activity{}
		}
		return all[pcode]
	}
	for _, pcode := range r.Reckoning.Communities() {
		of(pcode)
	}
	for i := range r.Trainings() {
		t := &r.Trainings()[i]
		for j := range t.Days {
			if t.Days[j].Held() && r.q.Period.Contains(t.Days[j].Date()) {
				of(t.Community).days++
			}
		}
		status := t.Message.GetStatus()
		if t.HeldDays() == 0 && (status == recordsv1.TrainingStatus_TRAINING_STATUS_PLANNED || status == recordsv1.TrainingStatus_TRAINING_STATUS_RUNNING) {
			of(t.Community).trainingsPlanned++
		}
	}
	for i := range r.Events() {
		if e := &r.Events()[i]; e.Held() && r.q.Period.Contains(e.Date()) {
			of(e.Community).events++
		}
	}
	for _, s := range r.SessionsHeld(r.q.Period) {
		of(s.Community).sessions++
	}
	delete(all, "")
	return all
}

func (r *run) communitiesSupported() []table.Table {
	all := r.activities()
	each := table.Table{Name: "by_community", Title: table.Text{"Кожна громада", "Each community"}, Internal: true, Columns: []table.Column{
		{Name: "oblast", Title: table.Text{"Область", "Oblast"}, Kind: table.Words},
		{Name: "cohort", Title: table.Text{"Відбір", "Selection"}, Kind: table.Words},
		{Name: "phase", Title: table.Text{"Етап", "Phase"}, Kind: table.Words},
		things("days", table.Text{"Днів тренінгів", "Training days"}), things("events", table.Text{"Подій", "Events"}),
		things("sessions", table.Text{"Консультацій", "Counselling sessions"}), things("planned", table.Text{"Тренінгів заплановано", "Trainings planned"}),
	}}
	each.Columns = append(placeColumns(), each.Columns...)
	for _, pcode := range r.communities(keys(all)...) {
		a := all[pcode]
		if a == nil {
			continue
		}
		c := r.Community(pcode)
		_, oblast := oblastOf(pcode)
		row := r.placeRow(pcode)
		row.Cells = append(row.Cells, table.Wording(oblast),
			table.Wording(cohortNames[placeIn(cohortNames, c.GetCohort())].title), table.Wording(phaseNames[placeIn(phaseNames, c.GetPhase())].title))
		row.Cells = append(row.Cells, counts(a.days, a.events, a.sessions, a.trainingsPlanned)...)
		each.Rows = append(each.Rows, row)
	}
	return []table.Table{
		r.communitiesBy("cohort", table.Text{"За відборами", "By selection"}, table.Text{"Відбір", "Selection"}, cohortNames, all,
			func(c *recordsv1.Community) int { return placeIn(cohortNames, c.GetCohort()) }),
		r.communitiesBy("phase", table.Text{"За етапами", "By phase"}, table.Text{"Етап", "Phase"}, phaseNames, all,
			func(c *recordsv1.Community) int { return placeIn(phaseNames, c.GetPhase()) }),
		each,
	}
}

// communitiesBy counts communities, which are no people.
func (r *run) communitiesBy(name string, title, of table.Text, categories []category, all map[string]*activity, category func(*recordsv1.Community) int) table.Table {
	sums := make([][3]int, len(categories)+1)
	for pcode, a := range all {
		for _, at := range []int{category(r.Community(pcode)), len(categories)} {
			sums[at][0]++
			if a.supported() {
				sums[at][1]++
			}
			if a.plannedOnly() {
				sums[at][2]++
			}
		}
	}
	tab := table.Table{Name: "by_" + name, Title: title, Columns: []table.Column{
		things("communities", table.Text{"Громад", "Communities"}), things("supported", table.Text{"Підтримано", "Supported"}),
		things("planned_only", table.Text{"Лише заплановано", "Planned only"}),
	}, Chart: table.Chart{Columns: []int{2}}}
	return categoryTable(tab, of, categories, func(i int) []table.Cell {
		if sums[i][0] == 0 {
			return nil
		}
		return counts(sums[i][:]...)
	}, counts(sums[len(categories)][:]...))
}
