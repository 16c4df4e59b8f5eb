package wire_test

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// signHash stands in for a key: a hash of 64 bytes, as long as a signature.
func signHash(message []byte) ([]byte, error) {
	h := sha256.Sum256(append([]byte("secret"), message...))
	return append(h[:], h[:]...), nil
}

func mustBeSigned(t *testing.T, changes []*merge.Change) {
	t.Helper()
	for _, c := range changes {
		want, _ := signHash(c.Signed.Message(lyman, c.ID.Replica))
		if !bytes.Equal(c.Signed.Bytes, want) {
			t.Fatalf("change %s lost its signature", c.ID)
		}
	}
}

func signedRun(t *testing.T, count int) []*merge.Change {
	t.Helper()
	w := mergetest.NewWriter(lyman, "tablet", "oksana")
	var run []*merge.Change
	for i := range count {
		records := mergetest.Subject(lyman, i)
		records.Writes = []merge.Write{{Cell: merge.CellKey{Field: 3}, Value: []byte{0x18, byte(i) & 0x7f}}}
		run = append(run, w.Seal(merge.Salt{1, byte(i), byte(i >> 8)}, int64(i), records))
	}
	batches, err := wire.EncodeSigned(lyman, merge.DeviceID{7}, run, signHash)
	if err != nil || len(batches) != 1 {
		t.Fatalf("%d batches, %v", len(batches), err)
	}
	back, err := wire.DecodeBatch(lyman, batches[0])
	if err != nil {
		t.Fatal(err)
	}
	mustBeSigned(t, back)
	return back
}

// Whatever is made of a signed run, each change keeps the word of its author's
// device: whole, cut, with some left out, one by one, put together again, purged.
func TestSignaturesOutliveEveryWayOfPacking(t *testing.T) {
	run := signedRun(t, 137)
	pack := func(changes []*merge.Change) []*merge.Change {
		t.Helper()
		batch, err := wire.EncodeBatch(lyman, changes)
		if err != nil {
			t.Fatal(err)
		}
		back, err := wire.DecodeKeptBatch(lyman, batch)
		if err != nil {
			t.Fatal(err)
		}
		mustBeSigned(t, back)
		return back
	}
	pack(run)
	part := pack(run[20:90])
	pack(part[7:9])
	pack(append(append([]*merge.Change(nil), run[:13]...), run[40:41]...))
	var singles []*merge.Change
	for _, c := range run {
		data, err := wire.EncodeChange(c)
		if err != nil {
			t.Fatal(err)
		}
		single, err := wire.DecodeChange(lyman, data)
		if err != nil {
			t.Fatal(err)
		}
		mustBeSigned(t, []*merge.Change{single})
		singles = append(singles, single)
	}
	together, err := wire.EncodeBatch(lyman, singles)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := wire.EncodeBatch(lyman, run)
	if err != nil || !bytes.Equal(together, whole) {
		t.Errorf("together: %d bytes, as it was: %d, %v", len(together), len(whole), err)
	}
	purged, err := wire.PurgeBatch(whole, run, func(*merge.RecordWrites, *merge.Write) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	back, err := wire.DecodeKeptBatch(lyman, purged)
	if err != nil {
		t.Fatal(err)
	}
	mustBeSigned(t, back)
}

// Parts that are cut to the limit of a batch fit it, also where each change stands
// alone with all that it takes to prove it.
func TestSignedPartsFitABatch(t *testing.T) {
	run := signedRun(t, 900)
	var apart []*merge.Change
	for i := 0; i < len(run); i += 2 {
		apart = append(apart, run[i])
	}
	for name, changes := range map[string][]*merge.Change{"whole": run, "every other": apart} {
		packed, err := wire.EncodeBatches(lyman, changes)
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for _, batch := range packed {
			back, err := wire.DecodeBatch(lyman, batch)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			mustBeSigned(t, back)
			count += len(back)
		}
		if count != len(changes) || name == "whole" && len(packed) != 1 {
			t.Errorf("%s: %d changes in %d batches", name, count, len(packed))
		}
	}
}

// What a signature costs on the wire: one for a run, however long.
func TestASignatureIsOnceForARun(t *testing.T) {
	run := signedRun(t, 180)
	signed, err := wire.EncodeBatch(lyman, run)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range run {
		c.Signed = nil
	}
	plain, err := wire.EncodeBatch(lyman, run)
	if err != nil {
		t.Fatal(err)
	}
	if more := len(signed) - len(plain); more > 100 {
		t.Errorf("%d bytes more for 180 changes; a device, a signature and their lengths are due", more)
	}
}

// A signature that is not of the form that the protocol says is refused by whoever
// reads it, without a key.
func TestMalformedSignaturesAreRefused(t *testing.T) {
	part := signedRun(t, 11)[3:6]
	for name, alter := range map[string]func(run *syncv1.Run){
		"too long":                         func(run *syncv1.Run) { run.Signature = make([]byte, 73) },
		"none, and a device":               func(run *syncv1.Run) { run.Signature = nil },
		"half a device":                    func(run *syncv1.Run) { run.DeviceId = run.DeviceId[:8] },
		"half a hash beside it":            func(run *syncv1.Run) { run.Path[1] = run.Path[1][:16] },
		"a hash too few":                   func(run *syncv1.Run) { run.Path = run.Path[1:] },
		"a hash too many":                  func(run *syncv1.Run) { run.Path = append(run.Path, run.Path[0]) },
		"hashes, and no range":             func(run *syncv1.Run) { run.SignedFirst, run.SignedLast = 0, 0 },
		"a range that begins within":       func(run *syncv1.Run) { run.SignedFirst = 5 },
		"a range that ends within":         func(run *syncv1.Run) { run.SignedLast = 5 },
		"a range that is the run":          func(run *syncv1.Run) { run.SignedFirst, run.SignedLast, run.Path = 4, 6, nil },
		"a range that no batch has":        func(run *syncv1.Run) { run.SignedLast = limits.BatchChanges + 1 },
		"a range to the end of all things": func(run *syncv1.Run) { run.SignedLast = 1<<64 - 1 },
	} {
		run := proto.CloneOf(runWith(t, part))
		alter(run)
		data, err := proto.Marshal(&syncv1.Batch{SpaceId: lyman[:], Runs: []*syncv1.Run{run}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := wire.DecodeBatch(lyman, compressed(t, data)); fault.KindOf(err) != fault.Malformed || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// runWith is the run of a batch that holds one.
func runWith(t *testing.T, changes []*merge.Change) *syncv1.Run {
	t.Helper()
	batch, err := wire.EncodeBatch(lyman, changes)
	if err != nil {
		t.Fatal(err)
	}
	var m syncv1.Batch
	if err := proto.Unmarshal(decompressed(t, batch), &m); err != nil || len(m.Runs) != 1 {
		t.Fatalf("%d runs, %v", len(m.Runs), err)
	}
	return m.Runs[0]
}

func compressed(t *testing.T, plain []byte) []byte {
	t.Helper()
	encoder, err := zstd.NewWriter(nil, zstd.WithSingleSegment(true))
	if err != nil {
		t.Fatal(err)
	}
	return encoder.EncodeAll(plain, nil)
}

func decompressed(t *testing.T, packed []byte) []byte {
	t.Helper()
	decoder, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	plain, err := decoder.DecodeAll(packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
