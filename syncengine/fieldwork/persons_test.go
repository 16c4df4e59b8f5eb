package fieldwork_test

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

// One woman, registered on both tablets in two rooms, is at day 1 under one
// registration and at day 2 under the other.
func registeredTwice(t *testing.T) (s inLyman, days [2]fieldwork.Ref) {
	s = newLyman(newField(t))
	days = [2]fieldwork.Ref{s.iryna.day(1, 20160801), s.iryna.day(2, 20160802)}
	s.sync()
	s.olha.write("Олена", &recordsv1.Participant{GivenName: "Олена", FamilyName: "Шевченко", NameLanguage: "uk"})
	s.petro.write("Elena", &recordsv1.Participant{GivenName: "Elena", FamilyName: "Shevchenko", NameLanguage: "en"})
	s.olha.mark(days[0], "Олена", present, byRollCall)
	s.petro.mark(days[1], "Elena", present, byRollCall)
	return s, days
}

func TestTwoRegistrationsAreTwoPeopleUntilSomebodyLinksThem(t *testing.T) {
	s, _ := registeredTwice(t)
	r := s.reckon()
	if trained, all := r.Trained(season).People, r.Completion(season).AllDays; trained != 2 || all != 0 {
		t.Errorf("before linking: %d trained, %d on all days, want 2 and 0", trained, all)
	}
	s.iryna.link("Elena", "Олена", same)
	r = s.reckon()
	if trained, all := r.Trained(season).People, r.Completion(season).AllDays; trained != 1 || all != 1 {
		t.Errorf("after linking: %d trained, %d on all days, want 1 and 1", trained, all)
	}
	if r.Registrations() != 2 || len(r.People()) != 1 {
		t.Errorf("%d registrations of %d people, want both rows to stay", r.Registrations(), len(r.People()))
	}
	if got := bookOf(s.pages(s.olha)).ReckonUnlinked().Trained(season).People; got != 2 {
		t.Errorf("%d trained as if nobody had linked, want 2", got)
	}
}

// A day, or its whole training, was called a mistake, and only the link takes away
// that anybody was there: one facilitator marked one registration present, and the
// other absent.
func TestWhatOnlyALinkMakesAMistakeCountsUnlinked(t *testing.T) {
	for _, mistake := range []string{"day", "training"} {
		s, days := registeredTwice(t)
		s.petro.mark(days[1], "Elena", absent, byRollCall)
		if mistake == "day" {
			s.petro.void(days[0])
		} else {
			s.petro.void(fieldwork.Ref{Space: days[0].Space, Record: recordID("training")})
		}
		s.olha.mark(days[0], "Elena", absent, byRollCall)
		s.iryna.link("Elena", "Олена", same)
		r := s.reckon()
		if trained, unlinked := r.Trained(season).People, r.TrainedUnlinked(season); trained != 0 || unlinked != 1 {
			t.Errorf("%s called a mistake: %d trained, %d had nobody linked them, want 0 and 1", mistake, trained, unlinked)
		}
	}
}

func TestADuplicateIsDisputedOnlyOnceItIsLinked(t *testing.T) {
	s, days := registeredTwice(t)
	s.petro.mark(days[0], "Elena", absent, byRollCall)
	if n := s.reckon().Disputes().Found; n != 0 {
		t.Errorf("%d disputes before linking", n)
	}
	s.iryna.link("Elena", "Олена", same)
	if n := s.reckon().Disputes().Open; n != 1 {
		t.Errorf("%d disputes after linking, want 1", n)
	}
}

func TestWhenCoordinatorsDoNotAgreeTheyStayTwo(t *testing.T) {
	s, _ := registeredTwice(t)
	s.iryna.link("Elena", "Олена", same)
	s.maria.link("Elena", "Олена", different)
	r := s.reckon()
	if got := r.Trained(season).People; got != 2 {
		t.Errorf("%d people, want 2", got)
	}
	undecided := r.Persons().Undecided()
	if len(undecided) != 1 || len(undecided[0].Same) != 1 || len(undecided[0].Different) != 1 {
		t.Fatalf("undecided %+v, want the pair with both deciders", undecided)
	}

	s.maria.link("Elena", "Олена", unsure)
	if r = s.reckon(); r.Trained(season).People != 1 || len(r.Persons().Undecided()) != 0 {
		t.Errorf("%d people and %d undecided, once nobody says they differ", r.Trained(season).People, len(r.Persons().Undecided()))
	}
	s.iryna.link("Elena", "Олена", unsure)
	if r = s.reckon(); r.Trained(season).People != 2 || len(r.Persons().Undecided()) != 1 {
		t.Errorf("%d people and %d undecided, once nobody is sure", r.Trained(season).People, len(r.Persons().Undecided()))
	}
}

