package clientsdk

import (
	"context"
	"slices"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// A hub answers a Sync as home does, and says that it is one. What it says is
// kept apart from what home says: a receipt is no verdict, its positions are of
// its own log, and what it thinks of somebody's access concerns nobody but
// itself. The base stays where it was.

// takeHub takes the answer of a hub in, space by space.
func (s *exchange) takeHub(ctx context.Context, resp *syncv1.SyncResponse, under []*tour) error {
	s.hub, s.result.Hub = true, true
	putOff := 0
	for i, t := range under {
		down := resp.Spaces[i]
		if string(down.SpaceId) != string(t.space[:]) {
			return fault.New(fault.Malformed, "the hub answered for another space than it was asked for")
		}
		in := &hubIntake{exchange: s, tour: t, page: down.Page}
		if down.Fault != nil {
			in.fault = hubFault(down.Fault)
		}
		if err := in.take(ctx, down.Outcomes); err != nil {
			return err
		}
		if in.isPutOff() {
			if putOff++; putOff == 1 {
				s.first = slices.Index(s.tours, t)
			}
		}
	}
	for _, t := range under {
		if putOff == len(under) && !t.done {
			t.leadNowhere()
		}
	}
	return nil
}

// hubFault says whose word it is that somebody has no access.
func hubFault(m *syncv1.Fault) error {
	err := faultOf(m)
	if fault.KindOf(err) == fault.NoAccess {
		return fault.New(fault.NoAccess, "the hub does not show the space to the author: it has not heard from the home server that it may; what was brought goes on all the same")
	}
	return err
}

// hubIntake takes a hub's answer for one space into the register.
type hubIntake struct {
	*exchange
	*tour
	receipts []wire.Outcome
	page     *syncv1.Page
	fault    error
}

func (in *hubIntake) isPutOff() bool {
	p := in.page
	return p != nil && p.More && len(p.Entries) == 0 && string(p.Cursor) == string(in.up.hubCursor)
}

func (in *hubIntake) take(ctx context.Context, outcomes []*syncv1.Outcome) (err error) {
	if in.receipts, err = wire.OutcomesFromProto(outcomes); err == nil {
		err = in.write(ctx)
	}
	switch fault.KindOf(err) {
	case fault.Malformed, fault.FalseHash, fault.TooLarge, fault.Damaged: // other spaces may be whole
		if err != nil {
			in.fail(err)
			in.done = true
		}
		return nil
	}
	return err
}

func (in *hubIntake) write(ctx context.Context) error {
	var f *follower
	var handed []int64
	err := in.register.store.Write(ctx, func(tx localstore.Tx) error {
		space, err := spaceOf(tx, in.space)
		if err != nil {
			return err
		}
		f = newFollower(in.register.options.Schema, tx, space)
		if handed, err = in.receipt(f); err != nil {
			return err
		}
		if err := in.follow(f); err != nil {
			return err
		}
		if err := f.finish(); err != nil {
			return err
		}
		return f.tx.SaveSpace(f.space)
	})
	if err != nil {
		return err
	}
	in.result.Handed += len(handed)
	in.result.Relayed += f.relayed
	in.conclude(f, len(in.up.names)-len(handed))
	return nil
}

// receipt notes which own changes the hub says it has.
func (in *hubIntake) receipt(f *follower) (handed []int64, err error) {
	for _, n := range in.up.names {
		c, err := f.change(n)
		if err != nil {
			return nil, err
		}
		if i := coveredBy(c.ID, in.receipts); i >= 0 && in.receipts[i].Verdict == wire.Received {
			handed = append(handed, n)
			in.handed = max(in.handed, n)
		}
	}
	return handed, f.tx.MarkHanded(handed)
}

// hubCursorBytesMax bounds what is kept of a hub, and sent to home too, which
// does not look at it.
const hubCursorBytesMax = 1 << 10

// follow takes in the page, unless home has said that the author may not read
// the space.
func (in *hubIntake) follow(f *follower) error {
	switch {
	case fault.KindOf(in.fault) == fault.BadCursor:
		f.space.HubCursor = nil // another hub than the last, or access there was given anew
		return nil
	case in.fault != nil, in.page == nil, !f.space.Readable:
		return nil
	case string(f.space.HubCursor) != string(in.up.hubCursor):
		return nil // another process has moved the space meanwhile
	}
	page, err := wire.PageFromProto(in.page)
	if err != nil {
		return err
	}
	if len(page.Cursor) > hubCursorBytesMax {
		return fault.New(fault.Malformed, "the hub gave a cursor of %d bytes; at most %d are kept", len(page.Cursor), hubCursorBytesMax)
	}
	for i := range page.Entries {
		if err := f.relayEntry(&page.Entries[i]); err != nil {
			return fault.New(fault.KindOf(err), "entry at position %d of the hub: %w", page.Entries[i].FirstPosition, err)
		}
	}
	f.space.HubCursor = page.Cursor
	return nil
}

func (f *follower) relayEntry(e *wire.LogEntry) error {
	changes, err := f.decode(e)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if err := f.relay(c); err != nil {
			return fault.New(fault.KindOf(err), "change %s: %w", c.ID, err)
		}
	}
	return f.flush()
}

// conclude says how the tour goes on.
func (in *hubIntake) conclude(f *follower, unanswered int) {
	t := in.tour
	t.position = f.space.Position
	if unanswered > 0 {
		t.mute = true // or it would send the same for ever
		t.fail(fault.New(fault.Malformed, "the hub gave no receipt for %d of what it was sent", unanswered))
	}
	left := t.up.left && !t.mute
	switch {
	case fault.KindOf(in.fault) == fault.BadCursor && !t.restarted:
		t.restarted = true
	case in.fault != nil:
		t.fail(in.fault)
		t.done = !left || fault.KindOf(in.fault) != fault.NoAccess
	case in.page == nil || !f.space.Readable:
		t.done = !left
	case in.page.More && !in.isPutOff() && (len(in.page.Entries) == 0 || string(in.page.Cursor) == string(in.up.hubCursor)):
		t.leadNowhere()
	default:
		t.done = !in.page.More && !left
	}
}
