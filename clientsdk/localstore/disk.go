package localstore

import (
	"errors"
	"io"
	"sync"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
	"github.com/ncruces/go-sqlite3/vfs/adiantum"
)

// fileSystem is the name under which SQLite knows the encrypting file system.
const fileSystem = "zhurnal-adiantum"

// blockBytes is the unit of the encryption: it reads and writes whole blocks.
const blockBytes = 4096

// registerFileSystem makes the encrypting file system known, once.
var registerFileSystem = sync.OnceFunc(func() { vfs.Register(fileSystem, encrypted(vfs.Find(""))) })

// encrypted returns a file system that encrypts what it keeps on another.
func encrypted(beneath vfs.VFS) vfs.VFS { return adiantum.Wrap(disk{beneath}, nil) }

// disk stands between the encryption and the files. It puts right two things
// that the layers above need and the operating system does not give them.
type disk struct{ vfs.VFS }

// OpenFilename implements vfs.VFSFilename.
func (d disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := vfsutil.WrapOpenFilename(d.VFS, name, flags)
	if err != nil {
		return nil, flags, err
	}
	return &diskFile{f}, flags, nil
}

type diskFile struct{ vfs.File }

// ReadAt fills up a block that a power cut has left half written at the end of
// a file. Otherwise the encryption could not read it, and SQLite would take that
// for a failing disk. Nothing that was synced is in such a block: filled up, it
// deciphers to noise, which SQLite knows by its checksum.
func (f *diskFile) ReadAt(p []byte, offset int64) (int, error) {
	n, err := f.File.ReadAt(p, offset)
	if n == 0 || n == len(p) || !errors.Is(err, io.EOF) {
		return n, err
	}
	clear(p[n:])
	return len(p), nil
}

// WriteAt says so when the disk is full; SQLite tells that from a failing one.
func (f *diskFile) WriteAt(p []byte, offset int64) (int, error) {
	n, err := f.File.WriteAt(p, offset)
	return n, saysFull(err)
}

func saysFull(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return sqlite3.FULL
	}
	return err
}

// What a file may offer beyond vfs.File is handed through.

// LockState implements vfs.FileLockState.
func (f *diskFile) LockState() vfs.LockLevel { return vfsutil.WrapLockState(f.File) }

// HasMoved implements vfs.FileHasMoved.
func (f *diskFile) HasMoved() (bool, error) { return vfsutil.WrapHasMoved(f.File) }

// SizeHint implements vfs.FileSizeHint.
func (f *diskFile) SizeHint(size int64) error { return saysFull(vfsutil.WrapSizeHint(f.File, size)) }

// PersistWAL implements vfs.FilePersistWAL.
func (f *diskFile) PersistWAL() bool { return vfsutil.WrapPersistWAL(f.File) }

// SetPersistWAL implements vfs.FilePersistWAL.
func (f *diskFile) SetPersistWAL(keep bool) { vfsutil.WrapSetPersistWAL(f.File, keep) }

// SharedMemory implements vfs.FileSharedMemory.
func (f *diskFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }
