package rpc

import (
	"context"

	"connectrpc.com/connect"

	adminv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/expiry"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// ExpiryEngine is what the expiry service asks of the engine.
type ExpiryEngine expiry.Engine

// expiryService implements adminv1connect.ExpiryServiceHandler.
type expiryService struct {
	engine  expiry.Engine
	persons Persons
	now     func() int64
}

func (s *expiryService) Expire(ctx context.Context, req *connect.Request[adminv1.ExpireRequest]) (*connect.Response[adminv1.ExpireResponse], error) {
	by, err := auth.Person(ctx)
	if err != nil {
		return nil, err
	}
	var rules expiry.Rules
	for _, r := range req.Msg.Rules {
		rules.Rules = append(rules.Rules, expiry.Rule{Type: r.Type, Months: int(min(r.Months, expiry.MonthsMax+1)), Date: r.DateField})
	}
	for _, held := range req.Msg.HeldIds {
		id, err := wire.ID16[merge.RecordID](held, "held_ids")
		if err != nil {
			return nil, err
		}
		rules.Held = append(rules.Held, expiry.ID(id))
	}
	day := expiry.Day(req.Msg.Day)
	if day == 0 {
		day = expiry.DayOf(s.now())
	}
	defer refresh(ctx, s.persons)
	list, err := expiry.Run(ctx, s.engine, by, rules, day, req.Msg.Rehearse)
	if err != nil {
		return nil, err
	}
	resp := &adminv1.ExpireResponse{Day: int32(day), Expired: make([]*adminv1.Expired, len(list))}
	for i := range list {
		e := &list[i]
		resp.Expired[i] = &adminv1.Expired{
			SpaceId: e.Space[:], Type: e.Type, Records: uint32(e.Records), ErasedBefore: uint32(e.ErasedBefore),
			Held: uint32(e.Held), Disputed: uint32(e.Disputed), Erased: uint32(e.Erased),
		}
	}
	return connect.NewResponse(resp), nil
}
