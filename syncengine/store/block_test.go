package store

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// A block gives back what was put in, forks and overwritten verdicts included,
// whatever the order.
func TestBlockKeepsWhatIsKnown(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const number = 3
		var block Block
		want := map[Known]Known{}
		for range rapid.IntRange(0, 80).Draw(rt, "count") {
			k := Known{
				Seq:      number*blockSeqs + rapid.Uint64Range(0, blockSeqs-1).Draw(rt, "seq"),
				Tag:      merge.Tag{rapid.Byte().Draw(rt, "tag")},
				Verdict:  rapid.SampledFrom([]wire.Verdict{wire.Applied, wire.Flagged, wire.Quarantined, wire.Dismissed}).Draw(rt, "verdict"),
				Position: rapid.Uint64().Draw(rt, "position"),
			}
			block.put(k)
			want[Known{Seq: k.Seq, Tag: k.Tag}] = k
		}
		back, err := parseBlock(number, block.encode())
		if err != nil {
			rt.Fatal(err)
		}
		if len(back) != len(want) {
			rt.Fatalf("%d of %d", len(back), len(want))
		}
		for key, k := range want {
			found, forked := back.find(key.Seq, key.Tag)
			if found == nil || *found != k {
				rt.Fatalf("want %+v, found %+v", k, found)
			}
			others := 0
			for other, was := range want {
				if other.Seq == key.Seq && other.Tag != key.Tag && was.Verdict.Merged() {
					others++
				}
			}
			if forked != (others > 0) {
				rt.Fatalf("%d other merged changes with sequence number %d", others, key.Seq)
			}
		}
		if found, _ := back.find(number*blockSeqs, merge.Tag{1, 1}); found != nil {
			rt.Fatal("found a change that was never put in")
		}
	})
}

func FuzzParseBlock(f *testing.F) {
	f.Add(Block{{Seq: 5, Tag: merge.Tag{1}, Verdict: wire.Applied, Position: 300}}.encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		block, err := parseBlock(0, data)
		if err != nil {
			return
		}
		if _, err := parseBlock(0, block.encode()); err != nil {
			t.Fatal(err)
		}
	})
}
