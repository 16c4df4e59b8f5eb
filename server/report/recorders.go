package report

import "github.com/zhurnal/zhurnal/server/report/table"

// recorders lists who is expected, those of whom nothing came first, and then
// those who are silent for longest. It is for the organisation alone.
func (r *run) recorders() table.Table {
	s := r.silence()
	heard := r.heard()
	tab := table.Table{
		Name: "recorders", Title: table.Text{"Реєстратори", "Recorders"}, Internal: true, Personal: true,
		Columns: []table.Column{
			{Name: "recorder", Title: table.Text{"Реєстратор", "Recorder"}, Kind: table.Words},
			{Name: "last_heard", Title: table.Text{"Останній запис", "Newest entry"}, Kind: table.Day},
			{Name: "silence_days", Title: table.Text{"Днів мовчання", "Days of silence"}, Kind: table.Count},
		},
	}
	row := func(of Recorder, cells ...table.Cell) {
		name := of.Name
		if name == "" {
			name = of.ID.String()
		}
		cells = append([]table.Cell{table.Wording(table.Same(name))}, cells...)
		tab.Rows = append(tab.Rows, table.Row{Key: of.ID.String(), Cells: cells})
	}
	for _, of := range s.missing {
		row(of, table.Nothing(), table.Nothing())
	}
	for _, of := range s.bySilence() {
		if days, known := s.days[of.ID]; known && days < r.q.number("silent_days") {
			continue
		}
		days, known := s.days[of.ID]
		silent := table.Nothing()
		if known {
			silent = table.Number(days)
		}
		row(of, table.Cell{Number: int64(dayOf(heard[of.ID]))}, silent)
	}
	return tab
}
