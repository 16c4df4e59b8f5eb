package table

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
)

// WriteCSV writes a document as RFC 4180 has it, in UTF-8 with a byte order mark,
// by which spreadsheets know the encoding: what the report is, then each table
// with its title above it, then what it rests on. All lines have as many fields.
// No cell is taken for a formula.
func WriteCSV(w io.Writer, d *Document, l Language) error {
	width := 2
	for i := range d.Tables {
		width = max(width, len(d.Tables[i].Columns))
	}
	var b bytes.Buffer
	b.WriteString("\ufeff")
	out := csv.NewWriter(&b)
	out.UseCRLF = true
	line := func(cells ...string) {
		padded := make([]string, width)
		copy(padded, cells)
		_ = out.Write(padded) // a buffer takes everything
	}
	line(safe(d.Title.In(l)))
	line(safe(d.About.In(l)))
	for _, fact := range d.Facts {
		line(safe(fact.Label.In(l)), safe(fact.Value.In(l)))
	}
	line(stampLabel.In(l), d.Stamp)
	for i := range d.Tables {
		csvTable(line, &d.Tables[i], l)
	}
	csvTable(line, &d.Completeness, l)
	line()
	for _, note := range d.AllNotes() {
		line(safe(note.In(l)))
	}
	out.Flush()
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func csvTable(line func(...string), t *Table, l Language) {
	line()
	line(safe(t.Title.In(l)))
	for _, cells := range t.safeLines(l) {
		line(cells...)
	}
	for _, note := range t.Notes {
		line(safe(note.In(l)))
	}
}

// safeLines are the lines with every text made safe; numbers are what they are.
func (t *Table) safeLines(l Language) [][]string {
	lines := t.lines(l)
	for i, cells := range lines {
		for c := range cells {
			if i == 0 || !t.Columns[c].Numeric() {
				cells[c] = safe(cells[c])
			}
		}
	}
	return lines
}

// safe keeps a spreadsheet from taking a text for a formula: one that begins as a
// formula does gets an apostrophe in front. Some programs pass over white space,
// and take wide forms for the narrow ones; a tab or a line end may begin a cell
// of its own. See OWASP, "CSV Injection".
func safe(text string) string {
	trimmed := strings.TrimLeft(text, " \u00a0\u200b\ufeff")
	if trimmed != "" && strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", []rune(trimmed)[0]) {
		return "'" + text
	}
	return text
}
