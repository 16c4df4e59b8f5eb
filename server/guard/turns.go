package guard

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Turns lets so many requests work at once and gives the others their turn
// caller by caller, in a circle: whoever sends a hundred requests waits with the
// second until each of the others has had one. So when all tablets return at
// once, none waits behind one with a year's work.
type Turns struct {
	patience time.Duration

	mu     sync.Mutex
	free   int
	queues map[string][]*turn // of callers who wait
	circle []string           // those callers, the next one first
}

// turn is a request that waits.
type turn struct {
	come    chan struct{} // closed when it has come
	granted bool
}

// NewTurns returns turns for these limits.
func NewTurns(limits Limits) *Turns {
	return &Turns{patience: limits.Patience, free: limits.AtWork, queues: map[string][]*turn{}}
}

// Enter waits for the caller's turn. Call leave when the work is done, once or
// more often.
func (t *Turns) Enter(ctx context.Context, caller string) (leave func(), err error) {
	mine := t.join(caller)
	if mine == nil {
		return sync.OnceFunc(t.pass), nil
	}
	timer := time.NewTimer(t.patience)
	defer timer.Stop()
	select {
	case <-mine.come:
		return sync.OnceFunc(t.pass), nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		// Not all at one moment again.
		wait := t.patience/2 + rand.N(t.patience/2+1)
		err = fault.Throttle(wait, "the server is busy with others: what you have is kept, wait and send it again")
	}
	t.abandon(caller, mine)
	return nil, err
}

// join takes a free place, or queues; nil if there was one.
func (t *Turns) join(caller string) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.free > 0 { // then nobody waits
		t.free--
		return nil
	}
	mine := &turn{come: make(chan struct{})}
	if len(t.queues[caller]) == 0 {
		t.circle = append(t.circle, caller)
	}
	t.queues[caller] = append(t.queues[caller], mine)
	return mine
}

// pass gives a place to the next in the circle.
func (t *Turns) pass() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.circle) == 0 {
		t.free++
		return
	}
	caller := t.circle[0]
	t.circle = t.circle[1:]
	next := t.queues[caller][0]
	if rest := t.queues[caller][1:]; len(rest) > 0 {
		t.queues[caller] = rest
		t.circle = append(t.circle, caller)
	} else {
		delete(t.queues, caller)
	}
	next.granted = true
	close(next.come)
}

// abandon takes a request out that waits no longer. If its turn has come in the
// same moment, the next one has it.
func (t *Turns) abandon(caller string, mine *turn) {
	t.mu.Lock()
	if mine.granted {
		t.mu.Unlock()
		t.pass()
		return
	}
	defer t.mu.Unlock()
	queue := t.queues[caller]
	for i := range queue {
		if queue[i] == mine {
			queue = append(queue[:i:i], queue[i+1:]...)
			break
		}
	}
	if len(queue) > 0 {
		t.queues[caller] = queue
		return
	}
	delete(t.queues, caller)
	for i := range t.circle {
		if t.circle[i] == caller {
			t.circle = append(t.circle[:i:i], t.circle[i+1:]...)
			break
		}
	}
}
