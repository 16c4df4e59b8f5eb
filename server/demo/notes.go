package demo

import (
	"fmt"

	"filippo.io/age"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/zhurnal/zhurnal/clientsdk/sealing"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/demo/season"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/sealed"
)

// keys are those of who uses the tablet: an identity of its own, and the one
// supervisor of all rooms, pinned for each. Nil for who works in none.
func (t *tablet) keys() (*sealing.Keys, error) {
	rooms := make(map[merge.SpaceID]sealing.Pins)
	for _, name := range t.planned.Spaces {
		if t.kinds[name] != schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM {
			continue
		}
		space, err := t.ids.of(name.Space())
		if err != nil {
			return nil, err
		}
		rooms[space] = sealing.Pins{Supervisors: []string{t.supervisor.String()}}
	}
	if len(rooms) == 0 {
		return nil, nil
	}
	if t.identity == nil {
		var err error
		if t.identity, err = age.GenerateX25519Identity(); err != nil {
			return nil, err
		}
	}
	return &sealing.Keys{Identity: t.identity, Rooms: rooms}, nil
}

// notes opens what psychologists have sealed, as the supervisor does.
type notes struct {
	keys   *sealing.Keys
	opened int
}

// open returns the content of a value that the server holds sealed.
func (n *notes) open(space merge.SpaceID, plan *schema.Plan, record merge.RecordID, field uint32, v *merge.Value) ([]byte, error) {
	file, ok := sealed.Unwrap(field, v.Data)
	if !ok {
		return nil, fmt.Errorf("%s %s is not sealed", plan.Name, record)
	}
	n.opened++
	return n.keys.Open(sealed.Place{
		Space: space, Record: record, Type: plan.Name, Field: field,
		Author: v.Author, Replica: v.Change.Replica, Seq: v.Change.Seq,
	}, file)
}

// checkNotes compares how many notes the plan has with how many the server holds
// sealed, for the supervisor to open.
func (o *outcome) checkNotes(r *playthrough, opened int) {
	planned := 0
	for at := range r.season.State(season.Moment{Linked: true, Settled: true}) {
		plan := r.types.Plan(at.Type)
		if cell, known := plan.Cell(protowire.Number(at.Cell.Field)); known && cell.Sealed {
			planned++
		}
	}
	o.Run.NotesSealed = opened
	if opened != planned {
		o.problem("%d notes are sealed, and %d were to be", opened, planned)
	}
}
