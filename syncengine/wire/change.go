package wire

import (
	"bytes"

	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// EncodeChange returns one change as bytes, for a store of its own. It holds
// all that the change is, its hash too.
func EncodeChange(c *merge.Change) ([]byte, error) {
	return proto.Marshal(ChangeToRun(c))
}

// DecodeChange reads what EncodeChange wrote and verifies the hash. It keeps no
// bytes of data.
func DecodeChange(space merge.SpaceID, data []byte) (*merge.Change, error) {
	p := parser{space: space}
	changes, err := p.run(bytes.Clone(data), nil)
	if err != nil {
		return nil, fault.New(fault.KindOf(err), "change: %w", err)
	}
	if len(changes) != 1 {
		return nil, fault.New(fault.Malformed, "change: a run of %d changes where one is due", len(changes))
	}
	return changes[0], nil
}

// ChangeToRun returns a run that holds only this change.
func ChangeToRun(c *merge.Change) *syncv1.Run { return runToProto([]*merge.Change{c}, c.Signed) }

func changeToProto(c *merge.Change) *syncv1.Change {
	m := &syncv1.Change{Seq: c.ID.Seq, StampMillis: c.Stamp, Records: make([]*syncv1.RecordWrites, len(c.Records))}
	if c.Salt != (merge.Salt{}) {
		m.Salt = c.Salt[:]
	}
	for i := range c.Records {
		m.Records[i] = RecordWritesToProto(&c.Records[i])
	}
	return m
}

// RecordWritesToProto converts a change's part of one record. It shares the
// bytes of its values.
func RecordWritesToProto(rec *merge.RecordWrites) *syncv1.RecordWrites {
	m := &syncv1.RecordWrites{Type: rec.Type, Header: rec.Header, Cells: make([]*syncv1.CellWrite, len(rec.Writes))}
	if len(rec.Header) == 0 {
		m.RecordId = rec.Record[:]
	}
	for i := range rec.Writes {
		m.Cells[i] = WriteToProto(&rec.Writes[i])
	}
	return m
}

// WriteToProto converts one write. It shares the bytes of the value.
func WriteToProto(w *merge.Write) *syncv1.CellWrite {
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
