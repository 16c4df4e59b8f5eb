package clientsdk

import (
	"io"

	"connectrpc.com/connect"
	"github.com/klauspost/compress/zstd"

	"github.com/zhurnal/zhurnal/syncengine/limits"
)

// boundedAnswers asks for answers packed with zstd rather than gzip: a page of rows
// is an eighth smaller. Requests go up as they are, since batches are packed
// already. An answer that inflates to more than the tablet can hold is refused,
// however it is packed.
func boundedAnswers() connect.ClientOption {
	return connect.WithClientOptions(connect.WithAcceptCompression("zstd", newUnzstd, newZstd), connect.WithReadMaxBytes(limits.AnswerBytes))
}

// zstdWindowBytesMax bounds what an answer makes the tablet keep in memory.
const zstdWindowBytesMax = 8 << 20

// unzstd implements connect.Decompressor.
type unzstd struct{ *zstd.Decoder }

func newUnzstd() connect.Decompressor {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindowBytesMax))
	if err != nil {
		panic(err) // only for options that zstd does not have
	}
	return unzstd{d}
}

// Close implements connect.Decompressor. The decoder is used again.
func (u unzstd) Close() error { return u.Reset(nil) }

func newZstd() connect.Compressor {
	e, err := zstd.NewWriter(io.Discard, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // only for options that zstd does not have
	}
	return e
}
