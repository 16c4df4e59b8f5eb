package guard

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// buckets has a token bucket for each key. One that is full again says no more
// than none, and is forgotten.
type buckets[K comparable] struct {
	perSecond rate.Limit
	burst     int

	mu      sync.Mutex
	of      map[K]*rate.Limiter
	pruneAt int
}

// prunedFrom is how many buckets there may be before full ones are looked for.
const prunedFrom = 1024

func newBuckets[K comparable](perSecond float64, burst int) *buckets[K] {
	return &buckets[K]{perSecond: rate.Limit(perSecond), burst: burst, of: map[K]*rate.Limiter{}, pruneAt: prunedFrom}
}

func (b *buckets[K]) reserve(key K, now time.Time) *rate.Reservation {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.of[key]
	if l == nil {
		b.prune(now)
		l = rate.NewLimiter(b.perSecond, b.burst)
		b.of[key] = l
	}
	return l.ReserveN(now, 1)
}

// prune forgets full buckets, seldom enough to cost each new one the same.
func (b *buckets[K]) prune(now time.Time) {
	if len(b.of) < b.pruneAt {
		return
	}
	for key, l := range b.of {
		if l.TokensAt(now) >= float64(b.burst) {
			delete(b.of, key)
		}
	}
	b.pruneAt = max(prunedFrom, 2*len(b.of))
}

// Addresses bounds how often requests come from one address.
type Addresses struct{ buckets *buckets[netip.Prefix] }

// NewAddresses returns the bound of these limits.
func NewAddresses(limits Limits) *Addresses {
	return &Addresses{newBuckets[netip.Prefix](limits.AddressPerSecond, limits.AddressBurst)}
}

// Admit returns nil, or says how long the address has to wait.
func (a *Addresses) Admit(address netip.Addr) error {
	now := time.Now()
	r := a.buckets.reserve(Network(address), now)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	r.CancelAt(now)
	return fault.Throttle(max(wait, time.Second), "requests come from your address more often than the server allows: wait, and send it again")
}
