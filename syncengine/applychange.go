package syncengine

import (
	"slices"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// receive gives a change its verdict. found is what the schema said.
func (s *applying) receive(c *merge.Change, sender merge.PersonID, found []wire.Finding) error {
	known, forked, err := s.fold.Known(s.entry.Space, c.ID)
	if err != nil {
		return err
	}
	if known != nil && known.Verdict != wire.Quarantined {
		return s.resent(c.ID, *known)
	}
	findings, err := s.findings(c, sender, found, forked)
	if err != nil {
		return err
	}
	switch held := slices.ContainsFunc(findings, quarantines); {
	case held && known != nil:
		return s.heldAgain(c.ID, *known, sender, findings, slices.ContainsFunc(found, isUnproven))
	case held && s.own:
		// The server's own write: who made it is told, and it never happened.
		s.verdicts = wire.AppendOutcome(s.verdicts, c.ID, wire.Quarantined, 0, findings)
		return nil
	case held:
		s.recorded = true
		return s.quarantine(c, sender, findings, slices.ContainsFunc(found, isUnproven))
	case known != nil: // what kept it back is gone, or somebody with access sends it
		s.fold.EndQuarantine(s.entry.Space, c.ID)
	}
	s.recorded = true
	return s.apply(c, findings)
}

func quarantines(f wire.Finding) bool { return f.Cause.Quarantines() }

func isUnproven(f wire.Finding) bool { return f.Cause == wire.DeviceUnproven }

// resent answers a change that was received before with its present verdict.
func (s *applying) resent(id merge.ID, known store.Known) error {
	findings, err := openFindings(s.fold, s.entry.Space, id, known.Verdict)
	s.verdicts = wire.AppendOutcome(s.verdicts, id, known.Verdict, known.Position, findings)
	return err
}

// heldAgain answers a change that was kept back before, and still is. It is kept
// for a sender with access rather than for one without, who would hold it up
// when the rest that keeps it back is gone.
func (s *applying) heldAgain(id merge.ID, known store.Known, sender merge.PersonID, findings []wire.Finding, unproven bool) error {
	allowed, err := s.mayWrite(sender)
	if err != nil {
		return err
	}
	if !allowed {
		s.verdicts = wire.AppendOutcome(s.verdicts, id, known.Verdict, 0, findings)
		return nil
	}
	q, err := s.fold.Quarantined(s.entry.Space, id)
	if err != nil || q == nil {
		return err
	}
	if allowed, err = s.mayWrite(merge.PersonID(q.Principal)); err != nil {
		return err
	}
	if !allowed {
		s.recorded = true
		q.Principal, q.Findings, q.Unproven = sender[:], wire.FindingsToProto(findings), unproven
		if err := s.fold.PutQuarantined(s.entry.Space, id, q); err != nil {
			return err
		}
	}
	return s.resent(id, known)
}

// findings adds what the state says to what the schema said. Who has no access
// is told nothing else: the rest depends on what is in the space. It is found
// again when access is given.
func (s *applying) findings(c *merge.Change, sender merge.PersonID, found []wire.Finding, forked bool) ([]wire.Finding, error) {
	space := s.entry.Space
	allowed, err := s.mayWrite(sender)
	if err != nil {
		return nil, err
	}
	if !allowed {
		return []wire.Finding{{Cause: wire.NoAccess, MessageKey: "access.none"}}, nil
	}
	var findings []wire.Finding
	for _, f := range found {
		if f.Cause == wire.ReferenceDangles {
			rec, err := s.fold.Record(space, f.MissingRecord)
			if err != nil {
				return nil, err
			}
			if rec != nil {
				continue // it has come since
			}
		}
		findings = append(findings, f)
	}
	for i := range c.Records {
		w := &c.Records[i]
		rec, err := s.fold.Record(space, w.Record)
		if err != nil {
			return nil, err
		}
		if rec != nil && !rec.Fits(w) {
			findings = append(findings, wire.Finding{Cause: wire.KeyMismatch, Type: w.Type, Record: w.Record, MessageKey: "key.taken"})
		}
	}
	other, err := s.isOfOtherDevice(c)
	if err != nil {
		return nil, err
	}
	if forked || other {
		findings = append(findings, wire.Finding{Cause: wire.Forked, MessageKey: "replica.forked"})
	}
	return s.predecessor(c, findings)
}

// mayWrite tells whether there is the space and the person has access to it.
func (s *applying) mayWrite(person merge.PersonID) (bool, error) {
	if allowed, ok := s.allowed[person]; ok {
		return allowed, nil
	}
	access, err := s.fold.Access(s.entry.Space, person)
	if err != nil {
		return false, err
	}
	s.allowed[person] = s.head != nil && access.Allowed
	return s.allowed[person], nil
}

func (s *applying) predecessor(c *merge.Change, findings []wire.Finding) ([]wire.Finding, error) {
	if c.ID.Seq == 1 {
		return findings, nil
	}
	before := merge.ID{Replica: c.ID.Replica, Seq: c.ID.Seq - 1, Tag: c.Previous.Tag()}
	known, _, err := s.fold.Known(s.entry.Space, before)
	if err != nil || known != nil {
		return findings, err
	}
	return append(findings, wire.Finding{Cause: wire.PredecessorMissing, MessageKey: "predecessor.missing", MissingChange: before}), nil
}

// apply merges the change and gives it the next position.
func (s *applying) apply(c *merge.Change, findings []wire.Finding) error {
	space := s.entry.Space
	s.head.Position++
	if err := s.notePrevious(c); err != nil {
		return err
	}
	effect, err := merge.Apply(spaceRows{s.fold, space}, c, s.entry.Received, s.head.Position)
	if err != nil {
		return fault.New(fault.KindOf(err), "apply: %w", err)
	}
	for _, rec := range effect.Touched {
		s.fold.Touch(space, rec.ID)
	}
	if err := s.eraseNamed(c); err != nil {
		return err
	}
	if findings, err = s.foundWith(c, findings, &effect); err != nil {
		return err
	}
	verdict := wire.Applied
	if len(findings) > 0 {
		verdict = wire.Flagged
		if err := s.flag(c.ID, findings); err != nil {
			return err
		}
		s.delivered = wire.AppendOutcome(s.delivered, c.ID, verdict, s.head.Position, findings)
	}
	if err := s.fold.SetKnown(space, c.ID, verdict, s.head.Position); err != nil {
		return err
	}
	s.verdicts = wire.AppendOutcome(s.verdicts, c.ID, verdict, s.head.Position, findings)
	s.applied = append(s.applied, c)
	if err := s.noteOwn(c); err != nil {
		return err
	}
	if err := s.noteDevice(c); err != nil {
		return err
	}
	if err := s.arrived(store.Awaited{Change: c.ID}, true); err != nil {
		return err
	}
	for _, id := range effect.Created {
		if err := s.arrived(store.Awaited{Record: id}, true); err != nil {
			return err
		}
	}
	return nil
}

// foundWith adds to what was found about a change what merging it has shown, and
// closes the rule flags that it closes.
func (s *applying) foundWith(c *merge.Change, findings []wire.Finding, effect *merge.Effect) ([]wire.Finding, error) {
	if s.replaying != nil {
		return s.replaying.found(c.ID)
	}
	for _, m := range effect.Missing {
		findings = append(findings, wire.Finding{
			Cause: wire.ReplacedMissing, Record: m.Record, Field: m.Cell.Field,
			MessageKey: "replaced.missing", MissingChange: m.Change,
		})
	}
	if err := s.closeRules(c); err != nil {
		return nil, err
	}
	return s.standing(c, findings)
}

// noteOwn keeps the head of the chain on which the server itself writes.
func (s *applying) noteOwn(c *merge.Change) error {
	if !s.own {
		return nil
	}
	return s.fold.PutOwnChain(s.entry.Space, &logv1.OwnChain{
		Seq: c.ID.Seq, Hash: c.Hash[:], StampMillis: c.Stamp, Replica: c.ID.Replica[:],
	})
}

// quarantine keeps the change without merging it. What waited for its
// predecessor waits no more: it has come.
func (s *applying) quarantine(c *merge.Change, sender merge.PersonID, findings []wire.Finding, unproven bool) error {
	space := s.entry.Space
	run, err := wire.EncodeChange(c)
	if err != nil {
		return err
	}
	err = s.fold.PutQuarantined(space, c.ID, &logv1.Quarantined{
		Run: run, Principal: sender[:], ReceivedMillis: s.entry.Received, Findings: wire.FindingsToProto(findings), Unproven: unproven,
	})
	if err != nil {
		return err
	}
	if err := s.fold.SetKnown(space, c.ID, wire.Quarantined, 0); err != nil {
		return err
	}
	s.verdicts = wire.AppendOutcome(s.verdicts, c.ID, wire.Quarantined, 0, findings)
	return s.arrived(store.Awaited{Change: c.ID}, false)
}

// releaseOne tries one quarantined change again.
func (s *applying) releaseOne(released *logv1.ReleasedChange, vouched bool) error {
	id, err := wire.ChangeIDFromProto(released.Change)
	if err != nil {
		return fault.New(fault.Damaged, "release entry: %w", err)
	}
	q, err := s.fold.Quarantined(s.entry.Space, id)
	if err != nil || q == nil {
		return err // released already
	}
	c, err := wire.DecodeChange(s.entry.Space, q.Run)
	if err != nil {
		return fault.New(fault.Damaged, "quarantined change %s: %w", id, err)
	}
	found, err := wire.FindingsFromProto(released.Findings)
	if err != nil {
		return fault.New(fault.Damaged, "release entry: %w", err)
	}
	if err := s.purgeReleased(c); err != nil {
		return err
	}
	sender := merge.PersonID(q.Principal)
	if vouched {
		sender = s.entry.Principal
	}
	_, forked, err := s.fold.Known(s.entry.Space, id)
	if err != nil {
		return err
	}
	findings, err := s.findings(c, sender, found, forked)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(findings, quarantines) {
		return s.heldStill(id, q, findings)
	}
	s.recorded = true
	s.fold.EndQuarantine(s.entry.Space, id)
	return s.apply(c, findings)
}

// heldStill keeps a change in quarantine, and notes why if that is new.
func (s *applying) heldStill(id merge.ID, q *logv1.Quarantined, findings []wire.Finding) error {
	before, err := wire.FindingsFromProto(q.Findings)
	if err != nil || slices.EqualFunc(before, findings, wire.Finding.Equal) {
		return err
	}
	s.recorded = true
	q.Findings = wire.FindingsToProto(findings)
	return s.fold.PutQuarantined(s.entry.Space, id, q)
}

// spaceRows is one space of a fold, as merge sees it.
type spaceRows struct {
	fold  *store.Fold
	space merge.SpaceID
}

func (r spaceRows) Record(id merge.RecordID) (*merge.Record, error) {
	return r.fold.Record(r.space, id)
}

func (r spaceRows) Put(rec *merge.Record) error {
	r.fold.NewRecord(r.space, rec)
	return nil
}

func (r spaceRows) Applied(id merge.ID) (bool, error) {
	known, _, err := r.fold.Known(r.space, id)
	return known != nil && known.Verdict.Merged(), err
}
