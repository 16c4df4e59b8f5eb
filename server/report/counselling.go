package report

import (
	"fmt"
	"maps"
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

var counsellingReport = Definition{
	Name:  "counselling",
	Title: table.Text{"Консультування", "Counselling"},
	About: table.Text{
		"Скільки кімнат відкрито, скільки консультацій проведено і скільки різних людей прийшло?",
		"How many rooms are open, how many sessions were held, and how many different people came?",
	},
	Publishable: true, counselling: true,
	build: (*run).counselled,
	notes: []table.Text{
		{
			"Тут лише кількості. Клієнт рахується один раз у своїй кімнаті; хто ходить до двох кімнат, там двоє: кімнати не знають про клієнтів одна одної.",
			"Here are counts alone. A client counts once in a room; who goes to two rooms is two there: rooms do not know of each other's clients.",
		},
		{
			"Новий клієнт: його перша проведена консультація в програмі припадає на період. Хто був на групі без запису, того пораховано окремо й щоразу.",
			"A new client: his or her first session held in the programme is in the period. Who came to a group without being listed is counted apart and each time.",
		},
	},
}

// clientSum is what some sessions come to.
type clientSum struct {
	byKind                  map[recordsv1.SessionKind]int
	sessions, visits, alone int
	clients                 map[fieldwork.Ref]bool
}

func newClientSum() *clientSum {
	return &clientSum{byKind: map[recordsv1.SessionKind]int{}, clients: map[fieldwork.Ref]bool{}}
}

func (s *clientSum) add(session *fieldwork.SessionHeld) {
	s.sessions++
	s.byKind[session.Message.GetKind()]++
	s.visits += len(session.Clients)
	s.alone += int(session.Message.GetAnonymousAttendees())
	for _, client := range session.Clients {
		s.clients[client] = true
	}
}

func (r *run) counselled() []table.Table {
	held := r.SessionsHeld(r.q.Period)
	all := newClientSum()
	for i := range held {
		all.add(&held[i])
	}
	return []table.Table{
		r.byOblastAndQuarter(held, all), r.counsellingSummary(held, all), r.roomsByCommunity(held),
		r.clientsBy("sex", table.Text{"Клієнти за статтю", "Clients by sex"}, sexes, all, func(c *recordsv1.Client) int { return indexOf(sexOrder, c.GetSex()) }),
		r.clientsBy("age", table.Text{"Клієнти за віком на першій консультації", "Clients by age at the first session"}, clientAges(), all, func(c *recordsv1.Client) int { return placeIn(clientAges(), c.GetAgeBand()) }),
		r.clientsBy("displacement", table.Text{"Клієнти за переміщенням", "Clients by displacement"}, displacements, all, func(c *recordsv1.Client) int { return indexOf(displacementOrder, c.GetDisplacement()) }),
		byActivityCode(held),
	}
}

func clientAges() []category {
	var bands []category
	for _, band := range fieldwork.ProgrammeBands.Bands {
		bands = append(bands, category{band.String(), table.Same(band.String())})
	}
	return append(bands, notEntered)
}

// roomsLeast is how many rooms an oblast needs to stand by itself in public.
const roomsLeast = 3

// byOblastAndQuarter is all that may be published of counselling. An oblast with
// few rooms is one with others of that kind.
func (r *run) byOblastAndQuarter(held []fieldwork.SessionHeld, all *clientSum) table.Table {
	rooms := map[string]int{}
	for _, room := range r.Rooms() {
		oblast, _ := oblastOf(room.Message.GetCommunityPcode())
		rooms[oblast]++
	}
	sums := map[string]*clientSum{}
	for i := range held {
		oblast, _ := oblastOf(held[i].Community)
		if rooms[oblast] < roomsLeast {
			oblast = "others"
		}
		key := oblast + " " + quarterOf(held[i].Message.GetFieldDate())
		if sums[key] == nil {
			sums[key] = newClientSum()
		}
		sums[key].add(&held[i])
	}
	tab := table.Table{Name: "by_oblast", Title: table.Text{"За областю і кварталом", "By oblast and quarter"}, Threshold: sensitiveThreshold, Columns: []table.Column{
		{Name: "oblast", Title: table.Text{"Область", "Oblast"}, Kind: table.Words},
		{Name: "quarter", Title: table.Text{"Квартал", "Quarter"}, Kind: table.Words},
		persons("sessions", "counselling_sessions", table.Text{"Консультацій", "Sessions"}),
		persons("clients", "counselling_clients", table.Text{"Різних клієнтів", "Different clients"}),
	}}
	for _, key := range slices.Sorted(maps.Keys(sums)) {
		oblast, quarter := key[:len(key)-len(quarterOf(0))-1], key[len(key)-len(quarterOf(0)):]
		name := table.Text{"інші області", "other oblasts"}
		if known, ok := oblasts[oblast]; ok {
			name = known
		}
		cells := append([]table.Cell{table.Wording(name), table.Wording(table.Same(quarter))}, counts(sums[key].sessions, len(sums[key].clients))...)
		tab.Rows = append(tab.Rows, table.Row{Key: key, At: "quarter=" + key, Cells: cells})
	}
	row := totalRow(allOnce)
	row.Cells = append(row.Cells, counts(all.sessions, len(all.clients))...)
	tab.Rows = append(tab.Rows, row)
	tab.Notes = []table.Text{{
		"Області, де менше трьох кімнат, зведено разом.",
		"Oblasts with fewer than three rooms are put together.",
	}}
	return tab
}

func quarterOf(day int32) string {
	if !realDay(day) {
		return "0000-Q0"
	}
	return fmt.Sprintf("%04d-Q%d", day/1_00_00, (day/1_00%1_00+2)/3)
}

// counsellingSummary is for the organisation: the programme as a whole.
func (r *run) counsellingSummary(held []fieldwork.SessionHeld, all *clientSum) table.Table {
	p := r.q.Period
	first, returning := r.FirstSessions(), 0
	for client := range all.clients {
		if day, known := first[client]; known && p.From != 0 && day < p.From {
			returning++
		}
	}
	noShows := r.NoShows(p)
	due, done := r.FollowUps(p)
	l := list{name: "summary", title: table.Text{"Разом", "Summary"}}
	l.count("rooms_open", table.Text{"кімнат відкрито в останній день", "rooms open on the last day"}, r.RoomsOpen(r.asOf()))
	l.count("sessions", table.Text{"консультацій проведено", "sessions held"}, all.sessions)
	l.count("sessions_individual", table.Text{"з однією людиною", "with one person"}, all.byKind[recordsv1.SessionKind_SESSION_KIND_INDIVIDUAL])
	l.count("sessions_couple_family", table.Text{"з парою чи родиною", "with a couple or family"}, all.byKind[recordsv1.SessionKind_SESSION_KIND_COUPLE_FAMILY])
	l.count("sessions_group", table.Text{"групових", "with a group"}, all.byKind[recordsv1.SessionKind_SESSION_KIND_GROUP])
	l.count("clients", table.Text{"різних клієнтів", "different clients"}, len(all.clients))
	l.count("clients_new", table.Text{"з них нових", "of them new"}, len(all.clients)-returning)
	l.count("clients_returning", table.Text{"з них були й раніше", "of them had come before"}, returning)
	l.count("unlisted", table.Text{"відвідувань груп без запису", "attendances of groups without being listed"}, all.alone)
	l.count("visits", table.Text{"відвідувань клієнтів", "attendances of clients"}, all.visits)
	l.count("no_shows", table.Text{"консультацій, на які не прийшли", "sessions to which nobody came"}, noShows)
	l.count("follow_ups_due", table.Text{"дій мало бути зроблено в періоді", "follow-ups due in the period"}, due)
	l.count("follow_ups_done", table.Text{"з них зроблено", "of them done"}, done)
	twice, better := wellbeing(held)
	l.row("wellbeing_twice", table.Text{"клієнтів із двома оцінками добробуту WHO-5", "clients with two wellbeing scores, WHO-5"}, atLeast(twice))
	l.row("wellbeing_better", table.Text{"з них з кращою останньою", "of them with a better last one"}, atLeast(better))
	l.row("clients_at_risk", table.Text{"клієнтів, чий ризик бодай раз був підвищений", "clients whose risk was elevated at least once"}, atLeast(r.atRisk(held, all)))
	l.notes = append(l.notes, table.Text{
		"Про ризик і добробут числа, менші за 10, не показано нікому: *.",
		"Of risk and wellbeing, numbers below 10 are shown to nobody: *.",
	})
	if all.sessions+noShows > 0 {
		l.notes = append(l.notes, table.Text{
			fmt.Sprintf("На клієнта %s консультації; не прийшли на %s %% призначених.", one(table.MeanOf(all.visits, len(all.clients)), table.Ukrainian), one(table.ShareOf(noShows, all.sessions+noShows), table.Ukrainian)),
			fmt.Sprintf("%s sessions for each client; to %s %% of the appointments nobody came.", one(table.MeanOf(all.visits, len(all.clients)), table.English), one(table.ShareOf(noShows, all.sessions+noShows), table.English)),
		})
	}
	t := l.table()
	t.Internal = true
	return t
}

func one(cell table.Cell, l table.Language) string {
	if cell.State != table.Value {
		return "0"
	}
	return (&table.Column{Kind: table.Tenths}).Format(cell, l)
}

// atLeast keeps small numbers from everybody, coordinators too.
func atLeast(n int) table.Cell {
	if n > 0 && n < sensitiveThreshold {
		return table.Cell{State: table.Suppressed}
	}
	return table.Number(n)
}

// atRisk counts the clients of the sessions whose risk was elevated once, in a
// session of the period or by what is held of them.
func (r *run) atRisk(held []fieldwork.SessionHeld, all *clientSum) int {
	risky := map[fieldwork.Ref]bool{}
	for i := range held {
		if fieldwork.AtRisk(held[i].Message.GetRisk()) && held[i].Message.GetKind() == recordsv1.SessionKind_SESSION_KIND_INDIVIDUAL {
			for _, client := range held[i].Clients {
				risky[client] = true
			}
		}
	}
	for client := range all.clients {
		if fieldwork.AtRisk(r.Client(client).GetRisk()) {
			risky[client] = true
		}
	}
	return len(risky)
}

// wellbeing counts the clients with two scores of WHO-5 in sessions for one
// person, and those of them whose last is higher than the first.
func wellbeing(held []fieldwork.SessionHeld) (twice, better int) {
	ordered := slices.Clone(held)
	slices.SortStableFunc(ordered, func(a, b fieldwork.SessionHeld) int {
		return slices.Compare([]int32{a.Message.GetFieldDate(), a.Message.GetStartsMinute()}, []int32{b.Message.GetFieldDate(), b.Message.GetStartsMinute()})
	})
	scores := map[fieldwork.Ref][]int32{}
	for i := range ordered {
		m := ordered[i].Message
		if m.WellbeingScore != nil && m.GetWellbeingScale() == "WHO-5" && len(ordered[i].Clients) == 1 {
			client := ordered[i].Clients[0]
			scores[client] = append(scores[client], m.GetWellbeingScore())
		}
	}
	for _, of := range scores {
		if len(of) > 1 {
			twice++
			if of[len(of)-1] > of[0] {
				better++
			}
		}
	}
	return twice, better
}

// roomsByCommunity says of a room that it is open, where, and how many sessions
// it held, and nothing else.
func (r *run) roomsByCommunity(held []fieldwork.SessionHeld) table.Table {
	sums, rooms, open := map[string]*clientSum{}, map[string]int{}, map[string]int{}
	of := func(pcode string) *clientSum {
		if sums[pcode] == nil {
			sums[pcode] = newClientSum()
		}
		return sums[pcode]
	}
	all, openAll := newClientSum(), 0
	for _, room := range r.Rooms() {
		pcode := room.Message.GetCommunityPcode()
		of(pcode)
		rooms[pcode]++
		if room.OpenOn(r.asOf()) {
			open[pcode]++
			openAll++
		}
	}
	for i := range held {
		of(held[i].Community).add(&held[i])
		all.add(&held[i])
	}
	cells := func(rooms, open int, s *clientSum) []table.Cell {
		return counts(rooms, open, s.sessions, s.byKind[recordsv1.SessionKind_SESSION_KIND_INDIVIDUAL],
			s.byKind[recordsv1.SessionKind_SESSION_KIND_COUPLE_FAMILY], s.byKind[recordsv1.SessionKind_SESSION_KIND_GROUP])
	}
	tab := table.Table{Name: "by_community", Title: table.Text{"Кімнати за громадами", "Rooms by community"}, Internal: true, Columns: []table.Column{
		things("rooms", table.Text{"Кімнат", "Rooms"}), things("open", table.Text{"Відкрито", "Open"}), things("sessions", table.Text{"Консультацій", "Sessions"}),
		things("individual", table.Text{"З однією людиною", "With one person"}), things("couple_family", table.Text{"З парою чи родиною", "With a couple or family"}),
		things("group", table.Text{"Групових", "With a group"}),
	}, Chart: table.Chart{Columns: []int{5, 6, 7}, Stacked: true}}
	return r.placeTable(tab, keys(sums), func(pcode string) []table.Cell {
		if sums[pcode] == nil {
			return nil
		}
		return cells(rooms[pcode], open[pcode], sums[pcode])
	}, cells(len(r.Rooms()), openAll, all))
}

// clientsBy divides the clients of the whole programme.
func (r *run) clientsBy(name string, title table.Text, categories []category, all *clientSum, of func(*recordsv1.Client) int) table.Table {
	n := make([]int, len(categories))
	for client := range all.clients {
		n[of(r.Client(client))]++
	}
	tab := table.Table{Name: "clients_by_" + name, Title: title, Internal: true, Columns: []table.Column{things("clients", table.Text{"Клієнтів", "Clients"})}, Chart: table.Chart{Columns: []int{1}}}
	return categoryTable(tab, title, categories, func(i int) []table.Cell { return counts(n[i]) }, counts(len(all.clients)))
}

// byActivityCode counts by the codes of the IASC Reference Group's 4Ws.
func byActivityCode(held []fieldwork.SessionHeld) table.Table {
	sums := map[string]*clientSum{}
	for i := range held {
		code := held[i].Message.GetIasc_4WsCode()
		if sums[code] == nil {
			sums[code] = newClientSum()
		}
		sums[code].add(&held[i])
	}
	tab := table.Table{Name: "by_4ws_code", Title: table.Text{"За кодами 4Ws (IASC, 2012)", "By code of the 4Ws (IASC, 2012)"}, Internal: true, Columns: []table.Column{
		{Name: "code", Title: table.Text{"Код", "Code"}, Kind: table.Words},
		things("sessions", table.Text{"Консультацій", "Sessions"}),
		things("clients", table.Text{"Різних клієнтів", "Different clients"}), things("unlisted", table.Text{"Відвідувань без запису", "Attendances without being listed"}),
	}}
	for _, code := range slices.Sorted(maps.Keys(sums)) {
		name := table.Same(code)
		if code == "" {
			name = notEntered.title
		}
		tab.Rows = append(tab.Rows, table.Row{Key: code, Cells: append([]table.Cell{table.Wording(name)}, counts(sums[code].sessions, len(sums[code].clients), sums[code].alone)...)})
	}
	return tab
}
