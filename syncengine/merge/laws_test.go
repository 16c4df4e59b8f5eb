package merge_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

func drawHistory(src mergetest.Source) []fact {
	return factsOf(mergetest.Crowded.History(src, testSpace, 3, 2+src.IntN(20)))
}

func TestAnyOrderAndRepetitionGivesTheSameState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := drawHistory(draws{t})
		want, got := mergetest.NewSpace(), mergetest.NewSpace()
		apply(t, want, facts...)
		apply(t, got, shuffled(draws{t}, facts)...)
		if got.Digest() != want.Digest() || !bytes.Equal(rows(got), rows(want)) {
			t.Fatalf("another order of the same changes gives another state: %v", mergetest.Recompute(facts).Diff(got.Records()))
		}
	})
}

func TestAnyPartOfAHistoryIsWhatThatPartMeans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := shuffled(draws{t}, someOf(draws{t}, drawHistory(draws{t})))
		s := mergetest.NewSpace()
		for i := range part {
			apply(t, s, part[i])
			if err := mergetest.Recompute(part[:i+1]).Diff(s.Records()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestApplyingToACloneLeavesTheOriginal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := drawHistory(draws{t})
		half := len(facts) / 2
		base := mergetest.NewSpace()
		apply(t, base, facts[:half]...)
		before := rows(base)
		view := base.Clone()
		apply(t, view, facts[half:]...)
		if !bytes.Equal(rows(base), before) {
			t.Fatal("applying to a clone changed the original")
		}
		apply(t, base, facts[half:]...)
		if !bytes.Equal(rows(base), rows(view)) {
			t.Fatal("the clone went on differently from the original")
		}
	})
}

// A liar knows no identity that it has not seen, and cannot guess a tag: naming
// what it makes up replaces nothing, now or later.
func TestNamingMadeUpIdentitiesReplacesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := drawHistory(draws{t})
		liar := mergetest.NewWriter(testSpace, "tablet L", "Liar")
		lie := liar.Seal(salt, 1, drawLies(draws{t}, facts)...)

		honest, lied := mergetest.NewSpace(), mergetest.NewSpace()
		apply(t, honest, facts...)
		apply(t, lied, shuffled(draws{t}, append(facts, fact{Change: lie, Received: 1}))...)
		for _, rec := range honest.Records() {
			told, _ := lied.Record(rec.ID)
			for _, cell := range rec.Cells {
				for _, v := range cell.Values {
					if !holds(told.Cell(cell.Key), v.Change) {
						t.Fatalf("record %s cell %v: the value of %s is gone", rec.ID, cell.Key, v.Change)
					}
				}
			}
		}
	})
}

// drawLies writes to every cell of the history, and names every change in it
// under a tag of the liar's own making.
func drawLies(src mergetest.Source, facts []fact) []merge.RecordWrites {
	s := mergetest.NewSpace()
	var named []merge.ID
	for _, f := range facts {
		if _, err := s.Apply(f.Change, 0, 0); err != nil {
			panic(err)
		}
		id := f.Change.ID
		id.Tag[src.IntN(len(id.Tag))] ^= byte(1 + src.IntN(255))
		named = append(named, id)
	}
	var lies []merge.RecordWrites
	for _, rec := range s.Records() {
		lie := merge.RecordWrites{Type: rec.Type, Record: rec.ID, Header: rec.Header}
		for _, cell := range rec.Cells {
			lie.Writes = append(lie.Writes, merge.Write{Cell: cell.Key, Value: []byte("lie"), Replaces: named})
		}
		lies = append(lies, lie)
	}
	return lies
}

func holds(c *merge.Cell, change merge.ID) bool {
	for _, id := range c.Seen() {
		if id == change {
			return true
		}
	}
	return false
}
