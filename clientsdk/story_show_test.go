package clientsdk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// In these viewer is a tablet, home, or everyone: all tablets that hold what is
// asked about, and home.
var recordQuestions = []question{
	{"{viewer} sees {record}", (*world).askRecord},
	{"{viewer} sees {cells} of {record}", (*world).askRecord},
	{"{viewer} holds {types}", (*world).askHeld},
	{"{viewer} is asked about", (*world).askAttention},
	{"{tablet}'s changes", (*world).askChanges},
}

const everyone = "everyone"

// askAll has each viewer answer. Those who answer alike are named together, and
// nobody is if all do.
func (w *world) askAll(viewer string, holds func([]storySpace) bool, answer func(who string) ([]string, error)) ([]string, error) {
	if viewer != everyone {
		return answer(viewer)
	}
	viewers := []string{homeName}
	for _, tab := range w.tablets {
		if holds(tab.spaces) {
			viewers = append(viewers, tab.name)
		}
	}
	var groups, answers [][]string
	for _, who := range viewers {
		said, err := answer(who)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", who, err)
		}
		i := slices.IndexFunc(answers, func(other []string) bool { return slices.Equal(other, said) })
		if i < 0 {
			i = len(answers)
			answers, groups = append(answers, said), append(groups, nil)
		}
		groups[i] = append(groups[i], who)
	}
	if len(answers) == 1 {
		return answers[0], nil
	}
	var lines []string
	for i := range answers {
		lines = append(lines, strings.Join(groups[i], ", ")+":")
		for _, line := range answers[i] {
			lines = append(lines, "  "+line)
		}
	}
	return lines, nil
}

func anySpace([]storySpace) bool { return true }

func holding(space storySpace) func([]storySpace) bool {
	return func(held []storySpace) bool { return slices.Contains(held, space) }
}

// sight is a record as somebody sees it.
type sight struct {
	space         storySpace
	rec           *merge.Record
	plan          *schema.Plan
	msg           proto.Message
	disagreements []clientsdk.Disagreement
	sealed        []string // what the viewer cannot open
	marks         []string // what the tablet says of it besides
}

// look returns all records that a viewer has, void ones among them.
func (w *world) look(who string) ([]sight, error) {
	if who == homeName {
		return w.lookAtHome()
	}
	tab, err := w.tablet(who)
	if err != nil {
		return nil, err
	}
	var all []sight
	for _, space := range tab.spaces {
		for _, typeName := range recordTypes().Types() {
			rows, err := clientsdk.QueryNamed(context.Background(), tab, space.id, typeName, clientsdk.WithVoid())
			if err != nil {
				return nil, err
			}
			for _, row := range rows {
				s := sight{space, row.Record(), tab.known.Plan(typeName), row.Message, row.Disagreements, sealedMarks(row.Sealed), nil}
				if row.Quarantined {
					s.marks = append(s.marks, "in quarantine: others do not see it")
				} else if row.Provisional {
					s.marks = append(s.marks, "not confirmed yet")
				}
				all = append(all, s)
			}
		}
	}
	return all, nil
}

