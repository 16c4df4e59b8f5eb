package backup

import (
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
)

// magic marks the file as ours. As in PNG, the line ends are there to be ruined
// by whatever takes the file for text.
const magic = "ZHURNALBACKUP\r\n\n"

// version is that of the format.
const version = 1

// The kinds of frame.
const (
	frameHeader  = 'h'
	frameRows    = 'r'
	frameTrailer = 't'
)

const (
	frameHeadBytes = 1 + 4 + 4
	headerBytes    = 16 + 8
	trailerBytes   = 8 + 8 + 8 + 8 + 32
	// frameBytes is the size from which a frame of rows is written out.
	frameBytes = 256 << 10
	// frameBytesMax bounds what a reader takes into memory: a frame that was
	// nearly full, and the largest value of a store, which is below 1 MiB.
	frameBytesMax = 2 << 20
	// rowBytesMax is what then fits, with its two lengths.
	rowBytesMax = frameBytesMax - frameBytes - 2*binary.MaxVarintLen32
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ID tells a backup from every other: 16 random bytes.
type ID [16]byte

// String returns the id in hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Header says which backup it is.
type Header struct {
	ID ID
	// TakenMillis is the server's clock when it was begun, milliseconds since
	// 1970.
	TakenMillis int64
}

// Summary says what a complete backup holds.
type Summary struct {
	Header
	Rows      uint64
	RowBytes  uint64 // of keys and values
	SizeBytes uint64 // of the backup, if it is not sealed
	// Files are those that lie beside the store, FilesBytes what they hold.
	Files, FilesBytes uint64
	// Hash is the SHA-256 that the trailer holds.
	Hash [32]byte
}

func (h *Header) encode() []byte {
	return binary.BigEndian.AppendUint64(append(make([]byte, 0, headerBytes), h.ID[:]...), uint64(h.TakenMillis))
}

func (s *Summary) encodeTrailer() []byte {
	buf := binary.BigEndian.AppendUint64(make([]byte, 0, trailerBytes), s.Rows)
	for _, n := range []uint64{s.RowBytes, s.Files, s.FilesBytes} {
		buf = binary.BigEndian.AppendUint64(buf, n)
	}
	return append(buf, s.Hash[:]...)
}

// frameHead returns what comes before the payload.
func frameHead(kind byte, number uint32, payload []byte) []byte {
	head := binary.BigEndian.AppendUint32(append(make([]byte, 0, frameHeadBytes), kind), number)
	return binary.BigEndian.AppendUint32(head, uint32(len(payload)))
}

func checksum(id ID, head, payload []byte) uint32 {
	sum := crc32.Update(0, castagnoli, id[:])
	sum = crc32.Update(sum, castagnoli, head)
	return crc32.Update(sum, castagnoli, payload)
}
