package sim

import (
	"flag"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	seeds = flag.Int("seeds", 50, "how many seasons to play; a fifth of them with -short")
	first = flag.Uint64("first", 1, "the seed of the first")
	cut   = flag.Bool("shrink", true, "cut a season that breaks a promise down, and tell it")
	keep  = flag.String("keep", "", "keep a season that breaks a promise in testdata/kept under this `name`")
)

// A season makes much that is garbage at once: collecting it as often as is due
// in a server would take a third of the time.
func init() { debug.SetGCPercent(800) }

// Whatever happens in a season: nothing acknowledged is lost, every copy is what
// the set of changes means, and when faults stop all are equal.
func TestSeasons(t *testing.T) {
	if testing.Short() {
		*seeds = (*seeds + 4) / 5
	}
	if *seeds == 1 || testing.Verbose() && *seeds <= 3 {
		for seed := *first; seed < *first+uint64(*seeds); seed++ {
			play(t, seed, func(line string) { t.Log(line) })
		}
		return
	}
	var next atomic.Uint64
	var total tally
	var mu sync.Mutex
	var players sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		players.Go(func() {
			for !t.Failed() {
				n := next.Add(1) - 1
				if n >= uint64(*seeds) {
					return
				}
				of := play(t, *first+n, nil)
				mu.Lock()
				total.add(&of)
				mu.Unlock()
			}
		})
	}
	players.Wait()
	t.Logf("%d seasons from seed %d: %s", *seeds, *first, total)
}

// play plays one season. A failure is cut down and told.
func play(t *testing.T, seed uint64, tell func(string)) tally {
	s := draw(seed)
	f, err := run(s, tell)
	if err == nil {
		return f.tally
	}
	t.Errorf("seed %d breaks a promise: %v", seed, err)
	if *cut {
		t.Error(cutDown(t, s))
	}
	return f.tally
}

// The same seed is the same season, to the last word, wherever registers lie.
func TestSameSeedSameSeason(t *testing.T) {
	for seed := uint64(1); seed <= 12; seed++ {
		var told []string
		one, err := run(draw(seed), func(line string) { told = append(told, line) })
		if err != nil {
			t.Fatal(err)
		}
		elsewhere := draw(seed)
		elsewhere.SQLite = !elsewhere.SQLite
		for _, s := range []*scenario{draw(seed), elsewhere} {
			n := 0
			other, err := run(s, func(line string) {
				if n == len(told) || told[n] != line {
					t.Fatalf("seed %d, SQLite %t: once line %d was %.1q, and then %q", seed, s.SQLite, n, told[min(n, len(told)):], line)
				}
				n++
			})
			if err != nil || one.trace() != other.trace() || one.tally != other.tally {
				t.Fatalf("seed %d, SQLite %t: %s and %s, %v", seed, s.SQLite, one.trace(), other.trace(), err)
			}
		}
	}
}

func (t *tally) add(o *tally) {
	sum, more := reflect.ValueOf(t).Elem(), reflect.ValueOf(o).Elem()
	for i := range sum.NumField() {
		sum.Field(i).SetInt(sum.Field(i).Int() + more.Field(i).Int())
	}
}

func (t tally) String() string {
	var parts []string
	v := reflect.ValueOf(t)
	for i := range v.NumField() {
		parts = append(parts, fmt.Sprintf("%s %d", v.Type().Field(i).Name, v.Field(i).Int()))
	}
	return strings.Join(parts, ", ")
}
