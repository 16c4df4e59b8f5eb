package syncengine

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/register"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

const (
	// dismissMax bounds the changes of one call: what one Sync may ask about.
	dismissMax = limits.Asks
	// dismissBatch bounds the changes of one entry, so that applying it is
	// bounded work.
	dismissBatch = 256
	// reasonBytes bounds a reason's key, which is kept with every change.
	reasonBytes = 128
)

// Dismiss gives quarantined changes of a space back to their authors, for good:
// their tablets make drafts of them, and neither access nor schema frees them
// later. Whoever may read the space may dismiss. reason is a key for the text
// in which the author reads why. If one of the changes is merged or was never
// received, it is an error and none is dismissed; one that was dismissed before
// stays so.
func (e *Engine) Dismiss(ctx context.Context, by merge.PersonID, space merge.SpaceID, changes []merge.ID, reason string) error {
	if err := e.gate.enter(); err != nil {
		return err
	}
	defer e.gate.leave()
	if err := checkDismissal(changes, reason); err != nil {
		return err
	}
	if err := e.checkRoom(); err != nil {
		return err
	}
	if err := e.checkDismissible(by, space, changes); err != nil {
		return err
	}
	return inParts(changes, dismissBatch, func(part []merge.ID) error {
		if err := e.appendDismissal(ctx, by, space, part, reason); err != nil {
			return fault.New(fault.KindOf(err), "dismiss: %w", err)
		}
		if err := e.register(space, part, reason); err != nil {
			return fault.New(fault.KindOf(err), "dismiss: %w: ask again, or a restore may take it back", err)
		}
		return nil
	})
}

