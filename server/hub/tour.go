package hub

import (
	"context"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// tour is one space on its way through a round.
type tour struct {
	space merge.SpaceID
	at    syncengine.Upstream
	done  bool
	err   error
	// putOff says that the answer was full before it came to this space, and
	// restarted that the home server did not know the cursor.
	putOff, restarted bool
	// brought and held are what the request under way offers: of the log, and of
	// what is in quarantine here.
	brought  syncengine.Brought
	held     []merge.ID
	heldMore bool
}

// pack fills the space's part of a request.
func (r *round) pack(t *tour, budgetBytes *int) (*syncv1.SpaceUp, error) {
	up := &syncv1.SpaceUp{SpaceId: t.space[:], Cursor: t.at.Cursor, EntriesOnly: true}
	var err error
	if t.brought, err = r.engine.Brought(t.space, t.at, r.person, spaceBatches, *budgetBytes); err != nil {
		return nil, err
	}
	held, err := r.packHeld(t)
	if err != nil {
		return nil, err
	}
	up.Batches = append(t.brought.Batches, held...)
	for _, batch := range up.Batches {
		*budgetBytes -= len(batch)
	}
	return up, nil
}

// packHeld packs what is in quarantine here and was not offered yet. The home
// server has its own mind about it.
func (r *round) packHeld(t *tour) ([][]byte, error) {
	var changes []*merge.Change
	t.held, t.heldMore = nil, false
	err := r.engine.HeldBack(t.space, func(c *merge.Change) bool {
		if epoch, offered := r.heldOffered[c.ID]; offered && epoch == t.at.Epoch {
			return true
		}
		if len(changes) == limits.BatchChanges/10 {
			t.heldMore = true
			return false
		}
		changes = append(changes, c)
		t.held = append(t.held, c.ID)
		return true
	})
	if err != nil || len(changes) == 0 {
		return nil, err
	}
	return wire.EncodeBatches(t.space, changes)
}

// take takes in what the home server has for one space, and tells whether that
// led anywhere.
func (r *round) take(ctx context.Context, t *tour, down *syncv1.SpaceDown, epoch wire.EpochID) (progress bool, err error) {
	before := t.at
	var failed error
	if down.Fault != nil {
		failed = fault.New(fault.Kind(down.Fault.Kind), "%s", down.Fault.Message)
	}
	r.settle(t, down, epoch)
	if epoch != t.at.Epoch {
		r.enterEpoch(t, epoch)
	}
	t.putOff = false
	switch kind := fault.KindOf(failed); {
	case failed == nil:
		err = r.follow(ctx, t, down.Page)
	case kind == fault.BadCursor && !t.restarted:
		t.at.Cursor, t.restarted = nil, true
	case kind == fault.NoAccess: // it keeps what it was offered, and shows nothing
		t.at.Cursor = nil
		t.done = !t.offersMore()
	default:
		t.err, t.done = failed, true
	}
	if err == nil && !same(before, t.at) {
		progress, err = true, r.engine.SetUpstream(ctx, t.space, t.at)
	}
	return progress || t.done || t.restarted, err
}

func (t *tour) offersMore() bool {
	return t.err == nil && (t.brought.More || t.heldMore || t.at.OfferedThrough < t.brought.Through)
}

func same(a, b syncengine.Upstream) bool {
	return a.Epoch == b.Epoch && string(a.Cursor) == string(b.Cursor) && a.OfferedThrough == b.OfferedThrough && a.AllThrough == b.AllThrough
}

// settle notes what the home server has taken of what it was offered: there is a
// verdict over it, whichever.
func (r *round) settle(t *tour, down *syncv1.SpaceDown, epoch wire.EpochID) {
	offered := len(t.brought.Batches) > 0 || len(t.held) > 0
	if offered && len(down.Outcomes) == 0 {
		if down.Fault == nil {
			t.err = fault.New(fault.Malformed, "the home server said nothing of what it was offered")
		}
		return
	}
	r.relayed.Up += len(t.brought.Batches)
	t.at.OfferedThrough = t.brought.Through
	for _, id := range t.held {
		r.heldOffered[id] = epoch
	}
}

// enterEpoch lets everything be offered again, what came from the home server
// too: it is not what it was, and may have lost it.
func (r *round) enterEpoch(t *tour, epoch wire.EpochID) {
	known := t.at.Epoch
	t.at.Epoch = epoch
	if known == (wire.EpochID{}) {
		return
	}
	t.at.AllThrough = max(t.at.AllThrough, t.brought.Through)
	t.at.OfferedThrough = 0
}

// follow pushes what the home server's log holds into the hub's own engine.
func (r *round) follow(ctx context.Context, t *tour, page *syncv1.Page) error {
	if page == nil {
		return fault.New(fault.Malformed, "the home server gave neither a page nor a reason")
	}
	var batches [][]byte
	for _, entry := range page.Entries {
		if len(entry.Batch) > 0 {
			batches = append(batches, entry.Batch)
		}
	}
	for len(batches) > 0 {
		n := min(len(batches), limits.PushBatches)
		if _, err := r.engine.Push(ctx, r.person, t.space, batches[:n]); err != nil {
			return err
		}
		r.relayed.Down += n
		batches = batches[n:]
	}
	t.putOff = page.More && len(page.Entries) == 0 && string(page.Cursor) == string(t.at.Cursor)
	if len(page.Entries) > 0 || len(t.at.Cursor) == 0 { // or the old one serves as well
		t.at.Cursor = page.Cursor
	}
	t.done = !page.More && !t.offersMore()
	return nil
}
