package clientsdk

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// How much of the tablet's own changes one request carries, in bytes before
// compression, which packs them to about a third. A request that is cut is
// sent again whole, so after a cut the next one is half as large, and after a
// success twice. The server takes 4 MiB after decompression.
const (
	requestBytesFirst = 512 << 10
	requestBytesLeast = 16 << 10
	requestBytesMost  = 2 << 20
)

// SyncResult says what a sync did, also one that was cut.
type SyncResult struct {
	// RoundTrips are the requests, those without an answer included.
	RoundTrips int
	// Sent are the changes that went up for the first time, Resent those that
	// had been on their way before.
	Sent, Resent int
	// Carried are changes of others that went up: again, to a server that was
	// restored from a backup and may have lost them, or because they had come by
	// a hub that had not met the server yet.
	Carried int
	// Hub says that a hub answered, and not the home server: what it has it
	// passes on when it can, and verdicts come from home alone. Handed are own
	// changes that it has, Relayed changes of others that came by it.
	Hub             bool
	Handed, Relayed int
	// Changes and Rows are what came down: changes of the log, own ones
	// included, and rows in place of them.
	Changes, Rows int
	// Erased are records that were erased since the person whom they are about has
	// asked for it, and Purged own changes that lost something by it: tell whoever
	// uses the tablet.
	Erased, Purged int
	// Repaired are records that were damaged on the tablet and are what home has
	// again: storage that fails, as a rule, of which a person should hear.
	Repaired int
	// Spaces are the spaces that the tablet holds.
	Spaces []SpaceResult
	// Wiped says what was done about an order of the organisation that the device
	// erases what it holds; nil without one. See [ErrWiped].
	Wiped *WipeResult
}

// SpaceResult says how the sync of one space went.
type SpaceResult struct {
	Space SpaceID
	// Position is what the base has of the home server's log.
	Position uint64
	// Repaired are the records that were damaged; see SyncResult.
	Repaired int
	// Err is what kept this space from being complete, with a kind of package
	// fault; nil if it is.
	Err error
}

// Err joins what kept single spaces from being complete; nil if all are.
func (s *SyncResult) Err() error {
	var all []error
	for i := range s.Spaces {
		all = append(all, about(s.Spaces[i].Err, "space %s", s.Spaces[i].Space))
	}
	return errors.Join(all...)
}

// Sync sends what is unsent and fetches what is new, in all spaces, until
// nothing is left, one round trip if it is little. It may be cut at any moment
// and called again: it goes on where it was. What is wrong with one space is
// in the result and keeps no other from syncing; the error is for what stopped
// all of it: the network, the server, the tablet's own disk. One Sync runs at
// a time; another waits for it.
//
// A server may say that one tablet comes too often or has sent enough for a
// day, for the whole sync or for a space: the error is fault.Throttled, nothing
// of what was to be sent is lost, and the next Sync, after fault.WaitOf of the
// error, goes on.
//
// If the organisation has ordered that the device erases what it holds, and the
// order is signed by the key that the device was given when it enrolled, Sync does
// that, and its error is [ErrWiped]; see [Options].Wiping.
//
// The client says who the author is to the server, and counts bytes and sets
// timeouts if the app wants that.
func (r *Register) Sync(ctx context.Context, client syncv1connect.SyncServiceClient) (SyncResult, error) {
	select {
	case r.syncing <- struct{}{}:
		defer func() { <-r.syncing }()
	case <-ctx.Done():
		return SyncResult{}, about(ctx.Err(), "sync")
	}
	s := &exchange{register: r, client: client}
	err := s.run(ctx)
	if err == nil {
		err = r.scrub(ctx)
	}
	var told *wipeOrdered
	if errors.As(err, &told) {
		s.result.Wiped, err = r.obey(ctx, told)
	}
	for _, t := range s.tours {
		s.result.Repaired += t.repair.repaired
		s.result.Spaces = append(s.result.Spaces, SpaceResult{Space: t.space, Position: t.position, Repaired: t.repair.repaired, Err: t.err})
	}
	return s.result, about(err, "sync")
}

