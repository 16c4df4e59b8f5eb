package bench

import (
	"context"
	"fmt"
	"runtime"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// prepared is a workload as it will be sent.
type prepared struct {
	load workload
	base [][]byte // the coordinator's batches
	days []day
	// changeBytes and cells are the means over all changes: what a change
	// takes in a batch before compression, and how many cells it writes.
	changeBytes float64
	cells       float64
}

// day is what one device sends: a day's batches, and for the first two devices
// those of a further day.
type day struct {
	batches [][]byte
	further [][]byte
	// changeBytes and cells are the sums over the first day.
	changeBytes int
	cells       int
}

// prepare writes, seals and compresses everything that will be sent.
func prepare(ctx context.Context, load workload) (*prepared, error) {
	plan, err := participantPlan()
	if err != nil {
		return nil, err
	}
	base, err := newAuthor(load, plan, coordinator).sharedRecords()
	if err != nil {
		return nil, fmt.Errorf("shared records: %w", err)
	}
	p := &prepared{load: load, days: make([]day, load.Devices)}
	if p.base, err = wire.EncodeBatches(space, base); err != nil {
		return nil, err
	}
	err = each(len(p.days), runtime.GOMAXPROCS(0), func(device int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return p.days[device].write(load, plan, device, base)
	})
	if err != nil {
		return nil, err
	}
	for i := range p.days {
		p.changeBytes += float64(p.days[i].changeBytes) / float64(load.changes())
		p.cells += float64(p.days[i].cells) / float64(load.changes())
	}
	return p, nil
}

// furtherDays is how many devices have a second day to sync.
const furtherDays = 2

func (d *day) write(load workload, plan *schema.Plan, device int, base []*merge.Change) error {
	a := newAuthor(load, plan, device)
	changes, err := a.day(load.ChangesPerDevice, base)
	if err != nil {
		return fmt.Errorf("device %d: %w", device, err)
	}
	for _, c := range changes {
		data, err := changeBytes(c)
		if err != nil {
			return err
		}
		d.changeBytes += len(data)
		d.cells += c.WriteCount()
	}
	if d.batches, err = wire.EncodeBatches(space, changes); err != nil || device >= furtherDays {
		return err
	}
	if changes, err = a.day(load.ChangesPerDevice, base); err != nil {
		return fmt.Errorf("device %d: %w", device, err)
	}
	d.further, err = wire.EncodeBatches(space, changes)
	return err
}
