package report

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

var eventsReport = Definition{
	Name:  "events",
	Title: table.Text{"Події", "Events"},
	About: table.Text{
		"Які події проведено, скільки було відвідувань, і на скількох зустрілися ВПО та місцеві?",
		"Which events were held, how many came, and at how many did displaced people and residents meet?",
	},
	Publishable: true,
	build:       (*run).events,
	notes: []table.Text{
		{
			"Відвідування: на кожному місці підрахунку менше з чисел лічильників, місця додаються; якщо аркуш не містить названих людей, вони додаються; без аркуша рахуються названі.",
			"Attendances: at each place the lower of the counters' numbers, the places added; where the sheet leaves out who is named, they are added; without a sheet who is named counts.",
		},
		{
			"Разом ВПО й місцеві: серед названих або на аркуші є і ті, і ті. Знаменник — події, про гостей яких щось відомо.",
			"Displaced people and residents together: both are among the named or on a sheet. The denominator is the events of whose guests anything is known.",
		},
	},
}

// eventSum is what some events come to.
type eventSum struct {
	held, attendances, known, mixed int
	people                          bits
	persons                         int
}

func (s *eventSum) cells() []table.Cell {
	if s == nil {
		return nil
	}
	cells := counts(s.held, s.attendances, s.persons, s.known, s.mixed)
	return append(cells, table.Nothing())
}

func (r *run) addEvent(e *fieldwork.Event, to []*eventSum) {
	idp, host := r.whoMet(e)
	for _, s := range to {
		s.held++
		s.attendances += e.Attendances()
		for _, person := range e.Named {
			if s.people.add(r.number[person]) {
				s.persons++
			}
		}
		if idp || host {
			s.known++
		}
		if idp && host {
			s.mixed++
		}
	}
}

// whoMet tells whether displaced people, and residents, are known to have come.
func (r *run) whoMet(e *fieldwork.Event) (idp, host bool) {
	for _, person := range e.Named {
		d := r.people[r.number[person]].Displacement
		idp = idp || d == recordsv1.Displacement_DISPLACEMENT_IDP
		host = host || d == recordsv1.Displacement_DISPLACEMENT_HOST_RESIDENT
	}
	for i := range e.HeadCount.Points {
		sheet := e.HeadCount.Points[i].Effective.Numbers
		idp = idp || sheet.GetIdp() > 0
		host = host || sheet.GetHost() > 0
	}
	return idp, host
}

func (r *run) events() []table.Table {
	sum := func() *eventSum { return &eventSum{people: newBits(len(r.people))} }
	all, places := sum(), map[string]*eventSum{}
	categories, subtypes := make([]*eventSum, len(eventCategoryNames)), make([]*eventSum, len(eventSubtypeNames))
	for i := range r.Events() {
		e := &r.Events()[i]
		if !e.Held() || !r.q.Period.Contains(e.Date()) {
			continue
		}
		category := indexOf(eventCategories[:len(eventCategories)-1], e.Message.GetCategory())
		subtype := placeIn(eventSubtypeNames, e.Message.GetSubtype())
		if categories[category] == nil {
			categories[category] = sum()
		}
		if subtypes[subtype] == nil {
			subtypes[subtype] = sum()
		}
		if places[e.Community] == nil {
			places[e.Community] = sum()
		}
		r.addEvent(e, []*eventSum{all, categories[category], subtypes[subtype], places[e.Community]})
	}
	columns := func(after int) []table.Column {
		return []table.Column{
			things("events", table.Text{"Подій", "Events"}),
			persons("attendances", "attendances", table.Text{"Відвідувань", "Attendances"}),
			persons("people", "people_named_at_events", table.Text{"Названих людей", "People named"}),
			things("known", table.Text{"Подій, де відомо, хто прийшов", "Events of known guests"}),
			things("mixed", table.Text{"ВПО й місцеві разом", "IDPs and residents together"}),
			sharing("mixed_share", table.Text{"% разом", "% together"}, after+4, after+3),
		}
	}
	at := func(name string, title table.Text, after int) table.Table {
		return table.Table{Name: name, Title: title, Threshold: plainThreshold, Columns: columns(after), Chart: table.Chart{Columns: []int{after + 1}}}
	}
	return []table.Table{
		categoryTable(at("by_category", table.Text{"За категоріями", "By category"}, 1), table.Text{"Категорія", "Category"}, eventCategoryNames,
			func(i int) []table.Cell { return categories[i].cells() }, all.cells()),
		categoryTable(at("by_subtype", table.Text{"За видами", "By kind"}, 1), table.Text{"Вид", "Kind"}, eventSubtypeNames,
			func(i int) []table.Cell { return subtypes[i].cells() }, all.cells()),
		r.placeTable(at("by_community", table.Text{"За громадами", "By community"}, 2), keys(places),
			func(pcode string) []table.Cell { return places[pcode].cells() }, all.cells()),
	}
}
