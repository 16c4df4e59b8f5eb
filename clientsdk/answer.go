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
	if len(resp.HubId) > 0 {
		return s.takeHub(ctx, resp, under)
	}
	if err := s.register.renewLease(ctx, resp); err != nil {
		return err
	}
	var quiet []SpaceID
	var putOff []*tour
	for i, t := range under {
		down := resp.Spaces[i]
		if string(down.SpaceId) != string(t.space[:]) {
			return fault.New(fault.Malformed, "the server answered for another space than it was asked for")
		}
		t.home = digestOf(down.Page)
		if t.isPutOff(down.Page) {
			putOff = append(putOff, t)
		}
		switch {
		case t.isUnheard(down, resp.EpochId) && t.isPutOff(down.Page):
			t.position = t.up.position
		case t.isUnheard(down, resp.EpochId) && t.isQuiet(down.Page):
			t.position, t.done = t.up.position, true
			if t.err == nil {
				quiet = append(quiet, t.space)
			}
		default:
			if err := s.take(ctx, t, down, resp); err != nil {
				return err
			}
		}
	}
	if len(putOff) == len(under) {
		for _, t := range putOff {
			t.leadNowhere()
		}
	}
	return s.noteAll(ctx, quiet, putOff)
}

// noteAll keeps what the spaces share that nothing was taken in of.
func (s *exchange) noteAll(ctx context.Context, quiet []SpaceID, putOff []*tour) error {
	if len(quiet) == 0 && len(putOff) == 0 {
		return nil
	}
	return s.register.store.Write(ctx, func(tx localstore.Tx) error {
		if len(putOff) > 0 {
			if err := s.beginWith(tx, putOff[0]); err != nil {
				return err
			}
		}
		return tx.TouchSpaces(quiet, s.register.options.Clock())
	})
}

// isUnheard tells whether nothing but a page was said of the space, and nothing
// else was asked.
func (t *tour) isUnheard(down *syncv1.SpaceDown, epoch []byte) bool {
	return down.Fault == nil && len(down.Outcomes) == 0 && len(t.up.names) == 0 &&
		len(t.up.carried) == 0 && len(t.up.relayed) == 0 && len(t.up.spoilt) == 0 && string(epoch) == string(t.up.epoch)
}

// isPutOff tells whether the server's answer was full before it came to the
// space: it is to be asked again.
func (t *tour) isPutOff(p *syncv1.Page) bool {
	return p != nil && p.More && !p.Consistent && len(p.Entries) == 0 && len(p.Rows) == 0 && string(p.Cursor) == string(t.up.cursor)
}

// isQuiet tells whether the space is where it was, and no more is to be sent.
// The old cursor then serves as well as the new one.
func (t *tour) isQuiet(p *syncv1.Page) bool {
	return !t.up.left && p != nil && len(p.Entries) == 0 && len(p.Rows) == 0 && !p.ReplacesAll && p.Consistent && !p.More &&
		!t.up.staging && len(t.up.cursor) > 0 && p.Position == t.up.position && p.DurableThrough <= t.up.durable
}

// take takes in what the server has for one space. Its error is for what stops
// the whole sync.
func (s *exchange) take(ctx context.Context, t *tour, down *syncv1.SpaceDown, resp *syncv1.SyncResponse) error {
	in := &intake{exchange: s, tour: t, page: down.Page, epoch: resp.EpochId, serverMillis: resp.ServerTimeMillis}
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
	unusable     bool   // the page was
	sortsOut     bool   // something of others was falsely signed; see dropFalse
	epoch        []byte // of the server
	newEpoch     bool   // it is another than before
	serverMillis int64
}

func (in *intake) write(ctx context.Context) error {
	var f *follower
	err := in.register.store.Write(ctx, func(tx localstore.Tx) error {
		space, err := spaceOf(tx, in.space)
		if err != nil {
			return err
		}
		f = newFollower(in.register.options.Schema, tx, space)
		return in.run(f)
	})
	if err == nil {
		in.result.Changes += f.changes
		in.result.Rows += f.rows
		in.result.Erased += len(f.swept.records)
		in.result.Purged += f.swept.changed
	}
	return err
}

