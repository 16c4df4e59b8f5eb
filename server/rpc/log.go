package rpc

import (
	"context"

	"connectrpc.com/connect"

	adminv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// LogEngine is what the log service asks of the engine.
type LogEngine interface {
	// Cut forgets the beginning of the log, or says what it would forget.
	Cut(ctx context.Context, by merge.PersonID, o syncengine.CutOptions) (syncengine.Cut, error)
	// SetRetention says for how long the log of a space is kept.
	SetRetention(ctx context.Context, by merge.PersonID, space merge.SpaceID, r syncengine.Retention) error
}

// logService implements adminv1connect.LogServiceHandler.
type logService struct{ engine LogEngine }

func (s *logService) Cut(ctx context.Context, req *connect.Request[adminv1.CutRequest]) (*connect.Response[adminv1.CutResponse], error) {
	by, err := auth.Person(ctx)
	if err != nil {
		return nil, err
	}
	o := syncengine.CutOptions{Retention: syncengine.Retention{Days: req.Msg.RetainDays}, Rehearse: req.Msg.Rehearse}
	if len(req.Msg.SpaceId) > 0 {
		if o.Space, err = wire.ID16[merge.SpaceID](req.Msg.SpaceId, "space_id"); err != nil {
			return nil, err
		}
	}
	cut, err := s.engine.Cut(ctx, by, o)
	if err != nil {
		return nil, err
	}
	resp := &adminv1.CutResponse{Entries: cut.Entries}
	for i := range cut.Spaces {
		c := &cut.Spaces[i]
		resp.Spaces = append(resp.Spaces, &adminv1.SpaceCut{
			SpaceId: c.Space[:], Position: c.Position, DurableThrough: c.DurableThrough, CutBefore: c.CutBefore, CutThrough: c.CutThrough,
			RetainDays: c.Retention.Days, RetainForever: c.Retention.Forever,
		})
	}
	return connect.NewResponse(resp), nil
}

func (s *logService) SetRetention(ctx context.Context, req *connect.Request[adminv1.SetRetentionRequest]) (*connect.Response[adminv1.SetRetentionResponse], error) {
	by, err := auth.Person(ctx)
	if err != nil {
		return nil, err
	}
	space, err := wire.ID16[merge.SpaceID](req.Msg.SpaceId, "space_id")
	if err != nil {
		return nil, err
	}
	if err := s.engine.SetRetention(ctx, by, space, syncengine.Retention{Days: req.Msg.Days, Forever: req.Msg.Forever}); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.SetRetentionResponse{}), nil
}
