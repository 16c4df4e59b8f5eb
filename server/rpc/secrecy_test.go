package rpc

import (
	"bytes"
	"context"
	"testing"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
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
