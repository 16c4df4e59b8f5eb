package log

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// Entries that wait while another one is applied are stored in one transaction.
func TestWhatWaitsIsStoredTogether(t *testing.T) {
	d := openDesk(t)
	for i, r := range d.together("a", "b", "c", "d", "e") {
		if r.err != nil || !r.outcome.Recorded || r.outcome.Position != uint64(i+2) {
			t.Errorf("entry %d: %+v, %v", i+1, r.outcome, r.err)
		}
	}
	mustBe(t, d.scribe.folds, "hold", "a b c d e")
	d.mustHold("hold", "a", "b", "c", "d", "e")
}

func TestABadEntryFailsAlone(t *testing.T) {
	d := openDesk(t)
	results := d.together("a", "bad", "b", "bad", "c")
	for i, bad := range []bool{false, true, false, true, false} {
		if bad != errors.Is(results[i].err, errBad) || bad == results[i].outcome.Recorded {
			t.Errorf("entry %d: %+v, %v", i+1, results[i].outcome, results[i].err)
		}
	}
	d.mustHold("hold", "a", "b", "c")
}

// An entry that turns out to have changed nothing takes no place in the log.
func TestAnEntryWithoutEffectIsNotKept(t *testing.T) {
	d := openDesk(t)
	for i, r := range d.together("a", "again", "b") {
		if r.err != nil || r.outcome.Recorded != (i != 1) {
			t.Errorf("entry %d: %+v, %v", i+1, r.outcome, r.err)
		}
	}
	d.mustHold("hold", "a", "b")
}

// The rows that entries touch may be larger than was foreseen: then fewer are
// stored at a time.
func TestAFoldThatIsTooBigIsHalved(t *testing.T) {
	d := openDesk(t)
	for i, r := range d.together("large", "large", "large", "large", "small") {
		if r.err != nil || !r.outcome.Recorded {
			t.Errorf("entry %d: %+v, %v", i+1, r.outcome, r.err)
		}
	}
	mustBe(t, d.scribe.folds, "hold", "large large large large small", "large large", "large large small")
	d.mustHold("hold", "large", "large", "large", "large", "small")
}

// An entry that is too big by itself is its sender's to split, and stands in
// nobody's way.
func TestAnEntryThatIsTooBigFailsAlone(t *testing.T) {
	d := openDesk(t)
	results := d.together("a", "huge", "b")
	for i, r := range results {
		if huge := i == 1; huge != errors.Is(r.err, store.ErrFoldTooBig) || huge == r.outcome.Recorded {
			t.Errorf("entry %d: %+v, %v", i+1, r.outcome, r.err)
		}
	}
	d.mustHold("hold", "a", "b")
}

// What is known to be large does not have to fail first.
func TestAFoldEndsBeforeItIsFull(t *testing.T) {
	d := openDesk(t)
	for _, r := range d.together("weighed", "weighed", "weighed", "weighed") {
		if r.err != nil {
			t.Error(r.err)
		}
	}
	mustBe(t, d.scribe.folds, "hold", "weighed weighed weighed", "weighed")
}

// Nothing is stored of a fold that finds the disk full, and everyone in it is
// told. Afterwards it goes on.
func TestAFullDiskIsTold(t *testing.T) {
	d := openDesk(t)
	d.memory.Fill(1000)
	results := d.together("small", "large", "small")
	for i, r := range results {
		if fault.KindOf(r.err) != fault.Unavailable || r.outcome.Recorded {
			t.Errorf("entry %d: %+v, %v", i+1, r.outcome, r.err)
		}
	}
	d.mustHold("hold")
	d.memory.Fill(math.MaxUint64)
	d.mustAppend("later")
	d.mustHold("hold", "later")
}

