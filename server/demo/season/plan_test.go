package season_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"filippo.io/age"

	"github.com/zhurnal/zhurnal/clientsdk/sealing"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/demo/season"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/sealed"
)

// reader looks at the steps of a plan as an engine would.
type reader struct {
	*testing.T
	types *schema.Schema
	kinds map[season.Name]schema.SpaceKind
}

func newReader(t *testing.T, s *season.Season) *reader {
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t, types, map[season.Name]schema.SpaceKind{}}
	for _, space := range s.Spaces {
		r.kinds[space.Name] = space.Kind
	}
	return r
}

// writes composes an act against an empty register.
func (r *reader) writes(space season.Name, a *season.Act) (*schema.Plan, *merge.RecordWrites) {
	r.Helper()
	plan := r.types.Plan(a.Type())
	if plan == nil {
		r.Fatalf("%s is no record type", a.Type())
	}
	draft := schema.Draft{Record: a.ID(space), Message: a.Message, Seal: seal}
	w, err := plan.Compose(space.Space(), nil, draft)
	if err != nil {
		r.Fatalf("%s in %s: %v", a.Type(), space, err)
	}
	return plan, &w
}

// seal seals to somebody.
func seal(c *schema.CellPlan, content []byte) ([]byte, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	file, err := sealing.Seal(sealed.Place{}, content, []age.Recipient{identity.Recipient()})
	return sealed.Wrap(c.Field, file), err
}

// written visits everything that is in the register in the end.
func written(s *season.Season, visit func(writer season.Name, step *season.Step)) {
	for i := range s.Office {
		visit(s.Coordinator, &s.Office[i])
	}
	for i := range s.Tablets {
		tab := &s.Tablets[i]
		for j := range tab.Opening {
			visit(tab.Name, &tab.Opening[j])
		}
		for j := range tab.Season {
			visit(tab.Name, &tab.Season[j])
		}
	}
	for i := range s.Cells {
		visit(s.Coordinator, &season.Step{Space: s.Cells[i].Space, Acts: []season.Act{s.Cells[i].Act}})
	}
}

func TestEverythingWrittenIsValid(t *testing.T) {
	s := plan(t, season.Default)
	r := newReader(t, s)
	written(s, func(writer season.Name, step *season.Step) {
		for i := range step.Acts {
			plan, w := r.writes(step.Space, &step.Acts[i])
			violations, err := plan.Check(w)
			if err != nil || len(violations) > 0 {
				t.Errorf("%s writes %v: %v, %v", writer, step.Acts[i].Message, violations, err)
			}
			if !plan.LivesIn(r.kinds[step.Space]) {
				t.Errorf("%s writes %s into %s, a %s", writer, plan.Name, step.Space, r.kinds[step.Space])
			}
		}
	})
}

func TestLinksAndDecisionsAreValid(t *testing.T) {
	s := plan(t, season.Default)
	r := newReader(t, s)
	check := func(space season.Name, a season.Act) {
		plan, w := r.writes(space, &a)
		if violations, err := plan.Check(w); err != nil || len(violations) > 0 {
			t.Errorf("%v: %v, %v", a.Message, violations, err)
		}
	}
	for _, l := range s.Links {
		check(l.Space, season.Act{Message: l.Message(l.First.Record(), l.Second.Record(), s.Coordinator.Person())})
	}
	for _, d := range s.Disputes {
		var seen [][]byte
		for _, mark := range d.Marks {
			seen = append(seen, season.SeenStandIn(mark))
		}
		if len(seen) < 2 {
			t.Errorf("a dispute of %d marks", len(seen))
		}
		check(d.Space, season.Act{Message: d.Message(d.Session, d.Participant, s.Coordinator.Person(), seen)})
	}
}

// recordKey is a record of a space, with its type.
type recordKey struct {
	space season.Name
	id    merge.RecordID
	name  string
}

