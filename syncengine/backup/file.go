package backup

import (
	"bufio"
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
// and verified; after any error nothing is left. A file that is there is not
// replaced.
func WriteFile(name string, write func(io.Writer) error) (Summary, error) {
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return Summary{}, fault.New(fault.Invalid, "%s is there already, or cannot be looked at: name another file for the backup", name)
	}
	temp, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".unfinished-*")
	if err != nil {
		return Summary{}, fmt.Errorf("backup file: %w", err)
	}
	summary, err := fill(temp, write)
	if err == nil {
		err = atomicfile.Move(temp.Name(), name)
	}
	if err != nil {
		return Summary{}, errors.Join(err, os.Remove(temp.Name()))
	}
	return summary, nil
}

// fill writes the file, and reads it back from its beginning.
func fill(file *os.File, write func(io.Writer) error) (Summary, error) {
	buffered := bufio.NewWriterSize(file, frameBytes)
	err := write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return Summary{}, err
	}
	return VerifyFile(file.Name())
}

// VerifyFile is Verify of the file of this name.
func VerifyFile(name string) (Summary, error) {
	return ReadFile(name, func(_, _ []byte) error { return nil })
}

// ReadFile is Read of the file of this name.
func ReadFile(name string, each func(key, value []byte) error) (Summary, error) {
	file, err := os.Open(name)
	if err != nil {
		return Summary{}, fmt.Errorf("backup file: %w", err)
	}
	defer file.Close()
	summary, err := Read(bufio.NewReaderSize(file, frameBytes), each)
	if err != nil {
		return Summary{}, fault.New(fault.KindOf(err), "%s: %w", name, err)
	}
	return summary, nil
}
