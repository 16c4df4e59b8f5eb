package ops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// PrepareDataDir makes the data directory if it is not there, readable by its
// owner alone, and keeps the process from creating files that others can read.
// A directory that is open to other users is an error: its mode is not changed
// behind its owner's back.
func PrepareDataDir(dir string) error {
	OwnerOnlyFiles()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", pathError(err))
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if openToOthers(info) {
		return fmt.Errorf("data directory %s is open to other users (mode %#o): it will hold personal data. Run `chmod 700 %s`, or name another with --dir",
			dir, info.Mode().Perm(), dir)
	}
	return nil
}

// pathError says what to do where a file is in the directory's place.
func pathError(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		if info, statErr := os.Stat(at.Path); statErr == nil && !info.IsDir() {
			return fmt.Errorf("%s is a file; name a directory with --dir", at.Path)
		}
	}
	return err
}
