package rpc

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// watchTimes bound a watch: one message, and the whole.
type watchTimes struct {
	send, whole time.Duration
	// stopping ends when the server stops: a watch would else hold it up.
	stopping context.Context
}

var errWatchOver = errors.New("the watch has lasted long enough")

func (s *syncService) Watch(ctx context.Context, req *connect.Request[syncv1.WatchRequest], stream *connect.ServerStream[syncv1.WatchResponse]) error {
	person, err := auth.Person(ctx)
	if err != nil {
		return err
	}
	spaces, err := watchedSpaces(req.Msg.SpaceIds)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.watch.whole, errWatchOver)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer context.AfterFunc(s.watch.stopping, func() {
		stop(fault.New(fault.Unavailable, "watch: the server is stopping"))
	})()
	if err := untimed(ctx); err != nil {
		return err
	}
	err = s.engine.Watch(ctx, person, spaces, func(space merge.SpaceID, position uint64) error {
		return sendWithin(ctx, s.watch.send, stream, &syncv1.WatchResponse{SpaceId: space[:], Position: position})
	})
	return watchEnd(ctx, err)
}

// watchEnd tells apart why a watch ended: a clean end asks the client to come
// again at once.
func watchEnd(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errWatchOver):
		return nil
	case cause != nil && fault.KindOf(cause) == fault.Unavailable, errors.Is(cause, auth.ErrRevoked):
		return cause
	default:
		return err
	}
}

func watchedSpaces(ids [][]byte) ([]merge.SpaceID, error) {
	if len(ids) == 0 {
		return nil, fault.New(fault.Malformed, "watch: no space to watch: send the ids of one or more in space_ids")
	}
	spaces := make([]merge.SpaceID, len(ids))
	for i, id := range ids {
		space, err := wire.ID16[merge.SpaceID](id, "space_id")
		if err != nil {
			return nil, fault.New(fault.Malformed, "watch: space %d: %w", i+1, err)
		}
		spaces[i] = space
	}
	return spaces, nil
}
