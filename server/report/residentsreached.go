package report

import (
	"time"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

var residentsReachedReport = Definition{
	Name:  "residents-reached",
	Title: table.Text{"Охоплення кожної громади", "Reach of each community"},
	About: table.Text{
		"Чи охоплено в кожній громаді за останні шість місяців не менше людей, ніж обіцяно, і чи в більшості громад?",
		"Were as many people reached in each community in the last six months as was promised, and in most of the communities?",
	},
	Parameters: []Parameter{
		{Name: "basis", Title: table.Text{"За чим вирішується", "What decides"}, Choices: []Choice{
			{"people", table.Text{"різні люди, відомі на ім'я", "different people known by name"}},
			{"visits", table.Text{"відвідування в мультимедійних кімнатах", "visits at multimedia rooms"}},
		}},
		{Name: "least", Title: table.Text{"Обіцяно в громаді (500, якщо не сказано)", "Promised for a community (500 if nothing is said)"}},
	},
	build: (*run).residentsReached,
	notes: []table.Text{
		{
			"Вікно — шість календарних місяців до кінця місяця, яким закінчується період, без періоду до місяця звіту. Обидва числа стоять поруч; рішає вибране, а не більше.",
			"The window is six calendar months up to the end of the month with which the period ends, without one that of the report. Both numbers stand side by side; the chosen one decides, never the larger.",
		},
		{
			"Відвідування — це відвідування подій у мультимедійних кімнатах. Щомісячних лічильників відвідувачів у записах немає.",
			"Visits are attendances of events in multimedia rooms. Monthly counts of visitors are not among the records.",
		},
	},
}

// promised is how many residents a community was to reach in six months.
const promised = 500

// monthsTo are so many calendar months, of which the last has a day in it.
func monthsTo(day int32, months int) fieldwork.Period {
	last, err := dayTime(day)
	if err != nil {
		return fieldwork.Period{To: day}
	}
	first := time.Date(last.Year(), last.Month(), 1, 0, 0, 0, 0, time.UTC)
	return fieldwork.Period{From: dayNumber(first.AddDate(0, 1-months, 0)), To: dayNumber(first.AddDate(0, 1, -1))}
}

func (r *run) residentsReached() []table.Table {
	window := monthsTo(r.asOf(), 6)
	in := *r
	q := *r.q
	q.Period, in.q = window, &q
	t := in.tally(everything)
	people := map[string]int{}
	for at, of := range t.rows {
		people[r.pcodes[at]] = len(of)
	}
	visits, all := in.visitsAt(recordsv1.VenueType_VENUE_TYPE_MULTIMEDIA_ROOM)
	least := r.q.number("least")
	if least == 0 {
		least = promised
	}
	decides := people
	if r.q.choice(r.d, "basis").Name == "visits" {
		decides = visits
	}
	communities, met := 0, 0
	tab := table.Table{Name: "by_community", Title: table.Text{"За громадами", "By community"}, Chart: table.Chart{Columns: []int{2}}, Columns: []table.Column{
		persons("people", "people_in_six_months", table.Text{"Людей, відомих на ім'я", "People known by name"}),
		persons("visits", "visits_in_six_months", table.Text{"Відвідувань мультимедійних кімнат", "Visits at multimedia rooms"}),
		{Name: "met", Title: table.Text{"Виконано", "Met"}, Kind: table.Words},
	}}
	tab = r.placeTable(tab, append(r.Reckoning.Communities(), keys(visits)...), func(pcode string) []table.Cell {
		if pcode == "" {
			return nil
		}
		communities++
		answer := table.Text{"ні", "no"}
		if decides[pcode] >= least {
			met++
			answer = table.Text{"так", "yes"}
		}
		return append(counts(people[pcode], visits[pcode]), table.Wording(answer))
	}, append(counts(len(t.people), all), table.Nothing()))
	return []table.Table{r.mostOf(window, least, communities, met), tab}
}

// mostOf says whether more than half of the communities have met it.
func (r *run) mostOf(window fieldwork.Period, least, communities, met int) table.Table {
	l := list{name: "most", title: table.Text{"Більшість громад", "Most of the communities"}}
	l.count("from", table.Text{"вікно від, ррррммдд", "window from, yyyymmdd"}, int(window.From))
	l.count("to", table.Text{"вікно до, ррррммдд", "window to, yyyymmdd"}, int(window.To))
	l.count("least", table.Text{"обіцяно в громаді", "promised for a community"}, least)
	l.count("communities", table.Text{"громад", "communities"}, communities)
	l.count("met", table.Text{"з них виконали", "of them have met it"}, met)
	answer := 0
	if 2*met > communities {
		answer = 1
	}
	l.count("most_met", table.Text{"більшість виконала (1 — так)", "most have met it (1 for yes)"}, answer)
	return l.table()
}

// visitsAt are the attendances of the period's events at venues of a type.
func (r *run) visitsAt(kind recordsv1.VenueType) (byCommunity map[string]int, all int) {
	of := map[fieldwork.Ref]bool{}
	for i := range r.Venues() {
		of[r.Venues()[i].Ref] = r.Venues()[i].Message.GetType() == kind
	}
	byCommunity = map[string]int{}
	for i := range r.Events() {
		e := &r.Events()[i]
		if of[e.Venue()] && e.Held() && r.q.Period.Contains(e.Date()) {
			byCommunity[e.Community] += e.Attendances()
			all += e.Attendances()
		}
	}
	return byCommunity, all
}
