package guard

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

func TestACallerWhoComesTooOftenWaitsAndIsThenRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		callers := NewCallers(Limits{CallerPerSecond: 2, CallerBurst: 3, CallerDelay: time.Second, CallerRequests: 100})
		start := time.Now()
		for i := range 10 { // one after the other: nothing is refused
			leave, err := callers.Enter(t.Context(), "olena", false)
			if err != nil {
				t.Fatalf("request %d: %v", i+1, err)
			}
			leave()
		}
		if took := time.Since(start); took != 3500*time.Millisecond {
			t.Errorf("10 requests, 3 at once and then 2 in a second, took %s", took)
		}
		refused := 0
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 10 { // at once: two wait for up to a second
			all.Go(func() {
				if _, err := callers.Enter(t.Context(), "olena", false); err != nil {
					mu.Lock()
					refused++
					mu.Unlock()
					if fault.KindOf(err) != fault.Throttled || fault.WaitOf(err) < time.Second {
						t.Errorf("%v, wait %s", err, fault.WaitOf(err))
					}
				}
			})
		}
		if leave, err := callers.Enter(t.Context(), "petro", false); err != nil {
			t.Errorf("another caller: %v", err)
		} else {
			leave()
		}
		all.Wait()
		if refused != 8 {
			t.Errorf("%d of 10 at once were refused", refused)
		}
	})
}

func TestACallerHasSoMuchUnderWay(t *testing.T) {
	callers := NewCallers(Limits{CallerPerSecond: 1000, CallerBurst: 1000, CallerRequests: 2, CallerStreams: 1})
	enter := func(stream bool) func() {
		t.Helper()
		leave, err := callers.Enter(t.Context(), "olena", stream)
		if err != nil {
			t.Fatal(err)
		}
		return leave
	}
	refused := func(stream bool) {
		t.Helper()
		if _, err := callers.Enter(t.Context(), "olena", stream); fault.KindOf(err) != fault.Throttled {
			t.Errorf("one more, stream %t: %v", stream, err)
		}
	}
	first, second, watch := enter(false), enter(false), enter(true)
	refused(false)
	refused(true)
	first()
	first() // twice is once
	third := enter(false)
	refused(false)
	second()
	third()
	watch()
	if len(callers.underWay) != 0 {
		t.Errorf("left behind: %v", callers.underWay)
	}
}

func TestAnAddressComesSoOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		addresses := NewAddresses(Limits{AddressPerSecond: 1, AddressBurst: 5})
		admit := func(address string) error { return addresses.Admit(netip.MustParseAddr(address)) }
		for i := range 5 { // one customer of a provider has 64 bits
			if err := admit(fmt.Sprintf("2001:db8::%d", i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := admit("2001:db8::ffff"); fault.KindOf(err) != fault.Throttled || fault.WaitOf(err) == 0 {
			t.Errorf("%v", err)
		}
		if err := admit("2001:db8:0:1::"); err != nil {
			t.Errorf("another network: %v", err)
		}
		time.Sleep(time.Second)
		if err := admit("2001:db8::ffff"); err != nil {
			t.Errorf("a second later: %v", err)
		}
	})
}

// Whoever comes from a million addresses does not fill the memory.
func TestFullBucketsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBuckets[int](100, 1)
		most := 0
		for i := range 20_000 {
			b.reserve(i, time.Now())
			most = max(most, len(b.of))
			time.Sleep(time.Millisecond) // full again after ten
		}
		if most > prunedFrom {
			t.Errorf("%d were kept at once", most)
		}
	})
}

func TestADaysQuota(t *testing.T) {
	const now = 20_000 * dayMillis
	q := NewQuota(Limits{DayBytes: 1000, DayChanges: 10})
	check := func(caller string, at int64, want bool) {
		t.Helper()
		if err := q.Check(caller, at); (err == nil) != want {
			t.Errorf("%s at %d: %v", caller, at, err)
		}
	}
	q.Charge("olena", now, 999, 9)
	check("olena", now, true)
	q.Charge("olena", now, 500, 0)
	check("olena", now, false)
	check("petro", now, true)
	q.Charge("petro", now, 1, 10)
	check("petro", now, false)
	err := q.Check("olena", now+dayMillis-3_600_000)
	if fault.KindOf(err) != fault.Throttled || fault.WaitOf(err) != time.Hour || !strings.Contains(err.Error(), "nothing is lost") {
		t.Errorf("%v, wait %s", err, fault.WaitOf(err))
	}
	check("olena", now+dayMillis, true)
	check("petro", now-1, true) // the clock was set back: another day
}
