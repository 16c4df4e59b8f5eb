package fieldwork

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Room is a counselling room.
type Room struct {
	Ref     Ref
	Message *recordsv1.CounsellingRoom
}

// Rooms returns all rooms in the order of their ids.
func (r *Reckoning) Rooms() []Room {
	var rooms []Room
	for _, at := range sortedRefs(r.rooms) {
		rooms = append(rooms, Room{at, r.rooms[at]})
	}
	return rooms
}

// OpenOn tells whether the room received people on the day: it was open by
// then and not yet closed. Day zero asks whether it is open now. A room that
// was only planned is not open, nor is one that closed, nobody knows when.
func (r *Room) OpenOn(day int32) bool {
	m := r.Message
	open := m.GetStatus() == recordsv1.RoomStatus_ROOM_STATUS_OPEN
	closed := m.GetStatus() == recordsv1.RoomStatus_ROOM_STATUS_CLOSED
	switch {
	case day == 0:
		return open && m.GetClosedOn() == 0
	case m.GetOpenedOn() == 0 || m.GetOpenedOn() > day:
		return false
	case m.GetClosedOn() == 0:
		return open
	default:
		return (open || closed) && day <= m.GetClosedOn()
	}
}

// RoomsOpen is the number of rooms that received people on the day; zero: now.
func (r *Reckoning) RoomsOpen(day int32) int {
	n := 0
	for _, room := range r.Rooms() {
		if room.OpenOn(day) {
			n++
		}
	}
	return n
}

// Counselling is what the sessions of a period come to: numbers only. Clients
// are not joined with participants, for who is a client is nobody's business
// outside the room.
type Counselling struct {
	// Sessions held, by kind.
	Sessions map[recordsv1.SessionKind]int
	// Clients is how many different clients came, Anonymous how many came to
	// group sessions without being listed, who may be the same each time.
	Clients, Anonymous int
}

// Counselling counts over the sessions held in the period.
func (r *Reckoning) Counselling(p Period) Counselling {
	totals := Counselling{Sessions: map[recordsv1.SessionKind]int{}}
	clients := map[merge.RecordID]bool{}
	for _, m := range r.counselling {
		if !heldCounselling(m) || !p.Contains(m.GetFieldDate()) {
			continue
		}
		totals.Sessions[m.GetKind()]++
		totals.Anonymous += int(m.GetAnonymousAttendees())
		for _, id := range m.GetClientIds() {
			if hasID(id) {
				clients[recordID(id)] = true
			}
		}
	}
	totals.Clients = len(clients)
	return totals
}
