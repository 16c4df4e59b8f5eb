package table

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// WriteXLSX writes a document as a workbook: a sheet on what the report is and
// rests on, and one for each table, with numbers as numbers. It holds no formula
// and no time of its own, so that equal documents are equal files.
func WriteXLSX(w io.Writer, d *Document, l Language) error {
	book, err := newWorkbook(d, l)
	if err != nil {
		return fmt.Errorf("write the report as a workbook: %w", err)
	}
	var b bytes.Buffer
	if _, err := book.file.WriteTo(&b); err != nil {
		return fmt.Errorf("write the report as a workbook: %w", err)
	}
	if err := repack(w, b.Bytes()); err != nil {
		return fmt.Errorf("write the report as a workbook: %w", err)
	}
	return book.file.Close()
}

// repack writes the parts of a workbook in one order and without times.
func repack(w io.Writer, packed []byte) error {
	from, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return err
	}
	slices.SortFunc(from.File, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	to := zip.NewWriter(w)
	for _, part := range from.File {
		out, err := to.CreateHeader(&zip.FileHeader{Name: part.Name, Method: zip.Deflate})
		if err != nil {
			return err
		}
		in, err := part.Open()
		if err != nil {
			return err
		}
		if _, err := io.Copy(out, in); err != nil { //nolint:gosec // we have just packed it ourselves
			return err
		}
		if err := in.Close(); err != nil {
			return err
		}
	}
	return to.Close()
}

// workbook is one on its way.
type workbook struct {
	file     *excelize.File
	language Language
	// The styles of titles, of headings, of whole numbers and of tenths.
	title, heading, whole, tenths int
	used                          map[string]bool
}

func newWorkbook(d *Document, l Language) (*workbook, error) {
	b := &workbook{file: excelize.NewFile(), language: l, used: map[string]bool{}}
	var err error
	if b.title, err = b.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true, Size: 14}}); err != nil {
		return nil, err
	}
	if b.heading, err = b.file.NewStyle(&excelize.Style{
		Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"},
		Border: []excelize.Border{{Type: "bottom", Style: 1, Color: "000000"}},
	}); err != nil {
		return nil, err
	}
	if b.whole, err = b.file.NewStyle(&excelize.Style{NumFmt: 1}); err != nil {
		return nil, err
	}
	oneDigit := "0.0"
	if b.tenths, err = b.file.NewStyle(&excelize.Style{CustomNumFmt: &oneDigit}); err != nil {
		return nil, err
	}
	if err := b.properties(d); err != nil {
		return nil, err
	}
	if err := b.first(d); err != nil {
		return nil, err
	}
	for i := range d.Tables {
		if err := b.sheet(&d.Tables[i], d); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// epoch is what stands where a workbook must say when it was made: it is the
// same for all, the stamp says the rest.
const epoch = "1980-01-01T00:00:00Z"

func (b *workbook) properties(d *Document) error {
	return b.file.SetDocProps(&excelize.DocProperties{
		Creator: "Zhurnal", LastModifiedBy: "Zhurnal", Title: d.Title.In(b.language), Subject: d.About.In(b.language),
		Identifier: d.Stamp, Created: epoch, Modified: epoch, Language: [...]string{"uk", "en"}[b.language],
	})
}

var aboutSheet = Text{"Про звіт", "About"}

// first writes what the report is and rests on, on the sheet that every workbook
// begins with.
func (b *workbook) first(d *Document) error {
	l := b.language
	name := b.name(aboutSheet.In(l))
	if err := b.file.SetSheetName("Sheet1", name); err != nil {
		return err
	}
	p := &pen{book: b, sheet: name, row: 1}
	p.styled(b.title, d.Title.In(l))
	p.words(d.About.In(l))
	p.row++
	for _, fact := range d.Facts {
		p.words(fact.Label.In(l), fact.Value.In(l))
	}
	p.words(stampLabel.In(l), d.Stamp)
	p.row++
	p.styled(b.heading, d.Completeness.Title.In(l))
	p.table(&d.Completeness)
	p.row++
	for _, note := range d.AllNotes() {
		p.words(note.In(l))
	}
	p.width(1, 48)
	p.width(2, 24)
	return p.err
}

// sheet writes one table.
func (b *workbook) sheet(t *Table, d *Document) error {
	name := b.name(t.Title.In(b.language))
	if _, err := b.file.NewSheet(name); err != nil {
		return err
	}
	p := &pen{book: b, sheet: name, row: 1}
	p.styled(b.title, t.Title.In(b.language))
	p.words(stampLabel.In(b.language), d.Stamp)
	p.row++
	head := p.row
	p.table(t)
	for _, note := range t.Notes {
		p.words(note.In(b.language))
	}
	for c := range t.Columns {
		if t.Columns[c].Numeric() {
			p.width(c+1, 14)
		} else {
			p.width(c+1, 32)
		}
	}
	if p.err != nil {
		return p.err
	}
	cell, err := excelize.CoordinatesToCellName(2, head+1)
	if err != nil {
		return err
	}
	return b.file.SetPanes(name, &excelize.Panes{Freeze: true, XSplit: 1, YSplit: head, TopLeftCell: cell, ActivePane: "bottomRight"})
}

// sheetLetters is how long the name of a sheet may be.
const sheetLetters = 31

// name makes a name that a workbook takes and has once.
func (b *workbook) name(title string) string {
	clean := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, r) {
			return ' '
		}
		return r
	}, title)
	for n := 1; ; n++ {
		suffix := ""
		if n > 1 {
			suffix = fmt.Sprintf(" %d", n)
		}
		letters := []rune(clean)
		letters = letters[:min(len(letters), sheetLetters-utf8.RuneCountInString(suffix))]
		name := strings.TrimSpace(string(letters)) + suffix
		if !b.used[strings.ToLower(name)] {
			b.used[strings.ToLower(name)] = true
			return name
		}
	}
}

