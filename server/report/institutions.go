package report

import (
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

var institutionsReport = Definition{
	Name:  "institutions",
	Title: table.Text{"Заклади", "Institutions"},
	About: table.Text{
		"Скільки закладів обрано, ремонтується і відкрито знову, кого вони мають обслуговувати і скільки відвідувань пораховано?",
		"How many institutions are selected, in works and open again, whom should they serve, and how many visits were counted?",
	},
	Publishable: true,
	build:       (*run).institutions,
	notes: []table.Text{{
		"Оцінка того, кого заклад обслуговує за рік, і пораховані відвідування подій у ньому — різні числа і ніколи не додаються.",
		"Whom an institution is estimated to serve in a year and the attendances counted at events in it are different numbers and are never added.",
	}},
}

// venueSum is what some institutions come to.
type venueSum struct{ venues, residents, idps, unknown, visits int }

func (s *venueSum) add(m *recordsv1.Venue, visits int) {
	s.venues++
	s.residents += int(m.GetCatchmentResidents())
	s.idps += int(m.GetCatchmentIdps())
	if m.CatchmentResidents == nil && m.CatchmentIdps == nil {
		s.unknown++
	}
	s.visits += visits
}

func (s *venueSum) cells() []table.Cell {
	if s == nil || s.venues == 0 {
		return nil
	}
	return counts(s.venues, s.residents, s.idps, s.unknown, s.visits)
}

func venueColumns() []table.Column {
	return []table.Column{
		things("institutions", table.Text{"Закладів", "Institutions"}),
		things("residents_estimated", table.Text{"Місцевих за рік, оцінка", "Residents in a year, estimate"}),
		things("idps_estimated", table.Text{"ВПО за рік, оцінка", "IDPs in a year, estimate"}),
		things("without_estimate", table.Text{"Без оцінки", "Without an estimate"}),
		persons("visits_counted", "visits_at_institutions", table.Text{"Відвідувань подій, пораховано", "Attendances of events, counted"}),
	}
}

func (r *run) institutions() []table.Table {
	visits := map[fieldwork.Ref]int{}
	for i := range r.Events() {
		if e := &r.Events()[i]; e.Held() && r.q.Period.Contains(e.Date()) && e.Venue() != (fieldwork.Ref{}) {
			visits[e.Venue()] += e.Attendances()
		}
	}
	all, byStatus, byType := &venueSum{}, make([]venueSum, len(worksNames)), make([]venueSum, len(venueNames))
	each := table.Table{Name: "by_institution", Title: table.Text{"Кожен заклад", "Each institution"}, Internal: true, Columns: slices.Concat([]table.Column{
		{Name: "institution", Title: table.Text{"Заклад", "Institution"}, Kind: table.Words},
		{Name: "type", Title: table.Text{"Вид", "Type"}, Kind: table.Words},
	}, placeColumns(), []table.Column{
		{Name: "works", Title: table.Text{"Ремонт", "Works"}, Kind: table.Words}, {Name: "reopened_on", Title: table.Text{"Відкрито знову", "Open again on"}, Kind: table.Day},
	}, venueColumns()[1:3], venueColumns()[4:])}
	for i := range r.Venues() {
		v := &r.Venues()[i]
		status, kind := placeIn(worksNames, v.Message.GetWorksStatus()), placeIn(venueNames, v.Message.GetType())
		for _, s := range []*venueSum{all, &byStatus[status], &byType[kind]} {
			s.add(v.Message, visits[v.Ref])
		}
		uk, en := v.Message.GetNameUk(), v.Message.GetNameEn()
		row := r.placeRow(v.Community)
		row.Key, row.At = v.Ref.Record.String(), ""
		row.Cells = append([]table.Cell{table.Wording(orElse(orElse(table.Text{uk, en}, table.Text{en, uk}), venueNames[kind].title)), table.Wording(venueNames[kind].title)}, row.Cells...)
		row.Cells = append(row.Cells, table.Wording(worksNames[status].title), table.Cell{Number: int64(v.Message.GetReopenedOn())})
		row.Cells = append(row.Cells, estimate(v.Message.CatchmentResidents), estimate(v.Message.CatchmentIdps), table.Number(visits[v.Ref]))
		each.Rows = append(each.Rows, row)
	}
	sortRows(&each, 3, 1, 0)
	total := counts(all.venues, all.residents, all.idps, all.unknown, all.visits)
	return []table.Table{
		categoryTable(table.Table{Name: "by_works", Title: table.Text{"За станом ремонту", "By works"}, Threshold: plainThreshold, Columns: venueColumns(), Chart: table.Chart{Columns: []int{1}}},
			table.Text{"Ремонт", "Works"}, worksNames, func(i int) []table.Cell { return byStatus[i].cells() }, total),
		categoryTable(table.Table{Name: "by_type", Title: table.Text{"За видами", "By type"}, Threshold: plainThreshold, Columns: venueColumns(), Chart: table.Chart{Columns: []int{1}}},
			table.Text{"Вид", "Type"}, venueNames, func(i int) []table.Cell { return byType[i].cells() }, total),
		each,
	}
}

func estimate(n *int32) table.Cell {
	if n == nil {
		return table.Nothing()
	}
	return table.Number(int(*n))
}
