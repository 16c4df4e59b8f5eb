package syncengine

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// What one entry erases, so that applying it is bounded work. A batch is written
// again whole.
const (
	eraseRecordsMax = 256
	eraseEntriesMax = 8
	eraseHeldMax    = 64
	// eraseScanned bounds the entries of the log that are looked at on one
	// snapshot.
	eraseScanned = 1024
)

// erasing is the erasing of persons in one space. The log and the quarantine are
// gone through once, however many they are.
type erasing struct {
	store    *store.Store
	append   func(ctx context.Context, entry log.Entry) (log.Outcome, error)
	by       merge.PersonID
	space    merge.SpaceID
	erasures []merge.Erasure
	// named are records that are known to be theirs, with the cells that stay.
	named  map[merge.RecordID][]uint32
	erased Erased
}

// say appends an entry about a person.
func (r *erasing) say(ctx context.Context, of merge.Erasure, body *logv1.Erase) error {
	body.Erasures = wire.ErasuresToProto([]merge.Erasure{of})
	data, err := proto.Marshal(body)
	if err != nil {
		return marshalFailed("erase", err)
	}
	_, err = r.append(ctx, log.Entry{Kind: log.Erase, Space: r.space, Principal: r.by, Body: data, SizeBytes: limits.BatchBytes * len(body.Entries)})
	return err
}

// sayOfEach appends an entry about each person.
func (r *erasing) sayOfEach(ctx context.Context, body *logv1.Erase) error {
	for _, erasure := range r.erasures {
		if err := r.say(ctx, erasure, body); err != nil {
			return err
		}
	}
	return nil
}

// begin says who is erased: what comes from then on is purged.
func (r *erasing) begin(ctx context.Context) error { return r.sayOfEach(ctx, &logv1.Erase{}) }

// all erases what there is.
func (r *erasing) all(ctx context.Context) error {
	for _, step := range []func(context.Context) error{r.records, r.log, r.quarantine} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return r.sayOfEach(ctx, &logv1.Erase{Done: true})
}

// records erases the persons' records in the state.
func (r *erasing) records(ctx context.Context) error {
	found, err := r.findRecords()
	if err != nil {
		return err
	}
	for i, list := range found {
		r.erased.Records += len(list)
		err := inParts(list, eraseRecordsMax, func(part []*syncv1.ErasedRecord) error {
			return r.say(ctx, r.erasures[i], &logv1.Erase{Records: part})
		})
		if err != nil {
			return err
		}
	}
	return r.await(ctx)
}

// findRecords lists which records in the state are whose. Those that are named are
// with the first person's.
func (r *erasing) findRecords() ([][]*syncv1.ErasedRecord, error) {
	snapshot := r.store.Snapshot()
	defer snapshot.Close()
	found := make([][]*syncv1.ErasedRecord, len(r.erasures))
	return found, snapshot.Records(r.space, merge.RecordID{}, func(rec *merge.Record) error {
		for i := range r.erasures {
			if kept, is := r.concerns(i, rec); is && rec.Clone().Erase(kept) {
				found[i] = append(found[i], &syncv1.ErasedRecord{RecordId: rec.ID[:], Kept: kept})
			}
		}
		return nil
	})
}

// await says of the records that are named, and have not come, that they are.
func (r *erasing) await(ctx context.Context) error {
	snapshot := r.store.Snapshot()
	defer snapshot.Close()
	var list []*syncv1.ErasedRecord
	for _, id := range slices.SortedFunc(maps.Keys(r.named), func(a, b merge.RecordID) int { return bytes.Compare(a[:], b[:]) }) {
		rec, err := snapshot.Record(r.space, id)
		if err != nil {
			return err
		}
		if rec == nil {
			list = append(list, &syncv1.ErasedRecord{RecordId: id[:], Kept: r.named[id]})
		}
	}
	return inParts(list, eraseRecordsMax, func(part []*syncv1.ErasedRecord) error {
		return r.say(ctx, r.erasures[0], &logv1.Erase{Records: part})
	})
}

// concerns tells whether a record is a person's, and which cells stay of it.
func (r *erasing) concerns(of int, rec *merge.Record) (kept []uint32, is bool) {
	if of == 0 {
		kept, is = r.named[rec.ID]
	}
	rule := r.erasures[of].Concerns(rec)
	switch {
	case rule == nil:
		return kept, is
	case is:
		return merge.KeptByBoth(kept, rule.Kept), true
	}
	return rule.Kept, true
}

// named says of each record once what stays of it: a list may have it as it was
// erased, and erased again.
func named(records []wire.ErasedRecord) map[merge.RecordID][]uint32 {
	kept := make(map[merge.RecordID][]uint32, len(records))
	for _, r := range records {
		if before, has := kept[r.Record]; has {
			r.Kept = merge.KeptByBoth(r.Kept, before)
		}
		kept[r.Record] = r.Kept
	}
	return kept
}

// log purges the entries that the log has by now, and what they gave to the
// space's own.
func (r *erasing) log(ctx context.Context) error {
	for after, through := uint64(0), uint64(0); ; {
		scan, err := r.scan(after)
		if err != nil {
			return err
		}
		if through == 0 {
			through = scan.last
		}
		r.erased.Entries += len(scan.entries)
		err = inParts(scan.entries, eraseEntriesMax, func(part []*logv1.ErasedEntry) error {
			return r.say(ctx, r.erasures[0], &logv1.Erase{Entries: part})
		})
		if err != nil || scan.through >= through || scan.through == after {
			return err
		}
		if after = scan.through; ctx.Err() != nil {
			return fault.New(fault.Unavailable, "%w", ctx.Err())
		}
	}
}

