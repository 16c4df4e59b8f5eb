package rpc

import (
	"context"
	"strings"
	"time"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/contact"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// SyncEngine is what the sync service asks of the engine. Errors have a kind of
// package fault; a space that is not there and one that the person may not see
// are the same [fault.NoAccess].
type SyncEngine interface {
	// Push stores compressed batches of one space. Durable when it returns.
	Push(ctx context.Context, person merge.PersonID, space merge.SpaceID, batches [][]byte) ([]wire.Outcome, error)
	// Pull gives what the space's log holds beyond the cursor; pageBytes of
	// zero leaves the size to the engine.
	Pull(ctx context.Context, person merge.PersonID, space merge.SpaceID, cursor []byte, pageBytes int) (wire.Page, error)
	// PullEntries is Pull that never gives rows.
	PullEntries(ctx context.Context, person merge.PersonID, space merge.SpaceID, cursor []byte, pageBytes int) (wire.Page, error)
	// Sync does both for many spaces; what is wrong with one stands in its Err.
	Sync(ctx context.Context, person merge.PersonID, spaces []wire.SpaceUp, pageBytes int) ([]wire.SpaceDown, error)
	// Epoch tells the present epoch from every other.
	Epoch() wire.EpochID
	// Repair tells where a damaged copy differs, or gives it rows.
	Repair(ctx context.Context, person merge.PersonID, ask wire.RepairAsk) (wire.RepairAnswer, error)
	// Watch calls moved with the position of each space, now and when it
	// moves on, from one goroutine, until the context ends or moved fails.
	Watch(ctx context.Context, person merge.PersonID, spaces []merge.SpaceID, moved func(merge.SpaceID, uint64) error) error
}

// syncService implements syncv1connect.SyncServiceHandler.
type syncService struct {
	engine interface {
		SyncEngine
		UnlockEngine
	}
	directory *directory.Directory
	now       func() int64
	lease     time.Duration
	edge      edge
	quota     quota
	watch     watchTimes
	contacts  *contact.Book
}

func (s *syncService) Push(ctx context.Context, req *connect.Request[syncv1.PushRequest]) (*connect.Response[syncv1.PushResponse], error) {
	person, space, err := callerAndSpace(ctx, req.Msg.SpaceId)
	if err != nil {
		return nil, err
	}
	outcomes, err := s.quota.push(ctx, req.Msg.Batches, func() ([]wire.Outcome, error) {
		return s.engine.Push(ctx, person, space, req.Msg.Batches)
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&syncv1.PushResponse{Outcomes: wire.OutcomesToProto(outcomes)}), nil
}

func (s *syncService) Pull(ctx context.Context, req *connect.Request[syncv1.PullRequest]) (*connect.Response[syncv1.PullResponse], error) {
	person, space, err := callerAndSpace(ctx, req.Msg.SpaceId)
	if err != nil {
		return nil, err
	}
	pull := s.engine.Pull
	if req.Msg.EntriesOnly {
		pull = s.engine.PullEntries
	}
	page, err := pull(ctx, person, space, req.Msg.Cursor, int(req.Msg.PageBytes))
	if err != nil {
		return nil, err
	}
	epoch := s.engine.Epoch()
	return connect.NewResponse(&syncv1.PullResponse{Page: page.ToProto(), EpochId: epoch[:]}), nil
}

func (s *syncService) Sync(ctx context.Context, req *connect.Request[syncv1.SyncRequest]) (*connect.Response[syncv1.SyncResponse], error) {
	person, err := auth.Person(ctx)
	if err != nil {
		return nil, err
	}
	ups, err := wire.SpacesUpFromProto(req.Msg.Spaces)
	if err != nil {
		return nil, err
	}
	own, err := s.own(person, ups)
	if err != nil {
		return nil, err
	}
	served, err := s.quota.sync(ctx, own, func(ups []wire.SpaceUp) ([]wire.SpaceDown, error) {
		return s.engine.Sync(ctx, person, ups, int(req.Msg.PageBytes))
	})
	if err != nil {
		return nil, err
	}
	downs := withRefused(ups, served)
	s.note(ctx, req.Msg.Status)
	resp := wire.SyncResponse(downs, s.engine.Epoch(), s.now(), s.edge.tell(ctx, req.Spec().Procedure))
	return answered(resp, s.lend(ctx, resp))
}

// note remembers how the tablet stood that has just synced.
func (s *syncService) note(ctx context.Context, m *syncv1.TabletStatus) {
	who, err := auth.Caller(ctx)
	if err != nil || who.Device == (directory.DeviceID{}) {
		return
	}
	c := contact.Contact{At: s.now(), Silent: m == nil, App: m.GetAppVersion(), Waiting: int(m.GetWaiting()), OldestAt: m.GetOldestWaitingMillis()}
	if m != nil {
		c.OffsetMillis = m.ClockMillis - c.At
	}
	if len(c.App) > appVersionBytes {
		c.App = strings.ToValidUTF8(c.App[:appVersionBytes], "")
	}
	for _, id := range m.GetReplicaIds()[:min(len(m.GetReplicaIds()), limits.SyncSpaces)] {
		if replica, err := wire.ID16[merge.ReplicaID](id, "replica_ids"); err == nil {
			c.Replicas = append(c.Replicas, replica)
		}
	}
	s.contacts.Note(who.Device, c)
}

// appVersionBytes bounds what an app calls itself.
const appVersionBytes = 64

// own returns the spaces that are, were or will be for the caller, in their
// order. Of others nothing is taken: no more than of spaces that there are not.
func (s *syncService) own(person merge.PersonID, ups []wire.SpaceUp) (own []wire.SpaceUp, err error) {
	view, err := s.directory.View()
	if err != nil {
		return nil, err
	}
	for i := range ups {
		if view.Knows(person, ups[i].Space) {
			own = append(own, ups[i])
		}
	}
	return own, nil
}

// withRefused puts the answers in the order of the request, and says of each
// space that was not served that it is not for the caller.
func withRefused(ups []wire.SpaceUp, served []wire.SpaceDown) []wire.SpaceDown {
	downs := make([]wire.SpaceDown, len(ups))
	for i := range ups {
		if len(served) > 0 && served[0].Space == ups[i].Space {
			downs[i], served = served[0], served[1:]
			continue
		}
		downs[i] = wire.SpaceDown{Space: ups[i].Space, Err: fault.New(fault.NoAccess, "space %s: it is not there, or not for the caller", ups[i].Space)}
	}
	return downs
}

func callerAndSpace(ctx context.Context, id []byte) (merge.PersonID, merge.SpaceID, error) {
	person, err := auth.Person(ctx)
	if err != nil {
		return person, merge.SpaceID{}, err
	}
	space, err := wire.ID16[merge.SpaceID](id, "space_id")
	return person, space, err
}
