package syncengine

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// However many pushes of whatever size come at once, no more batches are inside
// than there is room for, and all get their turn.
func TestRoomHoldsNoMoreThanItHasSlots(t *testing.T) {
	r := newRoom(4)
	var inside, most atomic.Int64
	var pushing sync.WaitGroup
	for i := range 200 {
		batches := 1 + i%7 // also more than there are slots
		pushing.Go(func() {
			leave, err := r.enter(t.Context(), batches)
			if err != nil {
				t.Error(err)
				return
			}
			defer leave()
			now := inside.Add(int64(min(batches, 4)))
			for before := most.Load(); now > before && !most.CompareAndSwap(before, now); before = most.Load() {
			}
			inside.Add(-int64(min(batches, 4)))
		})
	}
	pushing.Wait()
	if most.Load() > 4 || len(r.slots) != 0 {
		t.Fatalf("%d batches inside at once, %d slots taken at the end", most.Load(), len(r.slots))
	}
}

// Who gives up takes no slot along.
func TestWhoGivesUpLeavesTheRoomAsItWas(t *testing.T) {
	r := newRoom(4)
	leave, err := r.enter(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.enter(gone, 2); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("error %v", err)
	}
	leave()
	leave, err = r.enter(t.Context(), 4)
	if err != nil {
		t.Fatal(err)
	}
	leave()
}
