package report

import "github.com/zhurnal/zhurnal/server/report/table"

// list makes a table of labels with one number each.
type list struct {
	name  string
	title table.Text
	rows  []table.Row
	notes []table.Text
}

func (l *list) row(key string, label table.Text, cell table.Cell) {
	l.rows = append(l.rows, table.Row{Key: key, Cells: []table.Cell{table.Wording(label), cell}})
}

func (l *list) count(key string, label table.Text, n int) { l.row(key, label, table.Number(n)) }

func (l *list) table() table.Table {
	return table.Table{
		Name: l.name, Title: l.title, Rows: l.rows, Notes: l.notes,
		Columns: []table.Column{
			{Name: "what", Title: table.Text{"Що", "What"}, Kind: table.Words},
			{Name: "number", Title: table.Text{"Кількість", "Number"}, Kind: table.Count},
		},
	}
}
