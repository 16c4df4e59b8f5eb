package fieldwork

import "time"

// Period is a span of calendar days, yyyymmdd, both ends in it. A zero end is
// open. The zero Period is no period at all and holds everything; every other
// holds only days that exist in the calendar, so a day mistyped as 20160931 is
// in no period until somebody corrects it; see [Reckoning.SuspectDates].
type Period struct {
	From, To int32
}

// Contains tells whether the day is in the period.
func (p Period) Contains(day int32) bool {
	if p == (Period{}) {
		return true
	}
	return realDay(day) && day >= p.From && (p.To == 0 || day <= p.To)
}

// realDay tells whether yyyymmdd is a day of the calendar.
func realDay(day int32) bool {
	if day < 1_00_00 || day > 9999_12_31 {
		return false
	}
	return numberOf(timeOf(day)) == day
}

func timeOf(day int32) time.Time {
	return time.Date(int(day/1_00_00), time.Month(day/1_00%1_00), int(day%1_00), 0, 0, 0, 0, time.UTC)
}

func numberOf(t time.Time) int32 {
	year, month, day := t.Date()
	return int32(year)*1_00_00 + int32(month)*1_00 + int32(day)
}

// fullYears counts the birthdays after `from` up to `to`, that day included:
// the age on `to` of who was born on `from`.
func fullYears(from, to int32) int { return int(to-from) / 1_00_00 }
