package rpc

import (
	"context"
	"encoding/hex"
	"strings"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Trail reads what was kept of who did what; see audit.Log.
type Trail interface {
	// Back calls each from the newest entry on, or from before a sequence number.
	Back(before uint64, each func(*audit.Entry) error) error
}

const (
	// eventsMax bounds a page.
	eventsMax = 100
	// linesMax bounds how many lines are looked at for one page: of a server with
	// many organisations most are another's.
	linesMax = 200_000
)

// ListEvents lists what was done in the caller's organisation.
func (s *directoryService) ListEvents(ctx context.Context, req *connect.Request[directoryv1.ListEventsRequest]) (*connect.Response[directoryv1.ListEventsResponse], error) {
	who, err := auth.Caller(ctx)
	if err != nil {
		return nil, err
	}
	before, err := countOfToken(req.Msg.PageToken)
	if err != nil {
		return nil, err
	}
	if s.trail == nil {
		return nil, fault.New(fault.Invalid, "events: the server does not keep who did what")
	}
	about, resp, lines := hex.EncodeToString(req.Msg.AboutId), &directoryv1.ListEventsResponse{}, 0
	err = s.trail.Back(before, func(e *audit.Entry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if lines++; len(resp.Events) == eventsMax || lines > linesMax {
			resp.NextPageToken = tokenOfCount(e.Seq + 1)
			return audit.ErrStop
		}
		if e.Organisation == who.Organisation.String() && e.Names(about) && strings.HasPrefix(string(e.Action), req.Msg.Action) {
			resp.Events = append(resp.Events, listedEvent(e))
		}
		return nil
	})
	return answered(resp, err)
}

func listedEvent(e *audit.Entry) *directoryv1.ListedEvent {
	id := func(text string) []byte {
		data, _ := hex.DecodeString(text) // the log has none but such
		return data
	}
	return &directoryv1.ListedEvent{
		Sequence: e.Seq, AtMillis: e.At.UnixMilli(), Action: string(e.Action), ById: id(e.By), DeviceId: id(e.Device), SpaceId: id(e.Space),
		RecordId: id(e.Record), PersonId: id(e.Person), TargetId: id(e.Target), Count: uint32(e.Count), Outcome: e.Outcome, Detail: e.Detail,
	}
}
