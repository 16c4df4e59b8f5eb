package console

import (
	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// register is one space as it is at a position.
type register struct {
	*fieldwork.Reckoning
	space    merge.SpaceID
	position uint64
	states   map[merge.RecordID]proto.Message
}

// triesMost bounds how often a space is read anew that moves on meanwhile.
const triesMost = 5

// register reads a space, of one position.
func (v *visit) register(space merge.SpaceID) (*register, error) {
	for range triesMost {
		r, whole, err := v.readRegister(space)
		if err != nil || whole {
			return r, err
		}
	}
	return nil, fault.New(fault.Unavailable, "the register is being written to: try again")
}

func (v *visit) readRegister(space merge.SpaceID) (r *register, whole bool, err error) {
	r = &register{space: space, states: map[merge.RecordID]proto.Message{}}
	book := fieldwork.NewBook()
	for token := ""; ; {
		resp, err := v.calls.desk.ListRecords(v.ctx(), connect.NewRequest(&syncv1.ListRecordsRequest{SpaceId: space[:], PageToken: token}))
		if kindOf(err) == fault.NoAccess && token == "" && v.spaceIsOpen(space) { // nobody has written there yet
			r.Reckoning = book.Reckon()
			return r, true, nil
		}
		if err != nil {
			return nil, false, err
		}
		if token != "" && resp.Msg.Position != r.position {
			return nil, false, nil
		}
		r.position = resp.Msg.Position
		for _, listed := range resp.Msg.Records {
			rec, err := merge.ParseRecord(merge.RecordID(listed.RecordId), listed.Row)
			if err != nil {
				return nil, false, err
			}
			if plan := v.o.Schema().Plan(rec.Type); plan != nil {
				if msg, err := plan.Join(rec); err == nil {
					book.Add(space, rec, msg)
					r.states[rec.ID] = msg
				}
			}
		}
		if token = resp.Msg.NextPageToken; token == "" {
			r.Reckoning = book.Reckon()
			return r, true, nil
		}
	}
}

// spaceIsOpen tells whether a role opens a space to the reader, whether or not
// somebody has written there.
func (v *visit) spaceIsOpen(space merge.SpaceID) bool {
	return v.view.HasIn(v.who.Person, space, v.o.Now(), openingRoles...)
}

// name is by what a person knows a record of the register.
func (r *register) name(id [16]byte) string {
	if msg := r.states[id]; msg != nil {
		return titleOf(msg)
	}
	return ""
}

// person is the name of somebody by any of the registrations.
func (r *register) person(id merge.RecordID) string {
	if name := r.name(id); name != "" {
		return name
	}
	profile := r.Profile(id)
	if profile.Shown != nil {
		return personName(profile.Shown)
	}
	return ""
}
