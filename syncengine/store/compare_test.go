package store

import "testing"

// Whether anything ever waited for what nothing waits for any more makes no
// difference; what waits still does.
func TestWhereNobodyWaitsAnyMoreIsWhereNobodyEverDid(t *testing.T) {
	never, noMore, one := openMemory(t, NewMemory()), openMemory(t, NewMemory()), openMemory(t, NewMemory())
	fold := noMore.Fold()
	for i := range waitingPage + 1 {
		must(t, fold.Wait(lyman, unknown, numbered(i+1)))
	}
	must(t, fold.PutWaiting(lyman, unknown, nil))
	must(t, fold.Commit())
	fold = one.Fold()
	must(t, fold.Wait(lyman, unknown, numbered(1)))
	must(t, fold.Commit())
	for _, c := range []struct {
		have, want *Store
		differs    bool
	}{
		{never, noMore, false},
		{noMore, never, false},
		{noMore, noMore, false},
		{never, one, true},
		{one, never, true},
		{noMore, one, true},
		{one, noMore, true},
	} {
		have, want := c.have.Snapshot(), c.want.Snapshot()
		found := 0
		must(t, have.Compare(want, Partition(lyman), func(Difference) error { found++; return nil }))
		if (found > 0) != c.differs {
			t.Errorf("%+v: %d differences", c, found)
		}
		have.Close()
		want.Close()
	}
}
