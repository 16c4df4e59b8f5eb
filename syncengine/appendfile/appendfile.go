// Package appendfile has files that only grow: what was appended is durable when
// the call returns, and what a crash or a full disk has cut short is taken away
// before anything comes behind it. What is in them is for their owners to know.
package appendfile

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// File is an open file. It is not safe for concurrent use.
type File struct {
	file *os.File
	// end is where the next data go; torn says that there may be a part of some
	// behind it, which could not be written whole.
	end  int64
	torn bool
}

// Open opens a file, or makes one, readable by its owner alone. whole says how far
// what is there goes, of so many bytes, that is whole; what is behind is taken
// away with the next Append.
func Open(name string, whole func(file io.ReaderAt, sizeBytes int64) (end int64, err error)) (*File, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	f := &File{file: file, torn: true}
	sizeBytes, err := file.Seek(0, io.SeekEnd)
	if err == nil {
		f.end, err = whole(file, sizeBytes)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), file.Close())
	}
	return f, nil
}

// Append adds data, durably. Its error does not tell where the file is: whoever
// asked for what is noted in it need not know.
func (f *File) Append(data []byte) error {
	err := f.append(data)
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func (f *File) append(data []byte) error {
	if f.torn {
		if err := f.file.Truncate(f.end); err != nil {
			return err
		}
	}
	f.torn = true
	if _, err := f.file.WriteAt(data, f.end); err != nil {
		return err
	}
	if err := f.file.Sync(); err != nil {
		return err
	}
	f.end, f.torn = f.end+int64(len(data)), false
	return nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }
