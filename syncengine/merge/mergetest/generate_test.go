package mergetest_test

import (
	"math/rand/v2"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// What the generator makes is what honest tablets make: whole chains of changes
// that verify, and that replace only what they saw live in the same cell.
func TestHistoryIsHonest(t *testing.T) {
	space := merge.SpaceID(mergetest.ID16("space"))
	for seed := range uint64(20) {
		src := rand.New(rand.NewPCG(seed, 1))
		written := map[merge.ID]*merge.Change{}
		last := map[merge.ReplicaID]*merge.Change{}
		for _, c := range mergetest.Crowded.History(src, space, 3, 40) {
			if err := c.Check(); err != nil {
				t.Fatal(err)
			}
			if c.ComputeHash(space) != c.Hash {
				t.Fatalf("change %s: false hash", c.ID)
			}
			if before := last[c.ID.Replica]; before != nil && (c.Previous != before.Hash || c.ID.Seq != before.ID.Seq+1 || c.Stamp < before.Stamp) {
				t.Fatalf("change %s does not follow %s", c.ID, before.ID)
			}
			for _, rec := range c.Records {
				for _, w := range rec.Writes {
					for _, id := range w.Replaces {
						if written[id] == nil || !writes(written[id], rec.Record, w.Cell) {
							t.Fatalf("change %s replaces in cell %v of %s what %s never wrote there", c.ID, w.Cell, rec.Record, id)
						}
					}
				}
			}
			written[c.ID], last[c.ID.Replica] = c, c
		}
	}
}

func writes(c *merge.Change, record merge.RecordID, cell merge.CellKey) bool {
	for _, rec := range c.Records {
		for _, w := range rec.Writes {
			if rec.Record == record && w.Cell == cell {
				return true
			}
		}
	}
	return false
}

func TestApplyingTwiceDoesNothing(t *testing.T) {
	space := merge.SpaceID(mergetest.ID16("space"))
	s := mergetest.NewSpace()
	for _, c := range mergetest.Crowded.History(rand.New(rand.NewPCG(1, 1)), space, 3, 30) {
		if effect, err := s.Apply(c, 1, 0); err != nil || len(effect.Touched) == 0 {
			t.Fatalf("change %s: %+v, %v; want it applied", c.ID, effect, err)
		}
		before := s.Digest()
		if effect, err := s.Apply(c, 1, 0); err != nil || len(effect.Touched) > 0 || s.Digest() != before {
			t.Fatalf("change %s: %+v, %v; want nothing to happen", c.ID, effect, err)
		}
	}
	if s.AppliedCount() != 30 {
		t.Fatalf("%d changes in the set; want 30", s.AppliedCount())
	}
}
