package fieldwork_test

import (
	"reflect"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

func TestHeadsAtTheConcert(t *testing.T) {
	for name, c := range map[string]struct {
		said                 func(s inLyman)
		attendances, unnamed int
		review               bool
	}{
		"nobody counts": {func(inLyman) {}, 0, 0, false},
		"112 at the main door, 47 at the side door": {func(s inLyman) {
			s.olha.heads("main door", 112, false)
			s.petro.heads("side door", 47, false)
		}, 159, 159, false},
		"two count the same door, 112 and 118": {func(s inLyman) {
			s.olha.heads("main door", 118, false)
			s.petro.heads("main door", 112, false)
		}, 112, 112, false},
		"two spell the same door differently": {func(s inLyman) {
			s.olha.heads("Main  door", 118, false)
			s.petro.heads("main door ", 112, false)
		}, 112, 112, false},
		"two counts differ by a tenth": {func(s inLyman) {
			s.olha.heads("main door", 200, false)
			s.petro.heads("main door", 180, false)
		}, 180, 180, false},
		"two counts differ by more than a tenth": {func(s inLyman) {
			s.olha.heads("main door", 200, false)
			s.petro.heads("main door", 179, false)
		}, 179, 179, true},
		"two small counts differ by five": {func(s inLyman) {
			s.olha.heads("main door", 12, false)
			s.petro.heads("main door", 7, false)
		}, 7, 7, false},
		"two small counts differ by six": {func(s inLyman) {
			s.olha.heads("main door", 13, false)
			s.petro.heads("main door", 7, false)
		}, 7, 7, true},
		"40 names within 112 heads": {func(s inLyman) {
			s.olha.heads("main door", 112, true)
			s.petro.names(people(40)...)
		}, 112, 72, false},
		"40 names beside 112 heads": {func(s inLyman) {
			s.olha.heads("main door", 112, false)
			s.petro.names(people(40)...)
		}, 152, 112, false},
		"40 names, no heads": {func(s inLyman) {
			s.petro.names(people(40)...)
		}, 40, 0, false},
		"the tablets differ on whether the names are within": {func(s inLyman) {
			s.olha.heads("main door", 112, true)
			s.iryna.heads("main door", 112, false)
			s.petro.names(people(40)...)
		}, 112, 72, true},
		"more names than the heads they are within": {func(s inLyman) {
			s.olha.heads("main door", 30, true)
			s.petro.names(people(40)...)
		}, 40, 0, true},
		"a sheet without a total": {func(s inLyman) {
			s.olha.write("", &recordsv1.HeadCountSheet{EventId: id("concert"), CountPoint: "main door", CounterId: s.olha.writer.Author[:], Method: recordsv1.CountMethod_COUNT_METHOD_ESTIMATE})
			s.petro.heads("main door", 112, false)
		}, 112, 112, false},
		"a sheet called a mistake": {func(s inLyman) {
			s.olha.heads("main door", 11, false)
			s.olha.void(lastRecord(s.olha))
			s.petro.heads("main door", 112, false)
		}, 112, 112, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newLyman(newField(t))
			s.iryna.concert(held)
			c.said(s)
			concert := theConcert(t, s.reckon())
			if concert.Attendances() != c.attendances || concert.Unnamed() != c.unnamed || concert.Review() != c.review {
				t.Errorf("attendances %d, unnamed %d, review %v; want %d, %d, %v",
					concert.Attendances(), concert.Unnamed(), concert.Review(), c.attendances, c.unnamed, c.review)
			}
		})
	}
}

// Olha corrects the total while Petro, on another tablet of hers, corrects the
// number of women: one whole sheet is taken.
func TestASheetCorrectedOnTwoTabletsStaysOneSheet(t *testing.T) {
	s := newLyman(newField(t))
	spare := s.tablet("lyman", "Olha")
	spare.writer.Replica[0] ^= 1
	s.iryna.concert(held)
	sheet := func(total, female int32) *recordsv1.HeadCountSheet {
		return &recordsv1.HeadCountSheet{
			EventId: id("concert"), CountPoint: "door", CounterId: s.olha.writer.Author[:],
			Total: proto.Int32(total), Female: proto.Int32(female), Male: proto.Int32(30),
		}
	}
	s.olha.write("", sheet(120, 60))
	s.sync()
	s.olha.write("", sheet(130, 60))
	spare.write("", sheet(120, 90))
	got := theConcert(t, s.reckon()).HeadCount.Points[0]
	numbers := [2]int32{got.Effective.Numbers.GetTotal(), got.Effective.Numbers.GetFemale()}
	if len(got.Sheets) != 1 || numbers != [2]int32{130, 60} && numbers != [2]int32{120, 90} {
		t.Errorf("%d sheets, total and women %v: a sheet that nobody wrote", len(got.Sheets), numbers)
	}
}

func people(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = "guest " + string(rune('A'+i))
	}
	return names
}

func lastRecord(tab *tablet) fieldwork.Ref {
	change := tab.changes[len(tab.changes)-1]
	return fieldwork.Ref{Space: tab.writer.Space, Record: change.Records[0].Record}
}

