package fieldwork

import "fmt"

// BandSet divides all ages: its bands are disjoint and leave none out.
type BandSet struct {
	// Name is for programs.
	Name string
	// Bands begin with the youngest.
	Bands []Band
}

// Band is the ages From to To in whole years, both in it; the last has no To.
type Band struct{ From, To int }

// noEnd is the To of a band without end.
const noEnd = -1

// String is "19-24", "18" or "60+".
func (b Band) String() string {
	switch b.To {
	case noEnd:
		return fmt.Sprintf("%d+", b.From)
	case b.From:
		return fmt.Sprint(b.From)
	}
	return fmt.Sprintf("%d-%d", b.From, b.To)
}

// The sets that reports are made with. In [ProgrammeBands] 18 stands alone, since
// donors ask for "under 18" and for "19 to 24".
var (
	ProgrammeBands = BandSet{"programme", []Band{{0, 17}, {18, 18}, {19, 24}, {25, 35}, {36, 59}, {60, noEnd}}}
	ResponseBands  = BandSet{"response", []Band{{0, 17}, {18, 59}, {60, noEnd}}}
	FiveYearBands  = BandSet{"five_year", fiveYears()}

	BandSets = []BandSet{ProgrammeBands, ResponseBands, FiveYearBands}
)

func fiveYears() (bands []Band) {
	const last = 80
	for from := 0; from < last; from += 5 {
		bands = append(bands, Band{from, from + 4})
	}
	return append(bands, Band{last, noEnd})
}

// Of returns the index of the band of an age; who is not born yet is in the first.
func (s *BandSet) Of(years int) int {
	for i := len(s.Bands) - 1; i > 0; i-- {
		if years >= s.Bands[i].From {
			return i
		}
	}
	return 0
}
