package localstore

import (
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// testDisk stands beneath the encryption and keeps, beside the real files, what a
// power cut at this moment is sure to leave of them.
type testDisk struct {
	vfs.VFS
	mu      sync.Mutex
	durable map[string][]byte        // by path: the content at the last sync
	waiting map[string][]sectorWrite // written since
	// lies makes syncs do nothing: the control.
	lies bool
	// event is called at every write and sync, before it is done.
	event func()
	// free is how many bytes may still be written; negative: no bound.
	free int
}

// sectorBytes is the least unit that a disk writes whole.
const sectorBytes = 512

type sectorWrite struct {
	offset int64
	data   []byte
}

// newDisk makes a disk known as an encrypted file system, and returns its name.
func newDisk(t *testing.T) (*testDisk, string) {
	d := &testDisk{VFS: vfs.Find(""), durable: make(map[string][]byte), waiting: make(map[string][]sectorWrite), free: -1}
	name := "test-" + strings.ReplaceAll(t.Name(), "/", "-") + filepath.Base(t.TempDir())
	vfs.Register(name, encrypted(d))
	t.Cleanup(func() { vfs.Unregister(name) })
	return d, name
}

func (d *testDisk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := vfsutil.WrapOpenFilename(d.VFS, name, flags)
	if err != nil {
		return nil, flags, err
	}
	return &testFile{File: f, disk: d, path: name.String()}, flags, nil
}

func (d *testDisk) Delete(path string, syncDir bool) error {
	d.mu.Lock()
	delete(d.durable, path)
	delete(d.waiting, path)
	d.mu.Unlock()
	return d.VFS.Delete(path, syncDir)
}

// cut writes into a new directory what a power cut leaves: all that was synced,
// and of what was written since any sectors, in part or not at all.
func (d *testDisk) cut(t *testing.T, random *rand.Rand) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	dir := t.TempDir()
	images := maps.Clone(d.durable)
	for path, writes := range d.waiting {
		image := append([]byte(nil), images[path]...)
		for _, w := range writes {
			image = tear(image, w, random)
		}
		images[path] = image
	}
	for path, image := range images {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), image, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func tear(image []byte, w sectorWrite, random *rand.Rand) []byte {
	for len(w.data) > 0 {
		n := min(len(w.data), sectorBytes)
		if end := int(w.offset) + n; random.IntN(2) == 0 {
			if end > len(image) {
				image = append(image, make([]byte, end-len(image))...)
			}
			copy(image[w.offset:], w.data[:n])
		}
		w.data, w.offset = w.data[n:], w.offset+int64(n)
	}
	return image
}

type testFile struct {
	vfs.File
	disk *testDisk
	path string
}

func (f *testFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }

func (f *testFile) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return f.File.DeviceCharacteristics()
}

func (f *testFile) WriteAt(p []byte, offset int64) (int, error) {
	d := f.disk
	if d.event != nil {
		d.event()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.free >= 0 {
		if len(p) > d.free { // as the operating system says it
			n, _ := f.File.WriteAt(p[:d.free], offset)
			d.free = 0
			return n, &fs.PathError{Op: "write", Path: f.path, Err: syscall.ENOSPC}
		}
		d.free -= len(p)
	}
	if f.path != "" {
		d.waiting[f.path] = append(d.waiting[f.path], sectorWrite{offset, append([]byte(nil), p...)})
	}
	return f.File.WriteAt(p, offset)
}

func (f *testFile) Sync(flags vfs.SyncFlag) error {
	d := f.disk
	if d.event != nil {
		d.event()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lies {
		return nil
	}
	image := d.durable[f.path]
	for _, w := range d.waiting[f.path] {
		if end := int(w.offset) + len(w.data); end > len(image) {
			image = append(image, make([]byte, end-len(image))...)
		}
		copy(image[w.offset:], w.data)
	}
	d.durable[f.path] = image
	delete(d.waiting, f.path)
	return f.File.Sync(flags)
}

func (f *testFile) Truncate(size int64) error {
	d := f.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if image := d.durable[f.path]; int64(len(image)) > size {
		d.durable[f.path] = image[:size:size]
	}
	return f.File.Truncate(size)
}
