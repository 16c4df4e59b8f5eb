package report

import (
	"strings"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

var dataQualityReport = Definition{
	Name:  "data-quality",
	Title: table.Text{"Якість даних", "Data quality"},
	About: table.Text{
		"Хто давно нічого не записував, що суперечить собі, і куди подивитися спершу?",
		"Who has written nothing for long, what contradicts itself, and where to look first?",
	},
	Parameters: []Parameter{{Name: "silent_days", Title: table.Text{"Реєстратори, які мовчать щонайменше стільки днів", "Recorders who are silent for so many days or more"}}},
	build: func(r *run) []table.Table {
		return []table.Table{r.recorders(), r.sessionsToLookAt(), r.sheetsAgainstMarks(), r.unmarkedDays(), r.spaceList()}
	},
	notes: []table.Text{{
		"Коли планшет востаннє виходив на зв'язок, тут не видно: лише коли реєстратор востаннє щось записав.",
		"When a tablet was last in contact is not in it: only when its recorder last wrote something.",
	}},
}

// sessionsMax bounds each list of sessions, to about 100 kB of a report. Whoever
// has more to look at begins with these.
const sessionsMax = 1000

// sessionsToLookAt lists the sessions behind the doubts. It leaves out sessions of
// rooms that the caller may not know of.
func (r *run) sessionsToLookAt() table.Table {
	d := r.doubts()
	tab := table.Table{
		Name: "sessions", Title: table.Text{"Куди подивитися", "Where to look"}, Internal: true,
		Columns: []table.Column{
			{Name: "reason", Title: table.Text{"Чому", "Why"}, Kind: table.Words},
			{Name: "date", Title: table.Text{"День", "Day"}, Kind: table.Day},
			{Name: "type", Title: table.Text{"Вид запису", "Type of record"}, Kind: table.Words},
			{Name: "space", Title: table.Text{"Простір", "Space"}, Kind: table.Words},
			{Name: "record", Title: table.Text{"Запис", "Record"}, Kind: table.Words},
		},
	}
	mayKnow := r.mayKnow()
	for _, of := range []struct {
		key   string
		title table.Text
		list  []fieldwork.SessionRef
	}{
		{"suspect_date", table.Text{"неможлива дата", "a day that cannot be"}, r.SuspectDates(r.on)},
		{"unregistered", table.Text{"був хтось незареєстрований", "somebody unregistered was there"}, d.unregisteredAt},
		{"voided", table.Text{"визнано помилкою й відвідано", "called a mistake and attended"}, d.voidedButAttended},
		{"called_off", table.Text{"скасовано й відвідано", "called off and attended"}, d.calledOffButAttended},
	} {
		listed := 0
		for _, s := range of.list {
			if listed == sessionsMax {
				break
			}
			if !mayKnow(s.Ref) {
				continue
			}
			listed++
			tab.Rows = append(tab.Rows, table.Row{Key: of.key, Cells: []table.Cell{
				table.Wording(of.title),
				{Number: int64(s.Date)},
				table.Wording(table.Same(typeName(s.Type))),
				table.Wording(table.Same(s.Space.String())), table.Wording(table.Same(s.Record.String())),
			}})
		}
	}
	return tab
}

func (r *run) mayKnow() func(fieldwork.Ref) bool {
	hidden := map[[16]byte]bool{}
	for _, p := range r.portions {
		hidden[p.info.ID] = !r.named(p)
	}
	return func(at fieldwork.Ref) bool { return !hidden[at.Space] }
}

// typeName is the last part of a type's full name.
func typeName(full string) string { return full[strings.LastIndexByte(full, '.')+1:] }

// sheetsAgainstMarks lists the days on which more or fewer people are marked than
// have signed.
func (r *run) sheetsAgainstMarks() table.Table {
	tab := r.dayTable("sheets", table.Text{"Підписи й відмітки", "Signatures and marks"}, []table.Column{
		{Name: "signed", Title: table.Text{"Підписів на папері", "Signatures on paper"}, Kind: table.Count},
		{Name: "marked", Title: table.Text{"Відмічено", "Marked"}, Kind: table.Count},
		{Name: "difference", Title: table.Text{"Різниця", "Difference"}, Kind: table.Count},
		{Name: "disputed", Title: table.Text{"Спірних", "In dispute"}, Kind: table.Count},
	})
	r.eachDay(func(t *fieldwork.Training, day *fieldwork.Day) {
		difference, counted := day.SheetDifference()
		disputed := 0
		for i := range day.Attendance {
			if day.Attendance[i].Outcome == fieldwork.Disputed {
				disputed++
			}
		}
		if disputed == 0 && (!counted || difference == 0) {
			return
		}
		signed, by := table.Nothing(), table.Nothing()
		if counted {
			signed, by = table.Number(int(day.Message.GetSheetCount())), table.Number(difference)
		}
		tab.Rows = append(tab.Rows, r.dayRow(t, day, signed, table.Number(day.Attended()), by, table.Number(disputed)))
	})
	sortRows(&tab, 1, 3, 2)
	return tab
}

// unmarkedDays lists the days that should have marks and have none: said to be
// held, or planned for a day that is over.
func (r *run) unmarkedDays() table.Table {
	tab := r.dayTable("unmarked", table.Text{"Дні без відміток", "Days without marks"}, nil)
	r.eachDay(func(t *fieldwork.Training, day *fieldwork.Day) {
		planned := day.Message.GetStatus() == recordsv1.SessionStatus_SESSION_STATUS_PLANNED
		over := realDay(day.Date()) && day.Date() < r.on
		if len(day.Attendance) == 0 && (day.HeldUnmarked() || planned && over) {
			tab.Rows = append(tab.Rows, r.dayRow(t, day))
		}
	})
	sortRows(&tab, 1, 3, 2)
	return tab
}

func (r *run) eachDay(visit func(*fieldwork.Training, *fieldwork.Day)) {
	for i := range r.Trainings() {
		t := &r.Trainings()[i]
		for j := range t.Days {
			if r.q.Period.Contains(t.Days[j].Date()) {
				visit(t, &t.Days[j])
			}
		}
	}
}

func (r *run) dayTable(name string, title table.Text, more []table.Column) table.Table {
	columns := append(placeColumns(),
		table.Column{Name: "training", Title: table.Text{"Тренінг", "Training"}, Kind: table.Words},
		table.Column{Name: "date", Title: table.Text{"День", "Day"}, Kind: table.Day})
	return table.Table{Name: name, Title: title, Internal: true, Columns: append(columns, more...)}
}

func (r *run) dayRow(t *fieldwork.Training, day *fieldwork.Day, more ...table.Cell) table.Row {
	row := r.placeRow(t.Community)
	row.Key, row.At = day.Ref.Record.String(), ""
	row.Cells = append(row.Cells, table.Wording(titleOf(t)), table.Cell{Number: int64(day.Date())})
	row.Cells = append(row.Cells, more...)
	return row
}

// spaceList lists from what the figures were made. A counselling room that the
// caller may not know of is a line without id and position.
func (r *run) spaceList() table.Table {
	tab := table.Table{
		Name: "spaces", Title: table.Text{"Простори", "Spaces"}, Internal: true,
		Columns: []table.Column{
			{Name: "kind", Title: table.Text{"Вид", "Kind"}, Kind: table.Words},
			{Name: "space", Title: table.Text{"Простір", "Space"}, Kind: table.Words},
			{Name: "position", Title: table.Text{"Позиція журналу", "Position of the log"}, Kind: table.Count},
		},
	}
	for _, p := range r.portions {
		row := table.Row{Cells: []table.Cell{table.Wording(spaceKinds[p.info.Kind]), table.Nothing(), table.Nothing()}}
		if r.named(p) {
			row.Key = p.info.ID.String()
			row.Cells[1], row.Cells[2] = table.Wording(table.Same(row.Key)), table.Cell{Number: int64(p.position)}
		}
		tab.Rows = append(tab.Rows, row)
	}
	return tab
}

var spaceKinds = map[schemav1.SpaceKind]table.Text{
	schemav1.SpaceKind_SPACE_KIND_COMMUNITY:        {"громада", "community"},
	schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM: {"кімната консультування", "counselling room"},
	schemav1.SpaceKind_SPACE_KIND_DESK:             {"стіл координаторів", "desk"},
}
