package wire

import (
	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// EncodeBatches packs changes of one space into as few batches as the limits
// allow, in the given order. Every change must be sealed. A change that no
// batch can hold is an error of kind TooLarge.
func EncodeBatches(space merge.SpaceID, changes []*merge.Change) ([][]byte, error) {
	for _, c := range changes {
		if n := ChangeSizeBytes(c); n > limits.ChangeBytes {
			return nil, fault.New(fault.TooLarge, "change %s: %d bytes; at most %d fit a change", c.ID, n, limits.ChangeBytes)
		}
	}
	var packed [][]byte
	for _, part := range Cut(changes) {
		batch, err := EncodeBatch(space, part)
		if err != nil {
			return nil, err
		}
		packed = append(packed, batch)
	}
	return packed, nil
}

// Cut cuts changes into as few parts as the limits of a batch allow, in the
// given order; even if none follows another, each part fits one batch.
func Cut(changes []*merge.Change) [][]*merge.Change {
	var parts [][]*merge.Change
	start, sizeBytes := 0, 0
	for i, c := range changes {
		n := ChangeSizeBytes(c)
		if i > start && (sizeBytes+n > limits.BatchBytes || i-start == limits.BatchChanges) {
			parts = append(parts, changes[start:i])
			start, sizeBytes = i, 0
		}
		sizeBytes += n
	}
	if start < len(changes) {
		parts = append(parts, changes[start:])
	}
	return parts
}

// ChangeSizeBytes returns an upper bound of what the change takes in a batch,
// a run of its own included.
func ChangeSizeBytes(c *merge.Change) int {
	const runBytes = 160 // replica, author, two hashes, lengths
	n := runBytes + 48
	for i := range c.Records {
		rec := &c.Records[i]
		n += 32 + len(rec.Type) + len(rec.Header)
		for j := range rec.Writes {
			w := &rec.Writes[j]
			n += 24 + len(w.Cell.Element) + len(w.Value) + 48*len(w.Replaces)
			if w.Salt != nil || w.Purged != nil {
				n += 36
			}
		}
	}
	return n
}

// EncodeBatch packs changes into one batch and does not look at the limits.
func EncodeBatch(space merge.SpaceID, changes []*merge.Change) ([]byte, error) {
	m := &syncv1.Batch{SpaceId: space[:]}
	for start := 0; start < len(changes); {
		end := start + 1
		for end < len(changes) && follows(changes[end-1], changes[end]) {
			end++
		}
		m.Runs = append(m.Runs, runToProto(changes[start:end]))
		start = end
	}
	plain, err := proto.Marshal(m)
	if err != nil {
		return nil, fault.New(fault.Internal, "batch: %w", err)
	}
	return compress(plain), nil
}

func follows(a, b *merge.Change) bool {
	return a.ID.Replica == b.ID.Replica && a.Author == b.Author && a.ID.Seq+1 == b.ID.Seq && b.Previous == a.Hash
}

func runToProto(changes []*merge.Change) *syncv1.Run {
	first, last := changes[0], changes[len(changes)-1]
	run := &syncv1.Run{
		Replica: first.ID.Replica[:], Author: first.Author[:], LastHash: last.Hash[:],
		Changes: make([]*syncv1.Change, len(changes)),
	}
	if first.Previous != (merge.Hash{}) {
		run.PreviousHash = first.Previous[:]
	}
	for i, c := range changes {
		run.Changes[i] = changeToProto(c)
	}
	return run
}

// DecodeBatch reads a batch and verifies all that can be verified without a
// store: sizes, lengths, dense sequence numbers, the chain of hashes. Either
// all of it is right or nothing is returned. The changes share bytes with each
// other, not with packed.
func DecodeBatch(space merge.SpaceID, packed []byte) ([]*merge.Change, error) {
	return decodeBatch(space, packed, limits.BatchBytes)
}

// DecodeKeptBatch is DecodeBatch of a batch from a log, in which something may
// have been purged: then it is longer than it was when it was sent.
func DecodeKeptBatch(space merge.SpaceID, packed []byte) ([]*merge.Change, error) {
	return decodeBatch(space, packed, limits.KeptBatchBytes)
}

func decodeBatch(space merge.SpaceID, packed []byte, limitBytes int) ([]*merge.Change, error) {
	if len(packed) > limitBytes {
		return nil, fault.New(fault.TooLarge, "batch: %d bytes compressed; at most %d before compression", len(packed), limitBytes)
	}
	plain, err := decompress(packed, limitBytes)
	if err != nil {
		return nil, err
	}
	p := parser{space: space}
	return p.batch(plain)
}
