package syncengine

import (
	"context"
	"encoding/hex"
	"io"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// WriteRecord is what a coordinator writes to one record.
type WriteRecord struct {
	Type string
	// Record is the record's id; zero with a Header, from which it follows, or
	// for a new record of a type without key.
	Record merge.RecordID
	Header []byte
	// Message is a message of the type, in wire bytes, with the new values.
	Message []byte
	// Fields are the numbers of the fields to write, also of those that are
	// empty in the message; none writes every populated one.
	Fields []uint32
	// Seen are the changes whose values the coordinator saw and means to
	// replace; none means all that are live.
	Seen []merge.ID
	// Standing says whether the record, which must be there, is meant, and nothing
	// else of it.
	Standing Standing
}

// Standing is what somebody says of a record as a whole.
type Standing uint8

// What may be said. The numbers are those of zhurnal.sync.v1.Standing.
const (
	Unsaid  Standing = iota
	Mistake          // entered by mistake, with all that is live in it
	Meant            // meant, whoever called it a mistake
)

// Write makes one change on the server's own replica, as a coordinator who has
// access to the space. It settles a disagreement by replacing what it has seen.
func (e *Engine) Write(ctx context.Context, author merge.PersonID, space merge.SpaceID, records []WriteRecord) (merge.ID, uint64, error) {
	if err := e.gate.enter(); err != nil {
		return merge.ID{}, 0, err
	}
	defer e.gate.leave()
	if err := e.checkRoom(); err != nil {
		return merge.ID{}, 0, err
	}
	e.writing.Lock()
	defer e.writing.Unlock()
	c, err := e.compose(author, space, records)
	if err != nil {
		return merge.ID{}, 0, err
	}
	if err := wire.CheckLimits(c); err != nil {
		return merge.ID{}, 0, fault.New(fault.KindOf(err), "write: %w", err)
	}
	if err := wire.Sign(space, merge.DeviceID{}, []*merge.Change{c}, e.epoch.key.Sign); err != nil {
		return merge.ID{}, 0, err
	}
	batch, err := wire.EncodeBatch(space, []*merge.Change{c})
	if err != nil {
		return merge.ID{}, 0, err
	}
	entry, err := e.admitOwn(author, space, batch)
	if err != nil {
		return merge.ID{}, 0, err
	}
	outcomes, err := e.appendPush(ctx, &entry, nil)
	if err != nil {
		return merge.ID{}, 0, err
	}
	if last := &outcomes[len(outcomes)-1]; !last.Verdict.Merged() {
		return merge.ID{}, 0, fault.New(fault.Invalid, "write: %s %s", last.Verdict, last.Findings[0].Cause)
	}
	return c.ID, outcomes[len(outcomes)-1].LastPosition, nil
}

func (e *Engine) admitOwn(author merge.PersonID, space merge.SpaceID, batch []byte) (log.Entry, error) {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	return e.admit(snapshot, author, space, push{batch: batch, own: true})
}

// compose builds the change that follows the server's last one in the space.
func (e *Engine) compose(author merge.PersonID, space merge.SpaceID, records []WriteRecord) (*merge.Change, error) {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	if _, _, err := readable(snapshot, space, author); err != nil {
		return nil, err
	}
	chain, err := e.ownChain(snapshot, space)
	if err != nil {
		return nil, err
	}
	c := &merge.Change{
		ID:     merge.ID{Replica: e.epoch.replica, Seq: chain.Seq + 1},
		Stamp:  max(e.options.Now(), chain.StampMillis),
		Author: author,
	}
	copy(c.Previous[:], chain.Hash)
	if _, err := io.ReadFull(e.options.Random, c.Salt[:]); err != nil {
		return nil, fault.New(fault.Internal, "random bytes for a change: %w", err)
	}
	for i := range records {
		writes, err := e.composeRecord(snapshot, space, &records[i])
		if err != nil {
			return nil, fault.New(fault.KindOf(err), "write: record %d/%d: %w", i+1, len(records), err)
		}
		if len(writes.Writes) > 0 {
			c.Records = append(c.Records, writes)
		}
	}
	if len(c.Records) == 0 {
		return nil, fault.New(fault.Invalid, "write: everything already has these values; there is nothing to write")
	}
	c.Seal(space)
	return c, nil
}

func (e *Engine) composeRecord(snapshot *store.Snapshot, space merge.SpaceID, w *WriteRecord) (merge.RecordWrites, error) {
	plan := e.Schema().Plan(w.Type)
	if plan == nil {
		return merge.RecordWrites{}, fault.New(fault.Invalid, "type %q is not known; add its schema first", w.Type)
	}
	msg := plan.NewMessage()
	if err := proto.Unmarshal(slices.Concat(w.Header, w.Message), msg); err != nil {
		return merge.RecordWrites{}, fault.New(fault.Invalid, "%s: %w", w.Type, err)
	}
	id, err := e.recordID(plan, space, w, msg)
	if err != nil {
		return merge.RecordWrites{}, err
	}
	current, err := snapshot.Record(space, id)
	if err != nil {
		return merge.RecordWrites{}, err
	}
	if w.Standing != Unsaid {
		return standing(id, w, current)
	}
	draft := schema.Draft{Record: id, Message: msg}
	for _, number := range w.Fields {
		draft.Fields = append(draft.Fields, protoreflect.FieldNumber(number))
	}
	writes, err := plan.Compose(space, onlySeen(current, w.Seen), draft)
	if err != nil {
		return merge.RecordWrites{}, fault.New(fault.Invalid, "%w", err)
	}
	return writes, nil
}

// standing writes whether a record is meant.
func standing(id merge.RecordID, w *WriteRecord, current *merge.Record) (merge.RecordWrites, error) {
	if current == nil {
		return merge.RecordWrites{}, fault.New(fault.NotFound, "record %s: it is not there", id)
	}
	writes := merge.RecordWrites{Type: current.Type, Record: id, Header: current.Header}
	write := merge.Write{Cell: merge.Lifecycle, Replaces: current.Cell(merge.Lifecycle).Seen()}
	switch is := current.Standing(); {
	case w.Standing == Mistake && is != merge.Void:
		write.Value = current.LiveChanges().Encode()
	case w.Standing == Meant && is != merge.Active:
	case w.Standing > Meant:
		return writes, fault.New(fault.Invalid, "record %s: a mistake or meant is due", id)
	default:
		return writes, nil
	}
	writes.Writes = []merge.Write{write}
	return writes, nil
}

func (e *Engine) recordID(plan *schema.Plan, space merge.SpaceID, w *WriteRecord, msg proto.Message) (merge.RecordID, error) {
	switch {
	case plan.Keyed():
		header, err := plan.Header(msg)
		if err != nil {
			return merge.RecordID{}, fault.New(fault.Invalid, "%w", err)
		}
		return merge.KeyedRecordID(space, w.Type, header), nil
	case w.Record != merge.RecordID{}:
		return w.Record, nil
	}
	var id merge.RecordID
	if _, err := io.ReadFull(e.options.Random, id[:]); err != nil {
		return id, fault.New(fault.Internal, "random bytes for a record: %w", err)
	}
	return id, nil
}

// onlySeen returns the record without the values that the coordinator has not
// seen, so that a write replaces none of them.
func onlySeen(rec *merge.Record, seen []merge.ID) *merge.Record {
	if rec == nil || len(seen) == 0 {
		return rec
	}
	rec = rec.Clone()
	for i := range rec.Cells {
		rec.Cells[i].Values = slices.DeleteFunc(rec.Cells[i].Values, func(v merge.Value) bool { return !slices.Contains(seen, v.Change) })
	}
	return rec
}

// Disagreement is a cell that holds several distinct values, or the lifecycle
// cell of a record whose void is contested.
type Disagreement struct {
	Type   string
	Record merge.RecordID
	Header []byte
	Cell   schema.Disagreement
}

// disagreementsPage bounds one list.
const disagreementsPage = 500

// Disagreements lists the cells of a space in which people disagree, and the
// records that some call a mistake and others do not, in the order of record
// ids. What all call a mistake is none of them. The token of a page begins the
// next; empty for the first, and after the last.
func (e *Engine) Disagreements(_ context.Context, person merge.PersonID, space merge.SpaceID, token string) (list []Disagreement, next string, err error) {
	if err := e.gate.enter(); err != nil {
		return nil, "", err
	}
	defer e.gate.leave()
	var from merge.RecordID
	if token != "" {
		data, err := hex.DecodeString(token)
		if err != nil || len(data) != len(from) {
			return nil, "", fault.New(fault.Invalid, "page token: not one that this server gave; start without one")
		}
		from = merge.RecordID(data)
	}
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	if _, _, err := readable(snapshot, space, person); err != nil {
		return nil, "", err
	}
	known := e.Schema()
	err = snapshot.Records(space, from, func(rec *merge.Record) error {
		if len(list) >= disagreementsPage {
			next = rec.ID.String()
			return store.ErrStop
		}
		for _, cell := range disagreementsOf(known, rec) {
			list = append(list, Disagreement{Type: rec.Type, Record: rec.ID, Header: rec.Header, Cell: cell})
		}
		return nil
	})
	return list, next, err
}

func disagreementsOf(known *schema.Schema, rec *merge.Record) (cells []schema.Disagreement) {
	if contested, ok := schema.ContestedVoid(rec); ok {
		cells = append(cells, contested)
	}
	if plan := known.Plan(rec.Type); plan != nil {
		cells = append(cells, plan.Disagreements(rec)...)
	}
	return cells
}
