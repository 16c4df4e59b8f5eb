package signin

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// attempts bounds how often something is tried under one name: so many at once,
// then one each so often. Names share a fixed number of buckets, by a hash that
// nobody outside knows. So a flood of names takes no memory, and drives nobody's
// count out.
type attempts struct {
	atOnce      float64
	everyMillis float64
	now         func() int64
	seed        maphash.Seed

	mu      sync.Mutex
	buckets [4096]struct {
		spent float64
		at    int64 // milliseconds since 1970
	}
}

func newAttempts(atOnce int, every time.Duration, now func() int64) *attempts {
	return &attempts{atOnce: float64(atOnce), everyMillis: float64(every.Milliseconds()), now: now, seed: maphash.MakeSeed()}
}

// try counts one, or says how long to wait. What it returns takes it back.
func (a *attempts) try(name string) (giveBack func(), err error) {
	at := maphash.String(a.seed, name) % uint64(len(a.buckets))
	a.mu.Lock()
	defer a.mu.Unlock()
	b := &a.buckets[at]
	now := a.now()
	b.spent = max(0, b.spent-float64(max(0, now-b.at))/a.everyMillis)
	b.at = now
	if over := b.spent + 1 - a.atOnce; over > 0 {
		wait := max(time.Second, time.Duration(over*a.everyMillis)*time.Millisecond)
		return nil, fault.Throttle(wait, "too many attempts: wait %s and try again", wait.Round(time.Second))
	}
	b.spent++
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.buckets[at].spent = max(0, a.buckets[at].spent-1)
	}, nil
}
