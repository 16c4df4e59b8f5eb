// Package chart draws tables of figures as bars, in SVG that a server writes: no
// script, no style inside of it, so that it keeps to a page's policy. What a colour
// tells, a pattern and a word tell too; each bar has its number beside it, and the
// table stands below.
package chart

import (
	"cmp"
	"fmt"
	"html"
	"html/template"
	"slices"
	"strings"

	"github.com/zhurnal/zhurnal/server/report/table"
)

// The measures, in units of which the picture is 360 wide: about as many pixels on
// a telephone.
const (
	width      = 360
	barWidth   = 296 // the rest is for the number
	barHeight  = 14
	rowHeight  = 38
	labelAbove = 5
	keyHeight  = 20
	keysInRow  = 2
	labelMost  = 44 // letters
)

// rowsMost is how many rows are drawn; more are not told apart.
const rowsMost = 30

// Bars draws the rows of a table. It is empty where there is nothing to draw. id is
// that of the picture on its page.
func Bars(t *table.Table, l table.Language, id string) template.HTML {
	d := &drawing{t: t, l: l, id: id}
	for r := range t.Rows {
		if !t.Rows[r].Total {
			d.rows = append(d.rows, r)
		}
	}
	d.chooseColumns()
	if len(d.columns) == 0 || len(d.rows) == 0 || len(d.rows) < 2 && !t.Chart.Stacked || d.measure() == 0 {
		return ""
	}
	return template.HTML(d.draw()) //nolint:gosec // everything in it is escaped here
}

type drawing struct {
	t    *table.Table
	l    table.Language
	id   string
	rows []int
	// columns are those drawn, and kinds how each is: by its place among all, so
	// that a category looks alike in two pictures.
	columns, kinds []int
	out            strings.Builder
	// most is the longest bar, left how many rows are not drawn.
	most, left int64
}

// chooseColumns leaves out the parts of which there are none anywhere.
func (d *drawing) chooseColumns() {
	for kind, c := range d.t.Chart.Columns {
		there := slices.ContainsFunc(d.rows, func(r int) bool { return d.value(r, c) > 0 || d.t.Rows[r].Cells[c].State == table.Suppressed })
		if there || !d.t.Chart.Stacked {
			d.columns, d.kinds = append(d.columns, c), append(d.kinds, kind)
		}
	}
}

// measure finds the longest bar, and leaves out rows beyond the bound, the smallest.
func (d *drawing) measure() int64 {
	if len(d.rows) > rowsMost {
		largest := append([]int(nil), d.rows...)
		slices.SortStableFunc(largest, func(a, b int) int { return cmp.Compare(d.length(b), d.length(a)) })
		kept := map[int]bool{}
		for _, r := range largest[:rowsMost] {
			kept[r] = true
		}
		d.left = int64(len(d.rows) - rowsMost)
		rows := d.rows[:0]
		for _, r := range d.rows {
			if kept[r] {
				rows = append(rows, r)
			}
		}
		d.rows = rows
	}
	for _, r := range d.rows {
		d.most = max(d.most, d.length(r))
	}
	return d.most
}

// length is how long the bars of a row are.
func (d *drawing) length(row int) (n int64) {
	for _, c := range d.columns {
		v := d.value(row, c)
		if d.t.Chart.Stacked {
			n += v
		} else {
			n = max(n, v)
		}
	}
	return n
}

func (d *drawing) value(row, column int) int64 {
	if cell := d.t.Rows[row].Cells[column]; cell.State == table.Value {
		return max(0, cell.Number)
	}
	return 0
}

func (d *drawing) text(t table.Text) string { return html.EscapeString(t.In(d.l)) }

var (
	described = table.Text{"Стовпчики. Ті самі числа в таблиці нижче.", "Bars. The same numbers are in the table below."}
	notDrawn  = table.Text{"Ще %d рядків є лише в таблиці.", "%d more rows are in the table alone."}
)

func (d *drawing) draw() string {
	keys := 0
	if len(d.columns) > 1 {
		keys = (len(d.columns) + keysInRow - 1) / keysInRow * keyHeight
	}
	bars := 1
	if !d.t.Chart.Stacked {
		bars = len(d.columns)
	}
	height := keys + len(d.rows)*(rowHeight+(bars-1)*(barHeight+3))
	if d.left > 0 {
		height += keyHeight
	}
	fmt.Fprintf(&d.out, `<svg class="chart" viewBox="0 0 %d %d" role="img" aria-labelledby="%s-title %s-desc"><title id="%s-title">%s</title><desc id="%s-desc">%s</desc>`,
		width, height, d.id, d.id, d.id, d.text(d.t.Title), d.id, d.text(described))
	d.patterns()
	if keys > 0 {
		d.keys()
	}
	y := keys
	for _, r := range d.rows {
		y = d.row(r, y)
	}
	if d.left > 0 {
		fmt.Fprintf(&d.out, `<text class="chart-label" x="0" y="%d">%s</text>`, y+14, html.EscapeString(fmt.Sprintf(notDrawn.In(d.l), d.left)))
	}
	d.out.WriteString(`</svg>`)
	return d.out.String()
}

