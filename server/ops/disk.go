// Package ops is what the person who runs a server meets: room on the disk, the
// data directory, the log and the answer to "are you well?". It knows nothing of
// records and requests.
package ops

import (
	"fmt"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Disk tells how much room the file system of the data directory has. A store
// whose disk fills up dies in the middle of a write, since it writes through
// mapped memory; a server that stops accepting while there is still room does
// not.
type Disk struct {
	free         func() (uint64, error)
	minFreeBytes uint64
}

// NewDisk watches the file system that holds the directory.
func NewDisk(dir string, minFreeBytes uint64) *Disk {
	return &Disk{free: func() (uint64, error) { return freeBytes(dir) }, minFreeBytes: minFreeBytes}
}

// FreeBytes returns how many bytes the server's user may still write.
func (d *Disk) FreeBytes() (uint64, error) { return d.free() }

// MinFreeBytes returns the room below which nothing new is accepted.
func (d *Disk) MinFreeBytes() uint64 { return d.minFreeBytes }

// Room returns nil while there is enough, else [fault.NoRoom] or what kept it
// from finding out.
func (d *Disk) Room() error {
	free, err := d.free()
	if err != nil {
		return fmt.Errorf("free space: %w", err)
	}
	if free < d.minFreeBytes {
		return fault.New(fault.NoRoom, "%d MB free, %d MB needed: free some space; nothing that tablets hold is lost meanwhile",
			free>>20, d.minFreeBytes>>20)
	}
	return nil
}
