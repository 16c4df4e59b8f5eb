package fieldwork_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

var somebody = rapid.SampledFrom([]string{"Ivan", "Olena", "Stepan", "Stepan again"})

// drawSeason plays a random season of three tablets in Lyman, some of whose
// syncs come early and some only at the end.
func drawSeason(t *rapid.T) inLyman {
	s := newLyman(newField(t))
	s.iryna.write("initiative", &recordsv1.Group{Kind: initiative})
	days := []fieldwork.Ref{s.iryna.day(1, 20160801), s.iryna.day(2, 20160802), s.iryna.concert(0)}
	mistaken := append(slices.Clone(days), fieldwork.Ref{Space: days[0].Space, Record: recordID("training")})
	s.sync()
	statuses := rapid.SampledFrom([]recordsv1.SessionStatus{held, cancelled, didNotHappen})
	for range rapid.IntRange(5, 25).Draw(t, "writes") {
		tab := rapid.SampledFrom(s.tablets).Draw(t, "tablet")
		person := somebody.Draw(t, "person")
		switch rapid.IntRange(0, 9).Draw(t, "what") {
		case 0:
			tab.person(person)
		case 1:
			if other := somebody.Draw(t, "other"); other != person {
				tab.link(person, other, verdicts.Draw(t, "verdict"))
			}
		case 2:
			tab.write("", &recordsv1.TrainingDay{TrainingId: id("training"), DayNumber: 2, Status: statuses.Draw(t, "status")})
		case 3:
			tab.heads(rapid.SampledFrom([]string{"door", "yard"}).Draw(t, "point"), rapid.Int32Range(0, 40).Draw(t, "total"), rapid.Bool().Draw(t, "includes named"))
		case 4:
			tab.names(person)
		case 5:
			tab.write("", &recordsv1.Membership{GroupId: id("initiative"), ParticipantId: id(person)})
		case 6:
			s.sync()
		case 7:
			tab.void(rapid.SampledFrom(mistaken).Draw(t, "mistaken"))
		default:
			tab.mark(rapid.SampledFrom(days).Draw(t, "day"), person, presences.Draw(t, "presence"), max(byTap, evidences.Draw(t, "evidence")))
		}
	}
	s.sync()
	return s
}

func TestLawTheOrderOfRecordsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pages := drawSeason(t).pagesOf(0)
		want := bookOf(pages).Reckon()
		again := rapid.Permutation(append(slices.Clone(pages), pages[:len(pages)/2]...)).Draw(t, "order")
		if got := bookOf(again).Reckon(); !reflect.DeepEqual(got, want) {
			t.Fatalf("reckoned %+v, then %+v", want, got)
		}
	})
}

func TestLawEveryTabletReckonsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSeason(t)
		first, last := bookOf(s.pagesOf(0)).Reckon(), bookOf(s.pagesOf(len(s.tablets)-1)).Reckon()
		a, b := figuresOf(first), figuresOf(last)
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("one tablet has %+v, another %+v", a, b)
		}
	})
}

// Figures hold together whatever happened: the parts are never more than the
// whole, and rows add up to at least the total.
func TestLawFiguresHoldTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := bookOf(drawSeason(t).pagesOf(0)).Reckon()
		f := figuresOf(r)
		sum := 0
		for _, row := range f.Reach.Named.ByCommunity {
			sum += row
		}
		if f.Reach.Named.People > sum {
			t.Fatalf("%d people in rows that add up to %d", f.Reach.Named.People, sum)
		}
		if f.Members.People > f.Trained.People || f.Trained.People > f.Reach.Named.People {
			t.Fatalf("%d members, %d trained, %d reached", f.Members.People, f.Trained.People, f.Reach.Named.People)
		}
		if c := f.Completion; c.AllDays > c.Enrolled || c.Completed > c.Enrolled {
			t.Fatalf("completion %+v", c)
		}
		for _, training := range r.Trainings() {
			for _, a := range training.Attendees {
				if a.InFull > a.Days || a.Days+a.Disputed > training.HeldDays() {
					t.Fatalf("%+v of %d days held", a, training.HeldDays())
				}
			}
		}
		if d := f.Disputes; d.Found != d.Open+d.Settled || d.Open != len(r.OpenDisputes()) {
			t.Fatalf("disputes %+v, %d listed", d, len(r.OpenDisputes()))
		}
		if e := f.Events; e.Named > e.Attendances || e.Unnamed > e.Attendances {
			t.Fatalf("events %+v", e)
		}
	})
}

// Linking never makes anybody more: people, trained and reached go down or stay.
func TestLawLinkingNeverCountsMorePeople(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		book := bookOf(drawSeason(t).pagesOf(0))
		linked, apart := book.Reckon(), book.ReckonUnlinked()
		if l, a := linked.Trained(season).People, apart.Trained(season).People; l > a {
			t.Fatalf("%d trained, %d before linking", l, a)
		}
		if l, a := len(linked.People()), len(apart.People()); l > a || a != apart.Registrations() {
			t.Fatalf("%d people, %d before linking, %d registrations", l, a, apart.Registrations())
		}
	})
}

// figures are what a report prints.
type figures struct {
	Trained, Members fieldwork.Count
	Completion       fieldwork.Completion
	Trainings        fieldwork.TrainingTotals
	Events           fieldwork.EventTotals
	Reach            fieldwork.Reach
	Disputes         fieldwork.DisputeCount
	Overridden       int
	Cancelled        []fieldwork.SessionRef
	Voided           []fieldwork.SessionRef
	Unregistered     []fieldwork.SessionRef
	Suspect          []fieldwork.SessionRef
}

func figuresOf(r *fieldwork.Reckoning) figures {
	return figures{
		r.Trained(season), r.MembersTrained(season, initiative), r.Completion(season), r.TrainingTotals(season),
		r.EventTotals(season), r.Reach(season), r.Disputes(), r.DefaultsOverridden(),
		r.CancelledButAttended(), r.VoidedButAttended(), r.UnregisteredAt(), r.SuspectDates(season.From),
	}
}

// pagesOf returns what the copy of one tablet holds.
func (f *field) pagesOf(tablet int) []page { return f.pages(f.tablets[tablet]) }

func TestLawWhatCountsUnlinkedIsAsIfNobodyHadLinked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		book := bookOf(drawSeason(t).pagesOf(0))
		if got, want := book.Reckon().TrainedUnlinked(fieldwork.Period{}), book.ReckonUnlinked().Trained(fieldwork.Period{}).People; got != want {
			t.Fatalf("%d trained had nobody linked them; reckoned without links they are %d", got, want)
		}
	})
}

// Two books, of which one is another later: what is remembered of the first makes no
// difference, whether registrations were linked meanwhile or not.
func TestLawReckoningAgainIsReckoning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one := bookOf(drawSeason(t).pagesOf(0))
		other, grown := bookOf(nil), drawSeason(t).pagesOf(0)
		var reckoner fieldwork.Reckoner
		reckoner.Reckon(one, other)
		other = bookOf(grown)
		if got, want := reckoner.Reckon(one, other), fieldwork.Reckon(one, other); !reflect.DeepEqual(got, want) {
			t.Fatalf("reckoned again %+v, anew %+v", figuresOf(got), figuresOf(want))
		}
	})
}