func TestAnEventIsHeldBecauseSomebodyWasThere(t *testing.T) {
	for name, c := range map[string]struct {
		said                       func(s inLyman, concert fieldwork.Ref)
		held, cancelled, voidedBut bool
	}{
		"cancelled": {func(s inLyman, _ fieldwork.Ref) { s.petro.concert(cancelled) }, false, false, false},
		"cancelled, and heads were counted": {func(s inLyman, _ fieldwork.Ref) {
			s.petro.concert(cancelled)
			s.olha.heads("door", 12, false)
		}, true, true, false},
		"put off, and somebody is named": {func(s inLyman, _ fieldwork.Ref) {
			s.petro.concert(recordsv1.SessionStatus_SESSION_STATUS_POSTPONED)
			s.olha.names("Ivan")
		}, true, true, false},
		"nobody came": {func(s inLyman, _ fieldwork.Ref) { s.olha.heads("door", 0, false) }, false, false, false},
		"called a mistake, and heads were counted": {func(s inLyman, concert fieldwork.Ref) {
			s.petro.void(concert)
			s.olha.heads("door", 12, false)
		}, true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newLyman(newField(t))
			ref := s.iryna.concert(recordsv1.SessionStatus_SESSION_STATUS_PLANNED)
			s.sync()
			c.said(s, ref)
			r := s.reckon()
			got := theConcert(t, r)
			if got.Held() != c.held || got.CancelledButAttended() != c.cancelled || got.VoidedButAttended() != c.voidedBut {
				t.Errorf("held %v, cancelled but attended %v, voided but attended %v", got.Held(), got.CancelledButAttended(), got.VoidedButAttended())
			}
			if n := r.EventTotals(season).Held; (n == 1) != c.held {
				t.Errorf("%d events held", n)
			}
		})
	}
	s := newLyman(newField(t))
	s.iryna.void(s.iryna.concert(held))
	if n := len(s.reckon().Events()); n != 0 {
		t.Errorf("%d events, want none: the only one was a mistake, and nobody was there", n)
	}
}

func TestTheRegisterOfAnEventOutweighsAList(t *testing.T) {
	s := newLyman(newField(t))
	concert := s.iryna.concert(held)
	s.sync()
	s.olha.names("on both", "on the list", "not found", "in dispute", "rest absent")
	for person, presence := range map[string]recordsv1.Presence{
		"on both": present, "in the register": late, "not found": absent, "in dispute": present, "rest absent": restAbsent,
	} {
		s.petro.mark(concert, person, presence, byRollCall)
	}
	s.iryna.mark(concert, "in dispute", absent, byRollCall)
	r := s.reckon()
	got := theConcert(t, r)
	if len(got.Named) != 4 || len(got.NamedButAbsent) != 2 || !got.Review() {
		t.Errorf("%d named, %d named but absent, want 4 and 2", len(got.Named), len(got.NamedButAbsent))
	}
	if n := r.Disputes().Open; n != 1 {
		t.Errorf("%d open disputes, want 1", n)
	}
	if len(r.Orphans()) != 0 {
		t.Errorf("orphans %v in the register of an event", r.Orphans())
	}
}

func TestPeopleAreReachedOnceAndHeadsStayBeside(t *testing.T) {
	s := newLyman(newField(t))
	svatove := s.tablet("svatove", "Andrii")
	svatove.write("", &recordsv1.Community{Pcode: svatovePcode})
	day := s.iryna.day(1, firstOfAugust)
	s.iryna.concert(held)
	s.sync()
	s.olha.mark(day, "Ivan", present, byRollCall)
	s.olha.mark(day, "Olena", present, byRollCall)
	s.petro.names("Olena", "Stepan")
	s.petro.heads("door", 50, false)
	svatove.write("fair", &recordsv1.Event{Category: recordsv1.EventCategory_EVENT_CATEGORY_OTHER, DateStart: 20160911})
	svatove.write("", &recordsv1.Participation{EventId: id("fair"), ParticipantId: id("Stepan")})
	r := s.reckon()

	want := fieldwork.Reach{
		Named:   fieldwork.Count{People: 3, ByCommunity: map[string]int{lymanPcode: 3, svatovePcode: 1}},
		Unnamed: 50,
	}
	if got := r.Reach(season); !reflect.DeepEqual(got, want) {
		t.Errorf("reach %+v, want %+v", got, want)
	}
	totals := r.EventTotals(season)
	if totals.Held != 2 || totals.Attendances != 53 || totals.Named != 2 || totals.Unnamed != 50 {
		t.Errorf("events %+v", totals)
	}
	if n := totals.ByCategory[recordsv1.EventCategory_EVENT_CATEGORY_CULTURE]; n != 1 {
		t.Errorf("%d events of culture, want 1", n)
	}
	if n := totals.AttendancesByCategory[recordsv1.EventCategory_EVENT_CATEGORY_OTHER]; n != 1 {
		t.Errorf("%d attendances of other, want 1", n)
	}
	if facts := r.ReachFacts(fieldwork.Period{From: 20160901}); len(facts) != 3 || facts[0].Date != 20160910 || facts[0].Kind != fieldwork.EventActivity {
		t.Errorf("facts from September %+v, want the three at events", facts)
	}
}
