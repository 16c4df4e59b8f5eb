package schema

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Reference is the id of another record that a write holds.
type Reference struct {
	// Field is the number of the field, which in a group is not the cell's.
	Field  uint32
	Record merge.RecordID
	// Types are the record types that the field may point to. The slice is
	// the plan's.
	Types []string
}

// References returns the record ids that the header and the written values
// hold, in the order of the writes. An element that is taken out of a set is
// none, and bytes that are no id are left to [Plan.Check].
func (p *Plan) References(w *merge.RecordWrites) []Reference {
	refs := p.appendReferences(nil, w.Header)
	for i := range w.Writes {
		write := &w.Writes[i]
		switch {
		case write.Cell == merge.Lifecycle:
		case write.Cell.Element == "":
			refs = p.appendReferences(refs, write.Value)
		case len(write.Value) > 0:
			refs = p.appendReferences(refs, []byte(write.Cell.Element))
		}
	}
	return refs
}

func (p *Plan) appendReferences(refs []Reference, data []byte) []Reference {
	for len(data) > 0 {
		number, wire, tag := protowire.ConsumeTag(data)
		if tag < 0 {
			return refs
		}
		n := protowire.ConsumeFieldValue(number, wire, data[tag:])
		if n < 0 {
			return refs
		}
		if wire == protowire.BytesType && n == 1+idBytes {
			if f := p.field(number); f != nil && len(f.references) > 0 {
				id := merge.RecordID(data[tag+1 : tag+n])
				refs = append(refs, Reference{Field: uint32(number), Record: id, Types: f.references})
			}
		}
		data = data[tag+n:]
	}
	return refs
}
