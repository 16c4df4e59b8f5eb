package syncengine

import (
	"context"
	"errors"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Push stores batches of changes that a person sends for a space, and returns a
// verdict for each change, also for those that were there already. All of it
// is durable when Push returns. If a batch is malformed nothing is stored.
func (e *Engine) Push(ctx context.Context, person merge.PersonID, space merge.SpaceID, batches [][]byte) ([]wire.Outcome, error) {
	if err := e.gate.enter(); err != nil {
		return nil, err
	}
	defer e.gate.leave()
	return e.push(ctx, person, space, batches, push{})
}

// push pushes; way says which way it has come.
func (e *Engine) push(ctx context.Context, person merge.PersonID, space merge.SpaceID, batches [][]byte, way push) ([]wire.Outcome, error) {
	if len(batches) > limits.PushBatches {
		return nil, fault.New(fault.TooLarge, "push: %d batches; at most %d at a time", len(batches), limits.PushBatches)
	}
	if err := e.checkRoom(); err != nil {
		return nil, err
	}
	leave, err := e.room.enter(ctx, len(batches))
	if err != nil {
		return nil, err
	}
	defer leave()
	known := e.Schema()
	entries, err := e.admitAll(person, space, batches, way)
	if err != nil {
		return nil, err
	}
	outcomes, err := e.appendAll(ctx, entries)
	if err == nil {
		err = e.eraseMore(ctx)
	}
	if err != nil || !slices.ContainsFunc(outcomes, held) {
		return outcomes, err
	}
	return outcomes, e.releaseMissed(ctx, person, space, known, entries)
}

// eraseMore goes on erasing where a push has shown that there is more of an erased
// person than was known. What cannot be done now is done when the server starts.
func (e *Engine) eraseMore(ctx context.Context) error {
	if !e.eraseOwed.CompareAndSwap(true, false) {
		return nil
	}
	if err := e.goOnErasing(ctx); fault.KindOf(err) != fault.Unavailable {
		return err
	}
	return nil
}

func held(o wire.Outcome) bool { return o.Verdict == wire.Quarantined }

func (e *Engine) appendAll(ctx context.Context, entries []log.Entry) (outcomes []wire.Outcome, err error) {
	for i := range entries {
		entry := entries[i] // what is decoded of it goes when it is stored
		if entry.Decoded, err = decodePush(&entry); err == nil {
			outcomes, err = e.appendPush(ctx, &entry, outcomes)
		}
		if err != nil {
			return nil, fault.New(fault.KindOf(err), "push: batch %d/%d: %w", i+1, len(entries), err)
		}
	}
	return outcomes, nil
}

// releaseMissed tries changes again that were judged before, and stored after,
// the schema or the space came that would have freed them: whoever brought it
// has not seen them. The sender learns of it when it asks.
func (e *Engine) releaseMissed(ctx context.Context, person merge.PersonID, space merge.SpaceID, known *schema.Schema, entries []log.Entry) error {
	madeMeanwhile := entries[0].Decoded.(*push).spaceless // one snapshot judged them all
	if e.Schema() == known && !madeMeanwhile {
		return nil
	}
	_, err := e.releaseSpace(ctx, person, space)
	return err
}

// admitAll admits the batches of a push, all before one is stored. No more than
// a room's slots are decoded at any time: of the others the entries are kept,
// and they are decoded again when their turn to be stored comes.
func (e *Engine) admitAll(person merge.PersonID, space merge.SpaceID, batches [][]byte, way push) ([]log.Entry, error) {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	entries := make([]log.Entry, len(batches))
	for i, batch := range batches {
		content := way
		content.batch = batch
		entry, err := e.admit(snapshot, person, space, content)
		if err != nil {
			return nil, fault.New(fault.KindOf(err), "push: batch %d/%d: %w", i+1, len(batches), err)
		}
		if i >= roomBatches-1 { // one more is being worked on
			entry.Decoded = nil
		}
		entries[i] = entry
	}
	return entries, nil
}

// appendPush appends one entry. If the rows it touches are more than a
// transaction holds, its halves are appended.
func (e *Engine) appendPush(ctx context.Context, entry *log.Entry, outcomes []wire.Outcome) ([]wire.Outcome, error) {
	outcome, err := e.append(ctx, *entry)
	if err == nil {
		e.eraseOwed.Store(outcome.Erases || e.eraseOwed.Load())
		return wire.JoinOutcomes(outcomes, outcome.Outcomes...), nil
	}
	content := entry.Decoded.(*push)
	if !errors.Is(err, store.ErrFoldTooBig) {
		return nil, err
	}
	if len(content.changes) == 1 {
		if slices.ContainsFunc(content.findings[0], quarantines) {
			return nil, fault.New(fault.TooLarge, "change %s: it is %w", content.changes[0].ID, err)
		}
		kept, err := overLimit(entry)
		if err != nil {
			return nil, err
		}
		return e.appendPush(ctx, &kept, outcomes)
	}
	half := len(content.changes) / 2
	for _, part := range [][]*merge.Change{content.changes[:half], content.changes[half:]} {
		batch, err := wire.EncodeBatch(entry.Space, part)
		if err != nil {
			return nil, err
		}
		smaller, err := e.rejudged(entry, &push{batch: batch, changes: part, own: content.own, fromHome: content.fromHome, byAuthors: content.byAuthors})
		if err != nil {
			return nil, err
		}
		if outcomes, err = e.appendPush(ctx, &smaller, outcomes); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

// overLimit returns the entry of one change with the finding that the records
// it touches have grown beyond a transaction: it is kept, and those behind it
// go through.
func overLimit(entry *log.Entry) (log.Entry, error) {
	content := *entry.Decoded.(*push)
	content.findings = map[int][]wire.Finding{0: {{Cause: wire.OverLimit, MessageKey: "limit.record"}}}
	return content.entry(entry.Principal, entry.Space)
}

func (e *Engine) rejudged(entry *log.Entry, content *push) (log.Entry, error) {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	return e.judged(snapshot, entry.Principal, content, entry.Space)
}

// Verdicts returns what has become of changes; a change that was never received
// is left out. Who has no access learns the verdict and no more.
func (e *Engine) Verdicts(person merge.PersonID, space merge.SpaceID, changes []merge.ID) ([]wire.Outcome, error) {
	if err := e.gate.enter(); err != nil {
		return nil, err
	}
	defer e.gate.leave()
	return e.verdicts(person, space, changes)
}

func (e *Engine) verdicts(person merge.PersonID, space merge.SpaceID, changes []merge.ID) ([]wire.Outcome, error) {
	if len(changes) > limits.Asks {
		return nil, fault.New(fault.TooLarge, "verdicts: %d changes asked for; at most %d at a time", len(changes), limits.Asks)
	}
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	access, err := snapshot.Access(space, person)
	if err != nil {
		return nil, err
	}
	var outcomes []wire.Outcome
	for _, id := range changes {
		known, err := snapshot.Known(space, id)
		if err != nil {
			return nil, err
		}
		if known == nil {
			continue
		}
		if !access.Allowed {
			outcomes = wire.AppendOutcome(outcomes, id, known.Verdict, 0, nil)
			continue
		}
		findings, err := openFindings(snapshot, space, id, known.Verdict)
		if err != nil {
			return nil, err
		}
		outcomes = wire.AppendOutcome(outcomes, id, known.Verdict, known.Position, findings)
	}
	return outcomes, nil
}
