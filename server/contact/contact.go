// Package contact remembers when each device was last heard from, and how it stood
// then. It decides nothing, and is no part of the register: what is lost of it
// comes again with the next sync. A file keeps it over a restart.
package contact

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"sync"

	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Contact is how a device stood when it last synced.
type Contact struct {
	At int64 `json:"at"` // the server's clock, milliseconds since 1970
	// OffsetMillis is the device's clock less the server's.
	OffsetMillis int64 `json:"offset_millis,omitempty"`
	// Waiting are its own changes without a verdict that it did not bring then, the
	// oldest of which was written at OldestAt by its clock.
	Waiting  int   `json:"waiting,omitempty"`
	OldestAt int64 `json:"oldest_at,omitempty"`
	// App is the version of its app.
	App string `json:"app,omitempty"`
	// Silent says that it does not say how it stands.
	Silent bool `json:"silent,omitempty"`
	// ToldAt is when it was told to erase what it holds; zero if it was not.
	ToldAt int64 `json:"told_at,omitempty"`
	// Replicas are those under which it writes.
	Replicas []merge.ReplicaID `json:"-"`
}

// Book has the last contact of each device. It is safe for concurrent use.
type Book struct {
	file string // empty: in memory alone

	mu      sync.Mutex
	of      map[credential.DeviceID]Contact
	changed bool
}

// New returns a book in memory.
func New() *Book { return &Book{of: map[credential.DeviceID]Contact{}} }

// kept is a contact in the file, with ids in hexadecimal digits.
type kept struct {
	Device   string   `json:"device"`
	Replicas []string `json:"replicas,omitempty"`
	Contact
}

func keep(device credential.DeviceID, c Contact) kept {
	k := kept{Device: device.String(), Contact: c}
	for _, replica := range c.Replicas {
		k.Replicas = append(k.Replicas, replica.String())
	}
	return k
}

func (k *kept) read() (device credential.DeviceID, c Contact, err error) {
	c = k.Contact
	err = unhex(device[:], k.Device)
	for _, text := range k.Replicas {
		var replica merge.ReplicaID
		err = errors.Join(err, unhex(replica[:], text))
		c.Replicas = append(c.Replicas, replica)
	}
	return device, c, err
}

func unhex(to []byte, text string) error {
	data, err := hex.DecodeString(text)
	if err == nil && copy(to, data) != len(data) {
		err = errors.New("an id is 32 hexadecimal digits")
	}
	return err
}

// Open reads a book from a file, if it is there.
func Open(file string) (*Book, error) {
	b := New()
	b.file = file
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return nil, err
	}
	var all []kept
	err = json.Unmarshal(data, &all)
	for i := range all {
		device, c, failed := all[i].read()
		err = errors.Join(err, failed)
		b.of[device] = c
	}
	if err != nil {
		return nil, fault.New(fault.Damaged, "contacts: %s: %w; delete the file: it is written anew as devices sync", file, err)
	}
	return b, nil
}

// Note notes a contact.
func (b *Book) Note(device credential.DeviceID, c Contact) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.of[device], b.changed = c, true
}

// Told notes that a device was told to erase what it holds. How it stood when it
// last synced stays.
func (b *Book) Told(device credential.DeviceID, at int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.of[device]
	c.ToldAt = at
	b.of[device], b.changed = c, true
}

// Of returns the last contact of a device; false if there was none. At is zero of
// one that was told to erase what it holds and never synced.
func (b *Book) Of(device credential.DeviceID) (Contact, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, ok := b.of[device]
	return c, ok
}

// Keep writes what has changed to the file.
func (b *Book) Keep() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.changed || b.file == "" {
		return nil
	}
	all := make([]kept, 0, len(b.of))
	for device, c := range b.of {
		all = append(all, keep(device, c))
	}
	data, err := json.Marshal(all)
	if err != nil {
		return fault.New(fault.Internal, "contacts: %w", err)
	}
	if err := atomicfile.Replace(b.file, data); err != nil {
		return err
	}
	b.changed = false
	return nil
}