// patternKinds is how many patterns there are; a column beyond has that of an earlier one
// and a number of its own.
const patternKinds = 8

// patterns are told apart without colour: full, empty, and lines and dots of six
// kinds.
func (d *drawing) patterns() {
	marks := []string{
		"", "",
		`<path d="M0 6L6 0"/>`, `<path d="M0 0L6 6"/>`, `<path d="M0 3H6"/>`, `<path d="M3 0V6"/>`,
		`<circle cx="3" cy="3" r="1.2"/>`, `<path d="M0 3H6M3 0V6"/>`,
	}
	d.out.WriteString(`<defs>`)
	for i, mark := range marks {
		if mark != "" && slices.Contains(d.kinds, i) {
			fmt.Fprintf(&d.out, `<pattern id="%s-p%d" class="chart-mark" width="6" height="6" patternUnits="userSpaceOnUse">%s</pattern>`, d.id, i, mark)
		}
	}
	d.out.WriteString(`</defs>`)
}

// bar draws a rectangle of the kind of a column: its ground, and the pattern on it.
func (d *drawing) bar(kind int, x, y, w float64, title string) {
	kind %= patternKinds
	fmt.Fprintf(&d.out, `<g><title>%s</title><rect class="chart-bar chart-%d" x="%.1f" y="%.1f" width="%.1f" height="%d"/>`, title, kind, x, y, w, barHeight)
	if kind > 1 {
		fmt.Fprintf(&d.out, `<rect fill="url(#%s-p%d)" x="%.1f" y="%.1f" width="%.1f" height="%d"/>`, d.id, kind, x, y, w, barHeight)
	}
	d.out.WriteString(`</g>`)
}

// keys say what the kinds of bars are.
func (d *drawing) keys() {
	for i, c := range d.columns {
		x, y := float64(i%keysInRow)*width/keysInRow, float64(i/keysInRow*keyHeight)
		name := d.text(d.t.Columns[c].Title)
		d.bar(d.kinds[i], x, y, 14, name)
		fmt.Fprintf(&d.out, `<text class="chart-label" x="%.1f" y="%.1f">%s</text>`, x+20, y+11, shortened(name))
	}
}

// row draws one row from y downwards, and returns where the next begins.
func (d *drawing) row(r, y int) int {
	row := &d.t.Rows[r]
	name := html.EscapeString(d.t.Columns[0].Format(row.Cells[0], d.l))
	fmt.Fprintf(&d.out, `<text class="chart-label" x="0" y="%d">%s</text>`, y+12, shortened(name))
	top := float64(y + 12 + labelAbove)
	if d.t.Chart.Stacked {
		d.stacked(r, name, top)
		return y + rowHeight
	}
	for i, c := range d.columns {
		w := barWidth * float64(d.value(r, c)) / float64(d.most)
		d.bar(d.kinds[i], 0, top, max(w, 1), d.told(name, r, c))
		d.number(w, top, d.t.Columns[c].Format(row.Cells[c], d.l))
		top += barHeight + 3
	}
	return y + rowHeight + (len(d.columns)-1)*(barHeight+3)
}

// stacked draws the parts of a row behind each other, with their sum beside them.
func (d *drawing) stacked(r int, name string, top float64) {
	x := 0.0
	hidden := false
	for i, c := range d.columns {
		hidden = hidden || d.t.Rows[r].Cells[c].State == table.Suppressed
		if w := barWidth * float64(d.value(r, c)) / float64(d.most); w > 0 {
			d.bar(d.kinds[i], x, top, w, d.told(name, r, c))
			x += w
		}
	}
	sum := fmt.Sprint(d.length(r))
	if hidden {
		sum += " + *"
	}
	d.number(x, top, sum)
}

func (d *drawing) number(after, top float64, text string) {
	fmt.Fprintf(&d.out, `<text class="chart-number" x="%.1f" y="%.1f">%s</text>`, after+5, top+11.5, html.EscapeString(text))
}

// told is what a bar says of itself.
func (d *drawing) told(name string, r, c int) string {
	return name + ": " + d.text(d.t.Columns[c].Title) + " " + html.EscapeString(d.t.Columns[c].Format(d.t.Rows[r].Cells[c], d.l))
}

func shortened(name string) string {
	letters := []rune(html.UnescapeString(name))
	if len(letters) <= labelMost {
		return name
	}
	return html.EscapeString(string(letters[:labelMost-1]) + "…")
}
