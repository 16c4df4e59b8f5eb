package syncengine

import (
	"context"
	"slices"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Accept merges quarantined changes for which by vouches, who may write in the
// space: what is kept back only because its author has no access any more, or
// because its device was turned away before the server got it. They stay their
// authors', whose devices signed them. All are accepted or none: one that is kept
// back for anything else, was given back, or was never received is an error. One
// that is merged is left as it is.
func (e *Engine) Accept(ctx context.Context, by merge.PersonID, space merge.SpaceID, changes []merge.ID) error {
	if err := e.gate.enter(); err != nil {
		return err
	}
	defer e.gate.leave()
	if n := len(changes); n == 0 || n > dismissMax {
		return fault.New(fault.Invalid, "accept: %d changes are named; 1 to %d at a time", n, dismissMax)
	}
	if err := e.checkRoom(); err != nil {
		return err
	}
	ready, err := e.acceptable(by, space, changes)
	if err != nil {
		return err
	}
	if _, err := e.appendReleases(ctx, by, space, ready, true); err != nil {
		return fault.New(fault.KindOf(err), "accept: %w: ask again", err)
	}
	return e.checkAccepted(space, ready)
}

// acceptable judges changes by the access of who vouches for them.
func (e *Engine) acceptable(by merge.PersonID, space merge.SpaceID, changes []merge.ID) (ready []*logv1.ReleasedChange, err error) {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	if _, _, err := readable(snapshot, space, by); err != nil {
		return nil, err
	}
	judge, err := e.newJudge(snapshot, space)
	if err != nil {
		return nil, err
	}
	judge.again = true
	proving := e.newProving(snapshot, space)
	for _, id := range changes {
		q, err := inQuarantine(snapshot, space, id)
		if err != nil {
			return nil, err
		}
		if q == nil {
			continue
		}
		findings, err := judge.kept(proving, q, id, by)
		if err != nil {
			return nil, fault.New(fault.KindOf(err), "accept: change %s: %w", id, err)
		}
		if at := slices.IndexFunc(findings, quarantines); at >= 0 {
			return nil, fault.New(fault.Invalid, "accept: change %s is kept back for what nobody can vouch for (%s); give it back to its author, or write the right values yourself", id, findings[at].MessageKey)
		}
		ready = append(ready, &logv1.ReleasedChange{Change: wire.ChangeIDToProto(id), Findings: wire.FindingsToProto(findings)})
	}
	return ready, nil
}

// kept judges a change that is kept back as if it came now, from this sender. If
// its device was not to be trusted, its signature is looked at again.
func (j *judge) kept(proving *proving, q *logv1.Quarantined, id merge.ID, sender merge.PersonID) ([]wire.Finding, error) {
	c, err := wire.DecodeChange(j.space, q.Run)
	if err != nil {
		return nil, fault.New(fault.Damaged, "quarantined change %s: %w", id, err)
	}
	if j.signers = nil; q.Unproven {
		if j.signers = proving; proving.prove([]*merge.Change{c}) != nil {
			return []wire.Finding{{Cause: wire.DeviceUnproven, MessageKey: deviceUnknown}}, nil // it is known now, and did not sign it
		}
	}
	return j.change(c, sender)
}

// inQuarantine returns a change that is kept back; nil if it is merged.
func inQuarantine(snapshot *store.Snapshot, space merge.SpaceID, id merge.ID) (*logv1.Quarantined, error) {
	known, err := snapshot.Known(space, id)
	switch {
	case err != nil:
		return nil, err
	case known == nil:
		return nil, fault.New(fault.NotFound, "accept: change %s was never received; list the quarantined changes again", id)
	case known.Verdict == wire.Dismissed:
		return nil, fault.New(fault.Invalid, "accept: change %s was given back to its author, who has it as a draft: ask for it anew", id)
	case known.Verdict.Merged():
		return nil, nil
	}
	return snapshot.Quarantined(space, id)
}

// checkAccepted says so if something kept a change back meanwhile.
func (e *Engine) checkAccepted(space merge.SpaceID, accepted []*logv1.ReleasedChange) error {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	for _, a := range accepted {
		id, err := wire.ChangeIDFromProto(a.Change)
		if err != nil {
			return err
		}
		known, err := snapshot.Known(space, id)
		if err != nil {
			return err
		}
		if known == nil || !known.Verdict.Merged() {
			return fault.New(fault.Conflict, "accept: change %s is kept back still: access or rules were changed meanwhile; list the quarantined changes again", id)
		}
	}
	return nil
}
