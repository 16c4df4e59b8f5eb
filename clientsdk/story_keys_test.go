package clientsdk_test

import (
	"filippo.io/age"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/clientsdk/sealing"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// identity returns the key of a person of the story, which is made when it is
// first needed.
func (w *world) identity(person string) *age.X25519Identity {
	if w.identities[person] == nil {
		made, err := age.GenerateX25519Identity()
		if err != nil {
			w.t.Fatal(err)
		}
		w.identities[person] = made
	}
	return w.identities[person]
}

// keys returns what a person seals and opens with: the coordinator of the story
// supervises its counselling rooms, somebody else where there is none.
func (w *world) keys(person string) *sealing.Keys {
	supervisor := w.coordinator
	if supervisor == "" {
		supervisor = "a supervisor"
	}
	keys := &sealing.Keys{Identity: w.identity(person), Rooms: map[clientsdk.SpaceID]sealing.Pins{}}
	for _, space := range w.spaces {
		if space.kind == room {
			keys.Rooms[space.id] = sealing.Pins{Supervisors: []string{w.identity(supervisor).Recipient().String()}}
		}
	}
	return keys
}

// sealedMarks tell which fields of a row could not be opened.
func sealedMarks(fields []clientsdk.SealedField) (marks []string) {
	for _, f := range fields {
		if f.Err != nil {
			marks = append(marks, f.Name+" is sealed")
		}
	}
	return marks
}

// sealedAtHome is the same for home, which opens nothing.
func sealedAtHome(plan *schema.Plan, rec *merge.Record) (marks []string) {
	for _, cell := range plan.Cells() {
		stored := rec.Cell(merge.CellKey{Field: cell.Field})
		if cell.Sealed && stored != nil && len(stored.Values) > 0 {
			marks = append(marks, cell.Name+" is sealed")
		}
	}
	return marks
}
