package publication

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
)

// Bounds. A report of 200 communities has some hundred kilobytes, and a tenth of
// that where it is kept: what is larger is a list rather than a report. All parts,
// and the row that lists them, are put by one change.
const (
	documentBytes = 8 << 20
	partBytes     = limits.DirectoryRowBytes - 1<<10
	partsMost     = limits.DirectoryBytes/limits.DirectoryRowBytes - 1
)

var (
	packer = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
		if err != nil {
			panic(err) // the options are constants
		}
		return e
	})
	unpacker = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(documentBytes))
		if err != nil {
			panic(err) // the options are constants
		}
		return d
	})
)

// Freeze returns the bytes of a document that are kept, and their SHA-256. What
// they are read as later is what they say: a document is never written anew.
func Freeze(d *table.Document) (data []byte, hash [sha256.Size]byte, err error) {
	if data, err = (proto.MarshalOptions{Deterministic: true}).Marshal(table.ToWire(d)); err != nil {
		return nil, hash, fault.New(fault.Internal, "publish: %w", err)
	}
	if len(data) > documentBytes {
		return nil, hash, tooLarge(len(data))
	}
	return data, sha256.Sum256(data), nil
}

func tooLarge(sizeBytes int) error {
	return fault.New(fault.TooLarge, "publish: the report has %d bytes, more than is kept: ask for a shorter period or for fewer parts of it", sizeBytes)
}

// Pack returns the bytes in parts that fit rows of the directory.
func Pack(data []byte) (parts [][]byte, err error) {
	packed := packer().EncodeAll(data, nil)
	if len(packed) > partsMost*partBytes {
		return nil, tooLarge(len(data))
	}
	return slices.Collect(slices.Chunk(packed, partBytes)), nil
}

// Unpack returns the bytes of which the parts were made. That they are not those of
// the hash is [fault.Damaged].
func Unpack(parts [][]byte, hash []byte) ([]byte, error) {
	data, err := unpacker().DecodeAll(bytes.Join(parts, nil), nil)
	if err != nil {
		return nil, damaged(err)
	}
	if is := sha256.Sum256(data); !bytes.Equal(is[:], hash) {
		return nil, damaged(fault.New(fault.Damaged, "its SHA-256 is %x", is))
	}
	return data, nil
}

// Thaw reads a document that was frozen.
func Thaw(data []byte) (*table.Document, error) {
	document := &reportv1.Document{}
	if err := proto.Unmarshal(data, document); err != nil {
		return nil, damaged(err)
	}
	return table.FromWire(document), nil
}

func damaged(err error) error {
	return fault.New(fault.Damaged, "the publication is not what was published: %w: restore the store from a backup", err)
}