// exchange is one Sync.
type exchange struct {
	register *Register
	client   syncv1connect.SyncServiceClient
	tours    []*tour
	// first is the place of the tour with which the next request begins. The
	// server answers in the order of a request until its answer is full.
	first  int
	hub    bool // the server is one
	result SyncResult
}

// tour is one space on its way through a Sync.
type tour struct {
	space    SpaceID
	position uint64
	done     bool
	err      error // the first
	// mute says that the server did not take the changes of this space: only
	// pulling goes on.
	mute bool
	// oneByOne says that of what was sent of others something is falsely signed.
	oneByOne bool
	// restarted says that the server did not know the cursor.
	restarted bool
	// entered counts the epochs that the server has entered meanwhile.
	entered int
	// asked is the last own change whose verdict was asked for, and handed the
	// last one that the hub has.
	asked, handed int64
	// up is what the request under way has for the space.
	up load
	// home is what the last page said of home's rows.
	home homeDigest
	// repair is what there was to mend.
	repair repairing
}

func (t *tour) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

func (s *exchange) run(ctx context.Context) error {
	spaces, err := s.register.Spaces(ctx)
	if err != nil {
		return err
	}
	for _, id := range spaces {
		s.tours = append(s.tours, &tour{space: id})
	}
	if err := s.findFirst(ctx); err != nil {
		return err
	}
	for {
		if err := s.tourAll(ctx); err != nil {
			return err
		}
		if again, err := s.compareAll(ctx); err != nil || !again {
			return err
		}
	}
}

// tourAll lets all tours come to their end.
func (s *exchange) tourAll(ctx context.Context) error {
	for {
		req, under, err := s.request(ctx)
		if err != nil || len(under) == 0 {
			return err
		}
		resp, err := s.call(ctx, req, under)
		if err != nil {
			return err
		}
		if err := s.takeAll(ctx, resp, under); err != nil {
			return err
		}
	}
}

// call makes a round trip.
func (s *exchange) call(ctx context.Context, req *syncv1.SyncRequest, under []*tour) (*syncv1.SyncResponse, error) {
	r := s.register
	s.result.RoundTrips++
	for _, t := range under {
		s.result.Resent += t.up.resent
		s.result.Sent += len(t.up.names) - t.up.resent
		s.result.Carried += len(t.up.relayed)
		for _, c := range t.up.carried {
			s.result.Carried += len(c.changes)
		}
	}
	resp, err := s.client.Sync(ctx, connect.NewRequest(req))
	if err != nil {
		told := callError(ctx, err)
		if fault.KindOf(told) != fault.Throttled { // else the link was not to blame
			r.requestBytes = max(r.requestBytes/2, requestBytesLeast)
		}
		return nil, errors.Join(told, s.markSent(ctx, under))
	}
	r.requestBytes = min(2*r.requestBytes, requestBytesMost)
	if len(resp.Msg.Spaces) != len(under) {
		return nil, fault.New(fault.Malformed, "the server answered for %d spaces of %d", len(resp.Msg.Spaces), len(under))
	}
	return resp.Msg, nil
}

// callError gives an error of the transport its kind: that which the server
// told, if it did.
func callError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var told *wipeOrdered
	if errors.As(err, &told) {
		return told
	}
	var known *fault.Error
	if errors.As(err, &known) { // of this side: the device's key, a pin
		return known
	}
	var coded *connect.Error
	if !errors.As(err, &coded) {
		return fault.New(fault.Unavailable, "no answer from the server: %w", err)
	}
	for _, detail := range coded.Details() {
		value, err := detail.Value()
		if told, ok := value.(*syncv1.Fault); ok && err == nil {
			return faultOf(told)
		}
	}
	if coded.Code() == connect.CodeUnauthenticated {
		return fault.New(fault.Unauthenticated, "%w", err)
	}
	return fault.New(fault.Unavailable, "no answer from the server: %w", err)
}

func faultOf(m *syncv1.Fault) error {
	return &fault.Error{Kind: fault.Kind(m.Kind), Err: errors.New(m.Message), Wait: time.Duration(m.RetryAfterMillis) * time.Millisecond}
}
