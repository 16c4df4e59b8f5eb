package syncengine

import (
	"context"
	"fmt"
	"slices"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// openFrom opens the backup that stands in for what is forgotten of a log.
func openFrom(ctx context.Context, file backup.File) (*store.Store, error) {
	disk, _, err := loadBackup(ctx, file)
	if err != nil {
		return nil, fault.New(fault.KindOf(err), "the backup to compare from: %w", err)
	}
	return store.Open(store.Options{Memory: disk, Existing: true, Unsynced: true})
}

// cutPartition checks a partition whose log was cut.
func (c *checking) cutPartition(ctx context.Context, partition uint16, head *logv1.PartitionHead) error {
	if err := c.unreadable(partition, c.forgotten(partition, head.CutThrough)); err != nil {
		return err
	}
	if c.from == nil {
		c.checked.Uncompared++
		return c.unreadable(partition, c.readAlone(ctx, partition, head))
	}
	after, err := c.continues(partition, head)
	if err != nil {
		return err
	}
	return c.replayAndCompare(ctx, partition, c.from, after)
}

// forgotten looks that what is forgotten of a log is all there, and empty.
func (c *checking) forgotten(partition uint16, through uint64) error {
	var reached uint64
	err := c.snapshot.EmptyEntries(partition, func(seq uint64) error {
		if seq != reached+1 {
			return store.ErrStop
		}
		reached = seq
		return nil
	})
	if err == nil && reached != through {
		c.damage(fmt.Sprintf("partition %d", partition), "its log is empty up to entry %d, its head says %d", reached, through)
	}
	return err
}

// continues tells after which entry the log goes on where the backup ends. A
// backup of another register, of one that ends before the cut, or of one that
// went another way after a restore, is refused: what is not like it would seem
// to be damage.
func (c *checking) continues(partition uint16, head *logv1.PartitionHead) (after uint64, err error) {
	base := c.from.Snapshot()
	defer base.Close()
	had, err := base.PartitionHead(partition)
	if err != nil {
		return 0, err
	}
	switch {
	case had.Last < head.CutThrough:
		return 0, fault.New(fault.Invalid, "the backup to compare from ends at entry %d of partition %d, and the log begins after entry %d: name a later one, such as that behind which the log was cut", had.Last, partition, head.CutThrough)
	case had.Last < head.OpaqueThrough:
		return 0, fault.New(fault.Invalid, "the backup to compare from ends at entry %d of partition %d, and what entries up to %d did is known no longer, since a person was erased from them: name a later one", had.Last, partition, head.OpaqueThrough)
	case had.Last > head.Last:
		return 0, fault.New(fault.Invalid, "the backup to compare from is later than what is checked: name one from before")
	}
	same, err := c.sameLog(base, partition, max(head.CutThrough, had.CutThrough), had.Last)
	if err == nil && same {
		same, err = c.sameEpochs(base, partition, had.Last)
	}
	if err == nil && !same {
		err = fault.New(fault.Invalid, "the backup to compare from is of another register, or of this one before another restore than it has had: name one that it came from, or that was made of it")
	}
	return had.Last, err
}

// sameLog tells whether two logs have the same entries after one, up to another.
func (c *checking) sameLog(base *store.Snapshot, partition uint16, after, through uint64) (same bool, err error) {
	entries := map[uint64]*logv1.Entry{}
	err = base.Entries(partition, after, func(seq uint64, m *logv1.Entry) error {
		m.Body = nil // of which there may be much
		entries[seq] = m
		return nil
	})
	if err != nil || after == through {
		return err == nil, err
	}
	same = true
	err = c.snapshot.Entries(partition, after, func(seq uint64, m *logv1.Entry) error {
		if seq > through {
			return store.ErrStop
		}
		same = same && sameEntry(m, entries[seq])
		return nil
	})
	if fault.KindOf(err) == fault.Damaged { // which replaying will find
		return true, nil
	}
	return same, err
}

// sameEntry tells whether two entries at one place are the same, one of which may
// have been purged since.
func sameEntry(a, b *logv1.Entry) bool {
	switch {
	case b == nil:
		return false
	case a.Purged == nil && b.Purged == nil:
		return a.Checksum == b.Checksum
	}
	return a.Kind == b.Kind && a.ReceivedMillis == b.ReceivedMillis && string(a.PushId) == string(b.PushId) && string(a.Principal) == string(b.Principal)
}

// sameEpochs tells whether what is checked was never restored to a state before
// the backup: then the two are of one register, and have gone different ways.
func (c *checking) sameEpochs(base *store.Snapshot, partition uint16, last uint64) (bool, error) {
	before, err := base.Epochs()
	if err != nil || len(before) == 0 {
		return false, err
	}
	now, err := c.snapshot.Epochs()
	if err != nil {
		return false, err
	}
	newest := before[len(before)-1]
	i := slices.IndexFunc(now, func(e *logv1.Epoch) bool { return wire.EpochID(e.Id) == wire.EpochID(newest.Id) })
	if i < 0 || i+1 == len(now) {
		return i >= 0, nil
	}
	same := true
	err = c.snapshot.Spaces(func(space merge.SpaceID, _ *logv1.SpaceHead) error {
		if store.Partition(space) != partition {
			return nil
		}
		epochs, err := c.snapshot.SpaceEpochs(space)
		for _, begun := range epochs.GetBegins() {
			same = same && (begun.Number != now[i+1].Number || last < begun.EntrySeq)
		}
		return err
	})
	return same, err
}

// readAlone looks at a partition whose rows cannot be compared: that the log is
// whole from its beginning on, that every row can be read, and that heads say
// what is there.
func (c *checking) readAlone(ctx context.Context, partition uint16, head *logv1.PartitionHead) error {
	next := head.CutThrough + 1
	err := c.snapshot.Entries(partition, head.CutThrough, func(seq uint64, m *logv1.Entry) error {
		if seq != next {
			return fault.New(fault.Damaged, "entry %d is missing", next)
		}
		next++
		if _, err := log.Decode(partition, seq, m); err != nil {
			return err
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	if next != head.Last+1 {
		c.damage(fmt.Sprintf("partition %d", partition), "its log ends at entry %d, its head says %d", next-1, head.Last)
	}
	if partition == store.DirectoryPartition() {
		if err := c.directoryAlone(ctx); err != nil {
			return err
		}
	}
	if err := c.spaces(c.snapshot, partition); err != nil {
		return err
	}
	return c.snapshot.Spaces(func(space merge.SpaceID, of *logv1.SpaceHead) error {
		if store.Partition(space) != partition {
			return nil
		}
		return c.rowsAlone(ctx, space, of, head)
	})
}

// directoryAlone looks that the rows of the directory can be read, and that none
// is newer than the directory.
func (c *checking) directoryAlone(ctx context.Context) error {
	version, err := c.snapshot.DirectoryVersion()
	if err != nil {
		return err
	}
	return c.snapshot.DirectoryRows(func(key DirectoryKey, row *logv1.DirectoryRow) error {
		if row.Version == 0 || row.Version > version || len(row.Row) == 0 {
			c.damage(fmt.Sprintf("row %s of the directory", key), "%d bytes of version %d, in a directory of version %d", len(row.Row), row.Version, version)
		}
		return ctx.Err()
	})
}

// rowsAlone looks that the rows of a space can be read, and that there are as
// many as its head says.
func (c *checking) rowsAlone(ctx context.Context, space merge.SpaceID, of *logv1.SpaceHead, head *logv1.PartitionHead) error {
	where := fmt.Sprintf("space %s", space)
	var records, rowsBytes uint64
	err := c.snapshot.RecordRows(space, merge.RecordID{}, func(id merge.RecordID, row []byte) error {
		if _, err := merge.ParseRecord(id, row); err != nil {
			c.damage(where, "record %s: %v", id, err)
		}
		records, rowsBytes = records+1, rowsBytes+uint64(len(row))
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	if records != of.Records || rowsBytes != of.StateBytes {
		c.damage(where, "it has %d records in %d bytes, its head says %d in %d", records, rowsBytes, of.Records, of.StateBytes)
	}
	err = c.snapshot.Deliveries(space, of.CutThrough, func(first uint64, d *logv1.Delivery) error {
		if d.EntrySeq <= head.CutThrough || d.EntrySeq > head.Last {
			c.damage(where, "its log has at position %d what entry %d of its partition is said to hold, and that is not there", first, d.EntrySeq)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.snapshot.QuarantinedChanges(space, merge.ID{}, func(id merge.ID, q *logv1.Quarantined) error {
		if _, err := wire.DecodeChange(space, q.Run); err != nil {
			c.damage(where, "quarantined change %s: %v", id, err)
		}
		return ctx.Err()
	})
}