func (w *world) lookAtHome() ([]sight, error) {
	var all []sight
	for _, space := range w.spaces {
		_, err := w.home.engine.Records(space.id, func(rec *merge.Record) error {
			plan := recordTypes().Plan(rec.Type)
			msg, err := plan.Join(rec)
			rec = rec.Clone()
			all = append(all, sight{space, rec, plan, msg, plan.Disagreements(rec), sealedAtHome(plan, rec), nil})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// see returns one record as a viewer sees it.
func (w *world) see(who string, rec storyRecord) (*sight, error) {
	all, err := w.look(who)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].space == rec.space && all[i].rec.ID == rec.id {
			return &all[i], nil
		}
	}
	return nil, errNotSeen
}

var errNotSeen = errors.New("there is no such record")

func (w *world) askRecord(said words) ([]string, error) {
	rec, err := w.record(said["record"])
	if err != nil {
		return nil, err
	}
	var cells []string
	if said["cells"] != "" {
		cells = listed(said["cells"])
	}
	return w.askAll(said["viewer"], holding(rec.space), func(who string) ([]string, error) {
		seen, err := w.see(who, rec)
		if errors.Is(err, errNotSeen) {
			return []string{"nothing"}, nil
		}
		if err != nil {
			return nil, err
		}
		return w.describe(seen, cells)
	})
}

// describe shows a record cell by cell: all that hold something, or those that
// are named.
func (w *world) describe(s *sight, cells []string) ([]string, error) {
	for _, name := range cells {
		if !slices.ContainsFunc(s.plan.Cells(), func(c schema.CellPlan) bool { return c.Name == name }) {
			return nil, fmt.Errorf("%s has no field or group %q", storyType(s.plan.Name), name)
		}
	}
	var lines []string
	for _, cell := range s.plan.Cells() {
		if text := w.shown(s.msg.ProtoReflect(), cell.Fields); slices.Contains(cells, cell.Name) || len(cells) == 0 && text != "empty" {
			lines = append(lines, text)
		}
	}
	for _, d := range s.disagreements {
		if len(cells) == 0 || slices.Contains(cells, d.Name) {
			lines = append(lines, w.disagreement(s.plan, &d))
		}
	}
	if s.knowsMore() {
		lines = append(lines, "something that this app does not know")
	}
	switch s.rec.Standing() {
	case merge.Void:
		lines = append(lines, "called a mistake")
	case merge.Contested:
		lines = append(lines, "called a mistake by somebody who had not seen all of it")
	}
	return slices.Concat(lines, s.sealed, s.marks), nil
}

func (s *sight) knowsMore() bool {
	return slices.ContainsFunc(s.rec.Cells, func(c merge.Cell) bool {
		_, known := s.plan.Cell(protoreflect.FieldNumber(c.Key.Field))
		return !known && c.Key != merge.Lifecycle
	})
}

// disagreement names who says what, the value that is shown first.
func (w *world) disagreement(plan *schema.Plan, d *clientsdk.Disagreement) string {
	var said []string
	for _, v := range d.Values {
		said = append(said, w.nameOf(v.Author[:])+" says "+w.showCell(plan, d.Key, v.Data))
	}
	kind := "kept beside each other"
	if d.Review {
		kind = "to review"
	}
	return fmt.Sprintf("%s differs, %s: %s", d.Name, kind, strings.Join(said, "; "))
}

// showCell writes the value of a cell; of an element of a set, which element
// and whether it is there.
func (w *world) showCell(plan *schema.Plan, key merge.CellKey, data []byte) string {
	cell, known := plan.Cell(protoreflect.FieldNumber(key.Field))
	if !known {
		return "something that this app does not know"
	}
	suffix := ""
	if key.Element != "" {
		if len(data) == 0 {
			suffix = " is not there"
		}
		data = []byte(key.Element)
	}
	msg := plan.NewMessage()
	if err := proto.Unmarshal(data, msg); err != nil {
		return err.Error()
	}
	return w.shown(msg.ProtoReflect(), cell.Fields) + suffix
}

func (w *world) askHeld(said words) ([]string, error) {
	plan, err := planOf(said["types"])
	if err != nil {
		return nil, err
	}
	return w.askAll(said["viewer"], anySpace, func(who string) ([]string, error) {
		all, err := w.look(who)
		if err != nil {
			return nil, err
		}
		var lines []string
		for i := range all {
			if all[i].plan.Name != plan.Name {
				continue
			}
			line := w.nameOf(all[i].rec.ID[:])
			if standing := all[i].rec.Standing(); standing != merge.Active {
				line += ", " + standing.String()
			}
			lines = append(lines, strings.Join(append([]string{line}, all[i].marks...), ", "))
		}
		slices.Sort(lines)
		return orNothing(lines), nil
	})
}

func orNothing(lines []string) []string {
	if len(lines) == 0 {
		return []string{"nothing"}
	}
	return lines
}
