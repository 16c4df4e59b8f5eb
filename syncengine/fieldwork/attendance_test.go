package fieldwork_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

// Each story plays on day 1 of the training in Lyman, with Ivan to be marked.
// Nobody hears of anybody until all tablets sync at the end.
func TestWhatRecordersSayOfIvan(t *testing.T) {
	type said func(s inLyman, day fieldwork.Ref)
	for name, story := range map[string]struct {
		said    said
		want    fieldwork.Outcome
		dispute fieldwork.Dispute
	}{
		"nobody marks him": {func(inLyman, fieldwork.Ref) {}, fieldwork.Unmarked, fieldwork.NoDispute},
		"Olha finds him, Petro closes with rest absent": {func(s inLyman, day fieldwork.Ref) {
			s.olha.mark(day, "Ivan", present, byRollCall)
			s.petro.mark(day, "Ivan", restAbsent, byTap)
		}, fieldwork.Present, fieldwork.NoDispute},
		"both close with rest absent": {func(s inLyman, day fieldwork.Ref) {
			s.olha.mark(day, "Ivan", restAbsent, byTap)
			s.petro.mark(day, "Ivan", restAbsent, byTap)
		}, fieldwork.AbsentDefault, fieldwork.NoDispute},
		"Olha calls him present, Petro calls him absent": {func(s inLyman, day fieldwork.Ref) {
			s.olha.mark(day, "Ivan", present, byRollCall)
			s.petro.mark(day, "Ivan", absent, byRollCall)
		}, fieldwork.Disputed, fieldwork.DisputeOpen},
		"Olha calls him absent, Petro finds his signature": {func(s inLyman, day fieldwork.Ref) {
			s.olha.mark(day, "Ivan", absent, byRollCall)
			s.petro.mark(day, "Ivan", present, bySignature)
		}, fieldwork.Present, fieldwork.NoDispute},
		"Olha scans his card, somebody tells Petro that he was not there": {func(s inLyman, day fieldwork.Ref) {
			s.olha.mark(day, "Ivan", present, byCard)
			s.petro.mark(day, "Ivan", absent, byWord)
		}, fieldwork.Present, fieldwork.NoDispute},
		"Olha calls him present, Petro late": {func(s inLyman, day fieldwork.Ref) {
			s.olha.mark(day, "Ivan", present, byRollCall)
			s.petro.mark(day, "Ivan", late, byRollCall)
		}, fieldwork.Late, fieldwork.NoDispute},
		"Olha calls him late, Petro saw him leave early": {func(s inLyman, day fieldwork.Ref) {
			s.olha.mark(day, "Ivan", late, byRollCall)
			s.petro.mark(day, "Ivan", leftEarly, byRollCall)
		}, fieldwork.LeftEarly, fieldwork.NoDispute},
		"Olha calls him absent, Petro has his excuse": {func(s inLyman, day fieldwork.Ref) {
			s.olha.mark(day, "Ivan", absent, byRollCall)
			s.petro.mark(day, "Ivan", excused, byRollCall)
		}, fieldwork.Excused, fieldwork.NoDispute},
		"Olha has his excuse, Petro calls him present": {func(s inLyman, day fieldwork.Ref) {
			s.olha.mark(day, "Ivan", excused, byRollCall)
			s.petro.mark(day, "Ivan", present, byRollCall)
		}, fieldwork.Disputed, fieldwork.DisputeOpen},
		"Olha taps rest present, Petro calls him absent": {func(s inLyman, day fieldwork.Ref) {
			s.olha.mark(day, "Ivan", present, byTap)
			s.petro.mark(day, "Ivan", absent, byRollCall)
		}, fieldwork.AbsentConfirmed, fieldwork.NoDispute},
		"Olha marks him and takes it back": {func(s inLyman, day fieldwork.Ref) {
			s.olha.mark(day, "Ivan", present, byRollCall)
			s.olha.mark(day, "Ivan", 0, 0)
		}, fieldwork.Unmarked, fieldwork.NoDispute},
		"Olha marked the wrong Ivan and calls the mark a mistake": {func(s inLyman, day fieldwork.Ref) {
			s.olha.void(s.olha.mark(day, "Ivan", present, byRollCall))
		}, fieldwork.Unmarked, fieldwork.NoDispute},
	} {
		t.Run(name, func(t *testing.T) {
			s := newLyman(newField(t))
			day := s.iryna.day(1, firstOfAugust)
			s.sync()
			story.said(s, day)
			got := attendance(t, s.reckon(), day, "Ivan")
			if got.Outcome != story.want || got.Dispute != story.dispute {
				t.Errorf("Ivan is %v (dispute %v), want %v (%v)", got.Outcome, got.Dispute, story.want, story.dispute)
			}
		})
	}
}

