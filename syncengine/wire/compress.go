package wire

import (
	"errors"
	"math"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
)

// The fastest zstd level costs a quarter of what gzip costs and packs tighter.
// Both are safe for concurrent use and hold no state between calls.
var (
	encoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(limits.BatchBytes),
			zstd.WithSingleSegment(true)) // so that every frame says how long it is
		if err != nil {
			panic(err) // constant options: a defect that every test finds
		}
		return e
	})
	decoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(limits.KeptBatchBytes))
		if err != nil {
			panic(err)
		}
		return d
	})
)

func compress(plain []byte) []byte {
	return encoder().EncodeAll(plain, make([]byte, 0, len(plain)/3+64))
}

// CompressedBytes returns how much is left of bytes that are sent compressed.
func CompressedBytes(plain []byte) int { return len(compress(plain)) }

// decompress stops as soon as the content is over the limit. A frame says how
// long its content is; the decoder makes room for no more than its own limit,
// whatever is claimed.
func decompress(packed []byte, limitBytes int) ([]byte, error) {
	saidBytes := plainBytes(packed, math.MaxInt64)
	if saidBytes != math.MaxInt64 && saidBytes > int64(limitBytes) {
		return nil, errTooLong(limitBytes)
	}
	plain, err := decoder().DecodeAll(packed, nil)
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded), err == nil && len(plain) > limitBytes:
		return nil, errTooLong(limitBytes)
	case err != nil:
		return nil, fault.New(fault.Malformed, "batch: not a zstd frame: %w", err)
	case int64(len(plain)) > saidBytes:
		return nil, fault.New(fault.Malformed, "batch: more than the zstd frame says that it has; send one frame")
	}
	return plain, nil
}

func errTooLong(limitBytes int) error {
	return fault.New(fault.TooLarge, "batch: over %d bytes before compression; send smaller batches", limitBytes)
}

// PlainBytes returns how long a batch is before compression at most: what its
// frame says, or a batch's limit where it does not say. A batch with more is
// refused, so what somebody brings can be counted without looking inside.
func PlainBytes(packed []byte) int { return int(plainBytes(packed, limits.BatchBytes)) }

// plainBytes is what the frame says, but no more than most; most, if it does not
// say.
func plainBytes(packed []byte, most int64) int64 {
	var frame zstd.Header
	if err := frame.Decode(packed); err != nil || !frame.HasFCS {
		return most
	}
	return int64(min(frame.FrameContentSize, uint64(most)))
}
