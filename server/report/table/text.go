package table

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// WriteText writes a document for a person at a terminal.
func WriteText(w io.Writer, d *Document, l Language) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%s\n\n", d.Title.In(l), d.About.In(l))
	for _, fact := range d.Facts {
		fmt.Fprintf(&b, "%s: %s\n", fact.Label.In(l), fact.Value.In(l))
	}
	for i := range d.Tables {
		writeTable(&b, &d.Tables[i], l)
	}
	writeTable(&b, &d.Completeness, l)
	b.WriteByte('\n')
	for _, note := range d.AllNotes() {
		fmt.Fprintf(&b, "%s\n", note.In(l))
	}
	fmt.Fprintf(&b, "%s: %s\n", stampLabel.In(l), d.Stamp)
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

var stampLabel = Text{"Штамп", "Stamp"}

// AllNotes are those of the document and what its marks mean.
func (d *Document) AllNotes() []Text {
	if !d.Public {
		return d.Notes
	}
	return append(slices.Clone(d.Notes), HiddenMeans)
}

func writeTable(b *bytes.Buffer, t *Table, l Language) {
	fmt.Fprintf(b, "\n%s\n", t.Title.In(l))
	lines := t.lines(l)
	widths := make([]int, len(t.Columns))
	for _, line := range lines {
		for c, cell := range line {
			widths[c] = max(widths[c], utf8.RuneCountInString(cell))
		}
	}
	for _, line := range lines {
		var out strings.Builder
		for c, cell := range line {
			pad := strings.Repeat(" ", widths[c]-utf8.RuneCountInString(cell))
			if t.Columns[c].Numeric() {
				out.WriteString("  " + pad + cell)
			} else {
				out.WriteString("  " + cell + pad)
			}
		}
		b.WriteString(strings.TrimRight(out.String(), " ") + "\n")
	}
	for _, note := range t.Notes {
		fmt.Fprintf(b, "  %s\n", note.In(l))
	}
}

// lines are the titles of the columns and the rows, as people read them.
func (t *Table) lines(l Language) [][]string {
	lines := make([][]string, 0, len(t.Rows)+1)
	titles := make([]string, len(t.Columns))
	for c := range t.Columns {
		titles[c] = t.Columns[c].Title.In(l)
	}
	lines = append(lines, titles)
	for _, row := range t.Rows {
		line := make([]string, len(t.Columns))
		for c := range t.Columns {
			line[c] = t.Columns[c].Format(row.Cells[c], l)
		}
		lines = append(lines, line)
	}
	return lines
}
