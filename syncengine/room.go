package syncengine

import (
	"context"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// roomBatches bounds the batches that are decoded and not yet stored. A batch
// takes some ten times its size decoded, a fold stores three or four at a time,
// and the next ones are decoded meanwhile: more would only fill the memory when
// all tablets come at once.
const roomBatches = 16

// room lets pushes in, as many batches at a time as there are slots.
type room struct {
	// door is held by the one who takes slots, so that no two wait for those
	// that the other has.
	door  chan struct{}
	slots chan struct{}
}

func newRoom(batches int) *room {
	return &room{door: make(chan struct{}, 1), slots: make(chan struct{}, batches)}
}

// enter waits for room for so many batches, or for all there is: whoever has
// more of them decodes no more than that at a time. leave gives it back.
func (r *room) enter(ctx context.Context, batches int) (leave func(), err error) {
	select {
	case r.door <- struct{}{}:
	case <-ctx.Done():
		return nil, errBusy(ctx)
	}
	defer func() { <-r.door }()
	taken := 0
	leave = func() {
		for range taken {
			<-r.slots
		}
	}
	for range min(batches, cap(r.slots)) {
		select {
		case r.slots <- struct{}{}:
			taken++
		case <-ctx.Done():
			leave()
			return nil, errBusy(ctx)
		}
	}
	return leave, nil
}

func errBusy(ctx context.Context) error {
	return fault.New(fault.Unavailable, "push: %w while others were pushing; nothing was stored, try again", ctx.Err())
}
