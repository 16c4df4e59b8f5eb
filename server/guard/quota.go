package guard

import (
	"sync"
	"time"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Quota bounds what each caller brings in a day of UTC. It is kept in memory: a
// server that is started anew has forgotten it.
type Quota struct {
	limits Limits

	mu    sync.Mutex
	day   int64 // since 1970
	spent map[string]spent
}

type spent struct{ sizeBytes, changes int64 }

// NewQuota returns the quota of these limits.
func NewQuota(limits Limits) *Quota { return &Quota{limits: limits, spent: map[string]spent{}} }

const dayMillis = int64(24 * time.Hour / time.Millisecond)

// Check returns nil if the caller may bring something, or says when it may
// again. What it then brings may go over: no request is too large for what is
// left of a day.
func (q *Quota) Check(caller string, nowMillis int64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn(nowMillis)
	s := q.spent[caller]
	if s.sizeBytes < q.limits.DayBytes && s.changes < q.limits.DayChanges {
		return nil
	}
	wait := time.Duration((q.day+1)*dayMillis-nowMillis) * time.Millisecond
	return fault.Throttle(wait, "you have sent %d changes, %d MB, today, and a day's quota is %d changes, %d MB: "+
		"nothing is lost, the tablet keeps what it has and sends it from midnight (UTC) on; if this is work that many wait for, ask who runs the server to raise --day-bytes or --day-changes",
		s.changes, s.sizeBytes>>20, q.limits.DayChanges, q.limits.DayBytes>>20)
}

// Charge counts what a caller has brought.
func (q *Quota) Charge(caller string, nowMillis, sizeBytes, changes int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn(nowMillis)
	s := q.spent[caller]
	q.spent[caller] = spent{s.sizeBytes + sizeBytes, s.changes + changes}
}

// turn begins a new day, also if the clock was set back.
func (q *Quota) turn(nowMillis int64) {
	if day := nowMillis / dayMillis; day != q.day {
		q.day, q.spent = day, map[string]spent{}
	}
}
