package names

import "time"

// Birth is what is known of when somebody was born: a span of days, both in it.
// The zero Birth is nothing. Make one with [BornOn], [BornIn] or [Aged].
type Birth struct {
	// first and last are days since 1970.
	first, last int32
	// day is yyyymmdd where it is known.
	day       int32
	precision precision
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
	return Birth{daysTo(at), daysTo(at), day, byDay}
}

// BornIn is a year.
func BornIn(year int32) Birth {
	if year <= 0 {
		return Birth{}
	}
	return Birth{daysTo(date(int(year), 1, 1)), daysTo(date(int(year), 12, 31)), 0, byYear}
}

// Aged is an age in whole years, told on a day, yyyymmdd.
func Aged(years, day int32) Birth {
	at, ok := dayAt(day)
	if !ok || years < 0 {
		return Birth{}
	}
	return Birth{daysTo(at.AddDate(-int(years)-1, 0, 1)), daysTo(at.AddDate(-int(years), 0, 0)), 0, byAge}
}

func dayAt(day int32) (time.Time, bool) {
	year, month, of := int(day/1_00_00), int(day/1_00%1_00), int(day%1_00)
	at := date(year, month, of)
	return at, at.Year() == year && int(at.Month()) == month && at.Day() == of && year > 0
}

func date(year, month, day int) time.Time {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

func daysTo(at time.Time) int32 { return int32(at.Unix() / (24 * 60 * 60)) }

// compare tells how two births stand to each other; empty if one is not known.
func (b *Birth) compare(c *Birth) Reason {
	switch {
	case b.precision == byNothing || c.precision == byNothing:
		return ""
	case b.precision == byDay && c.precision == byDay:
		return compareDays(b.day, c.day)
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

// compareDays compares days, yyyymmdd.
func compareDays(a, b int32) Reason {
	years := max(a, b)/1_00_00 - min(a, b)/1_00_00
	exchanged := a%1_00*1_00 + a/1_00%1_00
	switch {
	case a == b:
		return BornSameDay
	case years == 0 && exchanged == b%1_00_00, years <= slipYears && digitsApart(a, b) == 1:
		return BornDayNear
	case years == 0:
		return BornOtherDay
	case years <= 3:
		return BornOtherYear
	default:
		return BornFarApart
	}
}

// digitsApart is in how many places two numbers differ.
func digitsApart(a, b int32) (n int) {
	for ; a != 0 || b != 0; a, b = a/10, b/10 {
		if a%10 != b%10 {
			n++
		}
	}
	return n
}

// yearsApart is how far apart two spans are, in years begun; 0 if they meet.
func (b *Birth) yearsApart(c *Birth) int {
	days := max(b.first, c.first) - min(b.last, c.last)
	return int(max(0, days)*4+1460) / 1461
}
