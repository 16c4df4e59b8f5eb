package report

import (
	"fmt"
	"time"

	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// run is a report on its way.
type run struct {
	*reckoned
	d        *Definition
	q        *Query
	readable map[merge.SpaceID]bool
	made
}

// made is when a report is made, in calendar days, yyyymmdd.
type made struct {
	// on is the latest day that it is anywhere: what was held later cannot have been.
	on int32
	// as is the day in Greenwich, by which people know the report.
	as int32
}

func madeAt(nowMillis int64) made {
	return made{dayOf(nowMillis), dayNumber(time.UnixMilli(nowMillis).UTC())}
}

func newRun(all *reckoned, d *Definition, q *Query, readable map[merge.SpaceID]bool, at made) *run {
	return &run{reckoned: all, d: d, q: q, readable: readable, made: at}
}

// named tells whether a space may be named: a counselling room only to who may
// read it. For everyone else that it exists is a number among others, and how far
// its log has come is told to nobody, since every note moves it.
func (r *run) named(p *portion) bool { return r.readable[p.info.ID] || !p.counselling() }

// document counts everything, and suppresses what may not be published.
func (r *run) document() *table.Document {
	d := r.internal()
	if r.q.Public {
		r.publish(d)
	}
	d.Stamp = r.stamp(d)
	return d
}

// publish suppresses in a report what may not be published, together with all
// others that are published of the period.
func (r *run) publish(d *table.Document) {
	documents := []*table.Document{d}
	for _, other := range r.published(r) {
		if other.Name != d.Name {
			documents = append(documents, other.Clone())
		}
	}
	table.Publish(documents)
}

// internal is the report for the organisation itself.
func (r *run) internal() *table.Document {
	d := &table.Document{
		Name: r.d.Name, Title: r.d.Title, About: r.d.About, Public: r.q.Public,
		Facts: r.madeFrom(), Completeness: r.completeness(), Tables: r.d.build(r), Notes: r.d.notes,
	}
	for i := range d.Tables {
		d.Tables[i].Fill()
	}
	return d
}

// madeFrom are the lines above the tables.
func (r *run) madeFrom() []table.Fact {
	facts := []table.Fact{
		{Name: "period", Label: table.Text{"Період", "Period"}, Value: r.period()},
		{Name: "made_on", Label: table.Text{"Станом на", "As of"}, Value: table.Same(readDay(r.as))},
	}
	if r.q.Programme != "" {
		facts = append([]table.Fact{{Name: "programme", Label: table.Text{"Програма", "Programme"}, Value: table.Same(r.q.Programme)}}, facts...)
	}
	for i := range r.d.Parameters {
		p := &r.d.Parameters[i]
		if len(p.Choices) > 0 {
			facts = append(facts, table.Fact{Name: p.Name, Label: p.Title, Value: r.q.choice(r.d, p.Name).Title})
		} else if value := r.q.Parameters[p.Name]; value != "" {
			facts = append(facts, table.Fact{Name: p.Name, Label: p.Title, Value: table.Same(value)})
		}
	}
	return append(facts, table.Fact{Name: "audience", Label: table.Text{"Для кого", "For whom"}, Value: r.audience()})
}

func (r *run) audience() table.Text {
	if r.q.Public {
		return table.Text{"Для публікації: малі числа приховано", "For publication: small numbers are suppressed"}
	}
	return table.Text{"Лише для організації: є малі числа, за якими можна впізнати людей", "For the organisation alone: small numbers may identify people"}
}

func (r *run) period() table.Text {
	p := r.q.Period
	switch {
	case p == (fieldwork.Period{}):
		return table.Text{"увесь час", "all time"}
	case p.From == 0:
		return table.Text{"до " + readDay(p.To), "until " + readDay(p.To)}
	case p.To == 0:
		return table.Text{"від " + readDay(p.From), "from " + readDay(p.From)}
	}
	return table.Text{readDay(p.From) + " — " + readDay(p.To), readDay(p.From) + " to " + readDay(p.To)}
}

func readDay(day int32) string {
	return fmt.Sprintf("%04d-%02d-%02d", day/1_00_00, day/1_00%1_00, day%1_00)
}

// firstOfDay is where on Earth a day begins first. A session held there on the
// day is not held in the future, and nor is it anywhere else.
var firstOfDay = time.FixedZone("UTC+14", 14*60*60)

// dayOf is the calendar day, yyyymmdd, at a time in milliseconds since 1970.
func dayOf(nowMillis int64) int32 { return dayNumber(time.UnixMilli(nowMillis).In(firstOfDay)) }