// One facilitator is one recorder, on whichever tablet.
func TestPetroCorrectsHisOwnMarkOnAnotherTablet(t *testing.T) {
	s := newLyman(newField(t))
	spare := s.tablet("lyman", "Petro")
	spare.writer.Replica[0] ^= 1
	day := s.iryna.day(1, firstOfAugust)
	s.sync()

	s.petro.mark(day, "Ivan", absent, byRollCall)
	spare.mark(day, "Ivan", present, byRollCall)
	r := s.reckon()
	if got := attendance(t, r, day, "Ivan"); got.Outcome != fieldwork.Present || len(got.Marks) != 1 {
		t.Errorf("Ivan is %v by %d marks, want what Petro said last, as one mark", got.Outcome, len(got.Marks))
	}

	// Petro closes the register on one tablet, not having synced the other.
	s.petro.mark(day, "Olena", late, byRollCall)
	spare.mark(day, "Olena", restAbsent, byTap)
	if got := attendance(t, s.reckon(), day, "Olena"); got.Outcome != fieldwork.Late {
		t.Errorf("Olena is %v, want late: rest absent does not replace a mark made by hand", got.Outcome)
	}
}

// What a coordinator signs off is the value on the screen, so that is the one
// that the mark must be named by.
func TestAMarkIsNamedByTheValueThatIsShown(t *testing.T) {
	s := newLyman(newField(t))
	spare := s.tablet("lyman", "Petro")
	spare.writer.Replica[0] ^= 1
	day := s.iryna.day(1, firstOfAugust)
	s.sync()
	s.petro.mark(day, "Ivan", late, byRollCall)
	spare.mark(day, "Ivan", restAbsent, byTap)
	byHand := s.petro.changes[len(s.petro.changes)-1].ID
	if got := attendance(t, s.reckon(), day, "Ivan").Marks[0]; got.Change != byHand {
		t.Errorf("the mark is named by %v, want the roll call %v", got.Change, byHand)
	}
}

// Olha has one mark under each registration of one man.
func TestOfARecordersOwnMarks(t *testing.T) {
	type said struct {
		presence recordsv1.Presence
		evidence recordsv1.Evidence
	}
	for name, c := range map[string]struct {
		first, then said
		want        fieldwork.Outcome
	}{
		"the later one stands":                      {said{absent, byRollCall}, said{present, byRollCall}, fieldwork.Present},
		"even if it is less well founded":           {said{present, bySignature}, said{absent, byRollCall}, fieldwork.AbsentConfirmed},
		"rest present replaces none made by hand":   {said{absent, byRollCall}, said{present, byTap}, fieldwork.AbsentConfirmed},
		"rest absent does not replace rest present": {said{present, byTap}, said{restAbsent, byTap}, fieldwork.Present},
	} {
		s := newLyman(newField(t))
		day := s.iryna.day(1, firstOfAugust)
		s.sync()
		s.olha.mark(day, "Ivan", c.first.presence, c.first.evidence)
		s.olha.mark(day, "Ivan again", c.then.presence, c.then.evidence)
		s.iryna.link("Ivan", "Ivan again", same)
		if got := attendance(t, s.reckon(), day, "Ivan"); got.Outcome != c.want {
			t.Errorf("%s: Ivan is %v, want %v", name, got.Outcome, c.want)
		}
	}
}

func TestTheShortestTimeThatWasNotedCounts(t *testing.T) {
	s := newLyman(newField(t))
	day := s.iryna.day(1, firstOfAugust)
	s.sync()
	for tab, minutes := range map[*tablet]*int32{s.olha: proto.Int32(240), s.petro: proto.Int32(180), s.iryna: nil} {
		tab.write("", &recordsv1.AttendanceMark{
			SessionId: day.Record[:], ParticipantId: id("Ivan"), RecorderId: tab.writer.Author[:],
			Presence: present, Evidence: byRollCall, MinutesPresent: minutes,
		})
	}
	if got := attendance(t, s.reckon(), day, "Ivan"); got.Minutes == nil || *got.Minutes != 180 {
		t.Errorf("minutes %v, want 180", got.Minutes)
	}
}

// disputed plays the dispute that the stories of settling start from.
func disputed(t *testing.T) (inLyman, fieldwork.Ref) {
	s := newLyman(newField(t))
	day := s.iryna.day(1, firstOfAugust)
	s.sync()
	s.olha.mark(day, "Ivan", present, byRollCall)
	s.petro.mark(day, "Ivan", absent, byRollCall)
	s.sync()
	return s, day
}

func TestIrynaSettlesADispute(t *testing.T) {
	s, day := disputed(t)
	if open := s.reckon().OpenDisputes(); len(open) != 1 || len(open[0].Deciding) != 2 {
		t.Fatalf("%d open disputes, want one with both marks", len(open))
	}
	s.iryna.settle(day, "Ivan", present)
	r := s.reckon()
	if got := attendance(t, r, day, "Ivan"); got.Outcome != fieldwork.Present || got.Dispute != fieldwork.DisputeSettled {
		t.Errorf("Ivan is %v (dispute %v)", got.Outcome, got.Dispute)
	}
	if got, want := r.Disputes(), (fieldwork.DisputeCount{Found: 1, Settled: 1}); got != want {
		t.Errorf("disputes %+v, want %+v", got, want)
	}
	if open := r.OpenDisputes(); len(open) != 0 {
		t.Errorf("still open: %+v", open)
	}
}

