package clientsdk

import (
	"bytes"
	"context"
	"slices"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// When a person has asked to be erased, home says so with its log, or with rows.
// The tablet then erases what it has of the person: the records of its base, and
// in the originals that it keeps, own ones, drafts and those of others, what they
// write to such records. A change that was not sent yet goes up purged; nothing
// else in it is lost. The word of a hub erases nothing.
//
// What the author writes of the person without knowing comes back from home
// purged, and then takes the place of what the author wrote.

// KeyErased says, in a warning, that the person whom the record is about was
// erased: what was entered is not kept.
const KeyErased = "person.erased"

// sweep is what a space's answer has erased.
type sweep struct {
	// records are those that were erased, with the cells that stay, and persons those
	// who were.
	records map[merge.RecordID][]uint32
	persons []merge.Erasure
	// changed are the own changes that lost something.
	changed int
}

func (s *sweep) due() bool { return len(s.records)+len(s.persons) > 0 }

// add adds a record; of one that was erased twice stays what stayed both times.
func (s *sweep) add(id merge.RecordID, kept []uint32) {
	if s.records == nil {
		s.records = make(map[merge.RecordID][]uint32)
	}
	if before, is := s.records[id]; is {
		kept = merge.KeptByBoth(kept, before)
	}
	s.records[id] = kept
}

// eraseEntry erases the records that an entry of home's log has erased. alone says
// that it has no changes, and that they get its position.
func (f *follower) eraseEntry(e *wire.LogEntry, alone bool) error {
	f.swept.persons = append(f.swept.persons, e.Erasures...)
	for _, r := range e.Erased {
		h, err := f.hold(r.Record)
		if err != nil {
			return err
		}
		f.swept.add(r.Record, r.Kept)
		if h.base == nil {
			continue // it was damaged, and is mended from home before the sync is over
		}
		h.base.Erase(r.Kept)
		if alone {
			h.base.Position = e.FirstPosition
		}
		h.baseChanged, h.stale = true, true
	}
	return nil
}

// purges tells of a write whether it is erased: one to a record that was, or, of
// changes that home has not merged, to one that they say is an erased person's.
func (s *sweep) purges(changes []*merge.Change, merged bool) func(rec *merge.RecordWrites, w *merge.Write) bool {
	var erased sweep
	for _, c := range changes {
		for i := range c.Records {
			part := &c.Records[i]
			if kept, is := s.records[part.Record]; is {
				erased.add(part.Record, kept)
			}
			for j := 0; j < len(s.persons) && !merged; j++ {
				if rule := s.persons[j].ConcernsWrites(part); rule != nil {
					erased.add(part.Record, rule.Kept)
				}
			}
		}
	}
	return func(rec *merge.RecordWrites, w *merge.Write) bool {
		kept, is := erased.records[rec.Record]
		rule := merge.ErasureRule{Kept: kept}
		return is && !rule.Keeps(w.Cell.Field)
	}
}

// sweepOriginals purges the originals that the tablet keeps.
func (f *follower) sweepOriginals() error {
	if !f.swept.due() {
		return nil
	}
	for _, step := range []func() error{f.sweepOwn, f.sweepRelayed, f.sweepCarried} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (f *follower) sweepOwn() error {
	pending, err := f.pending()
	if err != nil {
		return err
	}
	purged := map[int64]*merge.Change{}
	err = f.tx.OwnChanges(f.space.N, func(n int64, content []byte) error {
		c, err := decodeOwn(f.space.ID, content)
		if err != nil {
			return nil // what nobody can read tells nobody anything
		}
		merged := pending[n] == nil || wire.Verdict(pending[n].Verdict).Merged()
		if c.Purge(f.swept.purges([]*merge.Change{c}, merged)) > 0 {
			purged[n] = c
		}
		return nil
	})
	for _, n := range sortedNames(purged) {
		if err == nil {
			err = f.putOriginal(n, purged[n])
		}
	}
	return err
}

func sortedNames(changes map[int64]*merge.Change) []int64 {
	names := make([]int64, 0, len(changes))
	for n := range changes {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// putOriginal keeps a change, own or relayed, in place of what it was before
// something in it was purged. The views that hang on it are made anew.
func (f *follower) putOriginal(n int64, c *merge.Change) error {
	content, err := wire.EncodeChange(c)
	if err != nil {
		return err
	}
	put := f.tx.SetOwnContent
	if n < 0 {
		put = f.tx.SetRelayedContent
	} else {
		f.swept.changed++
	}
	if err := put(n, content); err != nil {
		return err
	}
	f.own[n] = c
	return f.eachPart(n, func(*held) {})
}

func (f *follower) sweepRelayed() error {
	list, err := f.tx.RelayedChanges(f.space.N)
	if err != nil {
		return err
	}
	for _, r := range list {
		c, err := f.change(r.N)
		if err != nil {
			return err
		}
		if c.Purge(f.swept.purges([]*merge.Change{c}, false)) == 0 {
			continue
		}
		if err := f.putOriginal(r.N, c); err != nil {
			return err
		}
	}
	return nil
}

func (f *follower) sweepCarried() error {
	purged := map[int64][]byte{}
	err := f.tx.CarriedBatches(f.space.N, func(c localstore.Carried) error {
		changes, err := wire.DecodeKeptBatch(f.space.ID, c.Batch)
		if err != nil {
			return nil
		}
		batch, err := wire.PurgeBatch(bytes.Clone(c.Batch), changes, f.swept.purges(changes, true))
		if !bytes.Equal(batch, c.Batch) {
			purged[c.N] = batch
		}
		return err
	})
	for n, batch := range purged {
		if err == nil {
			err = f.tx.ReplaceCarried(n, batch)
		}
	}
	return err
}

// takePurged purges of an own change what home has purged of it.
func (f *follower) takePurged(n int64, c *merge.Change) error {
	if !slices.ContainsFunc(c.Records, func(part merge.RecordWrites) bool { return slices.ContainsFunc(part.Writes, isPurged) }) {
		return nil
	}
	mine, err := f.change(n)
	if err != nil {
		return err
	}
	if mine.PurgeAs(c) == 0 {
		return nil
	}
	return f.putOriginal(n, mine)
}

func isPurged(w merge.Write) bool { return w.Purged != nil }

// propertyScrub says that something was erased that still lies in the files.
const propertyScrub = "scrub_owed"

// noteScrub notes, with what was erased, that the files are to be scrubbed.
func (f *follower) noteScrub() error {
	if !f.swept.due() && f.swept.changed == 0 {
		return nil
	}
	return f.tx.SetProperty(propertyScrub, []byte{1})
}

// scrub takes what was erased out of the files, if anything was. Where another
// process reads them it is tried again with the next sync, and when the register
// is opened.
func (r *Register) scrub(ctx context.Context) error {
	owed := false
	err := r.store.Read(ctx, func(tx localstore.Tx) error {
		value, err := tx.Property(propertyScrub)
		owed = len(value) > 0
		return err
	})
	if err != nil || !owed {
		return err
	}
	switch err := r.store.Scrub(ctx); {
	case fault.KindOf(err) == fault.Unavailable:
		return nil
	case err != nil:
		return about(err, "take erased values out of the files")
	}
	return r.store.Write(ctx, func(tx localstore.Tx) error { return tx.SetProperty(propertyScrub, nil) })
}

// purgeErased purges what a change that came by a hub writes to records that home
// has erased.
func (f *follower) purgeErased(c *merge.Change) error {
	var erased sweep
	for i := range c.Records {
		h, err := f.hold(c.Records[i].Record)
		if err != nil {
			return err
		}
		if h.base != nil && h.base.Erased {
			erased.add(c.Records[i].Record, h.base.Kept)
		}
	}
	if erased.due() {
		c.Purge(erased.purges([]*merge.Change{c}, true))
	}
	return nil
}
