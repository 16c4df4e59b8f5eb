package sim

import (
	"context"
	"errors"
	"math/rand/v2"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// link is a tablet's network while it syncs.
type link struct {
	syncv1connect.SyncServiceClient // none: what a register does not call
	*tablet
	draws *rand.Rand
	// hub says that it leads to the hub.
	hub bool
	// pageBytes is what an answer may hold; zero leaves it to the server.
	pageBytes uint32
}

var errNoNetwork = connect.NewError(connect.CodeUnavailable, errors.New("the network is gone"))

// minute is one of simulated time, in milliseconds.
const minute = 60_000

// Sync carries a request to the server and its answer back, or does not.
func (l *link) Sync(_ context.Context, req *connect.Request[syncv1.SyncRequest]) (*connect.Response[syncv1.SyncResponse], error) {
	l.tally.RoundTrips++
	req.Msg.PageBytes = l.pageBytes
	l.read(req.Msg)
	if !l.onTheWay(req.Msg) {
		return nil, errNoNetwork
	}
	resp, err := l.serve(req.Msg)
	if err != nil {
		return nil, connect.NewError(connect.CodeUnavailable, err)
	}
	epoch := l.home.engine.Epoch()
	if !l.onTheWayBack() {
		return nil, errNoNetwork
	}
	for _, up := range req.Msg.Spaces {
		if !l.hub {
			l.epochs[merge.SpaceID(up.SpaceId)] = epoch
		}
	}
	return connect.NewResponse(resp), nil
}

func (l *link) serve(req *syncv1.SyncRequest) (*syncv1.SyncResponse, error) {
	if l.hub {
		return l.hall.serve(l.person, req)
	}
	return l.home.serve(l.person, req)
}

// onTheWay tells whether the request arrives. What is due meanwhile happens.
func (l *link) onTheWay(req *syncv1.SyncRequest) bool {
	if l.calm || l.draws.IntN(100) >= l.Faulty {
		return true
	}
	again := letter{from: l.tablet, at: l.now + l.wait(), deliver: func() { _, _ = l.serve(req) }}
	switch l.draws.IntN(4) {
	case 0:
		l.tally.CutBefore++
		return false
	case 1:
		l.tally.TooLate++
		l.post(again)
		return false
	case 2:
		l.tally.Repeated++
		l.post(again)
	case 3:
		l.tally.Delayed++
		l.pass(l.now + l.wait())
	}
	return !l.doomed
}

// onTheWayBack tells whether the answer arrives.
func (l *link) onTheWayBack() bool {
	if l.calm || l.draws.IntN(100) >= l.Faulty {
		return true
	}
	if l.draws.IntN(2) == 0 {
		l.tally.CutAfter++
		return false
	}
	l.tally.Delayed++
	l.pass(l.now + l.wait())
	return !l.doomed
}

// wait is mostly minutes, at times days, and once in a while the better part of
// a year.
func (l *link) wait() int64 {
	switch l.draws.IntN(20) {
	case 0:
		return l.draws.Int64N(365 * 24 * 60 * minute)
	case 1, 2, 3:
		return l.draws.Int64N(3 * 24 * 60 * minute)
	}
	return l.draws.Int64N(90 * minute)
}

// read takes note of what a request carries.
func (l *link) read(req *syncv1.SyncRequest) {
	for _, up := range req.Spaces {
		for _, batch := range up.Batches {
			changes, err := wire.DecodeBatch(merge.SpaceID(up.SpaceId), batch)
			l.must(err, "%s sends a batch", l.tablet)
			for _, c := range changes {
				l.sent[c.ID] = c
			}
		}
	}
}
