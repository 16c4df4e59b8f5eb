package bench

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// workload says what the devices have written. The same numbers give the same
// bytes in every process.
type workload struct {
	Devices          int `json:"devices"`
	ChangesPerDevice int `json:"changes_per_device"`
	// SharedPercent of a device's changes edit records that other devices edit
	// too; the others make new ones.
	SharedPercent int `json:"shared_percent"`
}

// writersPerShared is how many devices edit one shared record.
const writersPerShared = 10

// coordinator is the number of the device that wrote the shared records before
// the devices went offline.
const coordinator = -1

func (w workload) changes() int { return w.Devices * w.ChangesPerDevice }

func (w workload) sharedPerDevice() int { return w.ChangesPerDevice * w.SharedPercent / 100 }

// sharedRecords is how many records the devices share: 100 of the 9,100 in B1.
func (w workload) sharedRecords() int {
	shared := w.Devices * w.sharedPerDevice()
	return (shared + writersPerShared - 1) / writersPerShared
}

// shared returns which shared record the i-th change of a device edits; false
// if it makes a new one. Shared edits are spread evenly over a device's day.
func (w workload) shared(device, i int) (record int, ok bool) {
	before, after := i*w.SharedPercent/100, (i+1)*w.SharedPercent/100
	if before == after || w.sharedRecords() == 0 {
		return 0, false
	}
	return (device*w.sharedPerDevice() + before) % w.sharedRecords(), true
}

// check refuses what would take hours or measure nothing.
func (w workload) check() error {
	switch {
	case w.Devices < 2 || w.Devices > 1000:
		return fmt.Errorf("%d devices; 2 to 1,000 can be measured", w.Devices)
	case w.ChangesPerDevice < 1 || w.changes() > 2_000_000:
		return fmt.Errorf("%d changes on each of %d devices; at least 1 each and at most 2,000,000 in all can be measured", w.ChangesPerDevice, w.Devices)
	case w.SharedPercent < 0 || w.SharedPercent > 100:
		return fmt.Errorf("%d percent shared; 0 to 100 make sense", w.SharedPercent)
	}
	return nil
}

// space is the community in which all of it happens.
var space = merge.SpaceID{'b', 'e', 'n', 'c', 'h'}

// What a random source is for, so that no two give the same numbers.
const (
	forDevice = iota + 1
	forPerson
	forReplica
	forSharedRecord
	forIndex
	forKey
)

// source returns the random numbers of one purpose and number.
func source(purpose, number int) *rand.ChaCha8 {
	var seed [32]byte
	copy(seed[:], "zhurnal bench")
	binary.BigEndian.PutUint64(seed[16:], uint64(purpose))
	binary.BigEndian.PutUint64(seed[24:], uint64(number))
	return rand.NewChaCha8(seed)
}

func id16[T ~[16]byte](from *rand.ChaCha8) (id T) {
	binary.BigEndian.PutUint64(id[:], from.Uint64())
	binary.BigEndian.PutUint64(id[8:], from.Uint64())
	return id
}

func personOf(device int) merge.PersonID { return id16[merge.PersonID](source(forPerson, device)) }

func sharedRecord(number int) merge.RecordID {
	return id16[merge.RecordID](source(forSharedRecord, number))
}
