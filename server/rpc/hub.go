package rpc

import (
	"context"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// HubEngine is what a hub asks of its engine to serve tablets.
type HubEngine interface {
	// SyncAsHub gives receipts in place of verdicts, and pages of the hub's own
	// log.
	SyncAsHub(ctx context.Context, person merge.PersonID, spaces []wire.SpaceUp, pageBytes int) ([]wire.SpaceDown, error)
	// Epoch names the hub's store.
	Epoch() wire.EpochID
}

// hubService implements syncv1connect.SyncServiceHandler for a hub: Sync is all
// that it answers.
type hubService struct {
	engine HubEngine
	now    func() int64
	edge   edge
	quota  quota
	// brought is called when a tablet has brought something.
	brought func()
}

func (s *hubService) Sync(ctx context.Context, req *connect.Request[syncv1.SyncRequest]) (*connect.Response[syncv1.SyncResponse], error) {
	person, err := auth.Person(ctx)
	if err != nil {
		return nil, err
	}
	ups, err := wire.SpacesUpFromProto(req.Msg.Spaces)
	if err != nil {
		return nil, err
	}
	downs, err := s.quota.sync(ctx, ups, func(ups []wire.SpaceUp) ([]wire.SpaceDown, error) {
		return s.engine.SyncAsHub(ctx, person, ups, int(req.Msg.PageBytes))
	})
	if err != nil {
		return nil, err
	}
	for i := range downs {
		if len(downs[i].Outcomes) > 0 {
			s.brought()
			break
		}
	}
	return connect.NewResponse(wire.HubResponse(downs, s.engine.Epoch(), s.now(), s.edge.tell(ctx, req.Spec().Procedure))), nil
}

var errHubSyncs = fault.New(fault.Invalid, "this is a hub, and gives no verdicts: tablets call Sync here, everything else is the home server's")

func (s *hubService) Push(context.Context, *connect.Request[syncv1.PushRequest]) (*connect.Response[syncv1.PushResponse], error) {
	return nil, errHubSyncs
}

func (s *hubService) Pull(context.Context, *connect.Request[syncv1.PullRequest]) (*connect.Response[syncv1.PullResponse], error) {
	return nil, errHubSyncs
}

func (s *hubService) Repair(context.Context, *connect.Request[syncv1.RepairRequest]) (*connect.Response[syncv1.RepairResponse], error) {
	return nil, errHubSyncs
}

func (s *hubService) Watch(context.Context, *connect.Request[syncv1.WatchRequest], *connect.ServerStream[syncv1.WatchResponse]) error {
	return errHubSyncs
}