func TestALinkThatIsTakenBackSplitsThePerson(t *testing.T) {
	s := newLyman(newField(t))
	for _, name := range []string{"A", "B", "C"} {
		s.olha.person(name)
	}
	s.iryna.link("A", "B", same)
	s.maria.link("B", "C", same)
	if n := len(s.reckon().People()); n != 1 {
		t.Fatalf("%d people, want one through two links", n)
	}
	s.maria.link("B", "C", different)
	r := s.reckon()
	if n := len(r.People()); n != 2 {
		t.Errorf("%d people after taking one link back, want 2", n)
	}
	if p := r.Persons(); p.Canonical(recordID("A")) != p.Canonical(recordID("B")) || p.Canonical(recordID("C")) != recordID("C") {
		t.Error("the wrong pair was split")
	}
}

// The desk links people of two communities; neither community sees it.
func TestThePersonWhoCameInTwoCommunitiesCountsOnceOverall(t *testing.T) {
	s := newLyman(newField(t))
	svatove := s.tablet("svatove", "Andrii")
	desk := s.tablet("desk", "Maria")
	svatove.write("", &recordsv1.Community{Pcode: svatovePcode})
	svatove.write("training", &recordsv1.Training{})
	lymanDay, svatoveDay := s.iryna.day(1, 20160801), svatove.day(1, 20160905)
	s.olha.person("Ivan in Lyman")
	svatove.person("Ivan in Svatove")
	s.olha.mark(lymanDay, "Ivan in Lyman", present, byRollCall)
	svatove.mark(svatoveDay, "Ivan in Svatove", present, byRollCall)
	desk.link("Ivan in Lyman", "Ivan in Svatove", same)

	got := s.reckon().Trained(season)
	if got.People != 1 || got.ByCommunity[lymanPcode] != 1 || got.ByCommunity[svatovePcode] != 1 {
		t.Errorf("trained %+v, want one person, once in each row", got)
	}
}

func TestAPhoneChangedWhileTheRegistrationWasLinkedIsShown(t *testing.T) {
	s, _ := registeredTwice(t)
	s.olha.write("Олена", &recordsv1.Participant{Phone: "+380501111111"})
	s.sync()
	s.iryna.link("Elena", "Олена", same)
	s.petro.write("Elena", &recordsv1.Participant{Phone: "+380502222222"})
	if got := s.reckon().Profile(recordID("Олена")).Shown.GetPhone(); got != "+380502222222" {
		t.Errorf("phone %q, want the one that Petro entered offline", got)
	}
}

func TestOneOfTwoCorrectedNamesIsShownAndNeverAMixture(t *testing.T) {
	s := newLyman(newField(t))
	s.olha.write("Ivan", &recordsv1.Participant{FamilyName: "Kovalenco", GivenName: "Ivan"})
	s.sync()
	s.olha.write("Ivan", &recordsv1.Participant{FamilyName: "Kovalenko", GivenName: "Ivan"})
	s.petro.write("Ivan", &recordsv1.Participant{FamilyName: "Kovalenco", GivenName: "Ivan Petrovych"})
	shown := s.reckon().Profile(recordID("Ivan")).Shown
	name := shown.GetFamilyName() + " " + shown.GetGivenName()
	if name != "Kovalenko Ivan" && name != "Kovalenco Ivan Petrovych" {
		t.Errorf("name %q was written by nobody", name)
	}
}

