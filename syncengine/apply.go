package syncengine

import (
	"bytes"
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

// applier turns entries into state. What it does depends on the entry and the
// state alone: no clock, no randomness, no schema.
type applier struct{}

// Apply implements log.Applier.
func (a applier) Apply(fold *store.Fold, partition uint16, seq uint64, e *log.Entry) (log.Outcome, error) {
	switch e.Kind {
	case log.Push:
		return a.push(fold, seq, e)
	case log.Grant:
		return a.grant(fold, e)
	case log.Schema:
		return a.schema(fold, seq, e)
	case log.Release:
		return a.release(fold, seq, e)
	case log.Dismiss:
		return a.dismiss(fold, seq, e)
	case log.Erase:
		return a.erase(fold, partition, seq, e)
	case log.Epoch:
		return a.epoch(fold, seq, e)
	case log.Durable:
		return a.durable(fold, e)
	case log.Upstream:
		return a.upstream(fold, e)
	case log.Cut:
		return a.cut(fold, partition, e)
	case log.Retention:
		return a.retention(fold, e)
	case log.Directory:
		return a.directory(fold, e)
	}
	return log.Outcome{}, fault.New(fault.Damaged, "entry %d is of kind %d, which this program does not know; use a newer one", seq, e.Kind)
}

func (a applier) push(fold *store.Fold, seq uint64, e *log.Entry) (log.Outcome, error) {
	content, err := decodePush(e)
	if err != nil {
		return log.Outcome{}, err
	}
	s, err := newApplying(fold, seq, e)
	if err != nil {
		return log.Outcome{}, err
	}
	if s.eraser, err = newEraser(fold, e.Space); err != nil {
		return log.Outcome{}, err
	}
	if content, err = s.purgePush(content, e); err != nil {
		return log.Outcome{}, err
	}
	s.own = content.own
	fold.Grow(e.SizeBytes)
	for i, c := range content.changes {
		if err := s.receive(c, content.sender(c, e.Principal), content.findings[i]); err != nil {
			return log.Outcome{}, fault.New(fault.KindOf(err), "change %s: %w", c.ID, err)
		}
	}
	return s.finish(content)
}

func (a applier) grant(fold *store.Fold, e *log.Entry) (log.Outcome, error) {
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
	person := merge.PersonID(body.PersonId)
	access, err := fold.Access(e.Space, person)
	if err != nil {
		return log.Outcome{}, err
	}
	if access.Grant > 0 && access.Allowed == body.Allowed {
		return log.Outcome{Position: head.Position}, nil // a grant made again keeps the person's cursors
	}
	head.Grants++
	err = fold.PutAccess(e.Space, person, &logv1.Access{Allowed: body.Allowed, Grant: head.Grants})
	return log.Outcome{Recorded: true, Position: head.Position}, err
}

func (a applier) schema(fold *store.Fold, seq uint64, e *log.Entry) (log.Outcome, error) {
	var body logv1.Schema
	if err := proto.Unmarshal(e.Body, &body); err != nil {
		return log.Outcome{}, fault.New(fault.Damaged, "schema entry: %w", err)
	}
	fold.PutSchema(seq, body.FileDescriptorSet)
	return log.Outcome{Recorded: true}, nil
}

// release tries quarantined changes again.
func (a applier) release(fold *store.Fold, seq uint64, e *log.Entry) (log.Outcome, error) {
	var body logv1.Release
	if err := proto.Unmarshal(e.Body, &body); err != nil {
		return log.Outcome{}, fault.New(fault.Damaged, "release entry: %w", err)
	}
	s, err := newApplying(fold, seq, e)
	if err != nil {
		return log.Outcome{}, err
	}
	if s.eraser, err = newEraser(fold, e.Space); err != nil {
		return log.Outcome{}, err
	}
	if s.eraser != nil {
		if err := s.eraser.nameAll(body.Erased); err != nil {
			return log.Outcome{}, fault.New(fault.Damaged, "release entry: %w", err)
		}
	}
	for _, released := range body.Changes {
		if err := s.releaseOne(released, body.Vouched); err != nil {
			return log.Outcome{}, err
		}
	}
	if err := s.noteNamed(e, &body); err != nil {
		return log.Outcome{}, err
	}
	return s.finish(nil)
}

// noteNamed keeps which records a release has found to be an erased person's:
// what said so is about to be purged.
func (s *applying) noteNamed(e *log.Entry, body *logv1.Release) (err error) {
	if s.eraser == nil {
		return nil
	}
	named := s.eraser.namedIn(s.applied)
	if len(named) == 0 {
		return nil
	}
	body.Erased = wire.ErasedToProto(named)
	if e.Body, err = proto.Marshal(body); err != nil {
		return marshalFailed("release", err)
	}
	return nil
}

// applying is the work of one entry on one space.
type applying struct {
	fold  *store.Fold
	seq   uint64
	entry *log.Entry
	head  *logv1.SpaceHead // nil if there is no such space
	own   bool             // the entry's changes are the server's own
	// allowed holds who may write, and devices which device writes on a replica, as
	// far as it was looked up.
	allowed map[merge.PersonID]bool
	devices map[merge.ReplicaID][]byte
	// applied are the changes that got a position, in order.
	applied []*merge.Change
	// previous says, record by record of them, where the record's history goes
	// on; see Delivery.previous.
	previous []uint64
	// verdicts are over the entry's changes, in its order.
	verdicts []wire.Outcome
	// delivered are the verdicts that everyone is told: those over applied
	// changes that are not plain, and those that became another. A reader needs
	// the first to apply the change as it was applied here.
	delivered []wire.Outcome
	// changed are the changes whose verdict or findings became others, each
	// once: what it is told is what the entry leaves.
	changed  []merge.ID
	told     map[merge.ID]bool // what is in changed; nil if nothing is
	recorded bool
	// eraser purges what comes of persons who were erased; nil where nobody was.
	eraser *eraser
	// erased are the records that the entry erases, and erasures the persons.
	erased   []*logv1.ErasedRow
	erasures *syncv1.Erasures
	// eraseMore says that the log has more of what is erased.
	eraseMore bool
	// replaying is set where what the entry did is not to be found out again.
	replaying *replaying
}

func newApplying(fold *store.Fold, seq uint64, e *log.Entry) (*applying, error) {
	head, err := fold.Head(e.Space)
	if err != nil {
		return nil, err
	}
	s := &applying{fold: fold, seq: seq, entry: e, head: head, allowed: map[merge.PersonID]bool{}, devices: map[merge.ReplicaID][]byte{}}
	if e.Purged != nil && len(e.Purged.Deliveries) > 0 {
		s.replaying = &replaying{e.Purged.Deliveries}
	}
	return s, nil
}

// finish writes what there is to deliver: one row as a rule, several where what
// was applied of the entry does not fit one batch.
func (s *applying) finish(content *push) (log.Outcome, error) {
	if err := s.noteMore(); err != nil {
		return log.Outcome{}, err
	}
	if s.replaying != nil {
		return s.finishReplay(content)
	}
	if err := s.deliverChanged(); err != nil {
		return log.Outcome{}, err
	}
	outcome := log.Outcome{Recorded: s.recorded, Position: s.head.GetPosition(), Outcomes: s.verdicts, Erases: s.eraseMore}
	if s.head == nil || len(s.applied) == 0 && len(s.delivered) == 0 && s.erasures == nil {
		return outcome, nil
	}
	if len(s.applied) == 0 {
		s.head.Position++ // a verdict alone takes a position, and so does what is erased
		outcome.Position = s.head.Position
		return outcome, s.deliver(s.head.Position, &logv1.Delivery{Positions: 1, Erased: s.erased, Erasures: s.erasures}, s.delivered)
	}
	first := s.head.Position - uint64(len(s.applied)) + 1
	if content != nil && len(s.applied) == len(content.changes) {
		s.head.LogBytes += uint64(len(content.batch))
		d := &logv1.Delivery{Positions: uint32(len(s.applied)), Whole: true, Previous: trimmed(s.previous), Records: uint32(len(s.previous)), Erased: s.erased}
		return outcome, s.deliver(first, d, s.delivered)
	}
	parts, previous := wire.Cut(s.applied), s.previous
	for i, part := range parts {
		batch, err := wire.EncodeBatch(s.entry.Space, part)
		if err != nil {
			return log.Outcome{}, err
		}
		s.head.LogBytes += uint64(len(batch))
		n := recordsIn(part)
		d := &logv1.Delivery{Positions: uint32(len(part)), Batch: batch, Previous: trimmed(previous[:n]), Records: uint32(n)}
		previous = previous[n:]
		if i == len(parts)-1 {
			d.Erased = s.erased
		}
		if err := s.deliver(first, d, s.outcomesOf(first, part, i == len(parts)-1)); err != nil {
			return log.Outcome{}, err
		}
		first += uint64(len(part))
	}
	return outcome, nil
}

// outcomesOf returns the verdicts over changes of this part, which a reader
// needs in order to apply it; the last part has those over earlier changes too.
func (s *applying) outcomesOf(first uint64, part []*merge.Change, last bool) []wire.Outcome {
	begin := s.head.Position - uint64(len(s.applied)) + 1
	var outcomes []wire.Outcome
	for _, o := range s.delivered {
		here := o.LastPosition >= first && o.LastPosition < first+uint64(len(part))
		if here || (last && o.LastPosition < begin) {
			outcomes = append(outcomes, o)
		}
	}
	return outcomes
}

func (s *applying) deliver(first uint64, d *logv1.Delivery, outcomes []wire.Outcome) error {
	d.EntrySeq, d.ReceivedMillis, d.LogBytes = s.seq, s.entry.Received, s.head.LogBytes
	d.Outcomes = wire.OutcomesToProto(outcomes)
	// What an entry erases is a set: in which order its changes name the records is
	// another once what named one of them first is purged.
	slices.SortFunc(d.Erased, func(a, b *logv1.ErasedRow) int { return bytes.Compare(a.RecordId, b.RecordId) })
	return s.fold.PutDelivery(s.entry.Space, first, d)
}
