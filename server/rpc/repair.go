package rpc

import (
	"context"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Repair is asked by tablets whose copy is damaged, which somebody at the server
// should hear of if it happens often: the log says how many rows were given.
func (s *syncService) Repair(ctx context.Context, req *connect.Request[syncv1.RepairRequest]) (*connect.Response[syncv1.RepairResponse], error) {
	person, err := auth.Person(ctx)
	if err != nil {
		return nil, err
	}
	ask, err := wire.RepairAskFromProto(req.Msg)
	if err != nil {
		return nil, err
	}
	answer, err := s.engine.Repair(ctx, person, ask)
	if err != nil {
		return nil, err
	}
	if len(answer.Rows) > 0 {
		s.edge.log.WarnContext(ctx, "rows given to a damaged copy", "request", requestID(ctx), "rows", len(answer.Rows))
	}
	return connect.NewResponse(answer.ToProto()), nil
}