func TestSexThatContradictsItselfIsUndisclosedInReports(t *testing.T) {
	const (
		f, m          = recordsv1.Sex_SEX_FEMALE, recordsv1.Sex_SEX_MALE
		said, seen    = recordsv1.SexBasis_SEX_BASIS_STATED, recordsv1.SexBasis_SEX_BASIS_DOCUMENT_SEEN
		undisclosed   = recordsv1.Sex_SEX_UNDISCLOSED
		nobodyEntered = recordsv1.Sex_SEX_UNSPECIFIED
	)
	for name, c := range map[string]struct {
		olha, petro *recordsv1.Participant
		want        recordsv1.Sex
	}{
		"both say female":              {&recordsv1.Participant{Sex: f, SexBasis: said}, &recordsv1.Participant{Sex: f, SexBasis: said}, f},
		"one says female, one male":    {&recordsv1.Participant{Sex: f, SexBasis: said}, &recordsv1.Participant{Sex: m, SexBasis: said}, undisclosed},
		"one saw a document":           {&recordsv1.Participant{Sex: f, SexBasis: said}, &recordsv1.Participant{Sex: m, SexBasis: seen}, m},
		"two documents, two sexes":     {&recordsv1.Participant{Sex: f, SexBasis: seen}, &recordsv1.Participant{Sex: m, SexBasis: seen}, undisclosed},
		"only one entered anything":    {&recordsv1.Participant{Sex: f, SexBasis: said}, &recordsv1.Participant{GivenName: "Sasha"}, f},
		"neither entered anything":     {&recordsv1.Participant{GivenName: "Sasha"}, &recordsv1.Participant{GivenName: "Sasha"}, nobodyEntered},
		"in two registrations, linked": {nil, nil, undisclosed},
	} {
		t.Run(name, func(t *testing.T) {
			s := newLyman(newField(t))
			s.olha.person("Sasha")
			s.sync()
			if c.olha == nil {
				s.olha.write("Sasha", &recordsv1.Participant{Sex: f, SexBasis: said})
				s.petro.write("Sasha again", &recordsv1.Participant{Sex: m, SexBasis: said})
				s.iryna.link("Sasha", "Sasha again", same)
			} else {
				s.olha.write("Sasha", c.olha)
				s.petro.write("Sasha", c.petro)
			}
			profile := s.reckon().Profile(recordID("Sasha"))
			if profile.Sex != c.want {
				t.Errorf("reported %v, want %v", profile.Sex, c.want)
			}
		})
	}
}

func TestTheNewestDisplacementIsReported(t *testing.T) {
	const idp, host = recordsv1.Displacement_DISPLACEMENT_IDP, recordsv1.Displacement_DISPLACEMENT_HOST_RESIDENT
	for name, c := range map[string]struct {
		olhaDay, petroDay int32
		want              recordsv1.Displacement
	}{
		"Olha knows of a later day":  {20160802, 20160801, idp},
		"Petro knows of a later day": {20160801, 20160802, host},
		"both speak of the same day": {20160801, 20160801, recordsv1.Displacement_DISPLACEMENT_UNDISCLOSED},
	} {
		s := newLyman(newField(t))
		s.olha.write("Ivan", &recordsv1.Participant{Displacement: idp, DisplacementAsOf: c.olhaDay})
		s.petro.write("Ivan", &recordsv1.Participant{Displacement: host, DisplacementAsOf: c.petroDay})
		if got := s.reckon().Profile(recordID("Ivan")).Displacement; got != c.want {
			t.Errorf("%s: reported %v, want %v", name, got, c.want)
		}
	}
}

func TestTheMorePreciseBirthIsShownHoweverLateTheOtherCame(t *testing.T) {
	s := newLyman(newField(t))
	s.petro.write("Ivan", &recordsv1.Participant{BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_DATE, BirthDate: 19810915})
	s.olha.write("Ivan", &recordsv1.Participant{
		BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_AGE, AgeYears: proto.Int32(34), AgeAsOf: 20160801,
	})
	profile := s.reckon().Profile(recordID("Ivan"))
	for day, want := range map[int32]int{20160914: 34, 20160915: 35, 20170101: 35} {
		if years, known := profile.AgeOn(day); !known || years != want {
			t.Errorf("on %d he is %d (known %v), want %d", day, years, known, want)
		}
	}
}

