package fieldwork_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

var (
	presences = rapid.SampledFrom([]recordsv1.Presence{present, late, leftEarly, absent, restAbsent, excused})
	evidences = rapid.SampledFrom([]recordsv1.Evidence{0, byTap, byWord, byRollCall, byCard, bySignature})
	verdicts  = rapid.SampledFrom([]recordsv1.LinkVerdict{same, same, same, different, unsure})
)

// drawMark draws a mark of one of a few recorders, under one of two
// registrations. The number makes its record and change its own.
func drawMark(t *rapid.T, number int) fieldwork.Mark {
	m := fieldwork.Mark{
		Record:      recordID(fmt.Sprintf("mark %d", number)),
		Participant: recordID(rapid.SampledFrom([]string{"Ivan", "Ivan again"}).Draw(t, "registration")),
		Recorder:    merge.PersonID(mergetest.ID16(rapid.SampledFrom([]string{"Olha", "Petro", "Iryna", "Maria"}).Draw(t, "recorder"))),
		Presence:    presences.Draw(t, "presence"),
		Evidence:    evidences.Draw(t, "evidence"),
		At:          rapid.Int64Range(0, 3).Draw(t, "at"),
	}
	m.Change.Tag[0], m.Change.Tag[1] = byte(rapid.IntRange(0, 255).Draw(t, "tag")), byte(number)
	if rapid.Bool().Draw(t, "timed") {
		minutes := rapid.Int32Range(1, 300).Draw(t, "minutes")
		m.Minutes = &minutes
	}
	return m
}

func drawMarks(t *rapid.T, least int) []fieldwork.Mark {
	marks := make([]fieldwork.Mark, rapid.IntRange(least, 7).Draw(t, "marks"))
	for i := range marks {
		marks[i] = drawMark(t, i)
	}
	return marks
}

// drawSettled draws a decision over some of the marks, or over all.
func drawSettled(t *rapid.T, number int, over []fieldwork.Mark, all bool) fieldwork.Mark {
	m := drawMark(t, number)
	m.Evidence = byDecision
	m.Presence = rapid.SampledFrom([]recordsv1.Presence{present, late, absent, excused}).Draw(t, "decision")
	for i := range over {
		if all || rapid.Bool().Draw(t, "seen") {
			m.Seen = append(m.Seen, over[i].AsSeen())
		}
	}
	return m
}

func TestLawTheOrderAndRepetitionOfMarksDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		marks := drawMarks(t, 0)
		for i := range rapid.IntRange(0, 2).Draw(t, "settled") {
			marks = append(marks, drawSettled(t, 100+i, marks, false))
		}
		want := fieldwork.Decide(marks)
		again := rapid.Permutation(append(slices.Clone(marks), marks[:len(marks)/2]...)).Draw(t, "order")
		if got := fieldwork.Decide(again); !reflect.DeepEqual(got, want) {
			t.Fatalf("decided %+v, then %+v", want, got)
		}
	})
}

// The person's duplicate registrations do not matter, once they are linked:
// only what was said, by whom and on what grounds.
func TestLawUnderWhichRegistrationAMarkStandsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		marks := drawMarks(t, 1)
		want := fieldwork.Decide(marks)
		for i := range marks {
			marks[i].Participant = recordID("Ivan")
		}
		got := fieldwork.Decide(marks)
		for i := range want.Deciding {
			want.Deciding[i].Participant = recordID("Ivan")
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("decided %+v, then %+v", want, got)
		}
	})
}

func TestLawRestAbsentChangesNothingThatSomebodySaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		marks := drawMarks(t, 1)
		want := fieldwork.Decide(marks)
		tap := drawMark(t, 100)
		tap.Presence, tap.Evidence = restAbsent, byTap
		got := fieldwork.Decide(append(marks, tap))
		if want.Outcome != fieldwork.AbsentDefault && got.Outcome != want.Outcome {
			t.Fatalf("%v became %v", want.Outcome, got.Outcome)
		}
	})
}

// Worded from the other side than the rule: of the marks that recorders stand
// by, no better founded one says that a counted person was not there, and none
// equally founded.
func TestLawNobodyIsCountedAgainstAnEquallyFoundedMark(t *testing.T) {
	rank := func(m fieldwork.Mark) int {
		return slices.Index([]recordsv1.Evidence{byTap, byWord, byRollCall, byCard, bySignature}, m.Evidence)
	}
	rapid.Check(t, func(t *rapid.T) {
		marks := drawMarks(t, 1)
		for i := range marks { // one mark of each recorder, grounds always stated
			marks[i].Recorder = merge.PersonID(marks[i].Record)
			marks[i].Evidence = max(marks[i].Evidence, byTap)
		}
		got := fieldwork.Decide(marks)
		for _, no := range marks {
			if no.Presence != absent && no.Presence != excused {
				continue
			}
			if got.Outcome.Attended() && !slices.ContainsFunc(marks, func(yes fieldwork.Mark) bool {
				return (yes.Presence == present || yes.Presence == late || yes.Presence == leftEarly) && rank(yes) > rank(no)
			}) {
				t.Fatalf("%v, though nothing outweighs %v", got.Outcome, no)
			}
		}
	})
}

