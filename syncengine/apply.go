package syncengine

import (
	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// applier turns entries into state. What it does depends on the entry and the
// state alone: no clock, no randomness, no schema.
type applier struct {
	replica merge.ReplicaID // on which the server itself writes
}

// Apply implements log.Applier.
func (a *applier) Apply(fold *store.Fold, _ uint16, seq uint64, e *log.Entry) (log.Outcome, error) {
	switch e.Kind {
	case log.Push:
		return a.push(fold, seq, e)
	case log.Grant:
		return a.grant(fold, e)
	case log.Schema:
		return a.schema(fold, seq, e)
	case log.Release:
		return a.release(fold, seq, e)
	}
	return log.Outcome{}, fault.New(fault.Damaged, "entry %d is of kind %d, which this program does not know; use a newer one", seq, e.Kind)
}

func (a *applier) push(fold *store.Fold, seq uint64, e *log.Entry) (log.Outcome, error) {
	content, err := decodePush(e)
	if err != nil {
		return log.Outcome{}, err
	}
	s, err := newApplying(a, fold, seq, e)
	if err != nil {
		return log.Outcome{}, err
	}
	fold.Grow(e.SizeBytes)
	for i, c := range content.changes {
		if err := s.receive(c, e.Principal, content.findings[i]); err != nil {
			return log.Outcome{}, fault.New(fault.KindOf(err), "change %s: %w", c.ID, err)
		}
	}
	return s.finish(content)
}

func (a *applier) grant(fold *store.Fold, e *log.Entry) (log.Outcome, error) {
	var body logv1.Grant
	if err := proto.Unmarshal(e.Body, &body); err != nil {
		return log.Outcome{}, fault.New(fault.Damaged, "grant entry: %w", err)
	}
	head, err := fold.Head(e.Space)
	if err != nil {
		return log.Outcome{}, err
	}
	if head == nil {
		head = &logv1.SpaceHead{Kind: body.SpaceKind}
		fold.NewHead(e.Space, head)
	}
	head.Grants++
	err = fold.PutAccess(e.Space, merge.PersonID(body.PersonId), &logv1.Access{Allowed: body.Allowed, Grant: head.Grants})
	return log.Outcome{Recorded: true, Position: head.Position}, err
}

func (a *applier) schema(fold *store.Fold, seq uint64, e *log.Entry) (log.Outcome, error) {
	var body logv1.Schema
	if err := proto.Unmarshal(e.Body, &body); err != nil {
		return log.Outcome{}, fault.New(fault.Damaged, "schema entry: %w", err)
	}
	fold.PutSchema(seq, body.FileDescriptorSet)
	return log.Outcome{Recorded: true}, nil
}

// release tries quarantined changes again.
func (a *applier) release(fold *store.Fold, seq uint64, e *log.Entry) (log.Outcome, error) {
	var body logv1.Release
	if err := proto.Unmarshal(e.Body, &body); err != nil {
		return log.Outcome{}, fault.New(fault.Damaged, "release entry: %w", err)
	}
	s, err := newApplying(a, fold, seq, e)
	if err != nil {
		return log.Outcome{}, err
	}
	for _, released := range body.Changes {
		if err := s.releaseOne(released); err != nil {
			return log.Outcome{}, err
		}
	}
	return s.finish(nil)
}

// applying is the work of one entry on one space.
type applying struct {
	*applier
	fold  *store.Fold
	seq   uint64
	entry *log.Entry
	head  *logv1.SpaceHead // nil if there is no such space
	// allowed holds who may write, as far as it was looked up.
	allowed map[merge.PersonID]bool
	// applied are the changes that got a position, in order.
	applied []*merge.Change
	// verdicts are over the entry's changes, in its order.
	verdicts []wire.Outcome
	// delivered are the verdicts that everyone is told: those over applied
	// changes that are not plain, and those that became another.
	delivered []wire.Outcome
	recorded  bool
}

func newApplying(a *applier, fold *store.Fold, seq uint64, e *log.Entry) (*applying, error) {
	head, err := fold.Head(e.Space)
	if err != nil {
		return nil, err
	}
	return &applying{applier: a, fold: fold, seq: seq, entry: e, head: head, allowed: map[merge.PersonID]bool{}}, nil
}

// finish writes the delivery row, if there is anything to deliver.
func (s *applying) finish(content *push) (log.Outcome, error) {
	outcome := log.Outcome{Recorded: s.recorded, Position: s.head.GetPosition(), Outcomes: s.verdicts}
	if len(s.applied) == 0 && len(s.delivered) == 0 {
		return outcome, nil
	}
	if len(s.applied) == 0 {
		s.head.Position++ // a verdict alone takes a position
	}
	positions := max(1, len(s.applied))
	d := &logv1.Delivery{
		EntrySeq: s.seq, Positions: uint32(positions), ReceivedMillis: s.entry.Received,
		Outcomes: wire.OutcomesToProto(s.delivered),
	}
	switch {
	case len(s.applied) == 0:
	case content != nil && len(s.applied) == len(content.changes):
		d.Whole = true
		s.head.LogBytes += uint64(len(content.batch))
	default:
		batch, err := wire.EncodeBatch(s.entry.Space, s.applied)
		if err != nil {
			return log.Outcome{}, err
		}
		d.Batch = batch
		s.head.LogBytes += uint64(len(batch))
	}
	d.LogBytes = s.head.LogBytes
	outcome.Position = s.head.Position
	return outcome, s.fold.PutDelivery(s.entry.Space, s.head.Position-uint64(positions)+1, d)
}

// SpaceKind is the kind of a space; see zhurnal.schema.v1.SpaceKind.
type SpaceKind = schema.SpaceKind