func (in *intake) run(f *follower) error {
	f.awaited = make(map[int64]bool, len(in.up.names))
	for _, n := range in.up.names {
		f.awaited[n] = true
	}
	if err := in.enterEpoch(f); err != nil {
		return err
	}
	for i := range in.outcomes {
		if err := f.outcome(&in.outcomes[i]); err != nil {
			return err
		}
	}
	if err := in.follow(f); err != nil {
		return err
	}
	unanswered, err := in.settleOthers(f)
	if err != nil {
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
	in.conclude(f, unanswered+len(f.awaited))
	if err := f.tx.SaveSpace(f.space); err != nil {
		return err
	}
	if in.serverMillis == 0 {
		return nil // the server does not say
	}
	return saveClockOffset(f.tx, in.serverMillis-in.register.options.Clock())
}

// settleOthers takes in what became of what others wrote, and returns how much of
// it the server said nothing of.
func (in *intake) settleOthers(f *follower) (unanswered int, err error) {
	if in.sortsOut, err = in.dropFalse(f); err != nil || in.sortsOut {
		return 0, err
	}
	unanswered, err = in.settleCarried(f)
	if err != nil {
		return 0, err
	}
	untold, err := in.settleRelayed(f)
	return unanswered + untold, err
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
	case in.isPutOff(in.page):
		return nil
	}
	return f.takePage(in.page)
}

func (in *intake) followFault(f *follower) error {
	switch fault.KindOf(in.fault) {
	case fault.NoAccess:
		return f.loseAccess()
	case fault.BadCursor:
		if err := f.restart(); err != nil || in.newEpoch {
			return err
		}
		return f.offerAll(in.up.names)
	}
	return nil
}

// conclude says how the tour goes on. unanswered counts own changes and batches
// of others that were sent and that nothing was said of.
func (in *intake) conclude(f *follower, unanswered int) {
	t := in.tour
	t.position = f.space.Position
	if unanswered > 0 {
		t.mute = true // or it would send the same for ever
	}
	switch {
	case in.unusable:
		t.done = true
	case in.sortsOut:
	case in.fault != nil:
		t.afterFault(in.fault, unanswered > 0)
	case unanswered > 0:
		t.fail(fault.New(fault.Malformed, "the server gave no verdict over %d of what it was sent", unanswered))
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
	case t.isPutOff(page):
	case page.More && string(page.Cursor) == string(t.up.cursor):
		t.leadNowhere()
	case page.More:
	case page.Consistent:
		t.done = t.mute || !t.up.left
	default:
		t.fail(fault.New(fault.Malformed, "the server left the copy in the midst of its rows"))
		t.done = true
	}
}

// leadNowhere ends a tour that would go on for ever.
func (t *tour) leadNowhere() {
	t.fail(fault.New(fault.Malformed, "the server says that there is more, and leads nowhere"))
	t.done = true
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
	case fault.Malformed, fault.FalseHash, fault.FalseSignature, fault.TooLarge, fault.Invalid, fault.NoRoom, fault.Throttled:
		t.fail(err)
		t.done = !unanswered // if the changes were to blame, fetching may still work
	default:
		t.fail(err)
		t.done = true
	}
}

// leaveReplica lets the space's new changes go under a fresh replica.
func (r *Register) leaveReplica(tx localstore.Tx, space *localstore.Space) error {
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
func saveClockOffset(tx localstore.Tx, offsetMillis int64) error {
	known, err := clockOffset(tx)
	if err != nil || max(known-offsetMillis, offsetMillis-known) < 5000 {
		return err
	}
	return tx.SetProperty(propertyClockOffset, binary.BigEndian.AppendUint64(nil, uint64(offsetMillis)))
}

func clockOffset(tx localstore.Tx) (int64, error) {
	value, err := tx.Property(propertyClockOffset)
	if err != nil || len(value) == 0 {
		return 0, err
	}
	if len(value) != 8 {
		return 0, fault.New(fault.Damaged, "clock offset of %d bytes", len(value))
	}
	return int64(binary.BigEndian.Uint64(value)), nil
}