func checkDismissal(changes []merge.ID, reason string) error {
	switch n := len(changes); {
	case n == 0:
		return fault.New(fault.Invalid, "dismiss: no change is named")
	case n > dismissMax:
		return fault.New(fault.TooLarge, "dismiss: %d changes; at most %d at a time", n, dismissMax)
	}
	odd := strings.Trim(reason, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
	if odd != "" || reason == "" || len(reason) > reasonBytes {
		return fault.New(fault.Invalid, "dismiss: the reason is a key of 1 to %d letters, digits, dots, underscores and hyphens, by which the author's device finds the text", reasonBytes)
	}
	return nil
}

// checkDismissible refuses what cannot be dismissed before anything is.
func (e *Engine) checkDismissible(by merge.PersonID, space merge.SpaceID, changes []merge.ID) error {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	if _, _, err := readable(snapshot, space, by); err != nil {
		return err
	}
	for _, id := range changes {
		known, err := snapshot.Known(space, id)
		switch {
		case err != nil:
			return err
		case known == nil:
			return fault.New(fault.NotFound, "dismiss: change %s was never received; list the quarantined changes again", id)
		case known.Verdict.Merged():
			return errMerged(id)
		}
	}
	return nil
}

func errMerged(id merge.ID) error {
	return fault.New(fault.Invalid, "change %s is merged and others may have built on it; write the right values over it, or call the record entered by mistake", id)
}

// appendDismissal appends one entry.
func (e *Engine) appendDismissal(ctx context.Context, by merge.PersonID, space merge.SpaceID, changes []merge.ID, reason string) error {
	entry, err := dismissal(space, &logv1.Dismissal{Changes: wire.ChangeIDsToProto(changes), ReasonKey: reason})
	if err != nil {
		return err
	}
	entry.Principal = by
	outcome, err := e.append(ctx, entry)
	for _, o := range outcome.Outcomes {
		if o.Verdict.Merged() && err == nil { // released since it was looked at
			err = errMerged(o.Last())
		}
	}
	return err
}

// dismissal returns an entry that is not dated yet.
func dismissal(space merge.SpaceID, m *logv1.Dismissal) (log.Entry, error) {
	body, err := proto.Marshal(m)
	if err != nil {
		return log.Entry{}, marshalFailed("dismissal", err)
	}
	return log.Entry{Kind: log.Dismiss, Space: space, Body: body, SizeBytes: 4 * len(body)}, nil
}

// register tells the register what was dismissed.
func (e *Engine) register(space merge.SpaceID, changes []merge.ID, reason string) error {
	if e.options.Register == nil {
		return nil
	}
	dismissed := make([]register.Dismissal, len(changes))
	for i, id := range changes {
		dismissed[i] = register.Dismissal{Space: space, Change: id, Reason: reason}
	}
	return e.options.Register.Add(dismissed)
}

// dismiss gives quarantined changes back. What is not in quarantine is left as
// it is, whatever the one who asked had seen.
func (a applier) dismiss(fold *store.Fold, seq uint64, e *log.Entry) (log.Outcome, error) {
	var body logv1.Dismissal
	if err := proto.Unmarshal(e.Body, &body); err != nil {
		return log.Outcome{}, fault.New(fault.Damaged, "dismiss entry: %w", err)
	}
	s, err := newApplying(fold, seq, e)
	if err != nil || s.head == nil && !body.Unreceived {
		return log.Outcome{}, err
	}
	changes, err := wire.ChangeIDsFromProto(body.Changes)
	if err != nil {
		return log.Outcome{}, fault.New(fault.Damaged, "dismiss entry: %w", err)
	}
	for _, id := range changes {
		if err := s.dismissOne(id, body.ReasonKey, body.Unreceived); err != nil {
			return log.Outcome{}, err
		}
	}
	return s.finish(nil)
}

// dismissOne gives back one change; unreceived, also one that has not come, so
// that it is given back when it does.
func (s *applying) dismissOne(id merge.ID, reason string, unreceived bool) error {
	space := s.entry.Space
	known, _, err := s.fold.Known(space, id)
	if err != nil || known == nil && !unreceived {
		return err
	}
	if known != nil && known.Verdict != wire.Quarantined {
		return s.resent(id, *known)
	}
	s.recorded = true
	if known != nil {
		s.fold.EndQuarantine(space, id)
	}
	findings := []wire.Finding{{Cause: wire.GivenBack, MessageKey: reason}}
	s.fold.PutFindings(space, id, findings)
	if err := s.fold.SetKnown(space, id, wire.Dismissed, 0); err != nil {
		return err
	}
	s.verdicts = wire.AppendOutcome(s.verdicts, id, wire.Dismissed, 0, findings)
	if known != nil && s.head != nil { // somebody may have heard of it
		s.delivered = wire.AppendOutcome(s.delivered, id, wire.Dismissed, 0, findings)
	}
	// Its values will never come, so nothing goes on waiting for them.
	return s.arrived(store.Awaited{Change: id}, true)
}

// QuarantinedChange is a change that is kept and not merged.
type QuarantinedChange struct {
	Change   merge.ID
	Author   merge.PersonID
	Sender   merge.PersonID
	Stamp    int64 // the author's clock, milliseconds since 1970
	Received int64 // the server's clock when it first came, milliseconds since 1970
	Findings []wire.Finding
	Records  []merge.RecordWrites // what it would write
}

// quarantinedPage bounds one list, beside limits.PageBytes.
const quarantinedPage = 100

// Quarantined lists the quarantined changes of a space for review, in the order
// of their identities. The token of a page begins the next; empty for the
// first, and after the last.
func (e *Engine) Quarantined(_ context.Context, by merge.PersonID, space merge.SpaceID, token string) (list []QuarantinedChange, next string, err error) {
	if err := e.gate.enter(); err != nil {
		return nil, "", err
	}
	defer e.gate.leave()
	from, err := parseChangeToken(token)
	if err != nil {
		return nil, "", err
	}
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	if _, _, err := readable(snapshot, space, by); err != nil {
		return nil, "", err
	}
	budgetBytes := limits.PageBytes
	err = snapshot.QuarantinedChanges(space, from, func(id merge.ID, q *logv1.Quarantined) error {
		if len(list) == quarantinedPage || budgetBytes <= 0 {
			next = changeToken(id)
			return store.ErrStop
		}
		c, err := quarantinedChange(space, q)
		if err != nil {
			return fault.New(fault.Damaged, "quarantined change %s: %w", id, err)
		}
		list = append(list, c)
		budgetBytes -= len(q.Run)
		return nil
	})
	return list, next, err
}

func quarantinedChange(space merge.SpaceID, q *logv1.Quarantined) (QuarantinedChange, error) {
	c, err := wire.DecodeChange(space, q.Run)
	if err != nil {
		return QuarantinedChange{}, err
	}
	findings, err := wire.FindingsFromProto(q.Findings)
	return QuarantinedChange{
		Change: c.ID, Author: c.Author, Sender: merge.PersonID(q.Principal), Stamp: c.Stamp, Received: q.ReceivedMillis,
		Findings: findings, Records: c.Records,
	}, err
}

// changeToken names the change with which a page begins.
func changeToken(id merge.ID) string {
	token := binary.BigEndian.AppendUint64(id.Replica[:], id.Seq)
	return hex.EncodeToString(append(token, id.Tag[:]...))
}

// parseChangeToken reads what changeToken wrote; empty is the first page.
func parseChangeToken(token string) (id merge.ID, err error) {
	if token == "" {
		return id, nil
	}
	data, err := hex.DecodeString(token)
	if err != nil || len(data) != 32 {
		return id, fault.New(fault.Invalid, "page token: not one that this server gave; start without one")
	}
	return merge.ID{Replica: merge.ReplicaID(data), Seq: binary.BigEndian.Uint64(data[16:]), Tag: merge.Tag(data[24:])}, nil
}
