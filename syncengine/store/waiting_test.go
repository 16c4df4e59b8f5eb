package store

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

var (
	lyman   = merge.SpaceID{'l', 'y', 'm', 'a', 'n'}
	unknown = Awaited{Record: merge.RecordID{'o', 'l', 'e', 'n', 'a'}}
)

func openMemory(t testing.TB, m *Memory) *Store {
	t.Helper()
	s, err := Open(Options{Memory: m, Random: rand.NewChaCha8([32]byte{1})})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func numbered(seq int) merge.ID {
	return merge.ID{Replica: merge.ReplicaID{'t', 'a', 'b'}, Seq: uint64(seq), Tag: merge.Tag{byte(seq), byte(seq >> 8)}}
}

// Whoever began to wait is found again in that order, however the list grew,
// shrank and was spread over pages and folds.
func TestWaitersAreKeptInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := openMemory(t, NewMemory())
		awaited := []Awaited{unknown, {Record: unknown.Record, Corrected: true}, {Change: numbered(7)}, {Change: numbered(8)}}
		want := make([][]merge.ID, len(awaited))
		fold, next := s.Fold(), 0
		rt.Repeat(map[string]func(*rapid.T){
			"more begin to wait": func(rt *rapid.T) {
				i := rapid.IntRange(0, len(awaited)-1).Draw(rt, "what")
				for range rapid.IntRange(1, 3*waitingPage/2).Draw(rt, "count") {
					next++
					must(rt, fold.Wait(lyman, awaited[i], numbered(next)))
					want[i] = append(want[i], numbered(next))
				}
			},
			"some are left": func(rt *rapid.T) {
				i := rapid.IntRange(0, len(awaited)-1).Draw(rt, "what")
				want[i] = want[i][:rapid.IntRange(0, len(want[i])).Draw(rt, "left")]
				must(rt, fold.PutWaiting(lyman, awaited[i], want[i]))
			},
			"fold": func(rt *rapid.T) {
				must(rt, fold.Commit())
				fold = s.Fold()
			},
			"": func(rt *rapid.T) {
				for i := range awaited {
					have, err := fold.Waiting(lyman, awaited[i])
					must(rt, err)
					if !slices.Equal(have, want[i]) {
						rt.Fatalf("%d wait, want %d", len(have), len(want[i]))
					}
				}
			},
		})
	})
}

func must(t interface{ Fatal(args ...any) }, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

// counting counts the rows that a fold sets.
type counting struct {
	update
	rows, sizeBytes int
}

func (c *counting) set(key, value []byte) error {
	c.rows++
	c.sizeBytes += len(key) + len(value)
	return c.update.set(key, value)
}

// A tablet may send a thousand marks of somebody whom another tablet has
// registered. Each costs a row of findings and its share of a page, and what it
// costs does not depend on how many came before it.
func TestAThousandMarksOfOneUnknownPersonCostTheSameEach(t *testing.T) {
	cost := func(marks int) (rows, sizeBytes, estimated int) {
		s := openMemory(t, NewMemory())
		fold := s.Fold()
		c := &counting{update: fold.txn}
		fold.txn = c
		for i := range marks {
			id := numbered(i + 1)
			fold.PutFindings(lyman, id, []wire.Finding{
				{Cause: wire.ReferenceDangles, MissingRecord: unknown.Record, Type: "zhurnal.records.v1.AttendanceMark"},
				{Cause: wire.Forked},
			})
			fold.PutFindings(lyman, id, []wire.Finding{{Cause: wire.ReferenceDangles, MissingRecord: unknown.Record, Type: "zhurnal.records.v1.AttendanceMark"}})
			must(t, fold.Wait(lyman, unknown, id))
		}
		estimated = fold.SizeBytes()
		must(t, fold.Commit())
		return c.rows, c.sizeBytes, estimated
	}
	for _, marks := range []int{100, 1000} {
		rows, sizeBytes, estimated := cost(marks)
		if want := marks + marks/waitingPage + 1; rows != want {
			t.Errorf("%d marks set %d rows, want %d", marks, rows, want)
		}
		if sizeBytes > 250*marks {
			t.Errorf("%d marks set %d bytes", marks, sizeBytes)
		}
		if estimated < sizeBytes || estimated > 3*sizeBytes {
			t.Errorf("%d marks set %d bytes and were estimated at %d", marks, sizeBytes, estimated)
		}
	}
}

// The same over many folds: one that comes late does not write what the others
// wrote once more.
func TestOneMoreWaiterWritesOnePage(t *testing.T) {
	m := NewMemory()
	s := openMemory(t, m)
	for i := range 5000 {
		m.Fill(1 << 20)
		fold := s.Fold()
		must(t, fold.Wait(lyman, unknown, numbered(i+1)))
		must(t, fold.Commit())
		free, err := m.FreeBytes()
		must(t, err)
		if written := 1<<20 - int(free); written > waitingPage*changeBytes+256 {
			t.Fatalf("waiter %d wrote %d bytes", i+1, written)
		}
	}
	fold := s.Fold()
	waiting, err := fold.Waiting(lyman, unknown)
	if err != nil || len(waiting) != 5000 {
		t.Fatalf("%d of 5000 wait, %v", len(waiting), err)
	}
	m.Fill(1 << 20)
	must(t, fold.PutWaiting(lyman, unknown, nil))
	must(t, fold.Commit())
	if waiting, err := s.Fold().Waiting(lyman, unknown); err != nil || len(waiting) != 0 {
		t.Fatalf("%d wait for what has come, %v", len(waiting), err)
	}
	v := s.Snapshot()
	defer v.Close()
	must(t, v.scan(spaceKey(lyman, kindWaiting), spaceKey(lyman, kindWaiting), func(key, value []byte) error {
		if len(value) > 0 {
			t.Errorf("row %x is not emptied", key)
		}
		return nil
	}))
}
