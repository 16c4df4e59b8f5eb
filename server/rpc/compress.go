package rpc

import (
	"errors"
	"io"

	"connectrpc.com/connect"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// compression, of messages that may inflate to so many bytes, offers gzip and zstd both ways. A client picks by what it asks
// for; of two the handler takes the one that the client names first.
//
// Pages are mostly batches that their authors compressed already. They are not
// exempted from a second compression: both encoders see that within a few
// kilobytes and copy, at over 3 GB/s on one core, 20 microseconds for a page of
// 200 attendance marks. The gzip of the standard library takes a millisecond.
func compression(capBytes int) connect.HandlerOption {
	return connect.WithHandlerOptions(
		connect.WithCompression("gzip", func() connect.Decompressor { return newGunzip(capBytes) }, newGzip),
		connect.WithCompression("zstd", func() connect.Decompressor { return newUnzstd(capBytes) }, newZstd),
		connect.WithCompressMinBytes(compressMinBytes),
	)
}

func newGzip() connect.Compressor {
	w, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // only for a level that gzip does not have
	}
	return w
}

func newZstd() connect.Compressor {
	w, err := zstd.NewWriter(io.Discard,
		zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(1), // no goroutine that outlives a pooled encoder
		zstd.WithLowerEncoderMem(true),
		zstd.WithWindowSize(zstdWindowBytes))
	if err != nil {
		panic(err) // only for options that zstd does not have
	}
	return w
}

func newGunzip(capBytes int) connect.Decompressor {
	return &capped{source: new(gzip.Reader), capBytes: capBytes}
}

func newUnzstd(capBytes int) connect.Decompressor {
	r, err := zstd.NewReader(nil,
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(zstdMaxWindowBytes),
		// Else a small buffer is inflated in one go, before anyone counts.
		zstd.WithDecodeBuffersBelow(0))
	if err != nil {
		panic(err) // only for options that zstd does not have
	}
	return &capped{source: unzstd{r}, capBytes: capBytes}
}

// unzstd gives the decoder the Close of a reusable one: its own is final.
type unzstd struct{ *zstd.Decoder }

func (unzstd) Close() error { return nil }

// capped ends a message that inflates beyond its cap. The limit of Connect
// alone bounds memory, not work: it inflates the rest too, to tell how much it
// was, and a megabyte on the wire may be a gigabyte.
type capped struct {
	source    connect.Decompressor
	capBytes  int
	leftBytes int // -1 once over the cap
}

func (c *capped) Reset(r io.Reader) error {
	c.leftBytes = c.capBytes
	return c.source.Reset(r)
}

func (c *capped) Close() error { return c.source.Close() }

func (c *capped) Read(p []byte) (int, error) {
	if c.leftBytes < 0 {
		return 0, c.overCap()
	}
	n, err := c.source.Read(p[:min(len(p), c.leftBytes+1)])
	if n > c.leftBytes {
		n, c.leftBytes = c.leftBytes, -1
		return n, c.overCap()
	}
	c.leftBytes -= n
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
		err = c.overCap()
	}
	return n, err
}

func (c *capped) overCap() error {
	return encodeFault(fault.New(fault.TooLarge, "the message inflates to more than %d bytes: send less at a time", c.capBytes), "")
}
