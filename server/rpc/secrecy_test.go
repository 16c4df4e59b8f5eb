package rpc

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// TestAttack17AStrangerCannotTellARoomFromNothing asks everything of a counselling room
// that is there and of a space that is not. Nothing but the id that was asked
// for may differ.
func TestAttack17AStrangerCannotTellARoomFromNothing(t *testing.T) {
	r := openRegister(t)
	if _, err := r.desk.Write(as(t.Context(), iryna), &syncv1.WriteRequest{SpaceId: room[:], Records: []*syncv1.RecordValues{{
		Record: &syncv1.RecordName{Type: "zhurnal.records.v1.CounsellingRoom", RecordId: course[:]},
	}}}); err != nil {
		t.Fatal(err)
	}
	ctx := as(t.Context(), olena)
	nothing := merge.SpaceID{0xc0, 15: 9}
	for name, ask := range map[string]func(space merge.SpaceID) (proto.Message, error){
		"pull": func(space merge.SpaceID) (proto.Message, error) {
			return r.tablet.Pull(ctx, &syncv1.PullRequest{SpaceId: space[:]})
		},
		"pull with a cursor": func(space merge.SpaceID) (proto.Message, error) {
			return r.tablet.Pull(ctx, &syncv1.PullRequest{SpaceId: space[:], Cursor: []byte("made up")})
		},
		"repair": func(space merge.SpaceID) (proto.Message, error) {
			return r.tablet.Repair(ctx, &syncv1.RepairRequest{SpaceId: space[:], Cursor: []byte("made up"), Buckets: make([]byte, 2048)})
		},
		"repair of rows": func(space merge.SpaceID) (proto.Message, error) {
			return r.tablet.Repair(ctx, &syncv1.RepairRequest{SpaceId: space[:], Cursor: []byte("made up"), RecordIds: [][]byte{course[:]}})
		},
		"push": func(space merge.SpaceID) (proto.Message, error) {
			return r.push(olena, space, titled(t, olena, space, "Перша допомога"))
		},
		"sync": func(space merge.SpaceID) (proto.Message, error) {
			resp, err := r.tablet.Sync(ctx, &syncv1.SyncRequest{Spaces: []*syncv1.SpaceUp{{
				SpaceId: space[:], Batches: [][]byte{titled(t, olena, space, "Перша допомога")},
				Asks: []*syncv1.ChangeID{wire.ChangeIDToProto(merge.ID{Replica: tablet, Seq: 1})},
			}}})
			if err == nil {
				resp.Spaces[0].SpaceId = nil
			}
			return resp, err
		},
		"disagreements": func(space merge.SpaceID) (proto.Message, error) {
			return r.desk.ListDisagreements(ctx, &syncv1.ListDisagreementsRequest{SpaceId: space[:]})
		},
		"write": func(space merge.SpaceID) (proto.Message, error) {
			return r.desk.Write(ctx, &syncv1.WriteRequest{SpaceId: space[:], Records: []*syncv1.RecordValues{{
				Record: &syncv1.RecordName{Type: "zhurnal.records.v1.CounsellingRoom", RecordId: course[:]},
			}}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			there, thereErr := ask(room)
			absent, absentErr := ask(nothing)
			if status.Convert(thereErr).Proto().String() != status.Convert(absentErr).Proto().String() {
				t.Errorf("refusals differ:\n%v\n%v", thereErr, absentErr)
			}
			if thereErr == nil {
				forgetTags(there)
				forgetTags(absent)
				if !proto.Equal(there, absent) {
					t.Errorf("answers differ:\n%v\n%v", there, absent)
				}
			}
		})
	}
}

// forgetTags clears what depends on the space's id through a hash.
func forgetTags(m proto.Message) {
	var outcomes []*syncv1.Outcome
	switch m := m.(type) {
	case *syncv1.PushResponse:
		outcomes = m.Outcomes
	case *syncv1.SyncResponse:
		outcomes = m.Spaces[0].Outcomes
	}
	for _, o := range outcomes {
		o.LastTag = nil
	}
}

func TestAStrangersWatchHearsNothing(t *testing.T) {
	r := openRegister(t)
	ctx, cancel := context.WithCancel(as(t.Context(), olena))
	stream, err := r.tablet.Watch(ctx, &syncv1.WatchRequest{SpaceIds: [][]byte{room[:], hall[:]}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := r.push(olena, hall, titled(t, olena, hall, "Перша допомога")); err != nil {
			t.Fatal(err)
		}
	}
	m, err := stream.Recv()
	if err != nil || !bytes.Equal(m.SpaceId, hall[:]) {
		t.Errorf("heard of %v, %v", m, err)
	}
	cancel()
	for err == nil {
		if m, err = stream.Recv(); err == nil && !bytes.Equal(m.SpaceId, hall[:]) {
			t.Errorf("heard of %v", m)
		}
	}
}

// A coordinator syncs, again and again: before there is a counselling room, when
// there is one, when it has a psychologist, when something is written in it. The
// answers are of equal length and say the same; so does everything else that a
// coordinator may ask, but for figures, which count rooms without a name.
func TestACoordinatorsSyncIsTheSameWithAndWithoutCounselling(t *testing.T) {
	w := newOfficeWorld(t)
	room, nothing := merge.SpaceID(newID()), merge.SpaceID(newID())
	asks := w.asksOfACoordinator(room, nothing)
	hear := func() map[string][]byte {
		t.Helper()
		answers := map[string][]byte{}
		for name, ask := range asks {
			got := w.ask(ask.procedure, w.coordinator(), ask.request)
			answers[name] = append([]byte(got.code+" "), withoutChance(t, ask.procedure, got)...)
		}
		return answers
	}
	hear() // once, so that every device of the coordinator's was heard from
	before := hear()
	tenant := w.directory.In(w.organisation())
	steps := []struct {
		name string
		do   func() error
	}{
		{"there is a room", func() error {
			_, err := tenant.AddSpace(t.Context(), auth.Operator, room, directory.NewSpace{
				Programme: w.mine.programme, Kind: schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM, Name: "Кімната", PCode: "UA1423049010",
			})
			return err
		}},
		{"somebody is a psychologist there", func() error {
			_, err := tenant.Assign(t.Context(), auth.Operator, w.mine.victim, directory.NewAssignment{Role: directory.Psychologist, Scope: directory.InSpace(room)})
			return err
		}},
		{"something is written there", func() error {
			w.write(w.mine, &place{space: room}, w.mine.victim, &recordsv1.CounsellingRoom{NameUk: "Кімната"})
			return nil
		}},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		for name, answer := range hear() {
			if !bytes.Equal(answer, before[name]) {
				t.Errorf("%s: %s: %d bytes %q; before %d bytes %q", step.name, name, len(answer), answer, len(before[name]), before[name])
			}
		}
	}
}

// asked is one thing that a coordinator asks.
type asked struct {
	procedure procedure
	request   proto.Message
}

func (w *officeWorld) coordinator() asker {
	i := slices.IndexFunc(w.mine.callers, func(c asker) bool { return c.role == "coordinator" })
	return w.mine.callers[i]
}

// asksOfACoordinator are syncs of what a coordinator holds, with a room and with
// nothing beside it, and everything that lists something.
func (w *officeWorld) asksOfACoordinator(room, nothing merge.SpaceID) map[string]asked {
	w.t.Helper()
	at := map[string]procedure{}
	for _, p := range servedProcedures(w.t) {
		at[p.path] = p
	}
	community, desk := w.mine.places[0].space, w.mine.places[1].space
	sync := at[syncv1connect.SyncServiceSyncProcedure]
	up := func(spaces ...merge.SpaceID) *syncv1.SyncRequest {
		m := new(syncv1.SyncRequest)
		for _, space := range spaces {
			m.Spaces = append(m.Spaces, &syncv1.SpaceUp{SpaceId: space[:]})
		}
		return m
	}
	return map[string]asked{
		"sync":                      {sync, up(community, desk)},
		"sync with the room":        {sync, up(community, room, desk)},
		"sync with nothing":         {sync, up(community, nothing, desk)},
		"pull of the room":          {at[syncv1connect.SyncServicePullProcedure], &syncv1.PullRequest{SpaceId: room[:]}},
		"watch":                     {at[syncv1connect.SyncServiceWatchProcedure], &syncv1.WatchRequest{SpaceIds: [][]byte{room[:]}}},
		"audiences":                 {at[syncv1connect.AudienceServiceListAudiencesProcedure], new(syncv1.ListAudiencesRequest)},
		"spaces":                    {at[directoryv1connect.DirectoryServiceListSpacesProcedure], new(directoryv1.ListSpacesRequest)},
		"users":                     {at[directoryv1connect.DirectoryServiceListUsersProcedure], new(directoryv1.ListUsersRequest)},
		"devices":                   {at[directoryv1connect.DirectoryServiceListDevicesProcedure], new(directoryv1.ListDevicesRequest)},
		"disagreements in the room": {at[syncv1connect.DeskServiceListDisagreementsProcedure], &syncv1.ListDisagreementsRequest{SpaceId: room[:]}},
	}
}

// withoutChance clears what is another each time: when a device was heard from, and
// of cursors, which are sealed anew, all but the length.
func withoutChance(t *testing.T, p procedure, h heard) []byte {
	t.Helper()
	switch p.path {
	case syncv1connect.SyncServiceSyncProcedure:
		return withoutCursors(t, h)
	case directoryv1connect.DirectoryServiceListDevicesProcedure:
		return withoutTimes(t, h)
	}
	return h.all
}

func withoutTimes(t *testing.T, h heard) []byte {
	t.Helper()
	m := new(directoryv1.ListDevicesResponse)
	if err := proto.Unmarshal(h.body, m); err != nil {
		t.Fatal(err)
	}
	for _, device := range m.Devices {
		if device.Contact != nil {
			device.Contact.AtMillis = 0
		}
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func withoutCursors(t *testing.T, h heard) []byte {
	t.Helper()
	m := new(syncv1.SyncResponse)
	if err := proto.Unmarshal(h.body, m); err != nil {
		t.Fatal(err)
	}
	for _, down := range m.Spaces {
		if down.Page != nil {
			clear(down.Page.Cursor)
		}
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil || len(data) != len(h.body) {
		t.Fatalf("%d bytes of %d, %v", len(data), len(h.body), err)
	}
	return data
}
