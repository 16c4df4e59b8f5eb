package rpc

import (
	"context"
	"time"

	"connectrpc.com/connect"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// untimed lifts the deadline that the server sets for a whole answer, which a
// stream may outlast. The one for the request is over once it has been read.
func untimed(ctx context.Context) error {
	if err := connection(ctx).SetWriteDeadline(time.Time{}); err != nil {
		return fault.New(fault.Internal, "stream: write deadline: %w", err)
	}
	return nil
}

// sendWithin gives one message its own deadline, so that a reader who no longer
// reads is noticed.
func sendWithin[M any](ctx context.Context, send time.Duration, stream *connect.ServerStream[M], m *M) error {
	if err := connection(ctx).SetWriteDeadline(time.Now().Add(send)); err != nil {
		return fault.New(fault.Internal, "stream: write deadline: %w", err)
	}
	if err := stream.Send(m); err != nil {
		return err
	}
	return untimed(ctx)
}
