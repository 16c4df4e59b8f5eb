package syncengine

import (
	"context"
	"crypto/rand"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
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

// chainOf makes so many changes of one replica.
func chainOf(space merge.SpaceID, changes int) []*merge.Change {
	chain := make([]*merge.Change, changes)
	for i := range chain {
		c := &merge.Change{
			ID: merge.ID{Replica: merge.ReplicaID{1}, Seq: uint64(i + 1)}, Stamp: int64(i + 1), Salt: merge.Salt{byte(i), 1},
			Records: []merge.RecordWrites{{Type: "type", Record: merge.RecordID{byte(i), 1}, Writes: []merge.Write{{Cell: merge.CellKey{Field: 1}, Value: []byte{8, 1}}}}},
		}
		if i > 0 {
			c.Previous = chain[i-1].Hash
		}
		c.Seal(space)
		chain[i] = c
	}
	return chain
}

// However many batches a push has, those that are decoded, with the one that is
// worked on, are no more than the slots that it takes; and all are stored.
func TestAPushDecodesNoMoreThanItHasSlotsFor(t *testing.T) {
	space := merge.SpaceID{1}
	var batches [][]byte
	for _, c := range chainOf(space, limits.PushBatches) {
		batch, err := wire.EncodeBatch(space, []*merge.Change{c})
		if err != nil {
			t.Fatal(err)
		}
		batches = append(batches, batch)
	}
	known, err := schema.New()
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(Options{Memory: store.NewMemory(), Schema: known, Now: func() int64 { return 1 }, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	entries, err := e.admitAll(merge.PersonID{1}, space, batches, push{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.appendAll(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	decoded := 0
	for i := range entries {
		if entries[i].Decoded != nil {
			decoded++
		}
	}
	if decoded+1 > roomBatches {
		t.Fatalf("%d batches decoded at a time and another worked on; there is room for %d", decoded, roomBatches)
	}
	outcomes, err := e.Push(t.Context(), merge.PersonID{1}, space, batches)
	if err != nil || len(outcomes) != len(batches) {
		t.Fatalf("verdicts over %d of %d changes: %v", len(outcomes), len(batches), err)
	}
}