// TestEveryReferenceResolves also holds that nobody writes about what he could
// not know: a tablet knows what the office and the openings had, and its own.
// The one exception is a card that is scanned: its owner was registered on the
// other tablet, that day.
func TestEveryReferenceResolves(t *testing.T) {
	s := plan(t, season.Default)
	r := newReader(t, s)
	opened, all := map[recordKey]bool{}, map[recordKey]bool{}
	for i := range s.Office {
		note(&s.Office[i], opened, all)
	}
	for i := range s.Tablets {
		for j := range s.Tablets[i].Opening {
			note(&s.Tablets[i].Opening[j], opened, all)
		}
		for j := range s.Tablets[i].Season {
			note(&s.Tablets[i].Season[j], all)
		}
	}
	scanned := 0
	for i := range s.Tablets {
		own := map[recordKey]bool{}
		for j := range s.Tablets[i].Season {
			step := &s.Tablets[i].Season[j]
			note(step, own)
			scanned += r.follow(step, func(k recordKey) bool { return opened[k] || own[k] }, all)
		}
	}
	if scanned == 0 {
		t.Error("no card of somebody whom the tablet did not know was scanned")
	}
}

func note(step *season.Step, into ...map[recordKey]bool) {
	for i := range step.Acts {
		for _, known := range into {
			known[recordKey{step.Space, step.Acts[i].ID(step.Space), step.Acts[i].Type()}] = true
		}
	}
}

// follow checks the references of a step, and counts those to records that the
// writer did not know.
func (r *reader) follow(step *season.Step, known func(recordKey) bool, all map[recordKey]bool) (unknown int) {
	for i := range step.Acts {
		plan, w := r.writes(step.Space, &step.Acts[i])
		for _, ref := range plan.References(w) {
			leads := func(to func(recordKey) bool) bool {
				return slices.ContainsFunc(ref.Types, func(name string) bool { return to(recordKey{step.Space, ref.Record, name}) })
			}
			switch mark, isMark := step.Acts[i].Message.(*recordsv1.AttendanceMark); {
			case !leads(func(k recordKey) bool { return all[k] }):
				r.Errorf("%s field %d of %v leads nowhere", plan.Name, ref.Field, step.Acts[i].Message)
			case leads(known):
			case isMark && mark.Evidence == recordsv1.Evidence_EVIDENCE_QR_CARD_SCAN:
				unknown++
			default:
				r.Errorf("%s field %d of %v leads to what the tablet cannot know", plan.Name, ref.Field, step.Acts[i].Message)
			}
		}
	}
	return unknown
}

func TestStepsOfATabletFollowEachOther(t *testing.T) {
	s := plan(t, season.Default)
	for i := range s.Tablets {
		tab, last := &s.Tablets[i], int64(0)
		for _, step := range slices.Concat(tab.Opening, tab.Season) {
			if step.AtMillis <= last {
				t.Fatalf("%s: a step at %d after one at %d", tab.Name, step.AtMillis, last)
			}
			if last = step.AtMillis; !slices.Contains(tab.Spaces, step.Space) {
				t.Fatalf("%s writes into %s, which it does not hold", tab.Name, step.Space)
			}
		}
	}
}

func TestIdsOfKeyedRecordsFollowAsEverywhere(t *testing.T) {
	s := plan(t, season.Options{Communities: 1, People: 5})
	r := newReader(t, s)
	written(s, func(_ season.Name, step *season.Step) {
		for i := range step.Acts {
			plan, w := r.writes(step.Space, &step.Acts[i]) // refuses an id that does not follow from the key
			if plan.Keyed() && w.Record != step.Acts[i].ID(step.Space) {
				t.Errorf("%v: id %s", step.Acts[i].Message, w.Record)
			}
		}
	})
}

// TestStateHasTheCellsOfTheSchema holds the plan's own way of taking a message
// apart against the schema's.
func TestStateHasTheCellsOfTheSchema(t *testing.T) {
	s := plan(t, season.Options{Communities: 2, People: 6})
	r := newReader(t, s)
	state := s.State(season.Moment{Linked: true, Settled: true})
	written(s, func(_ season.Name, step *season.Step) {
		for i := range step.Acts {
			plan, w := r.writes(step.Space, &step.Acts[i])
			for _, write := range w.Writes {
				at := season.CellAt{Space: step.Space, Type: plan.Name, Record: w.Record, Cell: write.Cell}
				if len(state[at]) == 0 {
					t.Fatalf("the state lacks %s", at)
				}
			}
		}
	})
	for at := range state {
		if r.types.Plan(at.Type) == nil {
			t.Errorf("the state has a %s", at.Type)
		}
	}
}

