package expiry

import (
	"time"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Day is a calendar day as yyyymmdd.
type Day int32

// DayOf is the calendar day of a time, in UTC.
func DayOf(millis int64) Day { return dayOf(time.UnixMilli(millis).UTC()) }

func dayOf(t time.Time) Day { return Day(t.Year()*10000 + int(t.Month())*100 + t.Day()) }

// date is the day as a time; ok is false if the calendar has no such day.
func (d Day) date() (_ time.Time, ok bool) {
	t := time.Date(int(d/10000), time.Month(d/100%100), int(d%100), 0, 0, 0, 0, time.UTC)
	return t, d > 0 && dayOf(t) == d
}

// after is the first day so many months later. The last of a month and what comes
// behind the end of a shorter one is its last day.
func (d Day) after(months int) Day {
	t, _ := d.date()
	first := time.Date(t.Year(), t.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return dayOf(time.Date(first.Year(), first.Month(), min(t.Day(), last), 0, 0, 0, 0, time.UTC))
}

// standing is what a rule makes of a record.
type standing uint8

const (
	stays standing = iota
	erasedBefore
	held
	disputed
	due
)

// judge says what becomes of a record on a day. heardMillis is when something was
// last written about the person that it is.
func (k *kept) judge(rec *merge.Record, heardMillis int64, day Day, isHeld bool) standing {
	switch {
	case rec.Erased && !rec.Clone().Erase(k.cells):
		return erasedBefore
	case day < k.since(rec, heardMillis).after(k.Months):
		return stays
	case isHeld:
		return held
	case rec.Standing() == merge.Contested: // what speaks for it would be erased
		return disputed
	}
	return due
}

// since is the day from which a record's time counts.
func (k *kept) since(rec *merge.Record, heardMillis int64) Day {
	if k.date != nil {
		if msg, err := k.plan.Join(rec); err == nil {
			day := Day(msg.ProtoReflect().Get(k.date).Int())
			if _, ok := day.date(); ok {
				return day
			}
		}
	}
	return DayOf(max(heardMillis, writtenMillis(rec)))
}

// writtenMillis is when a record was last written to, as far as it still says so.
func writtenMillis(rec *merge.Record) (newest int64) {
	for i := range rec.Cells {
		for j := range rec.Cells[i].Values {
			newest = max(newest, rec.Cells[i].Values[j].At)
		}
	}
	return newest
}
