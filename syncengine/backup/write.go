package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Writer writes a backup.
type Writer struct {
	to      io.Writer
	hash    hash.Hash
	summary Summary
	frames  uint32
	rows    []byte
	lastKey []byte
	// lastFile is the name of the last file; after one there are no rows.
	lastFile string
}

// NewWriter begins a backup.
func NewWriter(to io.Writer, header Header) (*Writer, error) {
	w := &Writer{to: to, hash: sha256.New(), summary: Summary{Header: header}}
	if err := w.write(binary.BigEndian.AppendUint32([]byte(magic), version)); err != nil {
		return nil, err
	}
	return w, w.frame(ID{}, frameHeader, header.encode())
}

// Row adds a row; its key must be above the one before it. It keeps neither key
// nor value.
func (w *Writer) Row(key, value []byte) error {
	if bytes.Compare(key, w.lastKey) <= 0 || w.lastFile != "" {
		return fault.New(fault.Internal, "backup: key %x after %x", key, w.lastKey)
	}
	if len(key)+len(value) > rowBytesMax {
		return fault.New(fault.Internal, "backup: row %x has %d bytes; at most %d fit", key, len(value), rowBytesMax)
	}
	w.lastKey = append(w.lastKey[:0], key...)
	for _, part := range [][]byte{key, value} {
		w.rows = append(binary.AppendUvarint(w.rows, uint64(len(part))), part...)
		w.summary.RowBytes += uint64(len(part))
	}
	w.summary.Rows++
	if len(w.rows) < frameBytes {
		return nil
	}
	return w.flush()
}

// Close ends the backup. It does not close what the backup is written to.
func (w *Writer) Close() (Summary, error) {
	if err := w.flush(); err != nil {
		return Summary{}, err
	}
	w.hash.Sum(w.summary.Hash[:0])
	err := w.frame(w.summary.ID, frameTrailer, w.summary.encodeTrailer())
	return w.summary, err
}

func (w *Writer) flush() error {
	if len(w.rows) == 0 {
		return nil
	}
	defer func() { w.rows = w.rows[:0] }()
	return w.frame(w.summary.ID, frameRows, w.rows)
}

func (w *Writer) frame(id ID, kind byte, payload []byte) error {
	head := frameHead(kind, w.frames, payload)
	w.frames++
	sum := binary.BigEndian.AppendUint32(nil, checksum(id, head, payload))
	for _, part := range [][]byte{head, payload, sum} {
		if err := w.write(part); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) write(data []byte) error {
	w.hash.Write(data)
	w.summary.SizeBytes += uint64(len(data))
	if _, err := w.to.Write(data); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	return nil
}
