package syncengine

import (
	"context"
	"slices"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/register"
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
	return e.eraseAll(ctx, by, space, []merge.Erasure{erasure})
}

// AdoptErasures is Erase of persons of whom a hub has heard from the home server,
// with the records that it has erased: which those are may hang on what the hub
// does not have any more, and whose they are does not matter.
func (e *Engine) AdoptErasures(ctx context.Context, hub merge.PersonID, space merge.SpaceID, erasures []merge.Erasure, records []wire.ErasedRecord) error {
	if err := e.gate.enter(); err != nil {
		return err
	}
	defer e.gate.leave()
	if len(erasures) == 0 && len(records) > 0 {
		erasures = []merge.Erasure{{}}
	}
	_, err := e.eraseAll(ctx, hub, space, erasures, records...)
	return err
}

// Erased says what was erased.
type Erased struct {
	Records, Entries, Quarantined int
}

// eraseAll erases and makes sure that it lasts.
func (e *Engine) eraseAll(ctx context.Context, by merge.PersonID, space merge.SpaceID, erasures []merge.Erasure, records ...wire.ErasedRecord) (Erased, error) {
	if len(erasures) == 0 {
		return Erased{}, nil
	}
	e.erasing.Lock()
	defer e.erasing.Unlock()
	run := &erasing{store: e.store, append: e.append, by: by, space: space, erasures: erasures, named: named(records)}
	if err := run.begin(ctx); err != nil {
		return Erased{}, fault.New(fault.KindOf(err), "erase: %w", err)
	}
	for _, erasure := range erasures {
		if e.options.Register == nil || erasure.Subject == (merge.RecordID{}) {
			continue
		}
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
		if _, err := e.eraseAll(ctx, merge.PersonID{}, space, left); err != nil {
			return err
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
