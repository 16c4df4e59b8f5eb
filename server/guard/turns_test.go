package guard

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Whoever sends a hundred requests waits with the second until each of the others
// has had one.
func TestCallersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := NewTurns(Limits{AtWork: 1, Patience: time.Hour})
		first, err := turns.Enter(t.Context(), "busy")
		if err != nil {
			t.Fatal(err)
		}
		var order []string
		var all sync.WaitGroup
		join := func(caller string) {
			all.Go(func() {
				leave, err := turns.Enter(t.Context(), caller)
				if err != nil {
					t.Error(err)
					return
				}
				order = append(order, caller) // one at a time is at work
				leave()
				leave() // twice is once
			})
			synctest.Wait() // it queues before the next one comes
		}
		for range 4 {
			join("busy")
		}
		for _, caller := range []string{"olena", "petro", "olena"} {
			join(caller)
		}
		first()
		all.Wait()
		if got := strings.Join(order, " "); got != "busy olena petro busy olena busy busy" {
			t.Errorf("the order was: %s", got)
		}
		if turns.free != 1 || len(turns.circle) != 0 || len(turns.queues) != 0 {
			t.Errorf("left behind: %+v", turns)
		}
	})
}

func TestWhoWaitsTooLongIsToldWhenToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := NewTurns(Limits{AtWork: 1, Patience: 20 * time.Second})
		leave, err := turns.Enter(t.Context(), "busy")
		if err != nil {
			t.Fatal(err)
		}
		_, err = turns.Enter(t.Context(), "olena")
		if wait := fault.WaitOf(err); fault.KindOf(err) != fault.Throttled || wait < 10*time.Second || wait > 20*time.Second {
			t.Errorf("%v, wait %s", err, wait)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := turns.Enter(ctx, "petro"); err != context.Canceled {
			t.Errorf("who went away: %v", err)
		}
		leave()
		if turns.free != 1 || len(turns.circle) != 0 || len(turns.queues) != 0 {
			t.Errorf("left behind: %+v", turns)
		}
	})
}

// In the end every place is free, whoever gave up meanwhile.
func TestNoPlaceIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := NewTurns(Limits{AtWork: 3, Patience: 50 * time.Millisecond})
		working, most := 0, 0
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range 400 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+i%60)*time.Millisecond)
				defer cancel()
				leave, err := turns.Enter(ctx, fmt.Sprint("caller", i%7))
				if err != nil {
					return
				}
				mu.Lock()
				working++
				most = max(most, working)
				mu.Unlock()
				time.Sleep(time.Millisecond)
				mu.Lock()
				working--
				mu.Unlock()
				leave()
			})
		}
		all.Wait()
		if turns.free != 3 || most != 3 || len(turns.circle) != 0 || len(turns.queues) != 0 {
			t.Errorf("at most %d at work; left behind: %+v", most, turns)
		}
	})
}