func TestAgeByWhatIsKnown(t *testing.T) {
	for name, c := range map[string]struct {
		of   *recordsv1.Participant
		want map[int32]int
	}{
		"born in 1981": {
			&recordsv1.Participant{BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR, BirthYear: 1981},
			map[int32]int{20160101: 35, 20161231: 35},
		},
		"34 on 1 August 2016": {
			&recordsv1.Participant{BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_AGE, AgeYears: proto.Int32(34), AgeAsOf: 20160801},
			map[int32]int{20160801: 34, 20170731: 34, 20170801: 35, 20150801: 33, 20150802: 34},
		},
		"born on 29 February": {
			&recordsv1.Participant{BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_DATE, BirthDate: 20000229},
			map[int32]int{20170228: 16, 20170301: 17},
		},
	} {
		s := newLyman(newField(t))
		s.olha.write("Ivan", c.of)
		profile := s.reckon().Profile(recordID("Ivan"))
		for day, want := range c.want {
			if years, known := profile.AgeOn(day); !known || years != want {
				t.Errorf("%s: on %d %d years (known %v), want %d", name, day, years, known, want)
			}
		}
	}
	s := newLyman(newField(t))
	s.olha.person("Ivan")
	profile := s.reckon().Profile(recordID("Ivan"))
	if years, known := profile.AgeOn(20160801); known {
		t.Errorf("of nothing an age of %d is known", years)
	}
}

// Somebody calls a registration a mistake; others have marked the person.
func TestWhoWasMarkedCountsThoughTheRegistrationIsVoid(t *testing.T) {
	s, days := registeredTwice(t)
	s.olha.void(fieldwork.Ref{Space: days[0].Space, Record: recordID("Олена")})
	r := s.reckon()
	if got := r.Trained(season).People; got != 2 {
		t.Errorf("%d people, want both", got)
	}
	if got := r.Unregistered(); len(got) != 1 || got[0] != recordID("Олена") {
		t.Errorf("unregistered %v, want the one whose registration is void", got)
	}
	if got, want := refsOf(r.UnregisteredAt()), []fieldwork.Ref{days[0]}; !slices.Equal(got, want) {
		t.Errorf("unregistered at %v, want the day at which Olena was, %v", got, want)
	}
	s.iryna.link("Elena", "Олена", same)
	if r = s.reckon(); len(r.Unregistered())+len(r.UnregisteredAt()) != 0 {
		t.Errorf("unregistered %v at %v, though the other registration stands", r.Unregistered(), r.UnregisteredAt())
	}
}

func TestRowsAboutNobodyDoNotBecomeOnePerson(t *testing.T) {
	book := fieldwork.NewBook()
	s := newLyman(newField(t))
	day := s.iryna.day(1, firstOfAugust)
	s.sync()
	s.olha.mark(day, "Ivan", present, byRollCall)
	for _, p := range s.pages(s.olha) {
		if mark, ok := p.msg.(*recordsv1.AttendanceMark); ok {
			mark.ParticipantId = []byte("short")
		}
		book.Add(p.space, p.rec, p.msg)
	}
	r := book.Reckon()
	if len(r.Unreadable()) != 1 || r.Trained(season).People != 0 || r.Marks() != 0 {
		t.Errorf("unreadable %v, trained %d, marks %d", r.Unreadable(), r.Trained(season).People, r.Marks())
	}
}

func TestALinkToOneselfSaysNothing(t *testing.T) {
	ivan := recordID("Ivan")
	persons := fieldwork.NewPersons([]fieldwork.Link{{First: ivan, Second: ivan, Verdict: unsure}})
	if len(persons.Pairs()) != 0 || len(persons.Undecided()) != 0 {
		t.Errorf("pairs %v", persons.Pairs())
	}
}

func TestTheCommunityOfARowIsNotGuessedBetweenTwo(t *testing.T) {
	s := newLyman(newField(t))
	svatove := s.iryna.write("", &recordsv1.Community{Pcode: svatovePcode})
	if got := s.reckon().Trainings()[0].Community; got != "" {
		t.Errorf("community %q, though the space has two and the training names none", got)
	}
	s.iryna.write("training", &recordsv1.Training{CommunityId: svatove.Record[:]})
	if got := s.reckon().Trainings()[0].Community; got != svatovePcode {
		t.Errorf("community %q, want the one that the training names", got)
	}
}
