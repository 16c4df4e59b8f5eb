package clientsdk_test

import (
	"context"
	"errors"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/server/hub"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

const laptop = "the laptop in the hall"

// hall is a hub in the same process, with its way to home.
type hall struct {
	t      testing.TB
	home   *home
	engine *syncengine.Engine
	relay  *hub.Relay
	// reached says that home can be.
	reached bool
	// pageBytes bounds the hub's pages, where it is not zero.
	pageBytes int
	// carriesBytes is more than one message between hub and home may have, where
	// it is not zero.
	carriesBytes int
}

func newHall(t testing.TB, h *home) *hall {
	at := &hall{t: t, home: h, reached: true}
	engine, err := syncengine.Open(syncengine.Options{Memory: store.NewMemory(), Schema: recordTypes(), Now: h.clock.now, Random: seeded(99)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	at.engine = engine
	at.relay = hub.New(engine, hub.Home{Sync: upstream{at: at}, Audiences: audiences{at: at}}, named[merge.PersonID](laptop))
	return at
}

// relays relays all there is.
func (at *hall) relays() hub.Relayed {
	at.t.Helper()
	relayed, err := at.relay.Once(context.Background())
	if err := errors.Join(err, relayed.Err); err != nil {
		at.t.Fatal(err)
	}
	return relayed
}

// upstream is the hub's connection to home, and audiences its other half.
type upstream struct {
	syncv1connect.SyncServiceClient
	at *hall
}

func (u upstream) Sync(ctx context.Context, req *connect.Request[syncv1.SyncRequest]) (*connect.Response[syncv1.SyncResponse], error) {
	if !u.at.reached {
		return nil, connect.NewError(connect.CodeUnavailable, errCut)
	}
	if u.at.tooMuch(req.Msg) {
		return nil, connect.NewError(connect.CodeUnavailable, errCut)
	}
	resp, err := u.at.home.line(laptop).Sync(ctx, req)
	if err == nil && u.at.tooMuch(resp.Msg) {
		return nil, connect.NewError(connect.CodeUnavailable, errCut)
	}
	return resp, err
}

func (at *hall) tooMuch(m proto.Message) bool {
	return at.carriesBytes > 0 && proto.Size(m) > at.carriesBytes
}

type audiences struct{ at *hall }

func (a audiences) ListAudiences(context.Context, *connect.Request[syncv1.ListAudiencesRequest]) (*connect.Response[syncv1.ListAudiencesResponse], error) {
	if !a.at.reached {
		return nil, connect.NewError(connect.CodeUnavailable, errCut)
	}
	list, err := a.at.home.engine.Audiences(named[merge.PersonID](laptop))
	resp := &syncv1.ListAudiencesResponse{}
	for _, one := range list {
		m := &syncv1.Audience{SpaceId: one.Space[:], Kind: one.Kind}
		for _, person := range one.People {
			m.PersonIds = append(m.PersonIds, person[:])
		}
		resp.Audiences = append(resp.Audiences, m)
	}
	return connect.NewResponse(resp), err
}

// cable is a tablet's connection to the hub.
type cable struct {
	syncv1connect.SyncServiceClient
	at     *hall
	person merge.PersonID
}

func (c cable) Sync(ctx context.Context, req *connect.Request[syncv1.SyncRequest]) (*connect.Response[syncv1.SyncResponse], error) {
	up, err := wire.SpacesUpFromProto(overTheWire(c.at.t, req.Msg).Spaces)
	if err != nil {
		return nil, err
	}
	down, err := c.at.engine.SyncAsHub(ctx, c.person, up, c.at.pageBytes)
	if err != nil {
		return nil, err
	}
	resp := wire.HubResponse(down, c.at.engine.Epoch(), 0, func(err error) *syncv1.Fault {
		return &syncv1.Fault{Kind: syncv1.FaultKind(fault.KindOf(err)), Message: err.Error()}
	})
	return connect.NewResponse(overTheWire(c.at.t, resp)), nil
}

// visits syncs with the hub, and nothing may be left undone.
func (tab *tablet) visits(at *hall) clientsdk.SyncResult {
	tab.t.Helper()
	result, err := tab.Sync(context.Background(), cable{at: at, person: tab.line.person})
	if err := errors.Join(err, result.Err()); err != nil {
		tab.t.Fatal(err)
	}
	if !result.Hub {
		tab.t.Fatal("the hub does not say that it is one")
	}
	return result
}

// twoAndAHall are two facilitators of one community and a hub that has been set
// up while home could be reached.
func twoAndAHall(t testing.TB) (h *home, at *hall, nadia, petro *tablet) {
	h = newHome(t)
	h.access(named[clientsdk.SpaceID]("liman"), community, true, "nadia", "petro", laptop)
	at = newHall(t, h)
	at.relays()
	at.reached = false
	return h, at, newTablet(t, h, "nadia", "liman"), newTablet(t, h, "petro", "liman")
}
