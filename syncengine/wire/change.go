package wire

import (
	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// EncodeChange returns one change as bytes, for a store of its own. It holds
// all that the change is, its hash too.
func EncodeChange(c *merge.Change) ([]byte, error) {
	return proto.Marshal(runToProto([]*merge.Change{c}))
}

// DecodeChange reads what EncodeChange wrote and verifies the hash.
func DecodeChange(space merge.SpaceID, data []byte) (*merge.Change, error) {
	var run syncv1.Run
	if err := proto.Unmarshal(data, &run); err != nil {
		return nil, fault.New(fault.Malformed, "change: %w", err)
	}
	return ChangeFromRun(space, &run)
}

// ChangeToRun returns a run that holds only this change.
func ChangeToRun(c *merge.Change) *syncv1.Run { return runToProto([]*merge.Change{c}) }

// ChangeFromRun reads a run that must hold exactly one change.
func ChangeFromRun(space merge.SpaceID, run *syncv1.Run) (*merge.Change, error) {
	if len(run.Changes) != 1 {
		return nil, fault.New(fault.Malformed, "change: a run of %d changes where one is due", len(run.Changes))
	}
	changes, err := runFromProto(space, run, nil)
	if err != nil {
		return nil, err
	}
	return changes[0], nil
}

func changeToProto(c *merge.Change) *syncv1.Change {
	m := &syncv1.Change{Seq: c.ID.Seq, StampMillis: c.Stamp, Records: make([]*syncv1.RecordWrites, len(c.Records))}
	if c.Salt != (merge.Salt{}) {
		m.Salt = c.Salt[:]
	}
	for i := range c.Records {
		rec := &c.Records[i]
		r := &syncv1.RecordWrites{Type: rec.Type, Header: rec.Header, Cells: make([]*syncv1.CellWrite, len(rec.Writes))}
		if len(rec.Header) == 0 {
			r.RecordId = rec.Record[:]
		}
		for j := range rec.Writes {
			r.Cells[j] = writeToProto(&rec.Writes[j])
		}
		m.Records[i] = r
	}
	return m
}

func writeToProto(w *merge.Write) *syncv1.CellWrite {
	m := &syncv1.CellWrite{Field: w.Cell.Field, Value: w.Value, Replaces: ChangeIDsToProto(w.Replaces)}
	if w.Cell.Element != "" {
		m.Element = []byte(w.Cell.Element)
	}
	if w.Salt != nil {
		m.Salt = w.Salt[:]
	}
	if w.Purged != nil {
		m.PurgedHash = w.Purged[:]
	}
	return m
}

// changeFromProto checks lengths; merge.Change.Check does the rest. The change
// shares the bytes of the message.
func changeFromProto(space merge.SpaceID, m *syncv1.Change) (*merge.Change, error) {
	c := &merge.Change{ID: merge.ID{Seq: m.Seq}, Stamp: m.StampMillis}
	switch len(m.Salt) {
	case 0:
	case 16:
		c.Salt = merge.Salt(m.Salt)
	default:
		return nil, fault.New(fault.Malformed, "salt of %d bytes where 16 are due", len(m.Salt))
	}
	c.Records = make([]merge.RecordWrites, len(m.Records))
	for i, r := range m.Records {
		if err := recordFromProto(space, r, &c.Records[i]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func recordFromProto(space merge.SpaceID, m *syncv1.RecordWrites, rec *merge.RecordWrites) error {
	if len(m.Type) > limits.TypeNameBytes {
		return fault.New(fault.Malformed, "type name of %d bytes; at most %d", len(m.Type), limits.TypeNameBytes)
	}
	rec.Type = m.Type
	rec.Header = m.Header
	switch {
	case len(m.Header) > 0 && len(m.RecordId) == 0:
		rec.Record = merge.KeyedRecordID(space, m.Type, m.Header)
	case len(m.Header) == 0 && len(m.RecordId) == 16:
		rec.Record = merge.RecordID(m.RecordId)
		rec.Header = nil
	default:
		return fault.New(fault.Malformed, "%s: record id of %d bytes beside a header of %d; one of the two is due, an id of 16 bytes or a header", m.Type, len(m.RecordId), len(m.Header))
	}
	rec.Writes = make([]merge.Write, len(m.Cells))
	for i, w := range m.Cells {
		if err := writeFromProto(w, &rec.Writes[i]); err != nil {
			return fault.New(fault.KindOf(err), "%s %s field %d: %w", m.Type, rec.Record, w.Field, err)
		}
	}
	return nil
}

func writeFromProto(m *syncv1.CellWrite, w *merge.Write) error {
	w.Cell = merge.CellKey{Field: m.Field, Element: string(m.Element)}
	w.Value = m.Value
	if len(m.Replaces) > limits.Replaces {
		return fault.New(fault.TooLarge, "replaces %d values; at most %d", len(m.Replaces), limits.Replaces)
	}
	ids, err := ChangeIDsFromProto(m.Replaces)
	if err != nil {
		return err
	}
	w.Replaces = ids
	switch len(m.Salt) {
	case 0:
	case 16:
		salt := merge.Salt(m.Salt)
		w.Salt = &salt
	default:
		return fault.New(fault.Malformed, "salt of %d bytes where 16 are due", len(m.Salt))
	}
	switch len(m.PurgedHash) {
	case 0:
	case 32:
		hash := merge.Hash(m.PurgedHash)
		w.Purged = &hash
	default:
		return fault.New(fault.Malformed, "hash of %d bytes where 32 are due", len(m.PurgedHash))
	}
	return nil
}
