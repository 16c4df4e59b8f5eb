package fieldwork

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Sheet is what one counter counted at one place of an event.
type Sheet struct {
	Record  merge.RecordID
	Point   string
	Counter merge.PersonID
	// Numbers are the sheet's; a sheet without total counts nobody.
	Numbers *recordsv1.HeadCountSheet
}

// Total is how many people the sheet counts.
func (s *Sheet) Total() int { return int(s.Numbers.GetTotal()) }

// Two counters at one place may differ by five people, or by ten in a hundred
// of the higher count if that is more, before somebody has to look.
const (
	countTolerance        = 5
	countTolerancePercent = 10
)

// PointCount is what the sheets of one place come to.
type PointCount struct {
	// Point is the place in lower case, with single spaces.
	Point string
	// Effective is the sheet that counts: the one with the lowest total.
	Effective Sheet
	// Sheets are all of the place, the lowest first.
	Sheets []Sheet
	// Review is set when the counters differ by more than they may.
	Review bool
}

// Total is how many people count at the place.
func (p *PointCount) Total() int { return p.Effective.Total() }

// HeadCount is what all sheets of an event come to.
type HeadCount struct {
	// Points are the places, sorted by name; each counts other people.
	Points []PointCount
	// Total is the sum over the places.
	Total int
	// IncludesNamed tells whether the people who are named at the event are
	// within the total. One sheet that says so is enough, so that nobody is
	// counted twice.
	IncludesNamed bool
	// IncludesNamedDiffers is set when the sheets contradict each other there.
	IncludesNamedDiffers bool
}

// Review tells whether somebody has to look at the sheets.
func (h *HeadCount) Review() bool {
	return h.IncludesNamedDiffers || slices.ContainsFunc(h.Points, func(p PointCount) bool { return p.Review })
}

// CountHeads reconciles the sheets of one event, in any order.
func CountHeads(sheets []Sheet) HeadCount {
	byPoint := map[string][]Sheet{}
	var count HeadCount
	excludes := false
	for _, s := range sheets {
		if s.Numbers.Total == nil {
			continue
		}
		at := foldPoint(s.Point)
		byPoint[at] = append(byPoint[at], s)
		count.IncludesNamed = count.IncludesNamed || s.Numbers.GetIncludesNamed()
		excludes = excludes || !s.Numbers.GetIncludesNamed()
	}
	count.IncludesNamedDiffers = count.IncludesNamed && excludes
	for at, there := range byPoint {
		point := CountPoint(there)
		point.Point = at
		count.Points = append(count.Points, point)
		count.Total += point.Total()
	}
	slices.SortFunc(count.Points, func(a, b PointCount) int { return strings.Compare(a.Point, b.Point) })
	return count
}

// CountPoint reconciles the sheets of one place, at least one, in any order.
func CountPoint(sheets []Sheet) PointCount {
	sheets = slices.Clone(sheets)
	slices.SortFunc(sheets, func(a, b Sheet) int {
		return cmp.Or(
			cmp.Compare(a.Total(), b.Total()),
			bytes.Compare(a.Counter[:], b.Counter[:]),
			compareRecords(a.Record, b.Record),
		)
	})
	lowest, highest := sheets[0].Total(), sheets[len(sheets)-1].Total()
	return PointCount{
		Point:     foldPoint(sheets[0].Point),
		Effective: sheets[0],
		Sheets:    sheets,
		Review:    (highest-lowest)*100 > max(countTolerance*100, highest*countTolerancePercent),
	}
}

// foldPoint makes "Main  door" and "main door" one place, lest its people count
// twice.
func foldPoint(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }
