package syncengine

import (
	"slices"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// erase erases some of what there is of a person.
func (a applier) erase(fold *store.Fold, partition uint16, seq uint64, e *log.Entry) (log.Outcome, error) {
	var body logv1.Erase
	if err := proto.Unmarshal(e.Body, &body); err != nil {
		return log.Outcome{}, fault.New(fault.Damaged, "erase entry: %w", err)
	}
	erasures, err := wire.ErasuresFromProto(body.Erasures)
	if err != nil || len(erasures) != 1 {
		return log.Outcome{}, fault.New(fault.Damaged, "erase entry: %d persons: %w", len(erasures), err)
	}
	s, err := newApplying(fold, seq, e)
	if err != nil {
		return log.Outcome{}, err
	}
	s.recorded = true
	begun, err := s.notePerson(&erasures[0], &body)
	if err != nil {
		return log.Outcome{}, err
	}
	if err := s.eraseRecords(body.Records); err != nil {
		return log.Outcome{}, err
	}
	if s.eraser, err = newEraser(fold, e.Space); err != nil {
		return log.Outcome{}, err
	}
	s.eraser.ofStored(func(id merge.ID) (*store.Known, error) {
		known, _, err := fold.Known(e.Space, id)
		return known, err
	})
	for _, listed := range body.Entries {
		if err := s.purgeEntry(partition, listed); err != nil {
			return log.Outcome{}, fault.New(fault.KindOf(err), "purge entry %d: %w", listed.Seq, err)
		}
	}
	if err := s.purgeQuarantine(body.Quarantined); err != nil {
		return log.Outcome{}, err
	}
	if len(s.erased) > 0 || begun {
		s.erasures = body.Erasures
	}
	return s.finish(nil)
}

// notePerson keeps who is erased, by which rules, and whether that is done. Who
// is erased again keeps what stayed both times. begun says that this is the first
// that is heard of the person.
func (s *applying) notePerson(e *merge.Erasure, body *logv1.Erase) (begun bool, err error) {
	space := s.entry.Space
	stored, err := s.fold.Erasures(space)
	if err != nil {
		return false, err
	}
	list, err := wire.ErasuresFromProto(stored.GetErasures())
	if err != nil {
		return false, fault.New(fault.Damaged, "erasures of space %s: %w", space, err)
	}
	at := -1
	for i := range list {
		if list[i].Subject == e.Subject {
			at = i
		}
	}
	if at < 0 {
		at, list = len(list), append(list, *e)
		stored.Positions, stored.Done = append(stored.Positions, 0), append(stored.Done, false)
		begun = true
	} else {
		list[at].Rules = joinedRules(list[at].Rules, e.Rules)
	}
	if s.head != nil && (begun || len(body.Records) > 0) {
		stored.Positions[at] = s.head.Position + 1
	}
	stored.Done[at] = body.Done
	stored.Erasures = wire.ErasuresToProto(list)
	return begun, s.fold.PutErasures(space, stored)
}

// joinedRules are the rules of both, sorted by type; of a type that both have,
// what both let stay.
func joinedRules(a, b []merge.ErasureRule) (joined []merge.ErasureRule) {
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].Type < b[0].Type:
			joined, a = append(joined, a[0]), a[1:]
		case len(a) == 0 || b[0].Type < a[0].Type:
			joined, b = append(joined, b[0]), b[1:]
		default:
			rule := merge.ErasureRule{Type: a[0].Type, Field: b[0].Field, Kept: merge.KeptByBoth(a[0].Kept, b[0].Kept)}
			joined, a, b = append(joined, rule), a[1:], b[1:]
		}
	}
	return joined
}

// eraseRecords erases records in the state. They get the position that the entry
// takes.
func (s *applying) eraseRecords(list []*syncv1.ErasedRecord) error {
	records, err := wire.ErasedFromProto(list)
	if err != nil {
		return fault.New(fault.Damaged, "erase entry: %w", err)
	}
	for _, r := range records {
		rec, err := s.fold.Record(s.entry.Space, r.Record)
		if err != nil {
			return err
		}
		if rec == nil {
			if err := s.await(r); err != nil {
				return err
			}
			continue
		}
		if !rec.Erase(r.Kept) {
			continue
		}
		position := s.head.Position + 1
		s.erased = append(s.erased, &logv1.ErasedRow{RecordId: r.Record[:], Kept: rec.Kept, Back: position - rec.Position})
		rec.Position = position
		s.fold.Touch(s.entry.Space, rec.ID)
		if err := s.closeErased(rec); err != nil {
			return err
		}
	}
	return nil
}

// await keeps that a record of which nothing is merged is an erased person's. What
// comes of it later need not say so.
func (s *applying) await(r wire.ErasedRecord) error {
	stored, err := s.fold.Erasures(s.entry.Space)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(stored.Awaited, func(a *syncv1.ErasedRecord) bool { return string(a.RecordId) == string(r.Record[:]) })
	if at < 0 {
		stored.Awaited = append(stored.Awaited, wire.ErasedToProto([]wire.ErasedRecord{r})...)
	} else {
		stored.Awaited[at].Kept = merge.KeptByBoth(stored.Awaited[at].Kept, r.Kept)
	}
	return s.fold.PutErasures(s.entry.Space, stored)
}

// stopAwaiting is for a record that came, and is marked.
func (s *applying) stopAwaiting(record merge.RecordID) error {
	stored, err := s.fold.Erasures(s.entry.Space)
	if err != nil {
		return err
	}
	before := len(stored.GetAwaited())
	stored.Awaited = slices.DeleteFunc(stored.GetAwaited(), func(a *syncv1.ErasedRecord) bool { return string(a.RecordId) == string(record[:]) })
	if len(stored.Awaited) == before {
		return nil
	}
	return s.fold.PutErasures(s.entry.Space, stored)
}

// closeErased closes the rule flags about cells of a record that are erased:
// nobody can put them right any more.
func (s *applying) closeErased(rec *merge.Record) error {
	none := func() (bool, error) { return false, nil }
	return s.closeWhere(rec.ID, none, func(_ merge.ID, f *wire.Finding) bool { return isAboutErased(f, rec.Kept) })
}

