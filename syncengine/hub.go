package syncengine

import (
	"context"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// A hub is an engine that stands between tablets and the home server: on a
// laptop in the hall, where the home server cannot be reached. It merges what it
// has as every engine does, keeps back what it may not show, and gives no
// verdicts: what it says of a change to a tablet is that it has it. Everything
// that tablets bring goes on to the home server, what the hub keeps back too;
// and what comes from there goes on to tablets, as it was written.

// SyncAsHub is Sync as a hub answers it: with a receipt for each change, and
// with pages of the hub's own log, where the tablet's hub cursor is. Who has no
// access at the hub may bring changes and gets none.
func (e *Engine) SyncAsHub(ctx context.Context, person merge.PersonID, up []wire.SpaceUp, pageBytes int) ([]wire.SpaceDown, error) {
	brought := make([]wire.SpaceUp, len(up))
	for i := range up {
		brought[i] = wire.SpaceUp{Space: up[i].Space, Batches: up[i].Batches, Cursor: up[i].HubCursor, EntriesOnly: true}
	}
	down, err := e.Sync(ctx, person, brought, pageBytes)
	for i := range down {
		down[i].Outcomes = receipts(down[i].Outcomes)
		if page := down[i].Page; page != nil {
			withoutVerdicts(page)
		}
	}
	return down, err
}

// receipts say of the same changes that they are here, and no more.
func receipts(outcomes []wire.Outcome) (list []wire.Outcome) {
	for i := range outcomes {
		o := &outcomes[i]
		list = wire.JoinOutcomes(list, wire.Outcome{
			Replica: o.Replica, FirstSeq: o.FirstSeq, LastSeq: o.LastSeq, LastTag: o.LastTag, Verdict: wire.Received,
		})
	}
	return list
}

func withoutVerdicts(page *wire.Page) {
	page.DurableThrough, page.Digest = 0, nil
	for i := range page.Entries {
		page.Entries[i].Outcomes = nil
	}
}
