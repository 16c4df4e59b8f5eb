package syncengine

import (
	"context"
	"sync"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// syncPushes is how many spaces of one Sync push at the same time, so that
// their entries are folded into one transaction.
const syncPushes = 8

// Sync pushes and pulls all spaces of a tablet: one round trip. What is wrong
// with one space is said there, and keeps no other from syncing.
func (e *Engine) Sync(ctx context.Context, person merge.PersonID, up []wire.SpaceUp, pageBytes int) ([]wire.SpaceDown, error) {
	if len(up) > limits.SyncSpaces {
		return nil, fault.New(fault.TooLarge, "sync: %d spaces; at most %d at a time", len(up), limits.SyncSpaces)
	}
	named := make(map[merge.SpaceID]bool, len(up))
	for i := range up {
		if named[up[i].Space] {
			return nil, fault.New(fault.Malformed, "sync: space %s is named twice; once is due", up[i].Space)
		}
		named[up[i].Space] = true
	}
	down := make([]wire.SpaceDown, len(up))
	e.pushAll(ctx, person, up, down)
	budgetBytes := pageBudget(pageBytes)
	for i := range up {
		if down[i].Err == nil {
			budgetBytes -= e.pullInto(ctx, person, &up[i], &down[i], budgetBytes)
		}
	}
	return down, nil
}

func (e *Engine) pushAll(ctx context.Context, person merge.PersonID, up []wire.SpaceUp, down []wire.SpaceDown) {
	var pushing sync.WaitGroup
	slots := make(chan struct{}, syncPushes)
	for i := range up {
		down[i].Space = up[i].Space
		if len(up[i].Batches) == 0 && len(up[i].Asks) == 0 {
			continue
		}
		slots <- struct{}{}
		pushing.Go(func() {
			defer func() { <-slots }()
			down[i].Outcomes, down[i].Err = e.pushAndAsk(ctx, person, &up[i])
		})
	}
	pushing.Wait()
}

func (e *Engine) pushAndAsk(ctx context.Context, person merge.PersonID, up *wire.SpaceUp) ([]wire.Outcome, error) {
	var outcomes []wire.Outcome
	if len(up.Batches) > 0 {
		var err error
		if outcomes, err = e.Push(ctx, person, up.Space, up.Batches); err != nil {
			return nil, err
		}
	}
	asked, err := e.Verdicts(person, up.Space, up.Asks)
	return append(outcomes, asked...), err
}

// pullInto adds a page, or nothing where the person may not read, and returns
// what it took of the budget. With no budget left it is still one entry or row,
// so that every space moves on with every Sync.
func (e *Engine) pullInto(ctx context.Context, person merge.PersonID, up *wire.SpaceUp, down *wire.SpaceDown, budgetBytes int) int {
	page, err := e.Pull(ctx, person, up.Space, up.Cursor, max(budgetBytes, 1))
	if err != nil {
		down.Err = err
		return 0
	}
	down.Page = &page
	taken := 0
	for i := range page.Entries {
		taken += len(page.Entries[i].Batch) + 64
	}
	for i := range page.Rows {
		taken += len(page.Rows[i].Row) + 24
	}
	return taken
}
