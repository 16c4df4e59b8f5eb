package clientsdk_test

import (
	"context"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// garbler answers with the same bytes twice, and then not at all.
type garbler struct {
	syncv1connect.SyncServiceClient
	answer []byte
	left   int
}

func (g *garbler) Sync(context.Context, *connect.Request[syncv1.SyncRequest]) (*connect.Response[syncv1.SyncResponse], error) {
	var resp syncv1.SyncResponse
	if g.left--; g.left < 0 || proto.Unmarshal(g.answer, &resp) != nil {
		return nil, connect.NewError(connect.CodeUnavailable, errCut)
	}
	return connect.NewResponse(&resp), nil
}

func (g *garbler) Repair(context.Context, *connect.Request[syncv1.RepairRequest]) (*connect.Response[syncv1.RepairResponse], error) {
	var resp syncv1.RepairResponse
	if g.left--; g.left < 0 || proto.Unmarshal(g.answer, &resp) != nil {
		return nil, connect.NewError(connect.CodeUnavailable, errCut)
	}
	return connect.NewResponse(&resp), nil
}

// FuzzAnswers lets a server say anything. The tablet may come to believe what
// is not so, but what it keeps fits together, and it goes on working.
func FuzzAnswers(f *testing.F) {
	h := newHome(f)
	petro := newTablet(f, h, "petro", "lyman")
	h.access(petro.space, community, true, "oksana", "petro")
	h.alter = func(resp *syncv1.SyncResponse) {
		seed, err := proto.Marshal(resp)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	olena := petro.register("Коваленко")
	petro.sync()
	petro.update(olena, &recordsv1.Participant{Phone: "none"}) // which is flagged
	petro.edit([]clientsdk.RecordID{olena}, 3)
	petro.sync()
	h.access(petro.space, community, false, "petro")
	petro.syncWithFault(4)
	h.access(petro.space, community, true, "petro")
	h.alter(rowsAnswer(f, h, petro.space))

	f.Fuzz(func(t *testing.T, answer []byte) {
		oksana := newTablet(t, h, "oksana", "lyman")
		id := oksana.register("Бондар")
		oksana.update(id, &recordsv1.Participant{NameLatin: "Bondar"})
		_, _ = oksana.Sync(t.Context(), &garbler{answer: answer, left: 2})
		if err := oksana.Audit(t.Context(), oksana.space); err != nil {
			t.Fatal(err)
		}
		oksana.register("Мельник")
		_, _ = oksana.Attention(t.Context())
		if err := oksana.Audit(t.Context(), oksana.space); err != nil {
			t.Fatal(err)
		}
		if err := oksana.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// rowsAnswer is an answer of rows, in the midst of them.
func rowsAnswer(f *testing.F, h *home, space clientsdk.SpaceID) *syncv1.SyncResponse {
	f.Helper()
	page := &syncv1.Page{Cursor: []byte("on"), Position: 5, More: true, ReplacesAll: true}
	if _, err := h.engine.Records(space, func(rec *merge.Record) error {
		page.Rows = append(page.Rows, &syncv1.StateRow{RecordId: rec.ID[:], Row: merge.AppendRecord(nil, rec)})
		return nil
	}); err != nil {
		f.Fatal(err)
	}
	return &syncv1.SyncResponse{Spaces: []*syncv1.SpaceDown{{SpaceId: space[:], Page: page}}}
}

// FuzzRepairs lets a server say anything about a damaged copy: nothing recorded is
// lost by it, and an honest answer mends the copy afterwards.
func FuzzRepairs(f *testing.F) {
	mendDamage(f, func(resp *syncv1.RepairResponse) {
		seed, err := proto.Marshal(resp)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed, seed)
	})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		answers := [][]byte{first, second}
		petro, own := mendDamage(t, func(resp *syncv1.RepairResponse) {
			if len(answers) == 0 {
				return
			}
			if proto.Unmarshal(answers[0], resp) != nil {
				proto.Reset(resp)
			}
			answers = answers[1:]
		})
		petro.person(own)
		petro.line.home.alterRepair = nil
		petro.sync()
		petro.mustEqual(petro.line.home)
		petro.person(own)
	})
}

// mendDamage syncs a tablet of which a row is damaged and that has something to
// send, while answers about the damage are altered on their way.
func mendDamage(t testing.TB, alter func(*syncv1.RepairResponse)) (tab *tablet, own clientsdk.RecordID) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	id := oksana.register("Коваленко")
	oksana.register("Бондар")
	oksana.sync()
	petro.sync()
	petro.damageRow(id, otherName)
	own = petro.register("Мельник")
	h.alterRepair = alter
	_, _ = petro.Sync(context.Background(), petro.line)
	return petro, own
}
