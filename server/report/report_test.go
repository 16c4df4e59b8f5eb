package report

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func (r *registers) season(q Query) *reportv1.SeasonReport {
	r.t.Helper()
	q.Caller, q.Desk = person("iryna"), space("desk")
	season, err := New(r, now).Season(context.Background(), q)
	if err != nil {
		r.t.Fatal(err)
	}
	return season
}

func TestASmallSeasonInFigures(t *testing.T) {
	r := smallSeason(t)
	r.link()
	got := r.season(Query{})
	got.Completeness = nil // see TestCompleteness
	want := &reportv1.SeasonReport{
		Communities: 1, CounsellingCommunities: 1, Spaces: 3,
		CommunityNames:   map[string]string{"UA4401300": "Біловодськ"},
		PeopleRegistered: 4, // Halyna twice
		// Halyna twice, Ivan on day 2, Maria on day 1.
		PeopleTrainedBeforeLinking: 4, PersonLinks: 1, PeopleTrained: 3,
		PeopleTrainedByCommunity: map[string]int32{"UA4401300": 3},
		AttendedAllDays:          1, // Halyna; Ivan is disputed on day 1
		TrainingDaysHeld:         2, DaysCancelledButAttended: 1,
		Marks: 10, AbsentDefaultOverridden: 1,
		DisputesFound: 1, Disputed: 1,
		CellsWithSiblings: 2, // the training's title, the status of day 2
		CounsellingRooms:  1, Sessions: &reportv1.CounsellingSessions{Individual: 2, Group: 1},
		Events: map[string]int32{"culture": 1}, Attendances: 1,
		Doubts: &reportv1.Doubts{},
	}
	if !proto.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestLinkingMakesTwoRegistrationsOnePerson(t *testing.T) {
	r := smallSeason(t)
	before := r.season(Query{})
	r.link()
	after := r.season(Query{})
	if before.PeopleTrained != 4 || after.PeopleTrained != 3 || after.PeopleTrainedBeforeLinking != 4 {
		t.Errorf("trained %d before the link, %d after it, %d had there been none", before.PeopleTrained, after.PeopleTrained, after.PeopleTrainedBeforeLinking)
	}
}

func TestAPeriodBoundsWhatWasHeld(t *testing.T) {
	r := smallSeason(t)
	got := r.season(Query{Period: fieldwork.Period{From: 20160802, To: 20160831}})
	if got.TrainingDaysHeld != 1 || got.Attendances != 0 || got.Sessions.Individual != 2 || got.PeopleRegistered != 4 {
		t.Errorf("got %v", got)
	}
	if got := r.season(Query{Period: fieldwork.Period{From: 20170101}}); got.TrainingDaysHeld+got.PeopleTrained+got.Communities != 0 || got.Marks != 10 {
		t.Errorf("a year later: %v", got)
	}
}

func TestEqualRegistersGiveEqualReports(t *testing.T) {
	r := smallSeason(t)
	marshal := func() string {
		text, err := proto.MarshalOptions{Deterministic: true}.Marshal(r.season(Query{}))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	first := marshal()
	for range 5 {
		if marshal() != first {
			t.Fatal("two reports of one state differ")
		}
	}
}

func TestCompleteness(t *testing.T) {
	r := smallSeason(t)
	expected := []merge.PersonID{person("petro"), person("olena"), person("taras"), person("nadia"), person("olena")}
	got := r.season(Query{Expected: expected}).Completeness
	petro := person("petro")
	if got.RecordersExpected != 4 || len(got.MissingRecorderIds) != 1 || string(got.MissingRecorderIds[0]) != string(petro[:]) {
		t.Errorf("expected %d, missing %x", got.RecordersExpected, got.MissingRecorderIds)
	}
	if got.RecordersHeardFrom != 3 || got.ReplicasHeardFrom != 3 {
		t.Errorf("heard from %d recorders on %d replicas", got.RecordersHeardFrom, got.ReplicasHeardFrom)
	}
	infos, err := r.Spaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range infos {
		found := false
		for _, at := range got.Spaces {
			named := string(at.SpaceId) == string(info.ID[:])
			found = found || named && at.Position == info.Position && at.Kind == info.Kind
			if named && info.Kind == roomSpace {
				t.Error("a counselling room is named to who may not read it")
			}
		}
		if found == (info.Kind == roomSpace) {
			t.Errorf("%s space at position %d: found %v", info.Kind, info.Position, found)
		}
	}

	r.grant("room", roomSpace, "iryna")
	named := 0
	for _, at := range r.season(Query{}).Completeness.Spaces {
		if len(at.SpaceId) == 16 {
			named++
		}
	}
	if named != 3 {
		t.Errorf("%d of 3 spaces are named to who may read all", named)
	}
}

func TestNoPersonLeavesTheReport(t *testing.T) {
	r := doubtfulSeason(t)
	r.link()
	season := r.season(Query{Expected: []merge.PersonID{person("olena")}})
	text, err := protojson.Marshal(season)
	if err != nil {
		t.Fatal(err)
	}
	wireBytes, err := proto.Marshal(season)
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{"Гончаренко", "Галина", "Goncharenko", "Іваненко", "Марія", "380501112233"}
	for _, id := range [][]byte{idOf("halyna"), idOf("ivan"), idOf("maria"), idOf("halyna again"), idOf("nobody"), idOf("s1"), idOf("s4"), idOf("room")} {
		secrets = append(secrets, string(id), hex.EncodeToString(id), base64.StdEncoding.EncodeToString(id))
	}
	for _, name := range []string{"olena", "taras", "nadia", "iryna"} {
		id := person(name)
		secrets = append(secrets, string(id[:]), base64.StdEncoding.EncodeToString(id[:]))
	}
	for _, secret := range secrets {
		if strings.Contains(string(text), secret) || strings.Contains(string(wireBytes), secret) {
			t.Errorf("the report has %q", secret)
		}
	}
}

func TestOnlyWhoHoldsTheDeskGetsAReport(t *testing.T) {
	r := smallSeason(t)
	for name, q := range map[string]Query{
		"a facilitator":            {Caller: person("olena"), Desk: space("desk")},
		"a desk that is not there": {Caller: person("iryna"), Desk: space("another desk")},
		"a community as desk":      {Caller: person("iryna"), Desk: space("bilovodsk")},
		"a stranger":               {Caller: person("stranger"), Desk: space("desk")},
	} {
		if season, err := New(r, now).Season(context.Background(), q); fault.KindOf(err) != fault.NoAccess || season != nil {
			t.Errorf("%s: %v, %v", name, season, err)
		}
	}
}

func TestAQueryThatMakesNoSense(t *testing.T) {
	r := openRegisters(t)
	for name, c := range map[string]struct {
		q    Query
		want fault.Kind
	}{
		"no such day":          {Query{Period: fieldwork.Period{From: 20160931}}, fault.Invalid},
		"a year only":          {Query{Period: fieldwork.Period{To: 2016}}, fault.Invalid},
		"negative":             {Query{Period: fieldwork.Period{From: -1}}, fault.Invalid},
		"ends before it began": {Query{Period: fieldwork.Period{From: 20160802, To: 20160801}}, fault.Invalid},
		"too many expected":    {Query{Expected: make([]merge.PersonID, 10_001)}, fault.TooLarge},
	} {
		c.q.Caller, c.q.Desk = person("iryna"), space("desk")
		if _, err := New(r, now).Season(context.Background(), c.q); err == nil || fault.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAReportWaitsItsTurn(t *testing.T) {
	r := openRegisters(t)
	reporter := New(r, now)
	reporter.turn <- struct{}{} // another report is being made
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := reporter.Season(ctx, Query{Caller: person("iryna"), Desk: space("desk")}); err != context.Canceled {
		t.Errorf("who gave up waiting got %v", err)
	}
	<-reporter.turn
	if _, err := reporter.Season(context.Background(), Query{Caller: person("iryna"), Desk: space("desk")}); err != nil {
		t.Error(err)
	}
}

func TestTheTableForACoordinator(t *testing.T) {
	r := smallSeason(t)
	r.link()
	season := r.season(Query{Expected: []merge.PersonID{person("olena"), person("petro")}})
	season.Doubts.Orphans = 2
	var text strings.Builder
	if err := WriteTable(&text, season); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); got != smallTable {
		t.Errorf("got\n%s\nwant\n%s", got, smallTable)
	}
}

const smallTable = `Trainings
  communities with a training day held                           1
  training days held                                             2
  people trained, each counted once                              3
    Біловодськ UA4401300                                         3
  of them at every day of a training                             1
  registrations                                                  4
  pairs of registrations that are one person                     1
  people trained, had nobody linked them                         4
  attendance marks                                              10
  "rest absent" outweighed by a mark by name                     1
  days and events called off on one tablet and attended          1

Disagreements
  attendances that recorders dispute                             1
    settled                                                      0
    open, counted as not there                                   1
  fields with several values                                     2

Counselling
  communities with a room                                        1
  rooms                                                          1
  sessions with one person                                       2
  sessions with a group                                          1

Events held
  culture                                                        1
  attendances, who came twice counted twice                      1

In doubt until somebody looks
  rows whose parent has not come, in no figure                   2

Made from
  spaces                                                         3
  recorders heard from                                           4
  recorders expected                                             2
    not heard from yet                                           1
    706574726f0000000000000000000000
  these figures may grow when they sync
`
