package report

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

var overviewReport = Definition{
	Name:  "overview",
	Title: table.Text{"Огляд", "Overview"},
	About: table.Text{
		"Що зроблено, скількох людей навчено, і що ще треба з'ясувати?",
		"What was done, how many people were trained, and what is still to be cleared up?",
	},
	counselling: true,
	build: func(r *run) []table.Table {
		trained := r.tally(func(f *fact) bool { return f.kind == fieldwork.TrainingActivity })
		return []table.Table{r.trainingFigures(trained), r.trainedByCommunity(trained), r.disagreementFigures(), r.counsellingFigures(), r.eventFigures(), r.recorders()}
	},
	notes: []table.Text{{
		"Період обмежує те, що проведено: тренінги, консультації, події з їхніми людьми. Реєстрації, відмітки, зв'язки й спори пораховано за весь час.",
		"The period bounds what was held: trainings, sessions and events with their people. Registrations, marks, links and disputes are counted whenever they were.",
	}},
}

func (r *run) trainingFigures(trained *tally) table.Table {
	p := r.q.Period
	totals, d := r.TrainingTotals(p), r.doubts()
	l := list{name: "trainings", title: table.Text{"Тренінги", "Trainings"}}
	l.count("communities", table.Text{"громад, де проведено день тренінгу", "communities with a training day held"}, r.heldCommunities())
	l.count("trainings_held", table.Text{"тренінгів проведено", "trainings held"}, totals.Held)
	l.count("training_days_held", table.Text{"днів тренінгів проведено", "training days held"}, totals.DaysHeld)
	l.count("people_trained", table.Text{"людей навчено, кожну пораховано один раз", "people trained, each counted once"}, len(trained.people))
	l.count("attended_all_days", table.Text{"з них були всі дні тренінгу", "of them at every day of a training"}, r.completionOfAll().n[allDays])
	l.count("people_registered", table.Text{"реєстрацій", "registrations"}, r.Registrations())
	l.count("person_links", table.Text{"пар реєстрацій, що є однією людиною", "pairs of registrations that are one person"}, r.linkedPairs())
	l.count("people_trained_before_linking", table.Text{"людей навчено, якби ніхто їх не зв'язав", "people trained, had nobody linked them"}, r.TrainedUnlinked(p))
	l.count("marks", table.Text{"відміток відвідування", "attendance marks"}, r.Marks())
	l.count("absent_default_overridden", table.Text{"«решта відсутні», переважених відміткою за іменем", "\"rest absent\" outweighed by a mark by name"}, r.DefaultsOverridden())
	l.count("days_cancelled_but_attended", table.Text{"днів і подій скасовано на одному планшеті й відвідано", "days and events called off on one tablet and attended"}, len(d.calledOffButAttended))
	return l.table()
}

func (r *run) trainedByCommunity(trained *tally) table.Table {
	tab := table.Table{
		Name: "trained_by_community", Title: table.Text{"Навчені за громадами", "People trained by community"},
		Columns: []table.Column{persons("people", "people_trained", peopleTitle)}, Chart: table.Chart{Columns: []int{2}},
	}
	people := map[string]int{}
	for at, of := range trained.rows {
		people[r.pcodes[at]] = len(of)
	}
	return r.placeTable(tab, nil, func(pcode string) []table.Cell {
		if people[pcode] == 0 {
			return nil
		}
		return counts(people[pcode])
	}, counts(len(trained.people)))
}

func (r *run) heldCommunities() int {
	communities := map[string]bool{}
	for _, t := range r.Trainings() {
		for i := range t.Days {
			if day := &t.Days[i]; t.Community != "" && day.Held() && r.q.Period.Contains(day.Date()) {
				communities[t.Community] = true
			}
		}
	}
	return len(communities)
}

func (r *run) linkedPairs() int {
	n := 0
	for _, pair := range r.Persons().Pairs() {
		if pair.Linked() {
			n++
		}
	}
	return n
}

func (r *run) disagreementFigures() table.Table {
	disputes := r.doubts().disputes
	l := list{name: "disagreements", title: table.Text{"Розбіжності", "Disagreements"}}
	l.count("disputes_found", table.Text{"відвідувань, про які реєстратори не згодні", "attendances that recorders dispute"}, disputes.Found)
	l.count("disputes_settled", table.Text{"з них вирішено", "of them settled"}, disputes.Settled)
	l.count("disputes_open", table.Text{"з них відкрито, рахуються як відсутність", "of them open, counted as not there"}, disputes.Open)
	l.count("cells_with_siblings", table.Text{"полів із кількома значеннями", "fields with several values"}, r.siblings())
	return l.table()
}

func (r *run) counsellingFigures() table.Table {
	communities := map[string]bool{}
	for _, room := range r.Rooms() {
		if pcode := room.Message.GetCommunityPcode(); pcode != "" {
			communities[pcode] = true
		}
	}
	sessions := r.Counselling(r.q.Period).Sessions
	l := list{name: "counselling", title: table.Text{"Консультування", "Counselling"}}
	l.count("communities", table.Text{"громад із кімнатою", "communities with a room"}, len(communities))
	l.count("rooms", table.Text{"кімнат", "rooms"}, len(r.Rooms()))
	l.count("sessions_individual", table.Text{"консультацій з однією людиною", "sessions with one person"}, sessions[recordsv1.SessionKind_SESSION_KIND_INDIVIDUAL])
	l.count("sessions_couple_family", table.Text{"консультацій із парою чи родиною", "sessions with a couple or family"}, sessions[recordsv1.SessionKind_SESSION_KIND_COUPLE_FAMILY])
	l.count("sessions_group", table.Text{"групових консультацій", "sessions with a group"}, sessions[recordsv1.SessionKind_SESSION_KIND_GROUP])
	return l.table()
}

func (r *run) eventFigures() table.Table {
	totals := r.EventTotals(r.q.Period)
	l := list{name: "events", title: table.Text{"Проведені події", "Events held"}}
	for i, category := range eventCategories {
		n := totals.ByCategory[category]
		if eventCategoryNames[i].key == unknownKey && n == 0 {
			continue
		}
		l.count(eventCategoryNames[i].key, eventCategoryNames[i].title, n)
	}
	l.count("attendances", table.Text{"відвідувань: хто прийшов двічі, рахується двічі", "attendances, who came twice counted twice"}, totals.Attendances)
	return l.table()
}