func TestTailComesInOrderPageByPage(t *testing.T) {
	d := openDesk(t)
	var want []string
	for i := range 2*tailEntries + 10 {
		want = append(want, fmt.Sprint(i))
		d.mustAppend(want[i])
		if _, err := d.log.Append(t.Context(), home+1, Entry{Body: []byte("another partition")}); err != nil {
			t.Fatal(err)
		}
	}
	for _, after := range []int{0, 1, tailEntries, len(want) - 1, len(want)} {
		var have []string
		next := after
		err := d.log.Tail(t.Context(), home, uint64(after), func(page []Sequenced) error {
			if full := min(tailEntries, len(want)-next); len(page) != full {
				t.Errorf("a page of %d, want %d", len(page), full)
			}
			for _, s := range page {
				if next++; s.Seq != uint64(next) {
					t.Errorf("entry %d where %d is due", s.Seq, next)
				}
				have = append(have, string(s.Entry.Body))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		mustBe(t, have, want[after:]...)
	}
}

func TestTailEndsWhenTheReaderDoes(t *testing.T) {
	d := openDesk(t)
	for range tailEntries + 1 {
		d.mustAppend("a")
	}
	enough := errors.New("enough")
	pages := 0
	if err := d.log.Tail(t.Context(), home, 0, func([]Sequenced) error { pages++; return enough }); !errors.Is(err, enough) || pages != 1 {
		t.Errorf("%d pages, %v", pages, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	pages = 0
	if err := d.log.Tail(ctx, home, 0, func([]Sequenced) error { pages++; cancel(); return nil }); !errors.Is(err, context.Canceled) || pages != 1 {
		t.Errorf("%d pages, %v", pages, err)
	}
}

func TestClosingFinishesWhatWasAccepted(t *testing.T) {
	d := openDesk(t)
	results := d.queue("a", "b")
	go func() {
		for !d.refuses() {
			runtime.Gosched()
		}
		d.release()
	}()
	if err := d.log.Close(); err != nil {
		t.Error(err)
	}
	mustBe(t, d.scribe.folds, "hold", "a b") // before Close has returned
	for i, r := range results() {
		if r.err != nil || !r.outcome.Recorded {
			t.Errorf("entry %d: %+v, %v", i+1, r.outcome, r.err)
		}
	}
	_, err := d.log.Append(t.Context(), home, Entry{Body: []byte("late")})
	if fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "try again later") {
		t.Errorf("after closing: %v", err)
	}
	if err := d.log.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	d.mustHold("hold", "a", "b")
}

// Who gives up after an entry was accepted does not know whether it is stored,
// and is told so. It is.
func TestGivingUpDoesNotTakeAnEntryBack(t *testing.T) {
	d := openDesk(t)
	ctx, cancel := context.WithCancel(t.Context())
	results := d.queueFor(ctx, "a")
	cancel()
	r := results()[0]
	if fault.KindOf(r.err) != fault.Unavailable || !strings.Contains(r.err.Error(), "send them again") || !errors.Is(r.err, context.Canceled) {
		t.Errorf("error %v", r.err)
	}
	d.release()
	d.mustAppend("b")
	d.mustHold("hold", "a", "b")
}

// Who gives up at the door knows that nothing is stored.
func TestGivingUpAtTheDoorStoresNothing(t *testing.T) {
	d := openDesk(t)
	d.queue(slices.Repeat([]string{"a"}, foldedMax)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.log.Append(ctx, home, Entry{Body: []byte("b")})
	if fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "nothing was stored") {
		t.Errorf("error %v", err)
	}
	d.release()
	d.mustAppend("c")
	d.mustHold(slices.Concat([]string{"hold"}, slices.Repeat([]string{"a"}, foldedMax), []string{"c"})...)
}

func mustBe(t *testing.T, have []string, want ...string) {
	t.Helper()
	if !slices.Equal(have, want) {
		t.Fatalf("have %q, want %q", have, want)
	}
}

func openDesk(t *testing.T) *desk {
	memory := store.NewMemory()
	st, err := store.Open(store.Options{Memory: memory, Random: rand.NewChaCha8([32]byte{1})})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, memory: memory, store: st, scribe: &scribe{held: make(chan struct{}), goOn: make(chan struct{})}}
	d.log = OpenLocal(st, d.scribe)
	t.Cleanup(func() {
		if err := errors.Join(d.log.Close(), st.Close()); err != nil {
			t.Error(err)
		}
	})
	return d
}
