package wire_test

import (
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// What a batch is counted for is what it holds, whatever its frames say.
func TestABatchHasNoMoreThanItSays(t *testing.T) {
	honest, err := wire.EncodeBatch(lyman, history(1, 50))
	if err != nil {
		t.Fatal(err)
	}
	if n := wire.PlainBytes(honest); n <= len(honest) || n > limits.BatchBytes {
		t.Errorf("an honest batch of %d bytes counts for %d", len(honest), n)
	}
	if _, err := wire.DecodeBatch(lyman, honest); err != nil {
		t.Errorf("an honest batch: %v", err)
	}
	if small, err := wire.EncodeBatch(lyman, history(1, 1)); err != nil || wire.PlainBytes(small) > 1000 {
		t.Errorf("a batch of one change counts for %d, %v", wire.PlainBytes(small), err)
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithSingleSegment(true))
	if err != nil {
		t.Fatal(err)
	}
	little := encoder.EncodeAll([]byte("little"), nil)
	much := encoder.EncodeAll(make([]byte, 100_000), nil)
	if n := wire.PlainBytes(append(little, much...)); n != 6 {
		t.Fatalf("two frames count for %d: the test shows nothing", n)
	}
	if _, err := wire.DecodeBatch(lyman, append(little, much...)); fault.KindOf(err) != fault.Malformed {
		t.Errorf("a batch that says that it has 6 bytes and has 100,006: %v", err)
	}
	for what, packed := range map[string][]byte{"nothing": nil, "no frame": []byte("no frame"), "a frame that says too much": encoder.EncodeAll(make([]byte, 1<<20), nil)} {
		if n := wire.PlainBytes(packed); n != limits.BatchBytes {
			t.Errorf("%s counts for %d", what, n)
		}
	}
}
