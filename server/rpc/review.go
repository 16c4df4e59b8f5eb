package rpc

import (
	"context"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// ReviewEngine is what the desk asks about changes that are not merged.
type ReviewEngine interface {
	// Quarantined gives a page; next is empty after the last.
	Quarantined(ctx context.Context, by merge.PersonID, space merge.SpaceID, token string) (list []syncengine.QuarantinedChange, next string, err error)
	// Dismiss gives quarantined changes back to their authors. After an error it
	// may be asked for again.
	Dismiss(ctx context.Context, by merge.PersonID, space merge.SpaceID, changes []merge.ID, reason string) error
	// Accept merges quarantined changes for which by vouches. After an error it may
	// be asked for again.
	Accept(ctx context.Context, by merge.PersonID, space merge.SpaceID, changes []merge.ID) error
}

func (s *deskService) ListQuarantined(ctx context.Context, req *connect.Request[syncv1.ListQuarantinedRequest]) (*connect.Response[syncv1.ListQuarantinedResponse], error) {
	by, space, err := callerAndSpace(ctx, req.Msg.SpaceId)
	if err != nil {
		return nil, err
	}
	list, next, err := s.engine.Quarantined(ctx, by, space, req.Msg.PageToken)
	if err != nil {
		return nil, err
	}
	resp := &syncv1.ListQuarantinedResponse{NextPageToken: next, Changes: make([]*syncv1.QuarantinedChange, len(list))}
	for i := range list {
		resp.Changes[i] = quarantinedChange(&list[i])
	}
	return connect.NewResponse(resp), nil
}

func quarantinedChange(q *syncengine.QuarantinedChange) *syncv1.QuarantinedChange {
	m := &syncv1.QuarantinedChange{
		Change: wire.ChangeIDToProto(q.Change), Author: q.Author[:], Sender: q.Sender[:], StampMillis: q.Stamp, ReceivedMillis: q.Received,
		Findings: wire.FindingsToProto(q.Findings), Records: make([]*syncv1.RecordWrites, len(q.Records)),
	}
	for i := range q.Records {
		m.Records[i] = wire.RecordWritesToProto(&q.Records[i])
	}
	return m
}

func (s *deskService) Dismiss(ctx context.Context, req *connect.Request[syncv1.DismissRequest]) (*connect.Response[syncv1.DismissResponse], error) {
	by, space, err := callerAndSpace(ctx, req.Msg.SpaceId)
	if err != nil {
		return nil, err
	}
	changes, err := wire.ChangeIDsFromProto(req.Msg.Changes)
	if err != nil {
		return nil, err
	}
	if err := s.engine.Dismiss(ctx, by, space, changes, req.Msg.ReasonKey); err != nil {
		return nil, err
	}
	return connect.NewResponse(&syncv1.DismissResponse{}), nil
}

func (s *deskService) Accept(ctx context.Context, req *connect.Request[syncv1.AcceptRequest]) (*connect.Response[syncv1.AcceptResponse], error) {
	by, space, err := callerAndSpace(ctx, req.Msg.SpaceId)
	if err != nil {
		return nil, err
	}
	changes, err := wire.ChangeIDsFromProto(req.Msg.Changes)
	if err != nil {
		return nil, err
	}
	if err := s.engine.Accept(ctx, by, space, changes); err != nil {
		return nil, err
	}
	return connect.NewResponse(&syncv1.AcceptResponse{}), nil
}
