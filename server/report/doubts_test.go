package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
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
	got := r.season(Query{})
	if got.Doubts.SuspectDates != 2 {
		t.Errorf("%d sessions of a day that has not come, want the training day and the counselling session", got.Doubts.SuspectDates)
	}
	c := got.Completeness
	if c.MadeOn != 20160928 {
		t.Errorf("made on %d", c.MadeOn)
	}
	training := listed{"bilovodsk", string(r.dayID(3)), "zhurnal.records.v1.TrainingDay", 20610803}
	if got, want := list(c.SuspectDates), []listed{training}; !slices.Equal(got, want) {
		t.Errorf("listed %+v, want %+v", got, want)
	}
	r.grant("room", roomSpace, "iryna")
	room := listed{"room", string(idOf("s4")), "zhurnal.records.v1.CounsellingSession", 20610804}
	if got, want := list(r.season(Query{}).Completeness.SuspectDates), []listed{training, room}; !slices.Equal(got, want) {
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
	got := r.season(Query{})
	if got.Doubts.Unregistered != 1 {
		t.Errorf("%d people unregistered, want 1", got.Doubts.Unregistered)
	}
	const dayType = "zhurnal.records.v1.TrainingDay"
	want := []listed{
		{"bilovodsk", string(r.dayID(1)), dayType, 20160801},
		{"bilovodsk", string(r.dayID(2)), dayType, 20160802},
	}
	slices.SortFunc(want, func(a, b listed) int { return strings.Compare(a.record, b.record) })
	if got := list(got.Completeness.Unregistered); !slices.Equal(got, want) {
		t.Errorf("listed %+v, want %+v", got, want)
	}
}

func TestWhatWasCalledAMistakeAndAttendedReachesACoordinator(t *testing.T) {
	r := doubtfulSeason(t)
	got := r.season(Query{})
	want := []listed{{"bilovodsk", string(idOf("concert")), "zhurnal.records.v1.Event", 20160910}}
	if listed := list(got.Completeness.VoidedButAttended); got.Doubts.VoidedButAttended != 1 || !slices.Equal(listed, want) {
		t.Errorf("%d, listed %+v, want %+v", got.Doubts.VoidedButAttended, listed, want)
	}
}

func TestNoListGrowsWithoutBound(t *testing.T) {
	var sessions []*reportv1.SessionRef
	for range sessionsMax + 1 {
		sessions = append(sessions, &reportv1.SessionRef{})
	}
	if got := atMost(sessions); len(got) != sessionsMax {
		t.Errorf("%d sessions, want %d", len(got), sessionsMax)
	}
	if got := atMost(sessions[:3]); len(got) != 3 {
		t.Errorf("%d sessions, want 3", len(got))
	}
}

func TestTheTableShowsTheFirstOfALongList(t *testing.T) {
	season := &reportv1.SeasonReport{Completeness: &reportv1.Completeness{}}
	for i := range sessionsShown + 2 {
		season.Completeness.SuspectDates = append(season.Completeness.SuspectDates, &reportv1.SessionRef{Date: int32(20610801 + i)})
	}
	var text strings.Builder
	if err := WriteTable(&text, season); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); strings.Count(got, "    206108") != sessionsShown || !strings.HasSuffix(got, "    and 2 more: report --json has them\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestTheTableListsWhereToLook(t *testing.T) {
	r := doubtfulSeason(t)
	var text strings.Builder
	if err := WriteTable(&text, r.season(Query{})); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{doubtsTable, placesTable(r)} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("got\n%s\nwithout\n%s", text.String(), want)
		}
	}
}

const doubtsTable = `
In doubt until somebody looks
  held on a day that cannot be, in no period                     2
  people who were there and are registered nowhere               1
  days and events called a mistake and attended                  1
  events whose lists or counts contradict each other             1
`

func placesTable(r *registers) string {
	day := func(date int, id []byte) string { return fmt.Sprintf("    %d %s/%x\n", date, space("bilovodsk"), id) }
	days := []string{day(20160801, r.dayID(1)), day(20160802, r.dayID(2))}
	if string(r.dayID(2)) < string(r.dayID(1)) {
		slices.Reverse(days)
	}
	return "  held on a day that cannot be: day, space/record\n" + day(20610803, r.dayID(3)) +
		"  somebody was there who is registered nowhere: day, space/record\n" + strings.Join(days, "") +
		"  called a mistake and attended: day, space/record\n" + day(20160910, idOf("concert"))
}

// listed is a SessionRef that can be compared.
type listed struct {
	space, record, kind string
	date                int32
}

func list(sessions []*reportv1.SessionRef) []listed {
	var all []listed
	for _, s := range sessions {
		all = append(all, listed{strings.TrimRight(string(s.SpaceId), "\x00"), string(s.RecordId), s.Type, s.Date})
	}
	return all
}