func TestLawADecisionThatSawAllMarksSettles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		marks := drawMarks(t, 1)
		settled := drawSettled(t, 100, marks, true)
		got := fieldwork.Decide(append(marks, settled))
		want := map[recordsv1.Presence]fieldwork.Outcome{
			present: fieldwork.Present, late: fieldwork.Late, absent: fieldwork.AbsentConfirmed, excused: fieldwork.Excused,
		}[settled.Presence]
		if got.Outcome != want || got.Dispute == fieldwork.DisputeOpen {
			t.Fatalf("%v (dispute %v), want %v", got.Outcome, got.Dispute, want)
		}
	})
}

func drawLinks(t *rapid.T) []fieldwork.Link {
	links := make([]fieldwork.Link, rapid.IntRange(0, 12).Draw(t, "links"))
	for i := range links {
		links[i] = fieldwork.Link{
			First:   merge.RecordID{byte(rapid.IntRange(1, 7).Draw(t, "first"))},
			Second:  merge.RecordID{byte(rapid.IntRange(1, 7).Draw(t, "second"))},
			Decider: merge.PersonID{byte(rapid.IntRange(1, 3).Draw(t, "decider"))},
			Verdict: verdicts.Draw(t, "verdict"),
		}
	}
	return links
}

// samePerson looks for a way from a to b over links that count, by trying all
// ways: slow, and nothing like what it checks.
func samePerson(links []fieldwork.Link, a, b merge.RecordID, been map[merge.RecordID]bool) bool {
	if a == b {
		return true
	}
	been[a] = true
	counts := func(x, y merge.RecordID) bool {
		yes := false
		for _, l := range links {
			if (l.First == x && l.Second == y) || (l.First == y && l.Second == x) {
				if l.Verdict == different {
					return false
				}
				yes = yes || l.Verdict == same
			}
		}
		return yes
	}
	for n := byte(1); n <= 7; n++ {
		next := merge.RecordID{n}
		if !been[next] && counts(a, next) && samePerson(links, next, b, been) {
			return true
		}
	}
	return false
}

func TestLawPersonsAreWhatLinksConnect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		links := drawLinks(t)
		persons := fieldwork.NewPersons(links)
		for a := byte(1); a <= 7; a++ {
			for b := byte(1); b <= 7; b++ {
				x, y := merge.RecordID{a}, merge.RecordID{b}
				want := samePerson(links, x, y, map[merge.RecordID]bool{})
				if got := persons.Canonical(x) == persons.Canonical(y); got != want {
					t.Fatalf("%d and %d one person: %v, want %v", a, b, got, want)
				}
				if in := slices.Contains(persons.Registrations(x), y); in != want {
					t.Fatalf("%d among the registrations of %d: %v, want %v", b, a, in, want)
				}
			}
			if least := persons.Registrations(merge.RecordID{a})[0]; persons.Canonical(merge.RecordID{a}) != least {
				t.Fatalf("%d is counted under %v, not under the least %v", a, persons.Canonical(merge.RecordID{a}), least)
			}
		}
	})
}

func TestLawALinkTakenBackLeavesNoTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		links := drawLinks(t)
		a, b := merge.RecordID{byte(rapid.IntRange(1, 3).Draw(t, "a"))}, merge.RecordID{byte(rapid.IntRange(4, 7).Draw(t, "b"))}
		without := slices.DeleteFunc(slices.Clone(links), func(l fieldwork.Link) bool {
			return l.First == a && l.Second == b || l.First == b && l.Second == a
		})
		fresh := merge.PersonID{9}
		back := append(slices.Clone(links), fieldwork.Link{First: a, Second: b, Decider: fresh, Verdict: different})
		back = rapid.Permutation(back).Draw(t, "order")
		got, want := fieldwork.NewPersons(back), fieldwork.NewPersons(without)
		for n := byte(1); n <= 7; n++ {
			if id := (merge.RecordID{n}); !slices.Equal(got.Registrations(id), want.Registrations(id)) {
				t.Fatalf("registrations of %d: %v, want %v", n, got.Registrations(id), want.Registrations(id))
			}
		}
	})
}
