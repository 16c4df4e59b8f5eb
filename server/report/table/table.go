// Package table is what a report consists of once it has been counted: tables
// of typed cells with titles in Ukrainian and English, and how they are written
// as text, CSV and XLSX. Every way of showing a report reads the same document,
// so a page, a file and an answer to a program say the same. It knows nothing of
// records, and of what the figures mean.
//
// [Document.Publish] makes of it what may leave the organisation.
package table

// Language is one in which a document reads.
type Language uint8

// The languages, in the order of each [Text].
const (
	Ukrainian Language = iota
	English
)

// Text is in Ukrainian and in English.
type Text [2]string

// In returns the text in a language.
func (t Text) In(l Language) string { return t[l] }

// Same is a text that is the same in both languages, such as a code.
func Same(text string) Text { return Text{text, text} }

// Document is a report that was counted.
type Document struct {
	// Name is that of the report in the catalogue.
	Name string
	// Title is what it is called, About the question that it answers.
	Title, About Text
	// Public says that small cells are suppressed.
	Public bool
	// Facts are what the report was made from and for: organisation, period, day.
	Facts []Fact
	// Stamp names the state, the parameters and the code lists. Documents with one
	// stamp are equal to the byte.
	Stamp string
	// Completeness says what the figures rest on and what is in doubt.
	Completeness Table
	Tables       []Table
	// Notes say how to read it.
	Notes []Text
}

// Fact is a line above the tables.
type Fact struct {
	Name  string
	Label Text
	Value Text
}

// Kind is what the cells of a column are.
type Kind uint8

// The kinds.
const (
	// Words are a text.
	Words Kind = iota
	// Count is a whole number.
	Count
	// Tenths is a number with one digit behind the point; the cell has it tenfold.
	Tenths
	// Share is a part of a hundred, likewise in tenths.
	Share
	// Day is a calendar day, yyyymmdd.
	Day
	// Month is a calendar month, yyyymm.
	Month
)

// Column is one of a table.
type Column struct {
	// Name is for programs: lower case, with underscores.
	Name  string
	Title Text
	Kind  Kind
	// People says that its cells count people, so that small ones identify.
	// Figure names what is counted and At which part of it, empty for all: cells
	// of one figure and one part are the same number wherever they stand.
	People bool
	Figure string
	At     string
	// Of are, in a column of shares, the columns that are divided, as numerator
	// and denominator; Plus, in another, those that are added.
	Of, Plus *[2]int
}

// Row is one of a table. It has a cell for each column.
type Row struct {
	// Key is for programs, such as a p-code, and At the part of the figures that
	// the row is about; empty: all.
	Key, At string
	// Total marks the row of which the others are parts. It is counted, never
	// summed.
	Total bool
	Cells []Cell
}

// Table is one of a document.
type Table struct {
	// Name is for programs.
	Name  string
	Title Text
	// Threshold is the least number of people that may be published; zero where
	// the table is about no people.
	Threshold int
	// WholeOrNone says that the table is published only if nothing in it has to be
	// suppressed.
	WholeOrNone bool
	// Internal says that the table is for the organisation alone.
	Internal bool
	// Personal says that the table names people, or has their words.
	Personal bool
	Columns  []Column
	Rows     []Row
	Notes    []Text
	// Chart says how it is best seen.
	Chart Chart
}

// Chart is how a table is best seen: bars of some of its columns.
type Chart struct {
	// Columns are drawn; none means that there is nothing to draw.
	Columns []int
	// Stacked says that the columns are parts of one whole.
	Stacked bool
}

// State is whether a cell has a value.
type State uint8

// The states.
const (
	// Value: it has one.
	Value State = iota
	// None: the question does not arise, or nobody answered it.
	None
	// Suppressed: it has one, which is not published.
	Suppressed
)

// Cell is one of a row. By the kind of its column it has a number or words.
type Cell struct {
	State  State
	Number int64
	Words  Text
}

// Number is a cell with a number.
func Number(n int) Cell { return Cell{Number: int64(n)} }

// Wording is a cell with words.
func Wording(words Text) Cell { return Cell{Words: words} }

// Nothing is a cell without a value.
func Nothing() Cell { return Cell{State: None} }

// ShareOf is a hundred times part over whole, with one digit behind the point,
// rounded half up; nothing where the whole is nothing.
func ShareOf(part, whole int) Cell { return ratio(1000*int64(part), int64(whole)) }

// MeanOf is sum over count, likewise.
func MeanOf(sum, count int) Cell { return ratio(10*int64(sum), int64(count)) }

func ratio(over, under int64) Cell {
	if under == 0 {
		return Nothing()
	}
	return Cell{Number: (2*over + under) / (2 * under)}
}

// Table returns the table of a name, nil if there is none.
func (d *Document) Table(name string) *Table {
	if d.Completeness.Name == name {
		return &d.Completeness
	}
	for i := range d.Tables {
		if d.Tables[i].Name == name {
			return &d.Tables[i]
		}
	}
	return nil
}

// Cell returns the cell of a row and a column, by their names.
func (t *Table) Cell(key, column string) (Cell, bool) {
	if t == nil {
		return Nothing(), false
	}
	for c := range t.Columns {
		if t.Columns[c].Name != column {
			continue
		}
		for r := range t.Rows {
			if t.Rows[r].Key == key {
				return t.Rows[r].Cells[c], true
			}
		}
	}
	return Nothing(), false
}

// Fill works out the columns that follow from two others. Where one of the two
// is not published, nor is what follows.
func (t *Table) Fill() {
	for c := range t.Columns {
		column := &t.Columns[c]
		for r := range t.Rows {
			cells := t.Rows[r].Cells
			switch {
			case column.Of != nil:
				cells[c] = follow(cells[column.Of[0]], cells[column.Of[1]], ShareOf)
			case column.Plus != nil:
				cells[c] = follow(cells[column.Plus[0]], cells[column.Plus[1]], func(a, b int) Cell { return Number(a + b) })
			}
		}
	}
}

func follow(a, b Cell, how func(a, b int) Cell) Cell {
	switch {
	case a.State == Suppressed || b.State == Suppressed:
		return Cell{State: Suppressed}
	case a.State == None || b.State == None:
		return Nothing()
	}
	return how(int(a.Number), int(b.Number))
}

// Clone copies everything that publishing alters.
func (d *Document) Clone() *Document {
	clone := *d
	clone.Tables = make([]Table, len(d.Tables))
	for i := range d.Tables {
		clone.Tables[i] = d.Tables[i].clone()
	}
	return &clone
}

func (t *Table) clone() Table {
	clone := *t
	clone.Rows = make([]Row, len(t.Rows))
	for i, row := range t.Rows {
		row.Cells = append([]Cell(nil), row.Cells...)
		clone.Rows[i] = row
	}
	return clone
}
