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
	return proto.Marshal(runToProto([]*merge.Change{c}))
}

// DecodeChange reads what EncodeChange wrote and verifies the hash. It keeps no
// bytes of data.
func DecodeChange(space merge.SpaceID, data []byte) (*merge.Change, error) {
	return parseChange(space, bytes.Clone(data))
}

// parseChange reads a run that must hold exactly one change, which shares the
// bytes of run.
func parseChange(space merge.SpaceID, run []byte) (*merge.Change, error) {
	p := parser{space: space}
	changes, err := p.run(run, nil)
	if err != nil {
		return nil, fault.New(fault.KindOf(err), "change: %w", err)
	}
	if len(changes) != 1 {
		return nil, fault.New(fault.Malformed, "change: a run of %d changes where one is due", len(changes))
	}
	return changes[0], nil
}

// ChangeToRun returns a run that holds only this change.
func ChangeToRun(c *merge.Change) *syncv1.Run { return runToProto([]*merge.Change{c}) }

// ChangeFromRun reads a run that must hold exactly one change.
func ChangeFromRun(space merge.SpaceID, run *syncv1.Run) (*merge.Change, error) {
	data, err := proto.Marshal(run)
	if err != nil {
		return nil, fault.New(fault.Malformed, "change: %w", err)
	}
	return parseChange(space, data)
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
