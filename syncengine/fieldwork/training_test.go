package fieldwork_test

import (
	"reflect"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

func TestOneRenamesTheTrainingTheOtherMovesItAndBothSurvive(t *testing.T) {
	s := newLyman(newField(t))
	s.olha.write("training", &recordsv1.Training{TitleEn: "Living together"})
	s.petro.write("training", &recordsv1.Training{VenueId: id("library")})
	got := s.reckon().Trainings()[0]
	if got.Message.GetTitleEn() != "Living together" || string(got.Message.GetVenueId()) != string(id("library")) {
		t.Errorf("training %v", got.Message)
	}
	if got.Community != lymanPcode {
		t.Errorf("community %q, want that of the space", got.Community)
	}
}

func TestBothTabletsAddDayTwoAndItIsOneDay(t *testing.T) {
	s := newLyman(newField(t))
	first, second := s.olha.day(2, 20160802), s.petro.day(2, 20160802)
	if first != second {
		t.Fatal("two tablets made two records of one day")
	}
	s.olha.mark(first, "Ivan", present, byRollCall)
	s.petro.mark(second, "Olena", present, byRollCall)
	r := s.reckon()
	if got, want := r.TrainingTotals(season), (fieldwork.TrainingTotals{Held: 1, DaysHeld: 1, PersonDays: 2}); got != want {
		t.Errorf("totals %+v, want %+v", got, want)
	}
}

func TestWhatBecameOfADay(t *testing.T) {
	status := func(tab *tablet, to recordsv1.SessionStatus) {
		tab.write("", &recordsv1.TrainingDay{TrainingId: id("training"), DayNumber: 1, Status: to})
	}
	for name, c := range map[string]struct {
		said                                 func(s inLyman, day fieldwork.Ref)
		held, cancelledButAttended, unmarked bool
	}{
		"planned, and nothing more": {func(inLyman, fieldwork.Ref) {}, false, false, false},
		"somebody was there, and no tablet says held": {func(s inLyman, day fieldwork.Ref) {
			s.olha.mark(day, "Ivan", present, byRollCall)
		}, true, false, false},
		"cancelled on one tablet, attended on the other": {func(s inLyman, day fieldwork.Ref) {
			status(s.petro, cancelled)
			s.olha.mark(day, "Ivan", present, byRollCall)
		}, true, true, false},
		"cancelled on one tablet, held and attended on the other": {func(s inLyman, day fieldwork.Ref) {
			status(s.petro, cancelled)
			status(s.olha, held)
			s.olha.mark(day, "Ivan", present, byRollCall)
		}, true, true, false},
		"did not happen, and somebody was there": {func(s inLyman, day fieldwork.Ref) {
			status(s.petro, didNotHappen)
			s.olha.mark(day, "Ivan", late, byCard)
		}, true, true, false},
		"cancelled, and only taps for everybody": {func(s inLyman, day fieldwork.Ref) {
			status(s.petro, cancelled)
			s.olha.mark(day, "Ivan", present, byTap)
			s.olha.mark(day, "Olena", restAbsent, byTap)
		}, false, false, false},
		"cancelled, and looked for in vain": {func(s inLyman, day fieldwork.Ref) {
			status(s.petro, cancelled)
			s.olha.mark(day, "Ivan", absent, byRollCall)
		}, false, false, false},
		"cancelled, and one person in dispute": {func(s inLyman, day fieldwork.Ref) {
			status(s.petro, cancelled)
			s.olha.mark(day, "Ivan", present, byRollCall)
			s.petro.mark(day, "Ivan", absent, byRollCall)
		}, true, true, false},
		"cancelled, and the signature shows that the only one was not there": {func(s inLyman, day fieldwork.Ref) {
			status(s.petro, cancelled)
			s.olha.mark(day, "Ivan", present, byRollCall)
			s.petro.mark(day, "Ivan", absent, bySignature)
		}, false, false, false},
		"held, and nobody marked": {func(s inLyman, _ fieldwork.Ref) {
			status(s.olha, held)
		}, true, false, true},
		"cancelled, attended, and settled as held by a coordinator who saw it": {func(s inLyman, day fieldwork.Ref) {
			status(s.petro, cancelled)
			s.olha.mark(day, "Ivan", present, byRollCall)
			s.sync()
			status(s.iryna, held)
		}, true, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newLyman(newField(t))
			ref := s.iryna.day(1, firstOfAugust)
			s.sync()
			c.said(s, ref)
			r := s.reckon()
			day := theDay(t, r, ref)
			if day.Held() != c.held || day.CancelledButAttended() != c.cancelledButAttended || day.HeldUnmarked() != c.unmarked {
				t.Errorf("held %v, cancelled but attended %v, unmarked %v", day.Held(), day.CancelledButAttended(), day.HeldUnmarked())
			}
			if listed := len(r.CancelledButAttended()) == 1; listed != c.cancelledButAttended {
				t.Errorf("listed %v", r.CancelledButAttended())
			}
		})
	}
}

