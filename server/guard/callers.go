package guard

import (
	"context"
	"sync"
	"time"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Callers bounds how often each caller comes, and how much it has under way.
type Callers struct {
	limits  Limits
	buckets *buckets[string]

	mu       sync.Mutex
	underWay map[string]*underWay
}

type underWay struct{ requests, streams int }

// NewCallers returns the bounds of these limits.
func NewCallers(limits Limits) *Callers {
	return &Callers{
		limits: limits, buckets: newBuckets[string](limits.CallerPerSecond, limits.CallerBurst), underWay: map[string]*underWay{},
	}
}

// Enter lets a caller's request in, after a wait if it comes too often, or says
// when to come again. Call leave once the request is over.
func (c *Callers) Enter(ctx context.Context, caller string, stream bool) (leave func(), err error) {
	if !c.take(caller, stream) {
		return nil, fault.Throttle(time.Second, "you have too many requests under way at once, %d are allowed, and %d watches: wait for answers before you send more",
			c.limits.CallerRequests, c.limits.CallerStreams)
	}
	leave = sync.OnceFunc(func() { c.release(caller, stream) })
	if err := c.pace(ctx, caller); err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// pace waits until it is the caller's time.
func (c *Callers) pace(ctx context.Context, caller string) error {
	now := time.Now()
	r := c.buckets.reserve(caller, now)
	wait := r.DelayFrom(now)
	switch {
	case wait == 0:
		return nil
	case wait > c.limits.CallerDelay:
		r.CancelAt(now)
		return fault.Throttle(max(wait, time.Second), "you send requests more often than the server allows, %g in a second: wait, and send it again",
			c.limits.CallerPerSecond)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Callers) take(caller string, stream bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.underWay[caller]
	if u == nil {
		u = new(underWay)
		c.underWay[caller] = u
	}
	n, most := u.of(stream), c.limits.CallerRequests
	if stream {
		most = c.limits.CallerStreams
	}
	if *n >= most {
		return false
	}
	*n++
	return true
}

func (c *Callers) release(caller string, stream bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.underWay[caller]
	if *u.of(stream)--; *u == (underWay{}) {
		delete(c.underWay, caller)
	}
}

func (u *underWay) of(stream bool) *int {
	if stream {
		return &u.streams
	}
	return &u.requests
}
