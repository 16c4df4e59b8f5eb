package backup

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// WriteFile makes a backup file, readable by its owner alone. The file has its
// name only once write is done, everything is on the disk, and it was read back
// and is what write says that it has written, and has verified; after any error
// nothing is left. A file that is there is not replaced.
func WriteFile(name string, write func(io.Writer) (Written, error)) (Written, error) {
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return Written{}, fault.New(fault.Invalid, "%s is there already, or cannot be looked at: name another file for the backup", name)
	}
	temp, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".unfinished-*")
	if err != nil {
		return Written{}, fmt.Errorf("backup file: %w", err)
	}
	written, err := fill(temp, write)
	if err == nil {
		err = atomicfile.Move(temp.Name(), name)
	}
	if err != nil {
		return Written{}, errors.Join(err, os.Remove(temp.Name()))
	}
	return written, nil
}

// fill writes the file, and reads it back from its beginning.
func fill(file *os.File, write func(io.Writer) (Written, error)) (Written, error) {
	buffered := bufio.NewWriterSize(file, frameBytes)
	written, err := write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return Written{}, err
	}
	return written, compare(file.Name(), &written)
}

// compare reads a file and compares it with what was written.
func compare(name string, written *Written) error {
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("backup file: %w", err)
	}
	defer file.Close()
	hash := sha256.New()
	sizeBytes, err := io.Copy(hash, file)
	switch {
	case err != nil:
		return fmt.Errorf("backup file: %w", err)
	case uint64(sizeBytes) != written.FileBytes || [32]byte(hash.Sum(nil)) != written.FileHash:
		return fault.New(fault.Damaged, "the file has %d bytes, and %d others were written: take another backup, to another disk", sizeBytes, written.FileBytes)
	}
	return nil
}

// File is a backup file, and who opens it if it is sealed.
type File struct {
	Name       string
	Identities []Identity
}

// Verify is Verify of the file, which may be sealed.
func (f File) Verify() (Summary, error) {
	return f.Read(func(_, _ []byte) error { return nil })
}

// Read is Read of the file, which may be sealed.
func (f File) Read(each func(key, value []byte) error) (Summary, error) {
	return f.ReadAll(each, passOver)
}

// ReadAll is ReadAll of the file, which may be sealed.
func (f File) ReadAll(each func(key, value []byte) error, piece func(name string, data []byte) error) (Summary, error) {
	file, err := os.Open(f.Name)
	if err != nil {
		return Summary{}, fmt.Errorf("backup file: %w", err)
	}
	defer file.Close()
	summary, err := read(file, f.Identities, each, piece)
	if err != nil {
		return Summary{}, fault.New(fault.KindOf(err), "%s: %w", f.Name, err)
	}
	return summary, nil
}