// pen writes a sheet from above to below, until something goes wrong.
type pen struct {
	book  *workbook
	sheet string
	row   int
	err   error
}

func (p *pen) do(f func() error) {
	if p.err == nil {
		p.err = f()
	}
}

func (p *pen) at(column int) string {
	cell, err := excelize.CoordinatesToCellName(column, p.row)
	p.do(func() error { return err })
	return cell
}

func (p *pen) put(column int, text string) {
	at := p.at(column)
	p.do(func() error { return p.book.file.SetCellStr(p.sheet, at, text) })
}

func (p *pen) words(texts ...string) {
	for i, text := range texts {
		p.put(i+1, text)
	}
	p.row++
}

func (p *pen) styled(style int, texts ...string) {
	if len(texts) == 0 {
		return
	}
	from, to := p.at(1), p.at(len(texts))
	p.do(func() error { return p.book.file.SetCellStyle(p.sheet, from, to, style) })
	p.words(texts...)
}

func (p *pen) width(column int, letters float64) {
	name, err := excelize.ColumnNumberToName(column)
	p.do(func() error { return err })
	p.do(func() error { return p.book.file.SetColWidth(p.sheet, name, name, letters) })
}

func (p *pen) table(t *Table) {
	titles := make([]string, len(t.Columns))
	for c := range t.Columns {
		titles[c] = t.Columns[c].Title.In(p.book.language)
	}
	p.styled(p.book.heading, titles...)
	for _, row := range t.Rows {
		for c := range t.Columns {
			p.cell(&t.Columns[c], c+1, row.Cells[c])
		}
		p.row++
	}
}

// cell writes a number as one, so that a spreadsheet counts with it.
func (p *pen) cell(column *Column, at int, cell Cell) {
	if cell.State == Value && column.Numeric() {
		p.number(column, p.at(at), cell.Number)
		return
	}
	if text := column.Format(cell, p.book.language); text != "" {
		p.put(at, text)
	}
}

func (p *pen) number(column *Column, at string, n int64) {
	style := p.book.whole
	if column.Kind == Count {
		p.do(func() error { return p.book.file.SetCellInt(p.sheet, at, n) })
	} else {
		style = p.book.tenths
		p.do(func() error { return p.book.file.SetCellFloat(p.sheet, at, float64(n)/10, 1, 64) })
	}
	p.do(func() error { return p.book.file.SetCellStyle(p.sheet, at, at, style) })
}
