package report

import (
	"cmp"
	"slices"

	"github.com/zhurnal/zhurnal/server/report/table"
)

// placeTable fills a table of communities: cells gives those of a row, all those
// of everything. A community for which there is nothing has no row.
func (r *run) placeTable(tab table.Table, pcodes []string, cells func(pcode string) []table.Cell, all []table.Cell) table.Table {
	tab.Columns = append(placeColumns(), tab.Columns...)
	for _, pcode := range r.communities(pcodes...) {
		if more := cells(pcode); more != nil {
			row := r.placeRow(pcode)
			row.Cells = append(row.Cells, more...)
			tab.Rows = append(tab.Rows, row)
		}
	}
	row := totalRow(allOf(&tab))
	row.Cells = append(row.Cells, all...)
	tab.Rows = append(tab.Rows, row)
	return tab
}

// categoryTable fills a table of categories. A category for which there is
// nothing has no row; without all there is no row of everything.
func categoryTable(tab table.Table, title table.Text, of []category, cells func(i int) []table.Cell, all []table.Cell) table.Table {
	tab.Columns = append([]table.Column{{Name: "what", Title: title, Kind: table.Words}}, tab.Columns...)
	for i, c := range of {
		if more := cells(i); more != nil {
			tab.Rows = append(tab.Rows, table.Row{
				Key: c.key, At: tab.Name + "=" + c.key, Cells: append([]table.Cell{table.Wording(c.title)}, more...),
			})
		}
	}
	if all != nil {
		tab.Rows = append(tab.Rows, table.Row{Key: "all", Total: true, Cells: append([]table.Cell{table.Wording(allOf(&tab))}, all...)})
	}
	return tab
}

// allOf says of what a row is the total.
func allOf(tab *table.Table) table.Text {
	if slices.ContainsFunc(tab.Columns, func(c table.Column) bool { return c.People }) {
		return allOnce
	}
	return allTitle
}

// things are a column that counts no people, persons one that does.
func things(name string, title table.Text) table.Column {
	return table.Column{Name: name, Title: title, Kind: table.Count}
}

func persons(name, figure string, title table.Text) table.Column {
	return table.Column{Name: name, Title: title, Kind: table.Count, People: true, Figure: figure}
}

// sharing is a column of the share that one column has of another.
func sharing(name string, title table.Text, part, whole int) table.Column {
	return table.Column{Name: name, Title: title, Kind: table.Share, Of: &[2]int{part, whole}}
}

func counts(numbers ...int) []table.Cell {
	cells := make([]table.Cell, len(numbers))
	for i, n := range numbers {
		cells[i] = table.Number(n)
	}
	return cells
}

// sortRows puts rows into an order that people expect, by some of their columns
// and then by their keys: ids of records are in none.
func sortRows(tab *table.Table, columns ...int) {
	slices.SortStableFunc(tab.Rows, func(a, b table.Row) int {
		for _, c := range columns {
			x, y := a.Cells[c], b.Cells[c]
			if order := cmp.Or(cmp.Compare(x.Words[table.Ukrainian], y.Words[table.Ukrainian]), cmp.Compare(x.Number, y.Number)); order != 0 {
				return order
			}
		}
		return cmp.Compare(a.Key, b.Key)
	})
}
