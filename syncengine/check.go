package syncengine

import (
	"bytes"
	"context"
	"fmt"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// Damage is something in a store that is not what it should be.
type Damage struct {
	Where string // which row, in words
	Why   string
}

// String is for a person to read.
func (d Damage) String() string { return d.Where + ": " + d.Why }

// Checked says what a check has looked at.
type Checked struct {
	Entries uint64 // of the log, that were applied again
	Damages int
	// Uncompared is the number of partitions whose log begins later than their
	// rows: without a backup from before, the rows were read and not compared.
	Uncompared int
	// Spaces are in the order of their partitions, as the log makes them.
	Spaces []CheckedSpace
}

// CheckedSpace is a space that was checked.
type CheckedSpace struct {
	SpaceInfo
	Digest merge.Hash // see Engine.Digest
}

// Check looks for damage in the store in o.Dir, or o.Memory, which nobody else
// may have open. It applies the whole log again, beside the store: since
// applying depends on the entries alone, every row must be what that makes, byte
// for byte; and what devices have signed is held against their keys, if o.Device
// knows them. found is called with what is not right. It takes as much memory as the
// largest of 256 partitions. The error is for what kept it from looking.
//
// Where the log was cut, the file from stands in for what is forgotten: a
// backup of this store that reaches at least as far as the cut, such as the one
// behind which it was cut. What comes after it is applied to its rows. It takes
// as much memory as the backup. If from is empty, rows of such partitions cannot
// be compared; see Checked.Uncompared.
func Check(ctx context.Context, o Options, from string, found func(Damage)) (Checked, error) {
	st, err := store.Open(store.Options{Dir: o.Dir, Memory: o.Memory, Master: o.Master, Existing: true})
	if err != nil {
		return Checked{}, err
	}
	defer st.Close()
	snapshot := st.Snapshot()
	defer snapshot.Close()
	c := &checking{options: &o, snapshot: snapshot, found: found}
	if err := c.findServerKey(); err != nil {
		return Checked{}, err
	}
	if from != "" {
		if c.from, err = openFrom(ctx, backup.File{Name: from, Identities: o.Identities}); err != nil {
			return Checked{}, err
		}
		defer c.from.Close()
	}
	for partition := range uint16(limits.Partitions) {
		if err := c.partition(ctx, partition); err != nil {
			return c.checked, err
		}
	}
	return c.checked, nil
}

// CheckBackup is Check of what is in a backup file, which o.Identities open if it
// is sealed. It takes as much memory as
// the store takes on the disk, and half as much again.
func CheckBackup(ctx context.Context, o Options, file, from string, found func(Damage)) (Checked, backup.Summary, error) {
	disk, summary, err := loadBackup(ctx, backup.File{Name: file, Identities: o.Identities})
	if err != nil {
		return Checked{}, summary, err
	}
	o.Memory = disk
	checked, err := Check(ctx, o, from, found)
	return checked, summary, err
}

// loadBackup makes a store in memory of a backup, as it was.
func loadBackup(ctx context.Context, file backup.File) (*store.Memory, backup.Summary, error) {
	disk := store.NewMemory()
	var summary backup.Summary
	rows := func(put func(key, value []byte) error) (err error) {
		summary, err = file.Read(put)
		return err
	}
	err := store.Restore(store.Options{Memory: disk}, rows, func(*store.Store) error { return ctx.Err() })
	return disk, summary, err
}

type checking struct {
	options  *Options
	snapshot *store.Snapshot
	from     *store.Store // nil: none
	found    func(Damage)
	checked  Checked
	// serverKey is that by which the server has signed.
	serverKey credential.PublicKey
}

func (c *checking) damage(where, format string, args ...any) {
	c.checked.Damages++
	c.found(Damage{where, fmt.Sprintf(format, args...)})
}

// partition replays one partition's log and compares.
func (c *checking) partition(ctx context.Context, partition uint16) error {
	has, err := c.snapshot.HasPartition(partition)
	if err != nil || !has {
		return c.unreadable(partition, err)
	}
	head, err := c.snapshot.PartitionHead(partition)
	if err != nil {
		return c.unreadable(partition, err)
	}
	if head.CutThrough > 0 || head.OpaqueThrough > 0 {
		return c.cutPartition(ctx, partition, head)
	}
	replayed, err := store.Open(store.Options{Memory: store.NewMemory(), Unsynced: true, Random: bytes.NewReader(make([]byte, 32))})
	if err != nil {
		return err
	}
	defer replayed.Close()
	return c.replayAndCompare(ctx, partition, replayed, 0)
}

// replayAndCompare applies what comes after an entry to a store that has what
// comes before, and compares.
func (c *checking) replayAndCompare(ctx context.Context, partition uint16, replayed *store.Store, after uint64) error {
	whole, err := c.replay(ctx, partition, replayed, after)
	if err != nil || !whole { // what should be is not known
		return err
	}
	want := replayed.Snapshot()
	defer want.Close()
	err = c.snapshot.Compare(want, partition, func(d store.Difference) error {
		c.damage(d.Row, "%s", d.Why)
		return ctx.Err()
	})
	if err := c.unreadable(partition, err); err != nil {
		return err
	}
	return c.spaces(want, partition)
}

// unreadable takes an error that damage has caused for what was found.
func (c *checking) unreadable(partition uint16, err error) error {
	if err == nil || fault.KindOf(err) != fault.Damaged {
		return err
	}
	c.damage(fmt.Sprintf("partition %d", partition), "%v", err)
	return nil
}

// replay applies what the log of a partition has after an entry to a store that
// has what comes before. whole is false if it could not come to the end.
func (c *checking) replay(ctx context.Context, partition uint16, to *store.Store, after uint64) (whole bool, err error) {
	next := after + 1
	err = c.snapshot.Entries(partition, after, func(seq uint64, m *logv1.Entry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if seq != next {
			return fault.New(fault.Damaged, "entry %d is missing", next)
		}
		next++
		c.checked.Entries++
		e, err := log.Decode(partition, seq, m)
		if err == nil {
			c.signatures(&e)
			err = log.Replay(to, applier{}, partition, e)
		}
		if err != nil {
			return fault.New(fault.Damaged, "entry %d: %w", seq, err)
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		c.damage(fmt.Sprintf("partition %d", partition), "%v; what comes after it was not looked at", err)
		return false, nil
	}
	return err == nil, err
}

// spaces adds the spaces of a partition, and looks that their positions are
// dense.
func (c *checking) spaces(want *store.Snapshot, partition uint16) error {
	return want.Spaces(func(space merge.SpaceID, head *logv1.SpaceHead) error {
		if store.Partition(space) != partition {
			return nil
		}
		s := CheckedSpace{SpaceInfo: infoOf(space, head)}
		if err := want.Records(space, merge.RecordID{}, addTo(&s.Digest)); err != nil {
			return err
		}
		c.checked.Spaces = append(c.checked.Spaces, s)
		reached := head.CutThrough
		err := want.Deliveries(space, reached, func(first uint64, d *logv1.Delivery) error {
			if first != reached+1 {
				c.damage(fmt.Sprintf("space %s", space), "its log goes from position %d to %d", reached, first)
			}
			reached = first + uint64(d.Positions) - 1
			return nil
		})
		if err == nil && reached != head.Position {
			c.damage(fmt.Sprintf("space %s", space), "its log ends at position %d, its head says %d", reached, head.Position)
		}
		return err
	})
}
