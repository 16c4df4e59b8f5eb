package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// rush is one run of a workload against a fresh server.
type rush struct {
	name    string
	input   *prepared
	dir     string
	server  *process
	devices []*device
	// days are what the devices send, signed.
	days []day
	// profiles is where the server's profiles go; empty for none.
	profiles string
}

// begin starts a server whose space holds the shared records, which every
// device has pulled.
func (r *rush) begin(ctx context.Context) (err error) {
	r.server, err = launch(ctx, job{Role: roleServer, Dir: r.dir, Load: r.input.load})
	if err != nil {
		return err
	}
	first, err := newDevice(ctx, coordinator, &r.server.first)
	if err != nil {
		return fmt.Errorf("coordinator: %w", err)
	}
	defer first.disconnect()
	base, err := first.sign(r.input.base)
	if err != nil {
		return fmt.Errorf("shared records: %w", err)
	}
	if err := first.push(ctx, base, r.input.load.sharedRecords()); err != nil {
		return fmt.Errorf("shared records: %w", err)
	}
	r.devices, r.days = make([]*device, r.input.load.Devices), make([]day, r.input.load.Devices)
	for i := range r.devices {
		if r.devices[i], err = newDevice(ctx, i, &r.server.first); err != nil {
			return fmt.Errorf("device %d: %w", i, err)
		}
		if err := r.devices[i].pull(ctx, nil); err != nil {
			return fmt.Errorf("device %d: %w", i, err)
		}
		r.devices[i].disconnect()
		if err := r.sign(i); err != nil {
			return fmt.Errorf("device %d: %w", i, err)
		}
	}
	return nil
}

func (r *rush) sign(device int) (err error) {
	d, to := r.devices[device], &r.days[device]
	if to.batches, err = d.sign(r.input.days[device].batches); err == nil {
		to.further, err = d.sign(r.input.days[device].further)
	}
	return err
}

// end ends the server, whatever state it is in.
func (r *rush) end() error {
	for _, d := range r.devices {
		if d != nil {
			d.disconnect()
		}
	}
	if r.server == nil {
		return nil
	}
	return r.server.end()
}

// spent is what a phase took.
type spent struct {
	seconds   float64
	cpuMicros float64 // of the server
	upBytes   float64
	downBytes float64
}

// phase has all devices do something at once.
func (r *rush) phase(name string, work func(i int, d *device) error) (s spent, err error) {
	if err := r.profile(doProfile, name, "cpu"); err != nil {
		return s, err
	}
	for _, d := range r.devices {
		d.traffic.up.Store(0)
		d.traffic.down.Store(0)
		d.rows, d.calls = 0, 0
	}
	before, err := r.server.usage()
	if err != nil {
		return s, err
	}
	start := time.Now()
	err = each(len(r.devices), len(r.devices), func(i int) error {
		if err := work(i, r.devices[i]); err != nil {
			return fmt.Errorf("%s: device %d: %w", name, i, err)
		}
		return nil
	})
	s.seconds = time.Since(start).Seconds()
	if err != nil {
		return s, err
	}
	after, err := r.server.usage()
	s.cpuMicros = float64(after.CPUMicros - before.CPUMicros)
	for _, d := range r.devices {
		s.upBytes += float64(d.traffic.up.Load())
		s.downBytes += float64(d.traffic.down.Load())
	}
	return s, errors.Join(err, r.profile(doHeap, name, "heap"))
}

func (r *rush) profile(do, phase, kind string) error {
	if r.profiles == "" {
		return nil
	}
	path := filepath.Join(r.profiles, r.name+"-"+phase+"-"+kind+".pprof")
	_, err := r.server.tell(order{Do: do, Path: path})
	return err
}

func (r *rush) push(ctx context.Context) (spent, error) {
	return r.phase("push", func(i int, d *device) error {
		return d.push(ctx, r.days[i].batches, r.input.load.ChangesPerDevice)
	})
}

func (r *rush) pull(ctx context.Context) (s spent, rows int, err error) {
	s, err = r.phase("pull", func(_ int, d *device) error { return d.pull(ctx, nil) })
	for _, d := range r.devices {
		rows += d.rows
	}
	if err == nil && rows < r.input.load.changes()*len(r.devices) {
		err = fmt.Errorf("pull: %d rows came to %d devices; %d were pushed", rows, len(r.devices), r.input.load.changes())
	}
	return s, rows, err
}

// compare makes a new copy from the beginning and compares it with the server's
// state: measured is only a server that merges rightly.
func (r *rush) compare(ctx context.Context) error {
	d, err := newDevice(ctx, 0, &r.server.first)
	if err != nil {
		return err
	}
	mine := copyOf{}
	defer d.disconnect()
	if err := d.pull(ctx, mine.take); err != nil {
		return err
	}
	theirs, err := r.server.order(doDigest)
	if err != nil {
		return err
	}
	if theirs.Digest != fmt.Sprintf("%x", mine.digest()) || theirs.Position != d.position {
		return fmt.Errorf("a copy at position %d has the digest %x, the server at %d %s", d.position, mine.digest(), theirs.Position, theirs.Digest)
	}
	return nil
}

// take applies a page to the copy.
func (c copyOf) take(page *wire.Page) error {
	for i := range page.Rows {
		rec, err := merge.ParseRecord(page.Rows[i].Record, page.Rows[i].Row)
		if err != nil {
			return err
		}
		c[rec.ID] = rec
	}
	for i := range page.Entries {
		e := &page.Entries[i]
		changes, err := wire.DecodeBatch(space, e.Batch)
		if err != nil {
			return err
		}
		for j, change := range changes {
			if _, err := merge.Apply(c, change, e.Received, e.FirstPosition+uint64(j)); err != nil {
				return err
			}
		}
	}
	return nil
}

// roundTrips counts the requests of one device that syncs a day of its own
// after another device has synced one.
func (r *rush) roundTrips(ctx context.Context) (int, error) {
	if err := r.devices[1].sync(ctx, r.days[1].further); err != nil {
		return 0, err
	}
	d := r.devices[0]
	before := d.calls
	if err := d.sync(ctx, r.days[0].further); err != nil {
		return 0, err
	}
	if want := r.devices[1].position + uint64(r.input.load.ChangesPerDevice); d.position < want {
		return 0, fmt.Errorf("round trips: the copy is at position %d, the log at %d", d.position, want)
	}
	return d.calls - before, nil
}

// diskBytes closes the store and returns what its files hold.
func diskBytes(p *process, dir string) (sizeBytes float64, err error) {
	if _, err := p.order(doClose); err != nil {
		return 0, err
	}
	err = filepath.WalkDir(dir, func(_ string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			sizeBytes += float64(info.Size())
		}
		return err
	})
	return sizeBytes, err
}
