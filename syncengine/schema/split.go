package schema

import (
	"cmp"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// chunk is one field on the wire, tag included.
type chunk struct {
	number protowire.Number
	wire   protowire.Type
	raw    []byte
}

// chunksOf cuts wire bytes into fields; an error if they are not a message.
func chunksOf(chunks []chunk, data []byte) ([]chunk, error) {
	for len(data) > 0 {
		number, wire, n := protowire.ConsumeField(data)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		chunks = append(chunks, chunk{number, wire, data[:n:n]})
		data = data[n:]
	}
	return chunks, nil
}

// encode returns the fields of a message of this record type, ascending by
// number at every depth, so that equal messages have equal bytes whichever
// implementation wrote them. The message may be of another version of the type.
func (p *Plan) encode(msg proto.Message) ([]chunk, error) {
	if msg == nil || string(msg.ProtoReflect().Descriptor().FullName()) != p.Name {
		return nil, fault.New(fault.Invalid, "a message of type %s is needed, this is %s", p.Name, nameOf(msg))
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(msg)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s: %w", p.Name, err)
	}
	chunks, err := chunksOf(make([]chunk, 0, 16), data)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s: unknown fields: %w", p.Name, err)
	}
	sortChunks(chunks)
	for i := range chunks {
		if f := p.field(chunks[i].number); f != nil && f.desc.Message() != nil {
			chunks[i].raw = appendSorted(nil, chunks[i], f.desc.Message())
		}
	}
	return chunks, nil
}

func nameOf(msg proto.Message) string {
	if msg == nil {
		return "nil"
	}
	return string(msg.ProtoReflect().Descriptor().FullName())
}

func sortChunks(chunks []chunk) {
	byNumber := func(a, b chunk) int { return cmp.Compare(a.number, b.number) }
	if !slices.IsSortedFunc(chunks, byNumber) {
		slices.SortStableFunc(chunks, byNumber)
	}
}

// appendSorted appends a message field with the fields inside it sorted by
// number. What cannot be read stays as it is.
func appendSorted(buf []byte, c chunk, md protoreflect.MessageDescriptor) []byte {
	if c.wire != protowire.BytesType {
		return append(buf, c.raw...)
	}
	_, _, tag := protowire.ConsumeTag(c.raw)
	content, _ := protowire.ConsumeBytes(c.raw[tag:])
	inner, err := chunksOf(nil, content)
	if err != nil {
		return append(buf, c.raw...)
	}
	sortChunks(inner)
	sorted := make([]byte, 0, len(content))
	for _, field := range inner {
		if fd := md.Fields().ByNumber(field.number); fd != nil && fd.Message() != nil {
			sorted = appendSorted(sorted, field, fd.Message())
		} else {
			sorted = append(sorted, field.raw...)
		}
	}
	buf = protowire.AppendTag(buf, c.number, protowire.BytesType)
	return protowire.AppendBytes(buf, sorted)
}

// content is a message of a record type, taken apart.
type content struct {
	header []byte
	// values are the bytes of each cell, by index; nil where nothing is set.
	values [][]byte
	// elements are those of each set field, by index of the cell, without
	// repetition, in the order of the message.
	elements map[int][]string
	// unknown tells that there are fields that the plan does not know.
	unknown bool
}

// populated is the number of cells in which something is set.
func (c *content) populated() int {
	n := 0
	for i := range c.values {
		if c.values[i] != nil {
			n++
		}
	}
	for _, elements := range c.elements {
		n += len(elements)
	}
	return n
}

// takeApart sorts the fields of a message into header and cells.
func (p *Plan) takeApart(msg proto.Message) (*content, error) {
	chunks, err := p.encode(msg)
	if err != nil {
		return nil, err
	}
	c := &content{values: make([][]byte, len(p.cells))}
	for _, chunk := range chunks {
		f := p.field(chunk.number)
		switch {
		case f == nil:
			c.unknown = true
		case !f.reads(chunk.wire):
			return nil, p.fieldError(chunk.number, "wire type %d, the schema has %d", chunk.wire, f.wire)
		case f.cell == keyField:
			c.header = append(c.header, chunk.raw...)
		case f.set:
			if !c.addElements(f, chunk) {
				return nil, p.fieldError(chunk.number, "an element is not in canonical wire bytes")
			}
		default:
			c.values[f.cell] = join(c.values[f.cell], chunk.raw)
		}
	}
	return c, nil
}

// join appends without copying where there is nothing yet.
func join(value, raw []byte) []byte {
	if value == nil {
		return raw
	}
	return append(value, raw...)
}

// addElements adds the elements of a set field, of which a packed chunk holds
// many; false if one of them is not canonical, as in fields that came unread.
func (c *content) addElements(f *fieldPlan, field chunk) bool {
	if !f.packable || field.wire != protowire.BytesType {
		return c.addElement(f, field.raw)
	}
	_, _, tag := protowire.ConsumeTag(field.raw)
	packed, _ := protowire.ConsumeBytes(field.raw[tag:])
	for len(packed) > 0 {
		n := protowire.ConsumeFieldValue(f.number, f.wire, packed)
		if n < 0 || !c.addElement(f, append(protowire.AppendTag(nil, f.number, f.wire), packed[:n]...)) {
			return false
		}
		packed = packed[n:]
	}
	return true
}

func (c *content) addElement(f *fieldPlan, element []byte) bool {
	if canonicalField(f, element) != len(element) {
		return false
	}
	if c.elements == nil {
		c.elements = make(map[int][]string)
	}
	if !slices.Contains(c.elements[f.cell], string(element)) {
		c.elements[f.cell] = append(c.elements[f.cell], string(element))
	}
	return true
}

// fieldError names the field of a record type, never its content.
func (p *Plan) fieldError(number protowire.Number, format string, args ...any) error {
	name := fmt.Sprintf("field %d", number)
	if f := p.field(number); f != nil {
		name = "field " + string(f.desc.Name())
	}
	return fault.New(fault.Invalid, "%s: %s: %w", p.Name, name, fmt.Errorf(format, args...))
}
