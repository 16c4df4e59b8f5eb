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
//
// All pages share pageBytes, in the order in which the spaces are named, and
// take no more together than that and the last entry or row. Once it is gone, a
// space that lacks something is put off: its page is empty, with the cursor that
// was sent, not consistent, and says that there is more. The first space that
// can be served always moves on, so that none starves if those that were put off
// are named first the next time.
func (e *Engine) Sync(ctx context.Context, person merge.PersonID, up []wire.SpaceUp, pageBytes int) ([]wire.SpaceDown, error) {
	if err := e.gate.enter(); err != nil {
		return nil, err
	}
	defer e.gate.leave()
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
	if err := e.releaseOwed(ctx); err != nil {
		return nil, err
	}
	down := make([]wire.SpaceDown, len(up))
	e.pushAll(ctx, person, up, down)
	budgetBytes := pageBudget(pageBytes)
	for i := range up {
		if down[i].Err == nil {
			e.pullInto(person, &up[i], &down[i], &budgetBytes)
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

func (e *Engine) pushAndAsk(ctx context.Context, person merge.PersonID, up *wire.SpaceUp) (outcomes []wire.Outcome, err error) {
	if len(up.Batches) > 0 {
		if outcomes, err = e.pushBrought(ctx, person, up); err != nil {
			return nil, err
		}
	}
	asked, err := e.verdicts(person, up.Space, up.Asks)
	return append(outcomes, asked...), err
}

// pushBrought pushes what the person has written or carries, or what others have
// brought to a hub: a hub lends nobody its access, and what becomes of changes by
// the access of others is told in full to whom the space is shown.
func (e *Engine) pushBrought(ctx context.Context, person merge.PersonID, up *wire.SpaceUp) ([]wire.Outcome, error) {
	outcomes, err := e.push(ctx, person, up.Space, up.Batches, push{byAuthors: up.ByAuthors})
	if err != nil || !up.ByAuthors {
		return outcomes, err
	}
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	access, err := snapshot.Access(up.Space, person)
	if err == nil && !access.Allowed {
		outcomes = verdictsAlone(outcomes)
	}
	return outcomes, err
}

// pullInto adds a page, or nothing where the person may not read.
func (e *Engine) pullInto(person merge.PersonID, up *wire.SpaceUp, down *wire.SpaceDown, budgetBytes *int) {
	page, err := e.pull(person, up, budgetBytes)
	if err != nil {
		down.Err = err
		return
	}
	down.Page = &page
}