// purgeQuarantine purges changes that are kept and not merged.
func (s *applying) purgeQuarantine(list []*syncv1.ChangeID) error {
	ids, err := wire.ChangeIDsFromProto(list)
	if err != nil {
		return fault.New(fault.Damaged, "erase entry: %w", err)
	}
	for _, id := range ids {
		err := s.purgeKept(id, func(c *merge.Change) (int, error) {
			purge, _, err := s.eraser.purging([]*merge.Change{c})
			if err != nil {
				return 0, err
			}
			return c.Purge(purge), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// purgeHeld purges of changes that are kept and not merged what was purged of them
// in the entry with which they came: another change of the entry may have said whose
// a record is. What is released must be what applying the entry again keeps.
func (s *applying) purgeHeld(changes []*merge.Change) error {
	for _, c := range changes {
		if err := s.purgeKept(c.ID, func(held *merge.Change) (int, error) { return held.PurgeAs(c), nil }); err != nil {
			return err
		}
	}
	return nil
}

// purgeKept purges a change that is kept and not merged, if there is one of this id.
func (s *applying) purgeKept(id merge.ID, purge func(c *merge.Change) (purged int, err error)) error {
	q, err := s.fold.Quarantined(s.entry.Space, id)
	if err != nil || q == nil {
		return err
	}
	c, err := wire.DecodeChange(s.entry.Space, q.Run)
	if err != nil {
		return fault.New(fault.Damaged, "quarantined change %s: %w", id, err)
	}
	if purged, err := purge(c); err != nil || purged == 0 {
		return err
	}
	if q.Run, err = wire.EncodeChange(c); err != nil {
		return err
	}
	return s.fold.PutQuarantined(s.entry.Space, id, q)
}

// purgeEntry purges an entry of the log, and what it gave to the space's own
// log. What applying it did is kept with it: the values that decided that are
// gone.
func (s *applying) purgeEntry(partition uint16, listed *logv1.ErasedEntry) error {
	stored, err := s.fold.Entry(partition, listed.Seq)
	if err != nil || stored == nil {
		return err
	}
	e, err := log.Decode(partition, listed.Seq, stored)
	if err != nil || e.Space != s.entry.Space || listed.Seq >= s.seq {
		return err
	}
	before := &logv1.Purged{}
	touched, err := s.purgeBody(&e, before, listed)
	if err != nil {
		return err
	}
	delivered, err := s.purgeDeliveries(listed, before)
	if err != nil || !touched && !delivered {
		return err
	}
	if e.Purged == nil {
		e.Purged = before
	}
	return s.fold.RewriteEntry(partition, listed.Seq, log.Encode(partition, listed.Seq, &e))
}

// purgeBody purges the batch of a push. before gets what the entry gave to the
// space's log, if that is all of its batch.
func (s *applying) purgeBody(e *log.Entry, before *logv1.Purged, listed *logv1.ErasedEntry) (touched bool, err error) {
	if e.Kind != log.Push {
		return false, nil
	}
	var body logv1.Push
	if err := proto.Unmarshal(e.Body, &body); err != nil {
		return false, fault.New(fault.Damaged, "push entry: %w", err)
	}
	if err := s.noteDeliveries(listed, len(body.Batch), before); err != nil {
		return false, err
	}
	batch, changes, touched, err := s.purgeBatch(body.Batch)
	if err != nil || !touched {
		return false, err
	}
	if err := s.noteOpaque(changes, listed); err != nil {
		return false, err
	}
	if err := s.purgeHeld(changes); err != nil {
		return false, err
	}
	body.Batch = batch
	e.Body, err = proto.Marshal(&body)
	if err != nil {
		return false, marshalFailed("push", err)
	}
	return true, nil
}

// purgeBatch purges what is erased of a batch that is stored. touched tells
// whether any of it is written to an erased record.
func (s *applying) purgeBatch(packed []byte) (batch []byte, changes []*merge.Change, touched bool, err error) {
	if changes, err = wire.DecodeKeptBatch(s.entry.Space, packed); err != nil {
		return nil, nil, false, fault.New(fault.Damaged, "%w", err)
	}
	purge, touched, err := s.eraser.purging(changes)
	if err != nil || !touched {
		return packed, changes, false, err
	}
	batch, err = wire.PurgeBatch(packed, changes, purge)
	return batch, changes, true, err
}

// noteDeliveries notes what an entry gave to the space's log.
func (s *applying) noteDeliveries(listed *logv1.ErasedEntry, wholeBytes int, before *logv1.Purged) error {
	for _, position := range listed.Positions {
		d, err := s.deliveryOf(listed, position)
		if err != nil {
			return err
		}
		if d == nil {
			continue
		}
		sizeBytes := len(d.Batch)
		if d.Whole {
			sizeBytes = wholeBytes
		}
		before.Deliveries = append(before.Deliveries, &logv1.PurgedDelivery{
			Positions: d.Positions, BatchBytes: uint64(sizeBytes), Outcomes: d.Outcomes,
		})
	}
	return nil
}

// deliveryOf returns a row of the space's log if it is of the entry and not
// forgotten.
func (s *applying) deliveryOf(listed *logv1.ErasedEntry, position uint64) (*logv1.Delivery, error) {
	if position <= s.head.GetCutThrough() {
		return nil, nil
	}
	d, err := s.fold.Delivery(s.entry.Space, position)
	if err != nil || d.EntrySeq != listed.Seq {
		return nil, err
	}
	return d, nil
}

// purgeDeliveries purges the batches of their own that an entry gave to the
// space's log.
func (s *applying) purgeDeliveries(listed *logv1.ErasedEntry, before *logv1.Purged) (purged bool, err error) {
	if len(before.Deliveries) == 0 {
		if err := s.noteDeliveries(listed, 0, before); err != nil {
			return false, err
		}
	}
	for _, position := range listed.Positions {
		d, err := s.deliveryOf(listed, position)
		if err != nil {
			return false, err
		}
		if d == nil || len(d.Batch) == 0 {
			continue
		}
		batch, _, touched, err := s.purgeBatch(d.Batch)
		if err != nil {
			return false, err
		}
		if !touched {
			continue
		}
		purged, d.Batch = true, batch
		if err := s.fold.PutDelivery(s.entry.Space, position, d); err != nil {
			return false, err
		}
	}
	return purged, nil
}

// noteOpaque notes that what a purged entry did is known no longer: what it gave
// to the space's log is forgotten already.
func (s *applying) noteOpaque(changes []*merge.Change, listed *logv1.ErasedEntry) error {
	for _, c := range changes {
		known, _, err := s.fold.Known(s.entry.Space, c.ID)
		if err != nil {
			return err
		}
		if known == nil || known.Position == 0 || known.Position > s.head.GetCutThrough() {
			continue
		}
		head, err := s.fold.PartitionHead(store.Partition(s.entry.Space))
		if err == nil {
			head.OpaqueThrough = max(head.OpaqueThrough, s.seq)
		}
		return err
	}
	return nil
}
