package fieldwork_test

import (
	"reflect"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

func TestSessionsOfARoomAreCountedByKind(t *testing.T) {
	const (
		individual, group = recordsv1.SessionKind_SESSION_KIND_INDIVIDUAL, recordsv1.SessionKind_SESSION_KIND_GROUP
		heldStatus        = recordsv1.CounsellingStatus_COUNSELLING_STATUS_HELD
		noShow            = recordsv1.CounsellingStatus_COUNSELLING_STATUS_NO_SHOW
	)
	f := newField(t)
	oksana, spare := f.tablet("room", "Oksana"), f.tablet("room", "Larysa")
	oksana.write("first", &recordsv1.CounsellingSession{
		Kind: individual, Status: heldStatus, FieldDate: 20160905, ClientIds: [][]byte{id("client 1")},
	})
	oksana.write("second", &recordsv1.CounsellingSession{
		Kind: group, Status: heldStatus, FieldDate: 20160906, AnonymousAttendees: proto.Int32(4), ClientIds: [][]byte{id("client 1"), id("client 2")},
	})
	oksana.write("nobody came", &recordsv1.CounsellingSession{Kind: individual, Status: noShow, FieldDate: 20160907})
	oksana.write("in October", &recordsv1.CounsellingSession{Kind: individual, Status: heldStatus, FieldDate: 20161003})
	f.sync()
	// Two psychologists list different clients of one group session, and one
	// of them calls it a no-show.
	oksana.write("second", &recordsv1.CounsellingSession{ClientIds: [][]byte{id("client 3")}})
	spare.write("second", &recordsv1.CounsellingSession{ClientIds: [][]byte{id("client 4")}})
	oksana.write("first", &recordsv1.CounsellingSession{Status: noShow})
	spare.write("first", &recordsv1.CounsellingSession{Status: recordsv1.CounsellingStatus_COUNSELLING_STATUS_CANCELLED})

	want := fieldwork.Counselling{Sessions: map[recordsv1.SessionKind]int{group: 1}, Clients: 4, Anonymous: 4}
	if got := f.reckon().Counselling(season); !reflect.DeepEqual(got, want) {
		t.Errorf("counselling %+v, want %+v", got, want)
	}
}

func TestHeldOutweighsNoShowThatHadNotSeenIt(t *testing.T) {
	f := newField(t)
	oksana, larysa := f.tablet("room", "Oksana"), f.tablet("room", "Larysa")
	session := &recordsv1.CounsellingSession{Kind: recordsv1.SessionKind_SESSION_KIND_INDIVIDUAL, FieldDate: 20160905}
	oksana.write("first", session)
	f.sync()
	oksana.write("first", &recordsv1.CounsellingSession{Status: recordsv1.CounsellingStatus_COUNSELLING_STATUS_HELD})
	larysa.write("first", &recordsv1.CounsellingSession{Status: recordsv1.CounsellingStatus_COUNSELLING_STATUS_NO_SHOW})
	if got := f.reckon().Counselling(season).Sessions[session.GetKind()]; got != 1 {
		t.Errorf("%d sessions, want 1", got)
	}
}

func TestARoomIsOpenFromTheDayItOpenedToTheDayItClosed(t *testing.T) {
	const planned, open, closed = recordsv1.RoomStatus_ROOM_STATUS_PLANNED, recordsv1.RoomStatus_ROOM_STATUS_OPEN, recordsv1.RoomStatus_ROOM_STATUS_CLOSED
	for name, c := range map[string]struct {
		room *recordsv1.CounsellingRoom
		want map[int32]int
	}{
		"open":                      {&recordsv1.CounsellingRoom{Status: open, OpenedOn: 20160901}, map[int32]int{20160831: 0, 20160901: 1, 20161231: 1, 0: 1}},
		"closed":                    {&recordsv1.CounsellingRoom{Status: closed, OpenedOn: 20160901, ClosedOn: 20161130}, map[int32]int{20160831: 0, 20161130: 1, 20161201: 0, 0: 0}},
		"planned":                   {&recordsv1.CounsellingRoom{Status: planned, OpenedOn: 20160901}, map[int32]int{20160901: 0, 0: 0}},
		"closed, nobody knows when": {&recordsv1.CounsellingRoom{Status: closed, OpenedOn: 20160901}, map[int32]int{20160901: 0, 0: 0}},
		"open, nobody knows since":  {&recordsv1.CounsellingRoom{Status: open}, map[int32]int{20160901: 0, 0: 1}},
	} {
		f := newField(t)
		f.tablet("room", "Oksana").write("room", c.room)
		r := f.reckon()
		for day, want := range c.want {
			if got := r.RoomsOpen(day); got != want {
				t.Errorf("%s: %d open on %d, want %d", name, got, day, want)
			}
		}
	}
}
