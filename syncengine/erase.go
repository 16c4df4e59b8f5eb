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
	"github.com/zhurnal/zhurnal/syncengine/register"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// A person may ask to be erased. Then of the records that are about them only
// what totals need stays, about nobody: everything else goes, fields that this
// program has never heard of too, out of the records, the log, what is in
// quarantine, and whatever comes later. No change is lost by it: a write that is
// purged leaves its hash, so that its author's chain still verifies, and the
// change stays applied.
//
// First an entry of the log says who is erased, and from then on what comes is
// purged as it comes. Then the records are erased, so many at a time; then what
// the log and the quarantine hold of them; and last what lies in the files under
// rows that were written again. A crash in between is gone on from when the
// engine is opened.

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

// Erase erases a person in a space, for good. subject is the id of the record
// that is the person. What stays of each type is what the schema says, or, where
// keep is not nil, the cells that it names by type, and no others. Who is erased
// again loses what does not stay both times.
//
// A record that somebody calls a mistake and somebody else has edited since is an
// error of kind Invalid, and nothing is erased: what settles it would be, and with
// that whether it counts.
func (e *Engine) Erase(ctx context.Context, by merge.PersonID, space merge.SpaceID, subject merge.RecordID, keep map[string][]uint32) (Erased, error) {
	if err := e.gate.enter(); err != nil {
		return Erased{}, err
	}
	defer e.gate.leave()
	if err := e.checkRoom(); err != nil {
		return Erased{}, err
	}
	erasure := merge.Erasure{Subject: subject, Rules: e.rulesFor(keep)}
	if err := e.checkErasable(space, &erasure); err != nil {
		return Erased{}, err
	}
	return e.eraseAll(ctx, by, space, erasure)
}

// AdoptErasure is Erase of a person of whom a hub has heard from the home server,
// with the records that it has erased: which those are may hang on what the hub
// does not have any more.
func (e *Engine) AdoptErasure(ctx context.Context, hub merge.PersonID, space merge.SpaceID, erasure merge.Erasure, records []wire.ErasedRecord) error {
	if err := e.gate.enter(); err != nil {
		return err
	}
	defer e.gate.leave()
	_, err := e.eraseAll(ctx, hub, space, erasure, records...)
	return err
}

// Erased says what was erased.
type Erased struct {
	Records, Entries, Quarantined int
}

// eraseAll erases and makes sure that it lasts.
func (e *Engine) eraseAll(ctx context.Context, by merge.PersonID, space merge.SpaceID, erasure merge.Erasure, records ...wire.ErasedRecord) (Erased, error) {
	e.erasing.Lock()
	defer e.erasing.Unlock()
	run := &erasing{store: e.store, append: e.append, by: by, space: space, erasure: erasure, named: named(records)}
	if err := run.begin(ctx); err != nil {
		return Erased{}, fault.New(fault.KindOf(err), "erase: %w", err)
	}
	if e.options.Register != nil && erasure.Subject != (merge.RecordID{}) {
		if err := e.options.Register.AddErasure(register.Erasure{Space: space, Erasure: erasure}); err != nil {
			return Erased{}, fault.New(fault.KindOf(err), "erase: %w: ask again, or a restore may take it back", err)
		}
	}
	if err := run.all(ctx); err != nil {
		return run.erased, fault.New(fault.KindOf(err), "erase: %w; it has begun, and goes on when it is asked for again or the server starts", err)
	}
	return run.erased, e.store.Scrub()
}

// rulesFor are the rules of the schema, with other cells kept where that is asked
// for.
func (e *Engine) rulesFor(keep map[string][]uint32) []merge.ErasureRule {
	rules := e.Schema().ErasureRules()
	if keep == nil {
		return rules
	}
	for i := range rules {
		rules[i].Kept = slices.Clone(keep[rules[i].Type])
		slices.Sort(rules[i].Kept)
		rules[i].Kept = slices.Compact(rules[i].Kept)
	}
	return rules
}

// checkErasable refuses before anything is erased.
func (e *Engine) checkErasable(space merge.SpaceID, erasure *merge.Erasure) error {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	if _, err := headOf(snapshot, space); err != nil {
		return err
	}
	stored, err := snapshot.Erasures(space)
	if err != nil {
		return err
	}
	found := slices.ContainsFunc(stored.GetErasures().GetErasures(), func(e *syncv1.Erasure) bool { return string(e.SubjectId) == string(erasure.Subject[:]) })
	err = snapshot.Records(space, merge.RecordID{}, func(rec *merge.Record) error {
		if erasure.Concerns(rec) == nil {
			return nil
		}
		found = true
		if rec.Standing() == merge.Contested {
			return fault.New(fault.Invalid, "erase: some call record %s of type %s a mistake and others do not: settle that first, since what speaks for it may be erased", rec.ID, rec.Type)
		}
		return nil
	})
	if err == nil && !found {
		err = fault.New(fault.NotFound, "erase: space %s has no record of %s", space, erasure.Subject)
	}
	return err
}

