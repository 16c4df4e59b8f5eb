package rpc

import (
	"context"

	"github.com/zhurnal/zhurnal/server/guard"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// quota holds each caller to what it may bring in a day.
type quota struct {
	of  *guard.Quota
	now func() int64
}

// push stores batches if the caller may bring any today.
func (q quota) push(ctx context.Context, batches [][]byte, store func() ([]wire.Outcome, error)) ([]wire.Outcome, error) {
	if err := q.of.Check(caller(ctx), q.now()); err != nil {
		return nil, err
	}
	outcomes, err := store()
	if err == nil {
		q.charge(ctx, batches, outcomes)
	}
	return outcomes, err
}

// sync serves the spaces of a sync. Of a caller who has brought enough today, a
// space with batches is refused, and the others are served: nobody who is full
// goes without what others wrote.
func (q quota) sync(ctx context.Context, ups []wire.SpaceUp, serve func([]wire.SpaceUp) ([]wire.SpaceDown, error)) ([]wire.SpaceDown, error) {
	over := q.of.Check(caller(ctx), q.now())
	served := make([]wire.SpaceUp, 0, len(ups))
	for i := range ups {
		if over == nil || len(ups[i].Batches) == 0 {
			served = append(served, ups[i])
		}
	}
	answers, err := serve(served)
	if err != nil {
		return nil, err
	}
	if len(served) == len(ups) {
		for i := range answers {
			q.charge(ctx, ups[i].Batches, answers[i].Outcomes)
		}
		return answers, nil
	}
	downs := make([]wire.SpaceDown, len(ups))
	for i := range ups {
		if len(ups[i].Batches) > 0 {
			downs[i] = wire.SpaceDown{Space: ups[i].Space, Err: over}
			continue
		}
		downs[i], answers = answers[0], answers[1:]
	}
	return downs, nil
}

// charge counts what was brought, before compression, and whatever the verdict.
func (q quota) charge(ctx context.Context, batches [][]byte, outcomes []wire.Outcome) {
	if len(batches) == 0 {
		return
	}
	var sizeBytes, changes int64
	for _, b := range batches {
		sizeBytes += int64(wire.PlainBytes(b))
	}
	for i := range outcomes {
		changes += int64(outcomes[i].LastSeq - outcomes[i].FirstSeq + 1)
	}
	q.of.Charge(caller(ctx), q.now(), sizeBytes, changes)
}
