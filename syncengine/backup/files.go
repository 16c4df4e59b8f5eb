package backup

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// A backup may have files too, which lie beside the store: after all rows, each in
// frames of its own.

// frameFile is the kind of a frame with a piece of a file.
const frameFile = 'f'

// fileNameBytes bounds names, as file systems do.
const fileNameBytes = 255

// isFileName tells whether a file of a backup may have the name: it lies in one
// directory, wherever it is restored.
func isFileName(name string) bool {
	return name != "" && len(name) <= fileNameBytes && name != "." && name != ".." && !strings.ContainsAny(name, "/\\:\x00")
}

// File adds a file, after the last row; its name must be above that of the one
// before it.
func (w *Writer) File(name string, from io.Reader) error {
	if !isFileName(name) || name <= w.lastFile {
		return fault.New(fault.Internal, "backup: file %q after %q", name, w.lastFile)
	}
	if err := w.flush(); err != nil {
		return err
	}
	w.lastFile = name
	w.summary.Files++
	head := append(binary.AppendUvarint(nil, uint64(len(name))), name...)
	piece := make([]byte, frameBytes)
	for first := true; ; first = false {
		n, err := io.ReadFull(from, piece)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return fault.New(fault.Unavailable, "backup: read %s: %w", name, err)
		}
		if n == 0 && !first { // an empty file has one frame
			return nil
		}
		w.summary.FilesBytes += uint64(n)
		if failed := w.frame(w.summary.ID, frameFile, append(head[:len(head):len(head)], piece[:n]...)); failed != nil || err != nil {
			return failed
		}
	}
}

// file takes a frame with a piece of a file.
func (r *reader) file(payload []byte) error {
	name, piece, ok := part(payload)
	switch {
	case !ok || !isFileName(string(name)):
		return r.refuse("a file in frame %d has no name that a file may have", r.frames-1)
	case string(name) < r.lastFile:
		return r.refuse("file %q stands after file %q", name, r.lastFile)
	case string(name) > r.lastFile:
		r.lastFile = string(name)
		r.summary.Files++
	}
	r.summary.FilesBytes += uint64(len(piece))
	return r.piece(r.lastFile, piece)
}

// passOver is for files that nobody asks for.
func passOver(string, []byte) error { return nil }