func TestAfterIrynaHasSettled(t *testing.T) {
	for name, story := range map[string]struct {
		then    func(s inLyman, day fieldwork.Ref)
		want    fieldwork.Outcome
		dispute fieldwork.Dispute
	}{
		"a late tablet brings another roll call": {func(s inLyman, day fieldwork.Ref) {
			s.tablet("lyman", "Taras").mark(day, "Ivan", absent, byRollCall)
		}, fieldwork.Present, fieldwork.DisputeSettled},
		"a late tablet brings a signature check that contradicts her": {func(s inLyman, day fieldwork.Ref) {
			s.tablet("lyman", "Taras").mark(day, "Ivan", absent, bySignature)
		}, fieldwork.Disputed, fieldwork.DisputeOpen},
		"a late tablet brings a signature check that agrees": {func(s inLyman, day fieldwork.Ref) {
			s.tablet("lyman", "Taras").mark(day, "Ivan", present, bySignature)
		}, fieldwork.Present, fieldwork.NoDispute},
		"Petro changes the mark she saw into a signature check": {func(s inLyman, day fieldwork.Ref) {
			s.petro.mark(day, "Ivan", excused, bySignature)
		}, fieldwork.Disputed, fieldwork.DisputeOpen},
		"she looks again, at the signature check too": {func(s inLyman, day fieldwork.Ref) {
			s.tablet("lyman", "Taras").mark(day, "Ivan", absent, bySignature)
			s.sync()
			s.iryna.settle(day, "Ivan", absent)
		}, fieldwork.AbsentConfirmed, fieldwork.NoDispute},
		"another coordinator, who has not seen hers, decides otherwise": {func(s inLyman, day fieldwork.Ref) {
			s.maria.settle(day, "Ivan", absent)
		}, fieldwork.Disputed, fieldwork.DisputeOpen},
		"another coordinator, who has seen hers, decides otherwise": {func(s inLyman, day fieldwork.Ref) {
			s.sync()
			s.maria.settle(day, "Ivan", absent)
		}, fieldwork.AbsentConfirmed, fieldwork.DisputeSettled},
		"another coordinator, who has seen hers, agrees": {func(s inLyman, day fieldwork.Ref) {
			s.sync()
			s.maria.settle(day, "Ivan", late)
		}, fieldwork.Late, fieldwork.DisputeSettled},
	} {
		t.Run(name, func(t *testing.T) {
			s, day := disputed(t)
			s.iryna.settle(day, "Ivan", present)
			story.then(s, day)
			got := attendance(t, s.reckon(), day, "Ivan")
			if got.Outcome != story.want || got.Dispute != story.dispute {
				t.Errorf("Ivan is %v (dispute %v), want %v (%v)", got.Outcome, got.Dispute, story.want, story.dispute)
			}
		})
	}
}

// A clock that runs three years ahead decides between values of one mark at
// most, never between recorders.
func TestAWrongClockDoesNotWinTheDay(t *testing.T) {
	s := newLyman(newField(t))
	day := s.iryna.day(1, firstOfAugust)
	s.sync()
	s.petro.clockOffMillis = 3 * 365 * 86_400_000
	s.olha.mark(day, "Ivan", present, bySignature)
	s.petro.mark(day, "Ivan", absent, byRollCall)
	if got := attendance(t, s.reckon(), day, "Ivan"); got.Outcome != fieldwork.Present {
		t.Errorf("Ivan is %v, want present by his signature", got.Outcome)
	}
}

func TestRestAbsentThatSomebodyElseOverrides(t *testing.T) {
	s := newLyman(newField(t))
	day := s.iryna.day(1, firstOfAugust)
	s.sync()
	s.olha.mark(day, "Ivan", present, byRollCall)
	s.petro.mark(day, "Ivan", restAbsent, byTap) // overridden by Olha
	s.iryna.mark(day, "Ivan", restAbsent, byTap) // overridden by Olha
	s.olha.mark(day, "Olena", restAbsent, byTap) // nobody else says anything
	s.olha.person("Stepan")
	s.olha.person("Stepan again")
	s.olha.mark(day, "Stepan", present, byRollCall)
	s.olha.mark(day, "Stepan again", restAbsent, byTap) // Olha's own
	s.iryna.link("Stepan", "Stepan again", same)
	r := s.reckon()
	if got := r.DefaultsOverridden(); got != 2 {
		t.Errorf("%d rest-absent marks overridden, want 2", got)
	}
	if got := r.Marks(); got != 6 {
		t.Errorf("%d marks, want all 6", got)
	}
	if got := attendance(t, r, day, "Stepan"); got.Outcome != fieldwork.Present {
		t.Errorf("Stepan is %v: rest absent replaced what Olha marked by hand", got.Outcome)
	}
}
