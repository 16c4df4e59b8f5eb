package fieldwork

import (
	"slices"

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

// SessionHeld is a counselling session that was held.
type SessionHeld struct {
	Ref     Ref
	Message *recordsv1.CounsellingSession
	// Community is the p-code of the room, empty where it is not known.
	Community string
	// Clients are who came, each once; who they are is for the room alone.
	Clients []Ref
}

// SessionsHeld returns the counselling sessions held in the period, in the order
// of their ids.
func (r *Reckoning) SessionsHeld(p Period) []SessionHeld {
	var held []SessionHeld
	for _, at := range sortedRefs(r.counselling) {
		m := r.counselling[at]
		if !heldCounselling(m) || !p.Contains(m.GetFieldDate()) {
			continue
		}
		s := SessionHeld{Ref: at, Message: m, Community: r.rooms[at.to(m.GetRoomId())].GetCommunityPcode()}
		for _, id := range m.GetClientIds() {
			if client := at.to(id); hasID(id) && !slices.Contains(s.Clients, client) {
				s.Clients = append(s.Clients, client)
			}
		}
		held = append(held, s)
	}
	return held
}

// Client returns what is held of a client for counts; nil where nothing has come.
func (r *Reckoning) Client(at Ref) *recordsv1.Client { return r.clients[at] }

// FirstSessions returns the day of each client's first session that was held on a
// day of the calendar.
func (r *Reckoning) FirstSessions() map[Ref]int32 {
	first := map[Ref]int32{}
	for _, s := range r.SessionsHeld(Period{From: 1}) {
		for _, client := range s.Clients {
			if day, known := first[client]; !known || s.Message.GetFieldDate() < day {
				first[client] = s.Message.GetFieldDate()
			}
		}
	}
	return first
}

// NoShows is how many sessions of the period nobody came to.
func (r *Reckoning) NoShows(p Period) int {
	n := 0
	for _, m := range r.counselling {
		if m.GetStatus() == recordsv1.CounsellingStatus_COUNSELLING_STATUS_NO_SHOW && p.Contains(m.GetFieldDate()) {
			n++
		}
	}
	return n
}

// FollowUps is how many follow-ups were due in the period, those cancelled apart,
// and how many of them are done.
func (r *Reckoning) FollowUps(p Period) (due, done int) {
	for _, m := range r.followUps {
		if m.GetStatus() == recordsv1.FollowUpStatus_FOLLOW_UP_STATUS_CANCELLED || !p.Contains(m.GetDueOn()) {
			continue
		}
		due++
		if m.GetStatus() == recordsv1.FollowUpStatus_FOLLOW_UP_STATUS_DONE {
			done++
		}
	}
	return due, done
}

// AtRisk tells whether a risk calls for somebody to act.
func AtRisk(risk recordsv1.Risk) bool { return risk >= recordsv1.Risk_RISK_ELEVATED }