func (r *erasing) eraserOf(snapshot *store.Snapshot) (*eraser, error) {
	eraser, err := newEraser(snapshot, r.space)
	return eraser.ofStored(func(id merge.ID) (*store.Known, error) { return snapshot.Known(r.space, id) }), err
}

// quarantine purges what is kept and not merged.
func (r *erasing) quarantine(ctx context.Context) error {
	snapshot := r.store.Snapshot()
	defer snapshot.Close()
	eraser, err := r.eraserOf(snapshot)
	if err != nil || eraser == nil {
		return err
	}
	var list []*syncv1.ChangeID
	err = snapshot.QuarantinedChanges(r.space, merge.ID{}, func(id merge.ID, q *logv1.Quarantined) error {
		c, err := wire.DecodeChange(r.space, q.Run)
		if err != nil {
			return fault.New(fault.Damaged, "quarantined change %s: %w", id, err)
		}
		purge, touched, err := eraser.purging([]*merge.Change{c})
		if err == nil && touched && c.Purge(purge) > 0 {
			list = append(list, wire.ChangeIDToProto(id))
		}
		return err
	})
	if err != nil {
		return err
	}
	r.erased.Quarantined += len(list)
	return inParts(list, eraseHeldMax, func(part []*syncv1.ChangeID) error {
		return r.say(ctx, r.erasures[0], &logv1.Erase{Quarantined: part})
	})
}

// inParts does so many at a time, and fewer where they are more than a
// transaction holds.
func inParts[T any](list []T, most int, do func(part []T) error) error {
	for len(list) > 0 {
		n := min(len(list), most)
		switch err := do(list[:n]); {
		case errors.Is(err, store.ErrFoldTooBig) && n > 1:
			if err := inParts(list[:n], n/2, do); err != nil {
				return err
			}
		case err != nil:
			return err
		}
		list = list[n:]
	}
	return nil
}

// eraseScan is what a part of the log has of erased records.
type eraseScan struct {
	through, last uint64 // the last entry that was looked at, and that there is
	entries       []*logv1.ErasedEntry
	// forgotten is up to where the space's own log was cut.
	forgotten uint64
	// toPurge are the numbers of these entries. noted are those of which is kept
	// what they did, all of which the space's log still has.
	toPurge, noted map[uint64]bool
}

// scan looks at entries after one, as many as one snapshot is held for, and at
// what they gave to the space's own log.
func (r *erasing) scan(after uint64) (eraseScan, error) {
	found := eraseScan{toPurge: map[uint64]bool{}, noted: map[uint64]bool{}}
	snapshot := r.store.Snapshot()
	defer snapshot.Close()
	partition := store.Partition(r.space)
	head, err := snapshot.PartitionHead(partition)
	if err != nil {
		return found, err
	}
	eraser, err := r.eraserOf(snapshot)
	if err != nil || eraser == nil {
		return found, err
	}
	spaceHead, err := snapshot.Head(r.space)
	if err != nil {
		return found, err
	}
	after = max(after, head.CutThrough)
	found.through, found.last, found.forgotten = after, head.Last, spaceHead.GetCutThrough()
	err = snapshot.Entries(partition, after, func(seq uint64, entry *logv1.Entry) error {
		if seq > after+eraseScanned {
			return store.ErrStop
		}
		found.through = seq
		return r.scanEntry(eraser, &found, seq, entry)
	})
	if err != nil {
		return found, err
	}
	return found, r.addDeliveries(snapshot, eraser, &found, after)
}

// scanEntry looks at what an entry of the log has itself.
func (r *erasing) scanEntry(eraser *eraser, found *eraseScan, seq uint64, entry *logv1.Entry) (err error) {
	found.noted[seq] = entry.Purged != nil && found.forgotten == 0
	if log.Kind(entry.Kind) != log.Push || string(entry.SpaceId) != string(r.space[:]) {
		return nil
	}
	var body logv1.Push
	if err := proto.Unmarshal(entry.Body, &body); err != nil {
		return fault.New(fault.Damaged, "push entry: %w", err)
	}
	found.toPurge[seq], err = r.isToPurge(eraser, body.Batch, found.noted[seq])
	return err
}

// isToPurge tells whether a batch holds anything of erased records. What is purged
// already is passed over once it is noted what the entry did.
func (r *erasing) isToPurge(eraser *eraser, packed []byte, noted bool) (bool, error) {
	changes, err := wire.DecodeKeptBatch(r.space, packed)
	if err != nil {
		return false, fault.New(fault.Damaged, "%w: the store is damaged; restore it from a backup", err)
	}
	purge, touched, err := eraser.purging(changes)
	if err != nil || !touched || !noted {
		return touched, err
	}
	return slices.ContainsFunc(changes, func(c *merge.Change) bool { return c.Purge(purge) > 0 }), nil
}

// addDeliveries lists the entries to be purged with what they gave to the
// space's log.
func (r *erasing) addDeliveries(snapshot *store.Snapshot, eraser *eraser, found *eraseScan, after uint64) error {
	positions := map[uint64][]uint64{}
	err := snapshot.Deliveries(r.space, found.forgotten, func(first uint64, d *logv1.Delivery) (err error) {
		if d.EntrySeq <= after || d.EntrySeq > found.through {
			return nil
		}
		positions[d.EntrySeq] = append(positions[d.EntrySeq], first)
		if len(d.Batch) == 0 || found.toPurge[d.EntrySeq] {
			return nil
		}
		found.toPurge[d.EntrySeq], err = r.isToPurge(eraser, d.Batch, found.noted[d.EntrySeq])
		return err
	})
	for seq := after + 1; seq <= found.through && err == nil; seq++ {
		if found.toPurge[seq] {
			found.entries = append(found.entries, &logv1.ErasedEntry{Seq: seq, Positions: positions[seq]})
		}
	}
	return err
}
