package report

import (
	"slices"
	"strings"

	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

// tally is who was reached, over the whole and in each community: each person
// once in each, so that the rows may add up to more than the whole.
type tally struct {
	r *run
	// first is, by a person's number, the first day; zero for who was not reached.
	// A day that is none of the calendar counts as unknownDay.
	first []int32
	// people are who was reached, rows the same by community.
	people []int32
	rows   map[int32][]int32
}

// unknownDay stands for a day on which nobody has an age.
const unknownDay = 99999999

// tally counts over the facts of the period that are asked for.
func (r *run) tally(wanted func(*fact) bool) *tally {
	t := &tally{r: r, first: make([]int32, len(r.people)), rows: map[int32][]int32{}}
	seen := make([]bits, len(r.pcodes))
	in := r.inPeriod()
	for i := range r.facts {
		f := &r.facts[i]
		if !in(f.date) || !wanted(f) {
			continue
		}
		day := f.date
		if !realDay(day) {
			day = unknownDay
		}
		if t.first[f.person] == 0 {
			t.people = append(t.people, f.person)
			t.first[f.person] = day
		}
		t.first[f.person] = min(t.first[f.person], day)
		if seen[f.community] == nil {
			seen[f.community] = newBits(len(r.people))
		}
		if seen[f.community].add(f.person) {
			t.rows[f.community] = append(t.rows[f.community], f.person)
		}
	}
	return t
}

func everything(*fact) bool { return true }

// inPeriod tells whether a day is in the period, and remembers the last answer:
// the facts of a session are of one day.
func (r *run) inPeriod() func(day int32) bool {
	last, answer := int32(-1), false
	return func(day int32) bool {
		if day != last {
			last, answer = day, r.q.Period.Contains(day)
		}
		return answer
	}
}

// always is a period that holds every day of the calendar, and no other.
var always = fieldwork.Period{From: 1}

func realDay(day int32) bool { return always.Contains(day) }

// bits is a set of small numbers.
type bits []uint64

func newBits(n int) bits { return make(bits, (n+63)/64) }

// add tells whether the number was not in the set before.
func (b bits) add(n int32) bool {
	was := b[n/64]&(1<<(n%64)) != 0
	b[n/64] |= 1 << (n % 64)
	return !was
}

// communities are the rows of a table: the communities of the facts or of other
// figures, in the order of their p-codes, that which is not known last.
func (r *run) communities(more ...string) []string {
	all := slices.Concat(r.pcodes, more)
	slices.Sort(all)
	all = slices.Compact(all)
	return append(slices.DeleteFunc(all, func(p string) bool { return p == "" }), "")
}

// Labels that many tables have.
var (
	communityTitle = table.Text{"Громада", "Community"}
	pcodeTitle     = table.Text{"Код (P-code)", "P-code"}
	notKnown       = table.Text{"невідомо", "not known"}
	allTitle       = table.Text{"Разом", "All"}
	allOnce        = table.Text{"Разом, кожна людина один раз", "All, each person once"}
)

// placeName is what a community is called.
func (r *run) placeName(pcode string) table.Text {
	if pcode == "" {
		return notKnown
	}
	c := r.Community(pcode)
	name := table.Text{c.GetNameUk(), c.GetNameEn()}
	return orElse(orElse(name, table.Text{name[1], name[0]}), table.Same(pcode))
}

// orElse takes, in each language, the other text where there is none.
func orElse(text, other table.Text) table.Text {
	for l := range text {
		if strings.TrimSpace(text[l]) == "" {
			text[l] = other[l]
		}
	}
	return text
}

// unknownKey is the key of the row of what is not known.
const unknownKey = "unknown"

// placeRow begins the row of a community.
func (r *run) placeRow(pcode string) table.Row {
	key := pcode
	if key == "" {
		key = unknownKey
	}
	return table.Row{
		Key: key, At: "community=" + key,
		Cells: []table.Cell{table.Wording(r.placeName(pcode)), table.Wording(table.Same(pcode))},
	}
}

// totalRow begins the row of everything.
func totalRow(title table.Text) table.Row {
	return table.Row{Key: "all", Total: true, Cells: []table.Cell{table.Wording(title), table.Wording(table.Text{})}}
}

func placeColumns() []table.Column {
	return []table.Column{
		{Name: "community", Title: communityTitle, Kind: table.Words},
		{Name: "p_code", Title: pcodeTitle, Kind: table.Words},
	}
}
