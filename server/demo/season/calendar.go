package season

import "time"

// A day of the season is a number yyyymmdd, as records hold it.
type day = int32

// openingDay is when tablets are handed out and groups are registered.
const openingDay day = 2016_07_28

// local is the time of Kyiv in summer; clocks go back in October, which this
// season does not follow.
var local = time.FixedZone("EEST", 3*60*60)

func midnight(d day) time.Time {
	return time.Date(int(d/1_00_00), time.Month(d/1_00%1_00), int(d%1_00), 0, 0, 0, 0, local)
}

// after returns the day so many days later.
func after(d day, days int) day {
	year, month, date := midnight(d).AddDate(0, 0, days).Date()
	return day(year)*1_00_00 + day(month)*1_00 + day(date)
}

// diary collects what somebody writes, in order.
type diary struct {
	steps []Step
	// now is the time of the next step; every step takes half a minute.
	now time.Time
}

// turnTo moves on to a time of day, in minutes since midnight, unless it is
// later already.
func (d *diary) turnTo(on day, minute int) {
	if t := midnight(on).Add(time.Duration(minute) * time.Minute); t.After(d.now) {
		d.now = t
	}
}

func (d *diary) write(space Name, acts ...Act) {
	if len(acts) == 0 {
		return
	}
	d.steps = append(d.steps, Step{Space: space, AtMillis: d.now.UnixMilli(), Acts: acts})
	d.now = d.now.Add(30 * time.Second)
}