func TestADayCalledAMistakeCountsIfSomebodyWasMarkedThere(t *testing.T) {
	s := newLyman(newField(t))
	one, two := s.iryna.day(1, 20160801), s.iryna.day(2, 20160802)
	s.sync()
	s.petro.void(one)
	s.petro.void(two)
	s.olha.mark(two, "Ivan", present, byRollCall)
	r := s.reckon()
	days := r.Trainings()[0].Days
	if len(days) != 1 || days[0].Ref != two || !days[0].VoidedButAttended() || r.TrainingTotals(season).DaysHeld != 1 {
		t.Errorf("days %+v, want day 2 alone", days)
	}
	if got := refsOf(r.VoidedButAttended()); len(got) != 1 || got[0] != two {
		t.Errorf("listed %v, want day 2", got)
	}
}

func TestATrainingCalledAMistakeCountsIfSomebodyWasMarkedThere(t *testing.T) {
	s := newLyman(newField(t))
	s.petro.void(fieldwork.Ref{Space: s.petro.writer.Space, Record: recordID("training")})
	day := s.iryna.day(1, firstOfAugust)
	if got := s.reckon().Trainings(); len(got) != 0 {
		t.Errorf("%d trainings, want none", len(got))
	}
	s.olha.mark(day, "Ivan", present, byRollCall)
	if got := s.reckon().Trained(season).People; got != 1 {
		t.Errorf("%d trained, want Ivan", got)
	}
}

func TestWhoAttendedAllDaysElsewhereIsNotListedAsDisputed(t *testing.T) {
	s := newLyman(newField(t))
	day := s.iryna.day(1, firstOfAugust)
	s.iryna.write("another training", &recordsv1.Training{})
	another := s.iryna.write("", &recordsv1.TrainingDay{TrainingId: id("another training"), DayNumber: 1, FieldDate: 20160901})
	s.sync()
	s.olha.mark(day, "Ivan", present, byRollCall)
	s.petro.mark(day, "Ivan", absent, byRollCall)
	s.olha.mark(another, "Ivan", present, byRollCall)
	want := fieldwork.Completion{Enrolled: 1, AllDays: 1, Completed: 1}
	if got := s.reckon().Completion(season); got != want {
		t.Errorf("completion %+v, want %+v", got, want)
	}
}

// Three days are planned; day 3 is never held.
func TestWhoAttendedAllDaysThatWereHeld(t *testing.T) {
	s := newLyman(newField(t))
	one, two := s.iryna.day(1, 20160801), s.iryna.day(2, 20160802)
	s.iryna.day(3, 20160803)
	for _, name := range []string{"every day", "late once", "left early once", "one day only", "in dispute once", "never", "withdrew before", "withdrew after"} {
		s.iryna.write("", &recordsv1.Enrolment{TrainingId: id("training"), ParticipantId: id(name)})
	}
	s.iryna.write("", &recordsv1.Enrolment{TrainingId: id("training"), ParticipantId: id("withdrew before"), WithdrawnOn: 20160731})
	s.iryna.write("", &recordsv1.Enrolment{TrainingId: id("training"), ParticipantId: id("withdrew after"), WithdrawnOn: 20160802})
	s.sync()
	for name, marks := range map[string][2]recordsv1.Presence{
		"every day":       {present, present},
		"late once":       {present, late},
		"left early once": {leftEarly, present},
		"one day only":    {present, absent},
		"in dispute once": {present, present},
		"never":           {absent, restAbsent},
		"walked in":       {present, present},
	} {
		s.olha.mark(one, name, marks[0], byRollCall)
		s.olha.mark(two, name, marks[1], byRollCall)
	}
	s.petro.mark(two, "in dispute once", absent, byRollCall)
	r := s.reckon()

	want := fieldwork.Completion{Enrolled: 8, AllDays: 3, Completed: 3, Disputed: 1}
	if got := r.Completion(season); got != want {
		t.Errorf("completion %+v, want %+v", got, want)
	}
	if got := r.Trained(season).People; got != 6 {
		t.Errorf("%d people trained, want all who were there once", got)
	}
	if got := r.Completion(fieldwork.Period{From: 20160802}); got != (fieldwork.Completion{}) {
		t.Errorf("a training that began before the period: %+v", got)
	}

	s.iryna.write("training", &recordsv1.Training{CompletionPercent: 50})
	if got := s.reckon().Completion(season).Completed; got != 6 {
		t.Errorf("%d completed half of the days, want 6", got)
	}
}

func TestTheSheetIsComparedAndNothingIsRefused(t *testing.T) {
	s := newLyman(newField(t))
	ref := s.iryna.day(1, firstOfAugust)
	for _, name := range []string{"Ivan", "Olena", "Stepan"} {
		s.iryna.mark(ref, name, present, byRollCall)
	}
	if _, counted := theDay(t, s.reckon(), ref).SheetDifference(); counted {
		t.Error("a difference to a sheet that nobody counted")
	}
	s.iryna.write("", &recordsv1.TrainingDay{TrainingId: id("training"), DayNumber: 1, SheetCount: proto.Int32(5)})
	if n, counted := theDay(t, s.reckon(), ref).SheetDifference(); !counted || n != -2 {
		t.Errorf("difference %d (counted %v), want -2", n, counted)
	}
}

