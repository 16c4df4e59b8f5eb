package schema

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// idBytes is the length of every id: space, replica, record, person.
const idBytes = 16

// Header returns the key fields of the message in canonical wire bytes, from
// which with space and type the record's id follows; empty for a type without
// key. An empty key field is an error, and so is a reference that is no id: a
// number or enum that is zero counts as empty unless the field is optional.
func (p *Plan) Header(msg proto.Message) ([]byte, error) {
	c, err := p.takeApart(msg)
	if err != nil {
		return nil, err
	}
	return c.header, p.CheckHeader(c.header)
}

// CheckHeader tells whether the bytes are the header of a record of this type:
// every key field once, ascending, in its one canonical spelling, and nothing
// else. Whoever takes in a change checks it, since ids are hashes over it.
func (p *Plan) CheckHeader(header []byte) error {
	for i := range p.fields {
		f := &p.fields[i]
		if f.cell != keyField {
			continue
		}
		number, _, n := protowire.ConsumeTag(header)
		if n < 0 || number != f.number {
			return p.fieldError(f.number, "the key field is empty or out of place: a record has all its key fields from the beginning, ascending by number")
		}
		n = canonicalField(f, header)
		if n < 0 {
			return p.fieldError(f.number, "the key field is not in canonical wire bytes")
		}
		if err := p.checkKeyValue(f, header[:n]); err != nil {
			return err
		}
		header = header[n:]
	}
	if len(header) != 0 {
		return fault.New(fault.Invalid, "%s: %d bytes in the header after the key fields", p.Name, len(header))
	}
	return nil
}

func (p *Plan) checkKeyValue(f *fieldPlan, field []byte) error {
	value := field[protowire.SizeTag(f.number):]
	zeroIsEmpty := f.wire == protowire.BytesType || !f.desc.HasPresence()
	if zeroIsEmpty && allZero(value) {
		return p.fieldError(f.number, "the key field is empty")
	}
	if len(f.references) > 0 && len(value) != 1+idBytes {
		return p.fieldError(f.number, "%d bytes with their length: an id has %d", len(value), 1+idBytes)
	}
	return nil
}

func allZero(data []byte) bool {
	for _, b := range data {
		if b != 0 {
			return false
		}
	}
	return true
}