// goOnErasing erases what a crash, or a full disk, has left.
func (e *Engine) goOnErasing(ctx context.Context) error {
	spaces, err := spacesOf(e.store)
	if err != nil {
		return err
	}
	for _, space := range spaces {
		left, err := e.unfinished(space)
		if err != nil {
			return err
		}
		for _, erasure := range left {
			if _, err := e.eraseAll(ctx, merge.PersonID{}, space, erasure); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Engine) unfinished(space merge.SpaceID) (list []merge.Erasure, err error) {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	stored, err := snapshot.Erasures(space)
	if err != nil {
		return nil, err
	}
	all, err := wire.ErasuresFromProto(stored.GetErasures())
	for i := range all {
		if !stored.Done[i] {
			list = append(list, all[i])
		}
	}
	return list, err
}

// erasing is the erasing of one person in one space.
type erasing struct {
	store   *store.Store
	append  func(ctx context.Context, entry log.Entry) (log.Outcome, error)
	by      merge.PersonID
	space   merge.SpaceID
	erasure merge.Erasure
	// named are records that are known to be the person's, with the cells that stay.
	named  map[merge.RecordID][]uint32
	erased Erased
}

// say appends an entry about the person.
func (r *erasing) say(ctx context.Context, body *logv1.Erase) error {
	body.Erasures = wire.ErasuresToProto([]merge.Erasure{r.erasure})
	data, err := proto.Marshal(body)
	if err != nil {
		return marshalFailed("erase", err)
	}
	_, err = r.append(ctx, log.Entry{Kind: log.Erase, Space: r.space, Principal: r.by, Body: data, SizeBytes: limits.BatchBytes * len(body.Entries)})
	return err
}

// begin says who is erased: what comes from then on is purged.
func (r *erasing) begin(ctx context.Context) error { return r.say(ctx, &logv1.Erase{}) }

// all erases what there is.
func (r *erasing) all(ctx context.Context) error {
	for _, step := range []func(context.Context) error{r.records, r.log, r.quarantine} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return r.say(ctx, &logv1.Erase{Done: true})
}

// records erases the person's records in the state.
func (r *erasing) records(ctx context.Context) error {
	snapshot := r.store.Snapshot()
	defer snapshot.Close()
	var list []*syncv1.ErasedRecord
	err := snapshot.Records(r.space, merge.RecordID{}, func(rec *merge.Record) error {
		if kept, is := r.concerns(rec); is && rec.Clone().Erase(kept) {
			list = append(list, &syncv1.ErasedRecord{RecordId: rec.ID[:], Kept: kept})
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.erased.Records += len(list)
	for _, id := range slices.SortedFunc(maps.Keys(r.named), func(a, b merge.RecordID) int { return bytes.Compare(a[:], b[:]) }) {
		rec, err := snapshot.Record(r.space, id)
		if err != nil {
			return err
		}
		if rec == nil { // it is awaited
			list = append(list, &syncv1.ErasedRecord{RecordId: id[:], Kept: r.named[id]})
		}
	}
	return inParts(list, eraseRecordsMax, func(part []*syncv1.ErasedRecord) error {
		return r.say(ctx, &logv1.Erase{Records: part})
	})
}

// concerns tells whether a record is the person's, and which cells stay of it.
func (r *erasing) concerns(rec *merge.Record) (kept []uint32, is bool) {
	kept, is = r.named[rec.ID]
	rule := r.erasure.Concerns(rec)
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
			return r.say(ctx, &logv1.Erase{Entries: part})
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
		return r.say(ctx, &logv1.Erase{Quarantined: part})
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
}

// scan looks at entries after one, as many as one snapshot is held for, and at
// what they gave to the space's own log.
func (r *erasing) scan(after uint64) (found eraseScan, err error) {
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
	after = max(after, head.CutThrough)
	found.through, found.last = after, head.Last
	bySeq := map[uint64]bool{}
	err = snapshot.Entries(partition, after, func(seq uint64, entry *logv1.Entry) error {
		if seq > after+eraseScanned {
			return store.ErrStop
		}
		found.through = seq
		touched, err := r.touches(eraser, entry)
		bySeq[seq] = touched
		return err
	})
	if err != nil {
		return found, err
	}
	return found, r.addDeliveries(snapshot, eraser, &found, after, bySeq)
}

// touches tells whether an entry holds anything of erased records.
func (r *erasing) touches(eraser *eraser, entry *logv1.Entry) (bool, error) {
	if log.Kind(entry.Kind) != log.Push || string(entry.SpaceId) != string(r.space[:]) {
		return false, nil
	}
	var body logv1.Push
	if err := proto.Unmarshal(entry.Body, &body); err != nil {
		return false, fault.New(fault.Damaged, "push entry: %w", err)
	}
	return r.batchTouches(eraser, body.Batch)
}

func (r *erasing) batchTouches(eraser *eraser, packed []byte) (bool, error) {
	changes, err := wire.DecodeKeptBatch(r.space, packed)
	if err != nil {
		return false, fault.New(fault.Damaged, "%w: the store is damaged; restore it from a backup", err)
	}
	_, touched, err := eraser.purging(changes)
	return touched, err
}

// addDeliveries lists the entries to be purged with what they gave to the
// space's log.
func (r *erasing) addDeliveries(snapshot *store.Snapshot, eraser *eraser, found *eraseScan, after uint64, bySeq map[uint64]bool) error {
	head, err := snapshot.Head(r.space)
	if err != nil {
		return err
	}
	positions := map[uint64][]uint64{}
	err = snapshot.Deliveries(r.space, head.GetCutThrough(), func(first uint64, d *logv1.Delivery) error {
		if d.EntrySeq <= after || d.EntrySeq > found.through {
			return nil
		}
		positions[d.EntrySeq] = append(positions[d.EntrySeq], first)
		if len(d.Batch) == 0 || bySeq[d.EntrySeq] {
			return nil
		}
		touched, err := r.batchTouches(eraser, d.Batch)
		bySeq[d.EntrySeq] = touched
		return err
	})
	for seq := after + 1; seq <= found.through && err == nil; seq++ {
		if bySeq[seq] {
			found.entries = append(found.entries, &logv1.ErasedEntry{Seq: seq, Positions: positions[seq]})
		}
	}
	return err
}