func TestAMistypedDayIsNeverLostAndNeverSilentlyCounted(t *testing.T) {
	s := newLyman(newField(t))
	good, noSuchDay, future := s.iryna.day(1, 20160801), s.iryna.day(2, 20160931), s.iryna.day(3, 20260803)
	for _, day := range []fieldwork.Ref{good, noSuchDay, future} {
		s.iryna.mark(day, "Ivan", present, byRollCall)
	}
	r := s.reckon()
	if got := r.TrainingTotals(fieldwork.Period{From: 20160101, To: 20161231}).DaysHeld; got != 1 {
		t.Errorf("%d days held in the year, want 1", got)
	}
	if got := r.TrainingTotals(fieldwork.Period{}).DaysHeld; got != 3 {
		t.Errorf("%d days held at all, want 3", got)
	}
	suspect := map[fieldwork.Ref]bool{}
	for _, ref := range refsOf(r.SuspectDates(20161001)) {
		suspect[ref] = true
	}
	if want := map[fieldwork.Ref]bool{noSuchDay: true, future: true}; !reflect.DeepEqual(suspect, want) {
		t.Errorf("suspect %v, want %v", suspect, want)
	}
	if got := len(r.SuspectDates(0)); got != 1 {
		t.Errorf("%d suspect dates without a present day, want the one of no calendar", got)
	}
}

func TestMembersOfInitiativeGroupsWhoWereTrained(t *testing.T) {
	s := newLyman(newField(t))
	day := s.iryna.day(1, 20160810)
	s.iryna.write("initiative", &recordsv1.Group{Kind: initiative})
	s.iryna.write("veterans", &recordsv1.Group{Kind: recordsv1.GroupKind_GROUP_KIND_VETERANS_GROUP})
	const left, invited = recordsv1.MembershipStatus_MEMBERSHIP_STATUS_LEFT, recordsv1.MembershipStatus_MEMBERSHIP_STATUS_INVITED
	for name, m := range map[string]*recordsv1.Membership{
		"member":                  {GroupId: id("initiative"), JoinedOn: 20160701},
		"joined on the day":       {GroupId: id("initiative"), JoinedOn: 20160810},
		"left on the day":         {GroupId: id("initiative"), LeftOn: 20160810, Status: left},
		"since ever":              {GroupId: id("initiative")},
		"joined too late":         {GroupId: id("initiative"), JoinedOn: 20160811},
		"left before":             {GroupId: id("initiative"), LeftOn: 20160809, Status: left},
		"left, nobody knows when": {GroupId: id("initiative"), Status: left},
		"invited":                 {GroupId: id("initiative"), Status: invited},
		"veteran":                 {GroupId: id("veterans")},
		"member who did not come": {GroupId: id("initiative")},
	} {
		m.ParticipantId = id(name)
		s.iryna.write("", m)
		if name != "member who did not come" {
			s.iryna.mark(day, name, present, byRollCall)
		}
	}
	s.iryna.mark(day, "no member", present, byRollCall)
	r := s.reckon()
	if got := r.MembersTrained(season, initiative); got.People != 4 || got.ByCommunity[lymanPcode] != 4 {
		t.Errorf("members trained %+v, want 4", got)
	}
	if got := r.Trained(season).People; got != 10 {
		t.Errorf("%d trained, want 10", got)
	}
}

// A membership under one registration speaks for the person at a training under
// the other.
func TestAMembershipHoldsForTheWholePerson(t *testing.T) {
	s := newLyman(newField(t))
	day := s.iryna.day(1, firstOfAugust)
	s.iryna.write("initiative", &recordsv1.Group{Kind: initiative})
	s.iryna.write("", &recordsv1.Membership{GroupId: id("initiative"), ParticipantId: id("Ivan")})
	s.olha.mark(day, "Ivan again", present, byRollCall)
	if got := s.reckon().MembersTrained(season, initiative).People; got != 0 {
		t.Errorf("%d members trained before linking", got)
	}
	s.iryna.link("Ivan", "Ivan again", same)
	if got := s.reckon().MembersTrained(season, initiative).People; got != 1 {
		t.Errorf("%d members trained after linking, want 1", got)
	}
}

func TestMarksWhoseDayHasNotComeWait(t *testing.T) {
	s := newLyman(newField(t))
	day := s.iryna.day(1, firstOfAugust) // Iryna has not synced
	mark := s.olha.mark(day, "Ivan", present, byRollCall)
	r := bookOf(s.pages(s.olha)).Reckon()
	if got := r.Orphans(); len(got) != 1 || got[0] != (fieldwork.Orphan{Row: mark, Parent: day}) {
		t.Errorf("orphans %v, want the mark", got)
	}
	if r.Trained(fieldwork.Period{}).People != 0 {
		t.Error("a mark of no known day was counted")
	}
	if r = s.reckon(); len(r.Orphans()) != 0 || r.Trained(season).People != 1 {
		t.Errorf("after the day came: orphans %v, trained %d", r.Orphans(), r.Trained(season).People)
	}
}
