package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"io"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Read reads a backup to its end and calls each with every row, in ascending
// order of keys. Only when Read returns without an error is the backup whole:
// what each was given before is then right, and nothing is missing. Key and
// value are valid until each returns. Files are verified and passed over.
func Read(from io.Reader, each func(key, value []byte) error) (Summary, error) {
	return ReadAll(from, each, passOver)
}

// ReadAll is Read that then calls piece with all files, piece by piece, one file
// after the other.
func ReadAll(from io.Reader, each func(key, value []byte) error, piece func(name string, data []byte) error) (Summary, error) {
	r := &reader{from: from, hash: sha256.New(), each: each, piece: piece}
	if err := r.header(); err != nil {
		return Summary{}, err
	}
	for {
		before := r.hash.Sum(nil)
		kind, payload, err := r.frame()
		if err != nil {
			return Summary{}, err
		}
		switch kind {
		case frameRows:
			err = r.rows(payload)
		case frameFile:
			err = r.file(payload)
		case frameTrailer:
			return r.summary, r.trailer(payload, before)
		default:
			err = r.refuse("frame %d is of kind %q, which has no place here", r.frames-1, kind)
		}
		if err != nil {
			return Summary{}, err
		}
	}
}

// Verify reads a backup to its end and says what is wrong with it, if anything.
func Verify(from io.Reader) (Summary, error) {
	return Read(from, func(_, _ []byte) error { return nil })
}

type reader struct {
	from    io.Reader
	hash    hash.Hash
	summary Summary
	frames  uint32
	payload []byte
	lastKey []byte
	each    func(key, value []byte) error
	// lastFile is the name of the last file; after one there are no rows.
	lastFile string
	piece    func(name string, data []byte) error
}

func (r *reader) refuse(format string, args ...any) error {
	return fault.New(fault.Damaged, "not a whole backup: "+format+": take another backup, or another copy of this one", args...)
}

func (r *reader) header() error {
	start := make([]byte, len(magic)+4)
	if err := r.read(start); err != nil {
		return err
	}
	if string(start[:len(magic)]) != magic {
		return fault.New(fault.Invalid, "the file is no backup: it begins with %q", start[:len(magic)])
	}
	if v := binary.BigEndian.Uint32(start[len(magic):]); v != version {
		return fault.New(fault.Invalid, "the backup has format %d, this program reads format %d; use the program that wrote it", v, version)
	}
	kind, payload, err := r.frame()
	switch {
	case err != nil:
		return err
	case kind != frameHeader || len(payload) != headerBytes:
		return r.refuse("it has no header")
	}
	r.summary.ID = ID(payload[:16])
	r.summary.TakenMillis = int64(binary.BigEndian.Uint64(payload[16:]))
	return nil
}

// frame reads one frame and verifies it. The payload is valid until the next.
func (r *reader) frame() (kind byte, payload []byte, err error) {
	head := make([]byte, frameHeadBytes)
	if err := r.read(head); err != nil {
		return 0, nil, err
	}
	number, sizeBytes := binary.BigEndian.Uint32(head[1:]), binary.BigEndian.Uint32(head[5:])
	switch {
	case number != r.frames:
		return 0, nil, r.refuse("frame %d stands where frame %d is due", number, r.frames)
	case sizeBytes > frameBytesMax:
		return 0, nil, r.refuse("frame %d says that it has %d bytes; at most %d are possible", number, sizeBytes, frameBytesMax)
	}
	r.payload = append(r.payload[:0], make([]byte, sizeBytes+4)...)
	if err := r.read(r.payload); err != nil {
		return 0, nil, err
	}
	payload = r.payload[:sizeBytes]
	if checksum(r.summary.ID, head, payload) != binary.BigEndian.Uint32(r.payload[sizeBytes:]) {
		return 0, nil, r.refuse("frame %d was altered, or is of another backup: its checksum is another", number)
	}
	r.frames++
	return head[0], payload, nil
}

func (r *reader) read(into []byte) error {
	n, err := io.ReadFull(r.from, into)
	r.hash.Write(into[:n])
	r.summary.SizeBytes += uint64(n)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return r.refuse("it is cut short after %d bytes", r.summary.SizeBytes)
	case err != nil:
		return readFault(err)
	}
	return nil
}

// readFault is for an error of the file, which may have said what it is.
func readFault(err error) error {
	if explained := (*fault.Error)(nil); errors.As(err, &explained) {
		return err
	}
	return fault.New(fault.Unavailable, "read backup: %w", err)
}

func (r *reader) rows(payload []byte) error {
	if r.lastFile != "" {
		return r.refuse("rows in frame %d stand after file %q", r.frames-1, r.lastFile)
	}
	for len(payload) > 0 {
		key, rest, ok := part(payload)
		value, rest, ok2 := part(rest)
		if !ok || !ok2 {
			return r.refuse("a row in frame %d is longer than the frame", r.frames-1)
		}
		if bytes.Compare(key, r.lastKey) <= 0 {
			return r.refuse("row %x stands after row %x", key, r.lastKey)
		}
		r.lastKey = append(r.lastKey[:0], key...)
		r.summary.Rows++
		r.summary.RowBytes += uint64(len(key) + len(value))
		if err := r.each(key, value); err != nil {
			return err
		}
		payload = rest
	}
	return nil
}

// part cuts off what its length stands before.
func part(data []byte) (part, rest []byte, ok bool) {
	sizeBytes, n := binary.Uvarint(data)
	if n <= 0 || sizeBytes > uint64(len(data)-n) {
		return nil, nil, false
	}
	return data[n : n+int(sizeBytes) : n+int(sizeBytes)], data[n+int(sizeBytes):], true
}

// trailer compares what was read with what was written, and looks that nothing
// follows.
func (r *reader) trailer(payload, hash []byte) error {
	r.summary.Hash = [32]byte(hash)
	if want := r.summary.encodeTrailer(); !bytes.Equal(payload, want) {
		return r.refuse("it ends with a count or hash that does not fit what it holds")
	}
	switch n, err := io.ReadFull(r.from, make([]byte, 1)); {
	case n > 0:
		return r.refuse("something follows its end, at byte %d", r.summary.SizeBytes)
	case !errors.Is(err, io.EOF):
		return readFault(err)
	}
	return nil
}
