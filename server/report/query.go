package report

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Query says who wants which report.
type Query struct {
	// Name is that of the report in the catalogue.
	Name string
	// Caller must have access to Desk, unless MayCount says that the figures are
	// for the caller all the same.
	Caller   merge.PersonID
	Desk     merge.SpaceID
	MayCount bool
	// Programme is what people call that of the desk; empty if it has no name.
	Programme string
	// Spaces are those that are counted; nil for all.
	Spaces map[merge.SpaceID]bool
	// Period bounds what was held; the zero Period is everything.
	Period fieldwork.Period
	// Parameters are those of the report, by name. What is left out is as the
	// catalogue has it.
	Parameters map[string]string
	// Public asks for what may leave the organisation.
	Public bool
	// Expected are the people of whom something should have come.
	Expected []Recorder
}

// Recorder is somebody who keeps a register.
type Recorder struct {
	ID merge.PersonID
	// Name is what colleagues call the person; empty if it is not known. It is in
	// no public version.
	Name string
}

// expectedMax bounds Query.Expected: a hundred times the tablets of the largest
// programme.
const expectedMax = 10_000

func (q *Query) check(d *Definition) error {
	for _, day := range []int32{q.Period.From, q.Period.To} {
		if _, err := dayTime(day); day != 0 && err != nil {
			return fault.New(fault.Invalid, "report: %d is not a day of the calendar: write yyyymmdd, such as 20160801", day)
		}
	}
	if q.Period.To != 0 && q.Period.To < q.Period.From {
		return fault.New(fault.Invalid, "report: the period ends on %d, before it begins on %d", q.Period.To, q.Period.From)
	}
	if n := len(q.Expected); n > expectedMax {
		return fault.New(fault.TooLarge, "report: %d people expected; at most %d", n, expectedMax)
	}
	if d.needsYear && (q.Period.From == 0 || q.Period.To == 0 || q.Period.To-q.Period.From >= 1_00_00) {
		return fault.New(fault.Invalid, "report: %s has many rows: say from when to when, at most a year", d.Name)
	}
	if q.Public {
		if err := q.checkPublic(d); err != nil {
			return err
		}
	}
	return q.checkParameters(d)
}

// checkPublic lets only whole months be published, so that nobody learns of one
// person by asking for two periods that differ by a day.
func (q *Query) checkPublic(d *Definition) error {
	if !d.Publishable {
		return fault.New(fault.Invalid, "report: %s is for the organisation alone, and has no public version", d.Name)
	}
	if q.choice(d, ageBands.Name).Name != "" && q.choice(d, ageBands.Name).Name != ageBands.Choices[0].Name {
		return fault.New(fault.Invalid, "report: a public version has the age bands of the programme, as all others that are published have")
	}
	if from := q.Period.From; from != 0 && from%100 != 1 {
		return fault.New(fault.Invalid, "report: a public version is of whole months; begin on the first of one, not on %d", from)
	}
	if to := q.Period.To; to != 0 {
		if last, err := dayTime(to); err != nil || last.AddDate(0, 0, 1).Day() != 1 {
			return fault.New(fault.Invalid, "report: a public version is of whole months; end on the last of one, not on %d", to)
		}
	}
	return nil
}

func (q *Query) checkParameters(d *Definition) error {
	for name, value := range q.Parameters {
		at := slices.IndexFunc(d.Parameters, func(p Parameter) bool { return p.Name == name })
		if at < 0 {
			return fault.New(fault.Invalid, "report: %s has no parameter %q", d.Name, name)
		}
		p := &d.Parameters[at]
		if value == "" {
			continue
		}
		if len(p.Choices) == 0 {
			if n, err := strconv.Atoi(value); err != nil || n < 1 || n > numberMax {
				return fault.New(fault.Invalid, "report: %s is to be a whole number from 1 to %d, and is %.20q", name, numberMax, value)
			}
			continue
		}
		if !slices.ContainsFunc(p.Choices, func(c Choice) bool { return c.Name == value }) {
			return fault.New(fault.Invalid, "report: %s cannot be %.20q; it is one of %s", name, value, p.names())
		}
	}
	return nil
}

// numberMax bounds a parameter that is a number: more people than there are.
const numberMax = 1_000_000_000

func (p *Parameter) names() string {
	text := ""
	for i, c := range p.Choices {
		if i > 0 {
			text += ", "
		}
		text += c.Name
	}
	return text
}

// choice is what a parameter is, by what was asked for or else as it is.
func (q *Query) choice(d *Definition, name string) Choice {
	for i := range d.Parameters {
		if p := &d.Parameters[i]; p.Name == name {
			at := slices.IndexFunc(p.Choices, func(c Choice) bool { return c.Name == q.Parameters[name] })
			return p.Choices[max(at, 0)]
		}
	}
	return Choice{}
}

// number is what a parameter is; zero if it was left out.
func (q *Query) number(name string) int {
	n, _ := strconv.Atoi(q.Parameters[name]) // it was checked
	return n
}

func dayTime(day int32) (time.Time, error) { return time.Parse("20060102", fmt.Sprintf("%08d", day)) }

func dayNumber(t time.Time) int32 {
	year, month, day := t.Date()
	return int32(year)*1_00_00 + int32(month)*1_00 + int32(day)
}
