package syncengine

import (
	"slices"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// What comes of a person who was erased is purged before anything is done with
// it, and stored purged. Its changes are applied all the same, so that their
// author's log goes on.

// purgePush purges what is erased of a push. The entry keeps what is left.
func (s *applying) purgePush(content *push, e *log.Entry) (*push, error) {
	if s.eraser == nil {
		return content, nil
	}
	if err := s.eraser.nameAll(content.erased); err != nil {
		return nil, fault.New(fault.Damaged, "push entry: %w", err)
	}
	purged, err := s.eraser.push(content)
	if err != nil || purged == content {
		return content, err
	}
	entry, err := purged.entry(e.Principal, e.Space)
	if err != nil {
		return nil, err
	}
	e.Body, e.Decoded = entry.Body, purged
	return purged, nil
}

// push returns a push out of which what is erased is purged; the same one if it
// holds nothing of that, or nothing that is not purged.
func (e *eraser) push(content *push) (*push, error) {
	_, touched, err := e.purging(content.changes)
	if err != nil || !touched {
		return content, err
	}
	var purge func(rec *merge.RecordWrites, w *merge.Write) bool
	changes, err := wire.DecodeKeptBatch(e.space, content.batch) // those of content may be applied again
	if err == nil {
		purge, _, err = e.purging(changes)
	}
	if err != nil {
		return nil, err
	}
	batch, err := wire.PurgeBatch(content.batch, changes, purge)
	if err != nil {
		return nil, err
	}
	named := e.namedIn(changes)
	erased := slices.Clone(named)
	for _, c := range changes {
		for i := range c.Records {
			if kept, is, err := e.kept(c, &c.Records[i]); err != nil {
				return nil, err
			} else if is {
				erased = append(erased, wire.ErasedRecord{Record: c.Records[i].Record, Kept: kept})
			}
		}
	}
	purged := *content
	purged.batch, purged.changes, purged.erased = batch, changes, wire.ErasedToProto(named)
	purged.findings = make(map[int][]wire.Finding, len(content.findings))
	for i, findings := range content.findings {
		if findings = left(findings, erased); len(findings) > 0 {
			purged.findings[i] = findings
		}
	}
	return &purged, nil
}

// purgeReleased purges what is erased of a change that was in quarantine. The
// entry that it came with has it still.
func (s *applying) purgeReleased(c *merge.Change) error {
	if s.eraser == nil {
		return nil
	}
	purge, _, err := s.eraser.purging([]*merge.Change{c})
	if err == nil && c.Purge(purge) > 0 {
		s.eraseMore = true
	}
	return err
}

// eraseNamed erases the records of an applied change that are a person's who was
// erased.
func (s *applying) eraseNamed(c *merge.Change) error {
	if s.eraser == nil {
		return nil
	}
	for i := range c.Records {
		kept, named := s.eraser.named[c.Records[i].Record]
		if !named {
			continue
		}
		rec, err := s.fold.Record(s.entry.Space, c.Records[i].Record)
		if err != nil {
			return err
		}
		cells := len(rec.Cells)
		if rec.Erased || !rec.Erase(kept) {
			continue
		}
		s.fold.Touch(s.entry.Space, rec.ID)
		s.eraseMore = s.eraseMore || len(rec.Cells) < cells
		s.erased = append(s.erased, &logv1.ErasedRow{RecordId: rec.ID[:], Kept: rec.Kept})
		if err := s.closeErased(rec); err != nil {
			return err
		}
		if err := s.stopAwaiting(rec.ID); err != nil {
			return err
		}
	}
	return nil
}

// noteMore notes that erasing is to be gone on with: what came was about a record
// of which there was more.
func (s *applying) noteMore() error {
	if !s.eraseMore {
		return nil
	}
	stored, err := s.fold.Erasures(s.entry.Space)
	if err != nil {
		return err
	}
	for i := range stored.Done {
		stored.Done[i] = false
	}
	return s.fold.PutErasures(s.entry.Space, stored)
}

// replaying is an entry that is applied again after something that decided what
// it did was purged: what it did is taken from what was kept of that.
type replaying struct{ deliveries []*logv1.PurgedDelivery }

// found returns what was found about a change when it was applied.
func (r *replaying) found(id merge.ID) ([]wire.Finding, error) {
	for _, d := range r.deliveries {
		outcomes, err := wire.OutcomesFromProto(d.Outcomes)
		if err != nil {
			return nil, fault.New(fault.Damaged, "purged entry: %w", err)
		}
		for i := range outcomes {
			if o := &outcomes[i]; o.Last() == id && o.Verdict == wire.Flagged {
				return o.Findings, nil
			}
		}
	}
	return nil, nil
}

// finishReplay gives to the space's log what the entry gave to it, and settles
// what it settled.
func (s *applying) finishReplay(content *push) (log.Outcome, error) {
	outcome := log.Outcome{Recorded: s.recorded, Position: s.head.GetPosition(), Outcomes: s.verdicts}
	whole := content != nil && len(s.applied) == len(content.changes) && len(s.applied) > 0
	changes, previous := s.applied, s.previous
	first := s.head.GetPosition() - uint64(len(s.applied)) + 1
	for i, was := range s.replaying.deliveries {
		outcomes, err := wire.OutcomesFromProto(was.Outcomes)
		if err != nil {
			return log.Outcome{}, fault.New(fault.Damaged, "purged entry: %w", err)
		}
		for j := range outcomes {
			if err := s.settleAs(&outcomes[j]); err != nil {
				return log.Outcome{}, err
			}
		}
		d := &logv1.Delivery{Positions: was.Positions, Whole: whole}
		switch {
		case len(s.applied) == 0:
			s.head.Position++
			first, outcome.Position = s.head.Position, s.head.Position
		case int(was.Positions) > len(changes):
			return log.Outcome{}, fault.New(fault.Damaged, "purged entry: it gave %d positions to the log, and has %d changes", was.Positions, len(changes))
		default:
			part := changes[:was.Positions]
			n := recordsIn(part)
			d.Previous, d.Records = trimmed(previous[:n]), uint32(n)
			changes, previous = changes[was.Positions:], previous[n:]
			if !whole {
				if d.Batch, err = wire.EncodeBatch(s.entry.Space, part); err != nil {
					return log.Outcome{}, err
				}
			}
		}
		s.head.LogBytes += was.BatchBytes
		if i == len(s.replaying.deliveries)-1 {
			d.Erased = s.erased
		}
		if err := s.deliver(first, d, outcomes); err != nil {
			return log.Outcome{}, err
		}
		first += uint64(was.Positions)
	}
	return outcome, nil
}

// settleAs removes findings about changes until those are left that an outcome
// has. One over several changes has none.
func (s *applying) settleAs(o *wire.Outcome) error {
	if o.Verdict != wire.Flagged && o.Verdict != wire.Applied {
		return nil
	}
	if len(o.Findings) > 0 {
		return s.settleOne(o.Last(), o.Findings)
	}
	for seq := o.FirstSeq; seq <= o.LastSeq; seq++ {
		known, err := s.fold.KnownAt(s.entry.Space, o.Replica, seq)
		if err != nil {
			return err
		}
		for _, k := range known {
			id := merge.ID{Replica: o.Replica, Seq: seq, Tag: k.Tag}
			if k.Verdict != wire.Flagged || seq == o.LastSeq && k.Tag != o.LastTag {
				continue
			}
			findings, err := s.fold.Findings(s.entry.Space, id)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(findings, func(f wire.Finding) bool { return f.Cause == wire.Forked }) {
				continue // of two with one number, the other
			}
			if err := s.settleOne(id, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *applying) settleOne(id merge.ID, want []wire.Finding) error {
	space := s.entry.Space
	before, err := s.fold.Findings(space, id)
	if err != nil {
		return err
	}
	stays := func(f wire.Finding) bool { return slices.ContainsFunc(want, f.Equal) }
	after := slices.DeleteFunc(slices.Clone(before), func(f wire.Finding) bool { return !stays(f) })
	if len(after) == len(before) {
		return nil
	}
	if err := s.stopWaiting(id, store.Awaited{}, before, after); err != nil {
		return err
	}
	s.fold.PutFindings(space, id, after)
	known, _, err := s.fold.Known(space, id)
	if err != nil || known == nil || len(after) > 0 {
		return err
	}
	return s.fold.SetKnown(space, id, wire.Applied, known.Position)
}
