package store

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// blockSeqs is how many sequence numbers share a row of verdicts. A row per
// change would be a key in random order each, which is two thirds of the cost
// of a write.
const blockSeqs = 256

// Known is a change that has been received.
type Known struct {
	Seq      uint64
	Tag      merge.Tag
	Verdict  wire.Verdict
	Position uint64 // in the space's log; zero if not applied
}

// Block holds what is known of 256 consecutive sequence numbers of a replica,
// sorted by sequence number and tag. A number stands twice in it only if the
// replica was cloned.
type Block []Known

func (k Known) compare(seq uint64, tag merge.Tag) int {
	return cmp.Or(cmp.Compare(k.Seq, seq), slices.Compare(k.Tag[:], tag[:]))
}

// find returns what is known of a change, nil if it has not been received, and
// whether another change with this number is merged: what is kept back, perhaps
// from somebody who only learnt the replica's id, makes nobody a clone.
func (b Block) find(seq uint64, tag merge.Tag) (known *Known, forked bool) {
	i, _ := slices.BinarySearchFunc(b, seq, func(k Known, seq uint64) int { return cmp.Compare(k.Seq, seq) })
	for ; i < len(b) && b[i].Seq == seq; i++ {
		if b[i].Tag == tag {
			known = &b[i]
		} else {
			forked = forked || b[i].Verdict.Merged()
		}
	}
	return known, forked
}

func (b *Block) put(known Known) {
	i, ok := slices.BinarySearchFunc(*b, known.Tag, func(k Known, tag merge.Tag) int { return k.compare(known.Seq, tag) })
	if ok {
		(*b)[i] = known
		return
	}
	*b = slices.Insert(*b, i, known)
}

// encode writes each change as offset, tag, verdict, position.
func (b Block) encode() []byte {
	buf := make([]byte, 0, len(b)*14)
	for _, k := range b {
		buf = append(buf, byte(k.Seq%blockSeqs))
		buf = append(buf, k.Tag[:]...)
		buf = append(buf, byte(k.Verdict))
		buf = binary.AppendUvarint(buf, k.Position)
	}
	return buf
}

func parseBlock(number uint64, data []byte) (Block, error) {
	block := make(Block, 0, len(data)/11+1)
	for len(data) > 0 {
		if len(data) < 11 {
			return nil, errDamagedBlock
		}
		position, n := binary.Uvarint(data[10:])
		if n <= 0 {
			return nil, errDamagedBlock
		}
		block = append(block, Known{
			Seq: number*blockSeqs + uint64(data[0]), Tag: merge.Tag(data[1:9]),
			Verdict: wire.Verdict(data[9]), Position: position,
		})
		data = data[10+n:]
	}
	return block, nil
}

var errDamagedBlock = fault.New(fault.Damaged, "a row of verdicts is cut short: the store is damaged; restore it from a backup")
