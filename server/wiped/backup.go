package wiped

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// The files go into the backups of the register beside which they lie, and come
// back with it. A device that was wiped has nothing any more: there is no other
// copy.
var _ syncengine.Beside = (*Store)(nil)

func isKept(name string) bool {
	return strings.HasSuffix(name, sealedSuffix) || strings.HasSuffix(name, receiptSuffix)
}

// Files calls each with all files that are whole, and receipts. One that comes or
// goes meanwhile may be there or not.
func (s *Store) Files(each func(name string, from io.Reader) error) error {
	entries, err := os.ReadDir(s.dir) // in the order of names
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Unavailable, "read what was sealed: %w", err)
	}
	for _, entry := range entries {
		if !isKept(entry.Name()) {
			continue
		}
		f, err := os.Open(filepath.Join(s.dir, entry.Name()))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return fault.New(fault.Unavailable, "read what was sealed: %w", err)
		}
		if err := errors.Join(each(entry.Name(), f), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// taking is a file that comes out of a backup.
type taking struct {
	name string
	file *os.File // nil for one that is there
}

const takingSuffix = ".restored"

// Take takes a piece of a file that Files has given, of which what came before was
// taken.
func (s *Store) Take(name string, piece []byte) error {
	if name != s.taking.name {
		if err := s.Taken(); err != nil {
			return err
		}
		if !isKept(name) {
			return fault.New(fault.Damaged, "the backup has a file %q, which is none that was sealed: restore it with the program that wrote it", name)
		}
		if err := s.beginTaking(name); err != nil {
			return fault.New(fault.Unavailable, "keep what was sealed: %w", err)
		}
	}
	if s.taking.file == nil {
		return nil
	}
	if _, err := s.taking.file.Write(piece); err != nil {
		return fault.New(fault.Unavailable, "keep what was sealed: %w", err)
	}
	return nil
}

func (s *Store) beginTaking(name string) error {
	if err := s.makeDir(); err != nil {
		return err
	}
	s.taking = taking{name: name}
	_, err := os.Stat(filepath.Join(s.dir, name))
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.taking.file, err = os.OpenFile(filepath.Join(s.dir, name+takingSuffix), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	return err
}

// Taken gives the last file that was taken its name, once it is on the disk.
func (s *Store) Taken() error {
	last := s.taking
	s.taking = taking{}
	if last.file == nil {
		return nil
	}
	err := errors.Join(last.file.Sync(), last.file.Close())
	if err == nil {
		err = atomicfile.Move(last.file.Name(), filepath.Join(s.dir, last.name))
	}
	if err != nil {
		return fault.New(fault.Unavailable, "keep what was sealed: %w", err)
	}
	return nil
}
