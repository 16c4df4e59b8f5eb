package hub

import (
	"context"
	"errors"
	"fmt"

	"connectrpc.com/connect"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1/enrolv1connect"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/wiped"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Engine is what a relay asks of the hub's engine; see package syncengine.
type Engine interface {
	Audiences(person merge.PersonID) ([]syncengine.Audience, error)
	SetAccess(ctx context.Context, by merge.PersonID, space merge.SpaceID, kind syncengine.SpaceKind, person merge.PersonID, allowed bool) (released int, err error)
	NamedSpaces() ([]merge.SpaceID, error)
	Upstream(space merge.SpaceID) (syncengine.Upstream, error)
	SetUpstream(ctx context.Context, space merge.SpaceID, u syncengine.Upstream) error
	Brought(space merge.SpaceID, u syncengine.Upstream, batches, sizeBytes int) (syncengine.Brought, error)
	HeldBack(space merge.SpaceID, from merge.ID, each func(c *merge.Change) bool) error
	Adopt(ctx context.Context, hub merge.PersonID, space merge.SpaceID, batches [][]byte) error
	AdoptErasures(ctx context.Context, hub merge.PersonID, space merge.SpaceID, erasures []merge.Erasure, records []wire.ErasedRecord) error
}

// Home is the home server.
type Home struct {
	Sync      syncv1connect.SyncServiceClient
	Audiences syncv1connect.AudienceServiceClient
}

// Relay brings a hub and the home server together. One goroutine uses it.
type Relay struct {
	engine Engine
	home   Home
	// person is who the hub is to the home server, which lets it read the spaces
	// that it is to relay.
	person merge.PersonID
	// directory is told whom the home server lets in; see LearnDevices.
	directory Directory
	// sealed is what devices have left that were wiped, and wipes takes it home; see
	// PassOnWiped.
	sealed *wiped.Store
	wipes  enrolv1connect.WipeServiceClient
	// requestBytes is how much a request may carry, and ask for: it follows what
	// the link has proved able to carry.
	requestBytes int
	// heldOffered are the changes that are in quarantine here and that the home
	// server was offered since this relay was made, by its epoch.
	heldOffered map[merge.ID]wire.EpochID
}

// New returns a relay of the hub's engine.
func New(engine Engine, home Home, person merge.PersonID) *Relay {
	return &Relay{engine: engine, home: home, person: person, requestBytes: requestBytesMost, heldOffered: map[merge.ID]wire.EpochID{}}
}

// Directory is who is known to the hub; see package directory.
type Directory interface {
	Adopt(ctx context.Context, known []directory.Known) error
}

// LearnDevices has the relay tell the directory whom the home server lets in, so
// that the hub knows their keys while home cannot be reached.
func (r *Relay) LearnDevices(d Directory) { r.directory = d }

// Relayed says what went over.
type Relayed struct {
	Up, Down int // batches
	// Err joins what kept single spaces from being complete.
	Err error
}

// How much one request carries and asks for, in bytes of packed batches. One that
// is cut is sent again whole, so after a cut the next one is half as large, and
// after a success twice.
const (
	requestBytesLeast = 16 << 10
	requestBytesMost  = 1 << 20
)

// spaceBatches is how many batches of one space a request has of the log, and as
// many of what is held back.
const spaceBatches = limits.PushBatches / 2

// Once relays until nothing is left on either side. What is wrong with one space
// is in the result and keeps no other from being relayed; the error is for what
// stopped all of it: the home server cannot be reached, the hub's own disk. It
// may be cut at any moment and goes on where it was.
func (r *Relay) Once(ctx context.Context) (Relayed, error) {
	if err := r.adoptAudiences(ctx); err != nil {
		return Relayed{}, fmt.Errorf("relay: %w", err)
	}
	round := &round{Relay: r}
	if err := round.run(ctx); err != nil {
		return round.relayed, fmt.Errorf("relay: %w", err)
	}
	round.relayed.Err = r.passOnWiped(ctx)
	for _, t := range round.tours {
		if t.err != nil {
			round.relayed.Err = errors.Join(round.relayed.Err, fmt.Errorf("space %s: %w", t.space, t.err))
		}
	}
	return round.relayed, nil
}

// round is one exchange with the home server, over all spaces.
type round struct {
	*Relay
	tours   []*tour
	relayed Relayed
}

func (r *round) run(ctx context.Context) error {
	spaces, err := r.engine.NamedSpaces()
	if err != nil {
		return err
	}
	for _, space := range spaces {
		t := &tour{space: space}
		if t.at, err = r.engine.Upstream(space); err != nil {
			return err
		}
		r.tours = append(r.tours, t)
	}
	for {
		req, under := r.request()
		if len(under) == 0 {
			return nil
		}
		resp, err := r.home.Sync.Sync(ctx, connect.NewRequest(req))
		if err != nil {
			r.requestBytes = max(r.requestBytes/2, requestBytesLeast)
			return fault.New(fault.Unavailable, "no answer from the home server: %w", err)
		}
		r.requestBytes = min(2*r.requestBytes, requestBytesMost)
		if err := check(resp.Msg, under); err != nil {
			return err
		}
		moved := false
		for i, t := range under {
			progress, err := r.take(ctx, t, resp.Msg.Spaces[i], wire.EpochID(resp.Msg.EpochId))
			if err != nil {
				return fmt.Errorf("space %s: %w", t.space, err)
			}
			moved = moved || progress
		}
		if !moved {
			return fault.New(fault.Malformed, "the home server says that there is more, and leads nowhere")
		}
	}
}

func check(resp *syncv1.SyncResponse, under []*tour) error {
	switch {
	case len(resp.HubId) > 0:
		return fault.New(fault.Invalid, "the server above is a hub too: give the address of the home server")
	case len(resp.EpochId) != len(wire.EpochID{}):
		return fault.New(fault.Malformed, "the home server does not name its epoch")
	case len(resp.Spaces) != len(under):
		return fault.New(fault.Malformed, "the home server answered for %d spaces of %d", len(resp.Spaces), len(under))
	}
	for i, t := range under {
		if string(resp.Spaces[i].SpaceId) != string(t.space[:]) {
			return fault.New(fault.Malformed, "the home server answered for another space than it was asked for")
		}
	}
	return nil
}

// request packs what is due of the spaces that are not done, those that were put
// off first.
func (r *round) request() (*syncv1.SyncRequest, []*tour) {
	req := &syncv1.SyncRequest{PageBytes: uint32(r.requestBytes)}
	var under []*tour
	budgetBytes := r.requestBytes
	for _, putOff := range []bool{true, false} {
		for _, t := range r.tours {
			if t.done || t.putOff != putOff || len(under) == limits.SyncSpaces {
				continue
			}
			up, err := r.pack(t, &budgetBytes)
			if err != nil { // other spaces may be whole
				t.fail(err)
				continue
			}
			req.Spaces = append(req.Spaces, up)
			under = append(under, t)
		}
	}
	return req, under
}
