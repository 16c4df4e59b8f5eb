package table

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// risky are texts that a spreadsheet would take for formulas.
var risky = []string{
	"=1+2", "+380501112233", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1+2", "\u00a0=1", "|cmd", "%0A=1", "＝1+2", "\ufeff=HYPERLINK(\"http://x\")",
}

func documentOf(texts ...string) *Document {
	d := &Document{
		Name: "test", Title: Text{"Звіт", "Report"}, About: Text{"Питання?", "Question?"}, Stamp: "0123",
		Facts:        []Fact{{Name: "programme", Label: Text{"Програма", "Programme"}, Value: Same("=cmd")}},
		Completeness: Table{Name: "completeness", Title: Text{"Повнота", "Completeness"}, Columns: []Column{{Title: Text{"Що", "What"}}, {Title: Text{"Скільки", "Number"}, Kind: Count}}},
		Notes:        []Text{{"Примітка", "A note"}},
	}
	t := Table{Name: "t", Title: Text{"Таблиця: [перша]", "Table: [first]"}, Columns: []Column{
		{Name: "name", Title: Text{"Назва", "Name"}},
		{Name: "n", Title: Text{"Скільки", "Number"}, Kind: Count},
		{Name: "share", Title: Text{"%", "%"}, Kind: Share},
		{Name: "day", Title: Text{"День", "Day"}, Kind: Day},
	}}
	for i, text := range texts {
		t.Rows = append(t.Rows, Row{Cells: []Cell{Wording(Same(text)), Number(i - 1), ShareOf(i, 3), {Number: 20160801}}})
	}
	t.Rows = append(t.Rows, Row{Cells: []Cell{Wording(Same("hidden")), {State: Suppressed, Number: 4}, Nothing(), Nothing()}})
	d.Tables = []Table{t, t}
	return d
}

func readCSV(t *testing.T, d *Document, l Language) [][]string {
	t.Helper()
	var file bytes.Buffer
	if err := WriteCSV(&file, d, l); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(file.Bytes(), []byte("\xef\xbb\xbf")) {
		t.Error("no byte order mark")
	}
	lines, err := csv.NewReader(bytes.NewReader(file.Bytes()[3:])).ReadAll() // it wants as many fields in each line
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestACSVFileIsSafeToOpen reads what was written, and finds no field that begins as
// a formula does, but for numbers.
func TestACSVFileIsSafeToOpen(t *testing.T) {
	lines := readCSV(t, documentOf(risky...), English)
	found := 0
	for _, line := range lines {
		for c, field := range line {
			if field == "-1" && c == 1 {
				continue // a number, in its column
			}
			if trimmed := strings.TrimLeft(field, " \u00a0\ufeff\u200b"); trimmed != "" && strings.ContainsAny(trimmed[:1], "=+-@\t\r\n|%") || strings.HasPrefix(field, "＝") {
				t.Errorf("a spreadsheet takes %q for a formula", field)
			}
			if strings.HasPrefix(field, "'") {
				found++
			}
		}
	}
	// Each of the texts in two tables, two column titles "%", the programme.
	if want := 2*len(risky) + 2 + 1; found != want {
		t.Errorf("%d fields are guarded, want %d", found, want)
	}
}

func TestACSVFileHasWhatThePageHas(t *testing.T) {
	lines := readCSV(t, documentOf("a \"quoted\", name", "рядок\nдругий"), Ukrainian)
	text := ""
	for _, line := range lines {
		text += strings.TrimRight(strings.Join(line, "|"), "|") + "\n"
	}
	const want = "Звіт\nПитання?\nПрограма|'=cmd\nШтамп|0123\n\n" +
		"Таблиця: [перша]\nНазва|Скільки|'%|День\na \"quoted\", name|-1|0,0|2016-08-01\nрядок\nдругий|0|33,3|2016-08-01\nhidden|*\n\n"
	if !strings.HasPrefix(text, want) {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

// TestAWorkbookHasNumbersAndNoFormulas opens what was written.
func TestAWorkbookHasNumbersAndNoFormulas(t *testing.T) {
	var file bytes.Buffer
	if err := WriteXLSX(&file, documentOf(risky...), English); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	sheets := book.GetSheetList()
	if got := strings.Join(sheets, "; "); got != "About; Table   first; Table   first 2" {
		t.Errorf("sheets %q", got)
	}
	for _, sheet := range sheets {
		rows, err := book.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for r := range rows {
			for c := range rows[r] {
				at, _ := excelize.CoordinatesToCellName(c+1, r+1)
				if formula, _ := book.GetCellFormula(sheet, at); formula != "" {
					t.Errorf("%s of %s is the formula %s", at, sheet, formula)
				}
			}
		}
	}
	// The title, the stamp, an empty line, the titles of the columns, the first row.
	for at, want := range map[string]string{"A5": "=1+2", "B5": "-1", "B6": "0", "C6": "33.3", "D5": "2016-08-01", "B18": "*"} {
		if got, _ := book.GetCellValue(sheets[1], at); got != want {
			t.Errorf("%s is %q, want %q", at, got, want)
		}
		kind, err := book.GetCellType(sheets[1], at)
		if number := want != "" && strings.ContainsAny(at[:1], "BC") && want != "*"; err != nil || number != (kind == excelize.CellTypeUnset || kind == excelize.CellTypeNumber) {
			t.Errorf("%s is of type %v, %v", at, kind, err)
		}
	}
}

func TestSharesAreRoundedHalfUp(t *testing.T) {
	for _, c := range []struct{ part, whole, tenths int }{{1, 3, 333}, {2, 3, 667}, {1, 8, 125}, {1, 16, 63}, {1, 2000, 1}, {0, 5, 0}, {5, 5, 1000}} {
		if got := ShareOf(c.part, c.whole); got.Number != int64(c.tenths) {
			t.Errorf("%d of %d is %d tenths of a hundredth, want %d", c.part, c.whole, got.Number, c.tenths)
		}
	}
	if got := ShareOf(0, 0); got.State != None {
		t.Errorf("of nothing the share is %v", got)
	}
}

func TestADocumentComesAsItWasSent(t *testing.T) {
	d := documentOf("a", "b")
	d.Tables[0].Chart = Chart{Columns: []int{1}, Stacked: true}
	var here, there bytes.Buffer
	for _, write := range []func(*bytes.Buffer, *Document) error{
		func(b *bytes.Buffer, d *Document) error { return WriteText(b, d, Ukrainian) },
		func(b *bytes.Buffer, d *Document) error { return WriteXLSX(b, d, English) },
	} {
		if err := write(&here, d); err != nil {
			t.Fatal(err)
		}
		if err := write(&there, FromWire(ToWire(d))); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(here.Bytes(), there.Bytes()) {
		t.Error("what was sent reads otherwise than what was made")
	}
	if got := FromWire(ToWire(d)).Tables[0].Chart; len(got.Columns) != 1 || !got.Stacked {
		t.Errorf("the chart came as %+v", got)
	}
}
