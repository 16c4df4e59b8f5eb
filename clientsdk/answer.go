package clientsdk

import (
	"context"
	"encoding/binary"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// takeAll takes the answer in, space by space, each in one local transaction;
// but the spaces of which there is no news, most of a coordinator's, share one.
func (s *exchange) takeAll(ctx context.Context, resp *syncv1.SyncResponse, under []*tour) error {
	var quiet []SpaceID
	for i, t := range under {
		down := resp.Spaces[i]
		if string(down.SpaceId) != string(t.space[:]) {
			return fault.New(fault.Malformed, "the server answered for another space than it was asked for")
		}
		if t.up.left || !t.isQuiet(down) {
			if err := s.take(ctx, t, down, resp.ServerTimeMillis); err != nil {
				return err
			}
			continue
		}
		t.position, t.done = t.up.position, true
		if t.err == nil {
			quiet = append(quiet, t.space)
		}
	}
	if len(quiet) == 0 {
		return nil
	}
	return s.register.store.Write(ctx, func(tx *localstore.Tx) error {
		return tx.TouchSpaces(quiet, s.register.options.Clock())
	})
}

// isQuiet tells whether the space is where it was, and nothing was said of it.
// The old cursor then serves as well as the new one.
func (t *tour) isQuiet(down *syncv1.SpaceDown) bool {
	p := down.Page
	return down.Fault == nil && len(down.Outcomes) == 0 && len(t.up.names) == 0 &&
		p != nil && len(p.Entries) == 0 && len(p.Rows) == 0 && !p.ReplacesAll && p.Consistent && !p.More &&
		!t.up.staging && len(t.up.cursor) > 0 && p.Position == t.up.position
}

// take takes in what the server has for one space. Its error is for what stops
// the whole sync.
func (s *exchange) take(ctx context.Context, t *tour, down *syncv1.SpaceDown, serverMillis int64) error {
	in := &intake{exchange: s, tour: t, page: down.Page, serverMillis: serverMillis}
	if down.Fault != nil {
		in.fault = faultOf(down.Fault)
	} else if down.Page == nil {
		in.fault = fault.New(fault.NoAccess, "the server does not let the author read the space")
	}
	var err error
	if in.outcomes, err = wire.OutcomesFromProto(down.Outcomes); err != nil {
		t.fail(err)
		t.done = true
		return nil
	}
	if err = in.write(ctx); err == nil {
		return nil
	}
	switch fault.KindOf(err) {
	case fault.Malformed, fault.FalseHash, fault.TooLarge:
		// The page is not what this tablet can follow. It keeps what it has,
		// takes the verdicts in without the page, and begins the space anew
		// next time.
		t.fail(err)
		in.page, in.unusable = nil, true
		return in.write(ctx)
	case fault.Damaged: // on the tablet: other spaces may be whole
		t.fail(err)
		t.done = true
		return nil
	}
	return err
}

// intake takes one space's answer into the register.
type intake struct {
	*exchange
	*tour
	outcomes     []wire.Outcome
	page         *syncv1.Page
	fault        error
	unusable     bool // the page was
	serverMillis int64
}

func (in *intake) write(ctx context.Context) error {
	var f *follower
	err := in.register.store.Write(ctx, func(tx *localstore.Tx) error {
		space, err := spaceOf(tx, in.space)
		if err != nil {
			return err
		}
		f = &follower{workspace: newWorkspace(in.register.options.Schema, tx, space)}
		return in.run(f)
	})
	if err == nil {
		in.result.Changes += f.changes
		in.result.Rows += f.rows
	}
	return err
}

func (in *intake) run(f *follower) error {
	f.awaited = make(map[int64]bool, len(in.up.names))
	for _, n := range in.up.names {
		f.awaited[n] = true
	}
	for i := range in.outcomes {
		if err := f.outcome(&in.outcomes[i]); err != nil {
			return err
		}
	}
	if err := in.follow(f); err != nil {
		return err
	}
	if err := f.finish(); err != nil {
		return err
	}
	if f.forked {
		if err := in.register.leaveReplica(f.tx, f.space); err != nil {
			return err
		}
	}
	in.conclude(f)
	if err := f.tx.SaveSpace(f.space); err != nil {
		return err
	}
	if in.serverMillis == 0 {
		return nil // the server does not say
	}
	return saveClockOffset(f.tx, in.serverMillis-in.register.options.Clock())
}

// follow takes in the page, or what there is in place of it.
func (in *intake) follow(f *follower) error {
	switch {
	case in.unusable:
		return f.restart()
	case in.fault != nil:
		return in.followFault(f)
	case string(f.space.Cursor) != string(in.up.cursor):
		return nil // another process has moved the space meanwhile
	}
	return f.takePage(in.page)
}

func (in *intake) followFault(f *follower) error {
	switch fault.KindOf(in.fault) {
	case fault.NoAccess:
		return f.loseAccess()
	case fault.BadCursor:
		if err := f.restart(); err != nil {
			return err
		}
		return f.offerAll(in.up.names)
	}
	return nil
}

// conclude says how the tour goes on.
func (in *intake) conclude(f *follower) {
	t := in.tour
	t.position = f.space.Position
	unanswered := len(f.awaited) > 0
	if unanswered {
		t.mute = true // or it would send the same for ever
	}
	switch {
	case in.unusable:
		t.done = true
	case in.fault != nil:
		t.afterFault(in.fault, unanswered)
	case unanswered:
		t.fail(fault.New(fault.Malformed, "the server gave no verdict over %d of the changes that it was sent", len(f.awaited)))
		t.afterPage(in.page)
	default:
		t.afterPage(in.page)
	}
	if t.done && t.err == nil {
		f.space.SyncedMillis = in.register.options.Clock()
	}
}

// afterPage says how the tour goes on after a page that was taken in.
func (t *tour) afterPage(page *syncv1.Page) {
	switch {
	case page.More && string(page.Cursor) == string(t.up.cursor):
		t.fail(fault.New(fault.Malformed, "the server says that there is more, and leads nowhere"))
		t.done = true
	case page.More:
	case page.Consistent:
		t.done = t.mute || !t.up.left
	default:
		t.fail(fault.New(fault.Malformed, "the server left the copy in the midst of its rows"))
		t.done = true
	}
}

// afterFault says how the tour goes on after what kept its space from being
// served. unanswered tells that changes were sent and nothing was said of them.
func (t *tour) afterFault(err error, unanswered bool) {
	switch fault.KindOf(err) {
	case fault.NoAccess: // changes may still be sent: the server keeps them
		t.fail(err)
		t.done = t.mute || !t.up.left
	case fault.BadCursor:
		if t.restarted {
			t.fail(err)
			t.done = true
		}
		t.restarted = true
	case fault.Malformed, fault.FalseHash, fault.TooLarge, fault.Invalid, fault.NoRoom:
		t.fail(err)
		t.done = !unanswered // if the changes were to blame, fetching may still work
	default:
		t.fail(err)
		t.done = true
	}
}

// leaveReplica lets the space's new changes go under a fresh replica.
func (r *Register) leaveReplica(tx *localstore.Tx, space *localstore.Space) error {
	replica, err := r.drawID()
	if err != nil {
		return err
	}
	space.Chain.Replica = merge.ReplicaID(replica)
	return about(tx.AddChain(space), "draw a fresh replica")
}

// propertyClockOffset is the server's clock less the tablet's, in milliseconds.
const propertyClockOffset = "clock_offset_millis"

// saveClockOffset keeps the offset if it has changed by more than a request
// may take.
func saveClockOffset(tx *localstore.Tx, offsetMillis int64) error {
	known, err := clockOffset(tx)
	if err != nil || max(known-offsetMillis, offsetMillis-known) < 5000 {
		return err
	}
	return tx.SetProperty(propertyClockOffset, binary.BigEndian.AppendUint64(nil, uint64(offsetMillis)))
}

func clockOffset(tx *localstore.Tx) (int64, error) {
	value, err := tx.Property(propertyClockOffset)
	if err != nil || len(value) == 0 {
		return 0, err
	}
	if len(value) != 8 {
		return 0, fault.New(fault.Damaged, "clock offset of %d bytes", len(value))
	}
	return int64(binary.BigEndian.Uint64(value)), nil
}
