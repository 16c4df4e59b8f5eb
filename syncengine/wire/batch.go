package wire

import (
	"crypto/sha256"
	"math/bits"

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
	return encodeParts(space, changes, func([]*merge.Change) error { return nil })
}

// EncodeSigned is [EncodeBatches] of changes that a device has made: sign makes its
// word for each run, in the place of what they have.
func EncodeSigned(space merge.SpaceID, device merge.DeviceID, changes []*merge.Change, sign func(message []byte) ([]byte, error)) ([][]byte, error) {
	return encodeParts(space, changes, func(part []*merge.Change) error { return Sign(space, device, part, sign) })
}

func encodeParts(space merge.SpaceID, changes []*merge.Change, prepare func(part []*merge.Change) error) ([][]byte, error) {
	for _, c := range changes {
		if n := ChangeSizeBytes(c); n > limits.ChangeBytes {
			return nil, fault.New(fault.TooLarge, "change %s: %d bytes; at most %d fit a change", c.ID, n, limits.ChangeBytes)
		}
	}
	var packed [][]byte
	for _, part := range Cut(changes) {
		if err := prepare(part); err != nil {
			return nil, err
		}
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
		alone := ChangeSizeBytes(c) + proofSizeBytes(c)
		n := alone
		if i > start && follows(changes[i-1], c) && changes[i-1].Signed == c.Signed {
			n = ChangeSizeBytes(c) - runBytes
		}
		if i > start && (sizeBytes+n > limits.BatchBytes || i-start == limits.BatchChanges) {
			parts = append(parts, changes[start:i])
			start, sizeBytes, n = i, 0, alone
		}
		sizeBytes += n
	}
	if start < len(changes) {
		parts = append(parts, changes[start:])
	}
	return parts
}

// proofSizeBytes returns an upper bound of what it takes to prove who made a run
// that begins with the change: device and signature, also where it is signed only
// now, and the hashes beside a part, on both sides one at each level of the tree.
func proofSizeBytes(c *merge.Change) int {
	const signatureBytes = 112
	if c.Signed == nil {
		return signatureBytes
	}
	levels := bits.Len64(c.Signed.Last - c.Signed.First)
	return signatureBytes + 2*levels*(sha256.Size+2)
}

// runBytes is what a run takes at most, beside its changes and what proves who made
// them: replica, author, two hashes, lengths.
const runBytes = 160

// ChangeSizeBytes returns an upper bound of what the change takes in a batch, a run
// of its own included, but for what proves who made it.
func ChangeSizeBytes(c *merge.Change) int {
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
	for len(changes) > 0 {
		n, signed := runAtStart(changes)
		m.Runs = append(m.Runs, runToProto(changes[:n], signed))
		changes = changes[n:]
	}
	plain, err := proto.Marshal(m)
	if err != nil {
		return nil, fault.New(fault.Internal, "batch: %w", err)
	}
	return compress(plain), nil
}

// runAtStart returns how many of the changes are one run, and what is signed of
// them: a run has one signature.
func runAtStart(changes []*merge.Change) (n int, signed *merge.Signature) {
	signed = changes[0].Signed
	for n = 1; n < len(changes) && follows(changes[n-1], changes[n]); n++ {
		joined := signed.Joined(changes[n].Signed)
		if joined == nil && (signed != nil || changes[n].Signed != nil) {
			break
		}
		signed = joined
	}
	return n, signed
}

func follows(a, b *merge.Change) bool {
	return a.ID.Replica == b.ID.Replica && a.Author == b.Author && a.ID.Seq+1 == b.ID.Seq && b.Previous == a.Hash
}

// Sign has sign make the device's word for each run that changes make when they
// are packed, in the place of what they have. It is for one part of [Cut].
func Sign(space merge.SpaceID, device merge.DeviceID, changes []*merge.Change, sign func(message []byte) ([]byte, error)) error {
	for _, c := range changes {
		c.Signed = nil
	}
	for len(changes) > 0 {
		n, _ := runAtStart(changes)
		signed := merge.SignatureFor(device, changes[:n])
		var err error
		if signed.Bytes, err = sign(signed.Message(space, changes[0].ID.Replica)); err != nil {
			return err
		}
		for _, c := range changes[:n] {
			c.Signed = signed
		}
		changes = changes[n:]
	}
	return nil
}

func runToProto(changes []*merge.Change, signed *merge.Signature) *syncv1.Run {
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
	if signed != nil {
		addSignature(run, signed, changes)
	}
	return run
}

func addSignature(run *syncv1.Run, signed *merge.Signature, changes []*merge.Change) {
	run.Signature = signed.Bytes
	if signed.Device != (merge.DeviceID{}) {
		run.DeviceId = signed.Device[:]
	}
	if signed.First == changes[0].ID.Seq && signed.Last == changes[len(changes)-1].ID.Seq {
		return
	}
	run.SignedFirst, run.SignedLast = signed.First, signed.Last
	for _, hash := range signed.Path(changes) {
		run.Path = append(run.Path, hash[:])
	}
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
