// Package atomicfile writes small files that a crash leaves either as they were
// or as they are to be, durable when the call returns, and readable by their
// owner alone.
package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Create makes a file that is not there. Of several who make it at once one
// succeeds; the error of the others is [io/fs.ErrExist].
func Create(name string, data []byte) error {
	return write(name, data, os.Link)
}

// Replace gives a file, which may be there, other content.
func Replace(name string, data []byte) error {
	return write(name, data, os.Rename)
}

// Move gives a durable file another name in its directory, in the place of a file
// that has it.
func Move(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(to))
}

// write has publish give the whole file its name.
func write(name string, data []byte, publish func(from, to string) error) (err error) {
	dir := filepath.Dir(name)
	temp, err := os.CreateTemp(dir, filepath.Base(name)+".unfinished-*") // of mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if removed := os.Remove(temp.Name()); !errors.Is(removed, os.ErrNotExist) {
			err = errors.Join(err, removed)
		}
	}()
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	if err := publish(temp.Name(), name); err != nil {
		return err
	}
	return SyncDir(dir)
}

// SyncDir makes the names in a directory durable. Windows does so by itself,
// and has no way to ask for it.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("make %s durable: %w", dir, err)
	}
	return errors.Join(d.Sync(), d.Close())
}
