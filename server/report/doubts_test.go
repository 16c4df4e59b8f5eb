package report

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

// doubtfulSeason is a small season at which three things went wrong, none of
// them to be seen in a figure: a tablet thought that it was 2061, people were
// marked who are registered nowhere, and a concert that Maria was at was called
// a mistake. A counselling session is dated 2061 as well.
func doubtfulSeason(t *testing.T) *registers {
	const present = recordsv1.Presence_PRESENCE_PRESENT
	r := smallSeason(t)
	future := day(3)
	future.FieldDate = 20610803
	r.sync("petro", "bilovodsk",
		"", future, "", r.mark("petro", 3, "ivan", present),
		"", r.mark("petro", 1, "nobody", present), "", r.mark("petro", 2, "nobody", present),
	)
	late := counselling(recordsv1.SessionKind_SESSION_KIND_INDIVIDUAL)
	late.FieldDate = 20610804
	r.sync("nadia", "room", "s4", late)
	r.void("taras", "bilovodsk", "concert")
	return r
}

func TestWhatWasHeldAfterTheReportIsListed(t *testing.T) {
	r := doubtfulSeason(t)
	if got := r.figure(Query{}, "completeness", "suspect_dates"); got != 2 {
		t.Errorf("%d sessions of a day that has not come, want the training day and the counselling session", got)
	}
	training := listed{"bilovodsk", string(r.dayID(3)), "TrainingDay", 20610803}
	if got, want := r.listed("suspect_date"), []listed{training}; !slices.Equal(got, want) {
		t.Errorf("listed %+v, want %+v", got, want)
	}
	r.grant("room", roomSpace, "iryna")
	room := listed{"room", string(idOf("s4")), "CounsellingSession", 20610804}
	if got, want := r.listed("suspect_date"), []listed{training, room}; !slices.Equal(got, want) {
		t.Errorf("to who may read the room: %+v, want %+v", got, want)
	}
}

// The day of the report is the server's, and is not over anywhere: a session of
// this evening in Kyiv is not suspect while it is still yesterday in Greenwich.
func TestTheDayOfTheReportIsTheLatestOnEarth(t *testing.T) {
	for millis, want := range map[int64]int32{
		0:                 19700101,
		1_470_009_599_999: 20160801, // 2016-07-31 23:59:59.999 UTC
		1_470_045_599_999: 20160801, // 10:00 in Greenwich less a millisecond
		1_470_045_600_000: 20160802,
		1_483_178_399_999: 20161231, // the same on New Year's Eve
		1_483_178_400_000: 20170101,
	} {
		if got := dayOf(millis); got != want {
			t.Errorf("at %d it is %d, want %d", millis, got, want)
		}
	}
}

func TestWhoIsRegisteredNowhereReachesACoordinator(t *testing.T) {
	r := doubtfulSeason(t)
	if got := r.figure(Query{}, "completeness", "unregistered"); got != 1 {
		t.Errorf("%d people unregistered, want 1", got)
	}
	want := []listed{
		{"bilovodsk", string(r.dayID(1)), "TrainingDay", 20160801},
		{"bilovodsk", string(r.dayID(2)), "TrainingDay", 20160802},
	}
	slices.SortFunc(want, func(a, b listed) int { return strings.Compare(a.record, b.record) })
	if got := r.listed("unregistered"); !slices.Equal(got, want) {
		t.Errorf("listed %+v, want %+v", got, want)
	}
}

func TestWhatWasCalledAMistakeAndAttendedReachesACoordinator(t *testing.T) {
	r := doubtfulSeason(t)
	want := []listed{{"bilovodsk", string(idOf("concert")), "Event", 20160910}}
	if n, got := r.figure(Query{}, "completeness", "voided_but_attended"), r.listed("voided"); n != 1 || !slices.Equal(got, want) {
		t.Errorf("%d, listed %+v, want %+v", n, got, want)
	}
}

// listed is a line of the sessions to look at that can be compared.
type listed struct {
	space, record, kind string
	date                int32
}

// listed are the sessions that a coordinator should look at for a reason.
func (r *registers) listed(reason string) (all []listed) {
	r.t.Helper()
	for _, row := range r.run(Query{Name: "data-quality"}).Table("sessions").Rows {
		if row.Key != reason {
			continue
		}
		bytesOf := func(cell int) string {
			id, err := hex.DecodeString(row.Cells[cell].Words[0])
			if err != nil {
				r.t.Fatal(err)
			}
			return string(id)
		}
		all = append(all, listed{strings.TrimRight(bytesOf(3), "\x00"), bytesOf(4), row.Cells[2].Words[0], int32(row.Cells[1].Number)})
	}
	return all
}