func TestPeopleAreWrittenInThreeScriptsAndDuplicatesInAnother(t *testing.T) {
	s := plan(t, season.Default)
	written, languages := map[merge.RecordID]string{}, map[string]int{}
	for i := range s.Tablets {
		for _, step := range slices.Concat(s.Tablets[i].Opening, s.Tablets[i].Season) {
			for j := range step.Acts {
				if p, ok := step.Acts[j].Message.(*recordsv1.Participant); ok && p.Code != "" {
					written[step.Acts[j].ID(step.Space)] = p.NameLanguage
					languages[p.NameLanguage]++
				}
			}
		}
	}
	for _, language := range []string{"uk", "ru", "en"} {
		if languages[language] == 0 {
			t.Errorf("nobody is written in %s", language)
		}
	}
	for _, l := range s.Links {
		if l.Same && written[l.First.Record()] == written[l.Second.Record()] {
			t.Errorf("%s and %s are both written in %s", l.First, l.Second, written[l.First.Record()])
		}
	}
}

func TestCodesOnCardsAreUnique(t *testing.T) {
	s, codes := plan(t, season.Default), map[string]bool{}
	written(s, func(_ season.Name, step *season.Step) {
		for i := range step.Acts {
			if p, ok := step.Acts[i].Message.(*recordsv1.Participant); ok && p.Code != "" {
				if codes[p.Code] {
					t.Errorf("code %s is on two cards", p.Code)
				}
				codes[p.Code] = true
			}
		}
	})
	if len(codes) != s.Expected().PeopleRegistered {
		t.Errorf("%d codes for %d registrations", len(codes), s.Expected().PeopleRegistered)
	}
}

func TestDifferencesNameTheCell(t *testing.T) {
	at := season.CellAt{Space: "lyman", Type: "zhurnal.records.v1.Group"}
	has, wants := season.State{}, season.State{}
	wants.Put(at, []byte("a"))
	if first, all := has.Differences(wants); all != 1 || !bytes.Contains([]byte(first[0]), []byte("lyman")) {
		t.Errorf("%d: %q", all, first)
	}
	has.Put(at, []byte("a"))
	has.Put(at, []byte("b"))
	if _, all := has.Differences(wants); all != 1 || has.Digest() == wants.Digest() || has.Disagreeing() != 1 {
		t.Error("a second value makes no difference")
	}
}

// TestEveryStepChangesSomething holds that no tablet writes what it sees there
// already: such a step would make no change.
func TestEveryStepChangesSomething(t *testing.T) {
	for _, o := range []season.Options{season.Default, {Communities: 2, People: 6}, {Communities: 7, People: 11}} {
		s := plan(t, o)
		r := newReader(t, s)
		opened := cells{}
		for i := range s.Office {
			r.note(&s.Office[i], opened)
		}
		for i := range s.Tablets {
			for j := range s.Tablets[i].Opening {
				r.note(&s.Tablets[i].Opening[j], opened)
			}
		}
		for i := range s.Tablets {
			own := maps.Clone(opened)
			for j := range s.Tablets[i].Season {
				if !r.note(&s.Tablets[i].Season[j], own) {
					t.Errorf("%+v: %s: step %d writes what is there", o, s.Tablets[i].Name, j+1)
				}
			}
		}
	}
}

// cells are what somebody sees in a register.
type cells map[season.CellAt]string

// note writes a step, and tells whether it changed anything.
func (r *reader) note(step *season.Step, into cells) (changed bool) {
	for i := range step.Acts {
		plan, w := r.writes(step.Space, &step.Acts[i])
		for _, write := range w.Writes {
			at := season.CellAt{Space: step.Space, Type: plan.Name, Record: w.Record, Cell: write.Cell}
			was, there := into[at]
			changed = changed || !there || was != string(write.Value)
			into[at] = string(write.Value)
		}
	}
	return changed
}
