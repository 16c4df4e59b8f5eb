package names

import "time"

// Birth is what is known of when somebody was born: a span of days, both in it.
// The zero Birth is nothing. Make one with [BornOn], [BornIn] or [Aged].
type Birth struct {
	first, last time.Time
	precision   precision
}

type precision uint8

const (
	byNothing precision = iota
	byAge
	byYear
	byDay
)

// BornOn is a day of the calendar, yyyymmdd. What is no such day is nothing.
func BornOn(day int32) Birth {
	at, ok := dayAt(day)
	if !ok {
		return Birth{}
	}
	return Birth{at, at, byDay}
}

// BornIn is a year.
func BornIn(year int32) Birth {
	if year <= 0 {
		return Birth{}
	}
	return Birth{date(int(year), 1, 1), date(int(year), 12, 31), byYear}
}

// Aged is an age in whole years, told on a day, yyyymmdd.
func Aged(years, day int32) Birth {
	at, ok := dayAt(day)
	if !ok || years < 0 {
		return Birth{}
	}
	return Birth{at.AddDate(-int(years)-1, 0, 1), at.AddDate(-int(years), 0, 0), byAge}
}

func dayAt(day int32) (time.Time, bool) {
	year, month, of := int(day/1_00_00), int(day/1_00%1_00), int(day%1_00)
	at := date(year, month, of)
	return at, at.Year() == year && int(at.Month()) == month && at.Day() == of && year > 0
}

func date(year, month, day int) time.Time {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

// compare tells how two births stand to each other; empty if one is not known.
func (b *Birth) compare(c *Birth) Reason {
	switch {
	case b.precision == byNothing || c.precision == byNothing:
		return ""
	case b.precision == byDay && c.precision == byDay:
		return compareDays(b.first, c.first)
	}
	years := b.yearsApart(c)
	byAges := b.precision == byAge || c.precision == byAge
	switch {
	case years == 0 && byAges:
		return BornAgeAgrees
	case years == 0:
		return BornSameYear
	case years == 1:
		return BornYearNear
	case years <= 3:
		return BornOtherYear
	default:
		return BornFarApart
	}
}

// slipYears is how far a slip of the finger in a year may lead: namesakes of two
// generations are more years apart.
const slipYears = 10

func compareDays(a, b time.Time) Reason {
	years := max(a.Year(), b.Year()) - min(a.Year(), b.Year())
	switch {
	case a.Equal(b):
		return BornSameDay
	case years == 0 && int(a.Month()) == b.Day() && a.Day() == int(b.Month()), years <= slipYears && digitsApart(a, b) == 1:
		return BornDayNear
	case years == 0:
		return BornOtherDay
	case years <= 3:
		return BornOtherYear
	default:
		return BornFarApart
	}
}

// dayForm is how a day is written where its digits count.
const dayForm = "20060102"

// digitsApart is in how many places two days differ when they are written.
func digitsApart(a, b time.Time) (n int) {
	x, y := a.Format(dayForm), b.Format(dayForm)
	for i := range x {
		if x[i] != y[i] {
			n++
		}
	}
	return n
}

// yearsApart is how far apart two spans are, in years begun; 0 if they meet.
func (b *Birth) yearsApart(c *Birth) int {
	earlier, later := b, c
	if later.first.Before(earlier.first) {
		earlier, later = later, earlier
	}
	years := 0
	for end := earlier.last; end.Before(later.first) && years < 200; years++ {
		end = earlier.last.AddDate(years+1, 0, 0)
	}
	return years
}
