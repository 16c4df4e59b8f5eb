package table

import (
	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
)

// ToWire writes a document as it is sent. What the other side needs in order to
// publish stays here: it publishes nothing by itself.
func ToWire(d *Document) *reportv1.Document {
	w := &reportv1.Document{
		Name: d.Name, Title: textToWire(d.Title), About: textToWire(d.About), Public: d.Public, Stamp: d.Stamp,
		Completeness: tableToWire(&d.Completeness), Notes: textsToWire(d.Notes),
	}
	for _, fact := range d.Facts {
		w.Facts = append(w.Facts, &reportv1.Fact{Name: fact.Name, Label: textToWire(fact.Label), Value: textToWire(fact.Value)})
	}
	for i := range d.Tables {
		w.Tables = append(w.Tables, tableToWire(&d.Tables[i]))
	}
	return w
}

// FromWire reads a document that was sent.
func FromWire(w *reportv1.Document) *Document {
	d := &Document{
		Name: w.GetName(), Title: textFromWire(w.GetTitle()), About: textFromWire(w.GetAbout()), Public: w.GetPublic(), Stamp: w.GetStamp(),
		Completeness: tableFromWire(w.GetCompleteness()), Notes: textsFromWire(w.GetNotes()),
	}
	for _, fact := range w.GetFacts() {
		d.Facts = append(d.Facts, Fact{fact.GetName(), textFromWire(fact.GetLabel()), textFromWire(fact.GetValue())})
	}
	for _, t := range w.GetTables() {
		d.Tables = append(d.Tables, tableFromWire(t))
	}
	return d
}

func tableToWire(t *Table) *reportv1.Table {
	w := &reportv1.Table{Name: t.Name, Title: textToWire(t.Title), Notes: textsToWire(t.Notes), Chart: &reportv1.Chart{Stacked: t.Chart.Stacked}}
	for _, c := range t.Chart.Columns {
		w.Chart.Columns = append(w.Chart.Columns, int32(c))
	}
	for _, c := range t.Columns {
		w.Columns = append(w.Columns, &reportv1.Column{Name: c.Name, Title: textToWire(c.Title), Kind: reportv1.CellKind(c.Kind) + 1})
	}
	for _, row := range t.Rows {
		r := &reportv1.Row{Key: row.Key, Total: row.Total}
		for c, cell := range row.Cells {
			r.Cells = append(r.Cells, cellToWire(t.Columns[c].Kind, cell))
		}
		w.Rows = append(w.Rows, r)
	}
	return w
}

// tableFromWire makes every row as wide as the table, whatever was sent, so that
// who shows it need not look.
func tableFromWire(w *reportv1.Table) Table {
	t := Table{Name: w.GetName(), Title: textFromWire(w.GetTitle()), Notes: textsFromWire(w.GetNotes())}
	for _, c := range w.GetColumns() {
		kind := Kind(max(c.GetKind(), reportv1.CellKind_CELL_KIND_WORDS) - 1)
		t.Columns = append(t.Columns, Column{Name: c.GetName(), Title: textFromWire(c.GetTitle()), Kind: kind})
	}
	t.Chart.Stacked = w.GetChart().GetStacked()
	for _, c := range w.GetChart().GetColumns() {
		if c >= 0 && int(c) < len(t.Columns) {
			t.Chart.Columns = append(t.Chart.Columns, int(c))
		}
	}
	for _, r := range w.GetRows() {
		row := Row{Key: r.GetKey(), Total: r.GetTotal(), Cells: make([]Cell, len(t.Columns))}
		for c := range row.Cells {
			row.Cells[c] = Nothing()
			if c < len(r.GetCells()) {
				row.Cells[c] = cellFromWire(r.GetCells()[c])
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func cellToWire(kind Kind, cell Cell) *reportv1.Cell {
	switch {
	case cell.State == None:
		return &reportv1.Cell{}
	case cell.State == Suppressed:
		return &reportv1.Cell{Value: &reportv1.Cell_Suppressed{Suppressed: true}}
	case kind == Words:
		return &reportv1.Cell{Value: &reportv1.Cell_Words{Words: textToWire(cell.Words)}}
	}
	return &reportv1.Cell{Value: &reportv1.Cell_Number{Number: cell.Number}}
}

func cellFromWire(w *reportv1.Cell) Cell {
	switch v := w.GetValue().(type) {
	case *reportv1.Cell_Number:
		return Cell{Number: v.Number}
	case *reportv1.Cell_Words:
		return Wording(textFromWire(v.Words))
	case *reportv1.Cell_Suppressed:
		return Cell{State: Suppressed}
	}
	return Nothing()
}

func textToWire(t Text) *reportv1.Text { return &reportv1.Text{Uk: t[Ukrainian], En: t[English]} }

func textFromWire(w *reportv1.Text) Text { return Text{w.GetUk(), w.GetEn()} }

func textsToWire(texts []Text) (w []*reportv1.Text) {
	for _, t := range texts {
		w = append(w, textToWire(t))
	}
	return w
}

func textsFromWire(w []*reportv1.Text) (texts []Text) {
	for _, t := range w {
		texts = append(texts, textFromWire(t))
	}
	return texts
}
