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
	err   error // the first
	// putOff says that the answer was full before it came to this space, and
	// restarted that the home server did not know the cursor.
	putOff, restarted bool
	// brought and held are what the request under way offers: of the log, and of
	// what is in quarantine here.
	brought syncengine.Brought
	held    heldBack
}

func (t *tour) fail(err error) {
	t.done = true
	if t.err == nil {
		t.err = err
	}
}

// pack fills the space's part of a request from the budget.
func (r *round) pack(t *tour, budgetBytes *int) (*syncv1.SpaceUp, error) {
	up := &syncv1.SpaceUp{SpaceId: t.space[:], Cursor: t.at.Cursor, EntriesOnly: true, ByAuthors: true}
	var err error
	if t.brought, err = r.engine.Brought(t.space, t.at, spaceBatches, *budgetBytes); err != nil {
		return nil, err
	}
	add(up, t.brought.Batches, budgetBytes)
	if err := r.packHeld(t, *budgetBytes); err != nil {
		return nil, err
	}
	add(up, t.held.batches, budgetBytes)
	return up, nil
}

func add(up *syncv1.SpaceUp, batches [][]byte, budgetBytes *int) {
	for _, batch := range batches {
		up.Batches = append(up.Batches, batch)
		*budgetBytes -= len(batch)
	}
}

// take takes in what the home server has for one space, and tells whether that
// led anywhere. The error is for what stops all spaces: the hub's own store.
func (r *round) take(ctx context.Context, t *tour, down *syncv1.SpaceDown, epoch wire.EpochID) (progress bool, err error) {
	before := t.at
	var failed error
	if down.Fault != nil {
		failed = fault.New(fault.Kind(down.Fault.Kind), "%s", down.Fault.Message)
	}
	progress = r.settle(t, down, epoch)
	if epoch != t.at.Epoch {
		t.enterEpoch(epoch)
	}
	t.putOff = false
	switch kind := fault.KindOf(failed); {
	case failed == nil:
		r.follow(ctx, t, down.Page)
	case kind == fault.BadCursor && !t.restarted:
		t.at.Cursor, t.restarted, progress = nil, true, true
	case kind == fault.NoAccess: // it keeps what it was offered, and shows nothing
		t.at.Cursor = nil
		t.done = !t.offersMore()
	default:
		t.fail(failed)
	}
	if same(before, t.at) {
		return progress || t.done, nil
	}
	return true, r.engine.SetUpstream(ctx, t.space, t.at)
}

func (t *tour) offersMore() bool {
	return t.at.OfferedThrough < t.brought.Head || t.held.more
}

func same(a, b syncengine.Upstream) bool {
	return a.Epoch == b.Epoch && string(a.Cursor) == string(b.Cursor) && a.OfferedThrough == b.OfferedThrough && a.AllThrough == b.AllThrough
}

// settle notes what the home server has taken of what it was offered: there is a
// verdict over it, whichever.
func (r *round) settle(t *tour, down *syncv1.SpaceDown, epoch wire.EpochID) (progress bool) {
	offered := len(t.brought.Batches)+len(t.held.batches) > 0
	if offered && len(down.Outcomes) == 0 {
		if down.Fault == nil {
			t.fail(fault.New(fault.Malformed, "the home server said nothing of what it was offered"))
		}
		return false
	}
	r.relayed.Up += len(t.brought.Batches) + len(t.held.batches)
	t.at.OfferedThrough = t.brought.Through
	for _, id := range t.held.ids {
		r.heldOffered[id] = epoch
	}
	return offered
}

// enterEpoch lets everything be offered again, what came from the home server
// too: it is not what it was, and may have lost it.
func (t *tour) enterEpoch(epoch wire.EpochID) {
	known := t.at.Epoch
	t.at.Epoch = epoch
	if known == (wire.EpochID{}) {
		return
	}
	t.at.AllThrough = max(t.at.AllThrough, t.brought.Head)
	t.at.OfferedThrough = 0
	t.held = heldBack{more: true}
}

// follow takes what the home server's log holds into the hub's own.
func (r *round) follow(ctx context.Context, t *tour, page *syncv1.Page) {
	if page == nil {
		t.fail(fault.New(fault.Malformed, "the home server gave neither a page nor a reason"))
		return
	}
	var batches [][]byte
	for _, entry := range page.Entries {
		if len(entry.Batch) > 0 {
			batches = append(batches, entry.Batch)
		}
	}
	for len(batches) > 0 {
		n := min(len(batches), limits.PushBatches)
		if err := r.engine.Adopt(ctx, r.person, t.space, batches[:n]); err != nil {
			t.noteDown(err)
			return
		}
		r.relayed.Down += n
		batches = batches[n:]
	}
	if err := r.adoptErasures(ctx, t.space, page); err != nil {
		t.noteDown(err)
		return
	}
	t.putOff = page.More && len(page.Entries) == 0 && string(page.Cursor) == string(t.at.Cursor)
	if len(page.Entries) > 0 || len(t.at.Cursor) == 0 { // or the old one serves as well
		t.at.Cursor = page.Cursor
	}
	t.done = t.err != nil || !page.More && !t.offersMore()
}

// adoptErasures erases here what the home server has erased, before the cursor
// goes on: a hub that could not is told again. Records that came to be an erased
// person's later are named without the person; whose they are does not matter
// then.
func (r *round) adoptErasures(ctx context.Context, space merge.SpaceID, m *syncv1.Page) error {
	page, err := wire.PageFromProto(m)
	if err != nil {
		return err
	}
	persons, records := page.Erasures, page.Erased
	for i := range page.Entries {
		persons = append(persons, page.Entries[i].Erasures...)
		records = append(records, page.Entries[i].Erased...)
	}
	return r.engine.AdoptErasures(ctx, r.person, space, persons, records)
}

// noteDown notes that what came down could not be kept. What is here goes on up,
// also from a disk that is full.
func (t *tour) noteDown(err error) {
	if t.err == nil {
		t.err = err
	}
	t.done = !t.offersMore()
}
