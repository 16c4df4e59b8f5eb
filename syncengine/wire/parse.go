package wire

import (
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Changes are read from wire bytes in place, without a generated message for
// each cell: that would be half of what the server allocates. As in any
// protobuf reader, unknown fields are passed over, fields may come in any order
// and of a repeated singular field the last holds.

// fields walks over the fields of one message.
type fields struct {
	rest   []byte
	number protowire.Number
	wire   protowire.Type
	varint uint64 // of a varint field
	bytes  []byte // of a length-delimited field; shares the message's bytes
	err    error  // set once the message cannot be read on
}

// next moves to the next field and tells whether there is one.
func (f *fields) next() bool {
	if len(f.rest) == 0 || f.err != nil {
		return false
	}
	number, wire, n := protowire.ConsumeTag(f.rest)
	if n < 0 {
		f.err = fault.New(fault.Malformed, "%w", protowire.ParseError(n))
		return false
	}
	f.number, f.wire, f.rest = number, wire, f.rest[n:]
	switch wire {
	case protowire.VarintType:
		f.varint, n = protowire.ConsumeVarint(f.rest)
	case protowire.BytesType:
		f.bytes, n = protowire.ConsumeBytes(f.rest)
	default:
		n = protowire.ConsumeFieldValue(number, wire, f.rest)
	}
	if n < 0 {
		f.err = fault.New(fault.Malformed, "field %d: %w", number, protowire.ParseError(n))
		return false
	}
	f.rest = f.rest[n:]
	return true
}

// is tells whether the field has this number and type; a field of another type
// is as good as unknown.
func (f *fields) is(number protowire.Number, wire protowire.Type) bool {
	return f.number == number && f.wire == wire
}

// count returns how often a length-delimited field stands in a message.
func count(message []byte, number protowire.Number) (n int, err error) {
	f := fields{rest: message}
	for f.next() {
		if f.is(number, protowire.BytesType) {
			n++
		}
	}
	return n, f.err
}

// parser reads the changes of one space.
type parser struct {
	space    merge.SpaceID
	lastType string // of the record before: almost always the same again
}

// change reads a Change and checks lengths; merge.Change.Check does the rest.
func (p *parser) change(message []byte, c *merge.Change) error {
	const (
		seq, stamp, salt, records = 1, 2, 3, 4
	)
	n, err := count(message, records)
	if err != nil {
		return err
	}
	var saltBytes []byte
	c.Records = make([]merge.RecordWrites, 0, n)
	for f := (fields{rest: message}); f.next(); {
		switch {
		case f.is(seq, protowire.VarintType):
			c.ID.Seq = f.varint
		case f.is(stamp, protowire.VarintType):
			c.Stamp = protowire.DecodeZigZag(f.varint)
		case f.is(salt, protowire.BytesType):
			saltBytes = f.bytes
		case f.is(records, protowire.BytesType):
			c.Records = c.Records[:len(c.Records)+1]
			if err := p.record(f.bytes, &c.Records[len(c.Records)-1]); err != nil {
				return err
			}
		}
	}
	c.Salt, err = optional[merge.Salt](saltBytes, "salt")
	return err
}

// record reads a RecordWrites.
func (p *parser) record(message []byte, rec *merge.RecordWrites) error {
	const (
		typeName, recordID, header, cells = 1, 2, 3, 4
	)
	n, err := count(message, cells)
	if err != nil {
		return err
	}
	var id []byte
	rec.Writes = make([]merge.Write, 0, n)
	for f := (fields{rest: message}); f.next(); {
		switch {
		case f.is(typeName, protowire.BytesType):
			rec.Type, err = p.typeName(f.bytes)
		case f.is(recordID, protowire.BytesType):
			id = f.bytes
		case f.is(header, protowire.BytesType):
			rec.Header = f.bytes
		case f.is(cells, protowire.BytesType):
			rec.Writes = rec.Writes[:len(rec.Writes)+1]
			err = parseWrite(f.bytes, &rec.Writes[len(rec.Writes)-1])
		}
		if err != nil {
			return fault.New(fault.KindOf(err), "%s: %w", rec.Type, err)
		}
	}
	return p.identify(rec, id)
}

// typeName returns the name of a record type, as a string that records share.
func (p *parser) typeName(name []byte) (string, error) {
	if string(name) == p.lastType {
		return p.lastType, nil
	}
	if !utf8.Valid(name) {
		return "", fault.New(fault.Malformed, "type name %.40q: not UTF-8", name)
	}
	p.lastType = string(name)
	return p.lastType, nil
}

// identify sets the record's id, which is sent or follows from the header.
func (p *parser) identify(rec *merge.RecordWrites, id []byte) error {
	switch {
	case len(rec.Header) > 0 && len(id) == 0:
		rec.Record = merge.KeyedRecordID(p.space, rec.Type, rec.Header)
	case len(rec.Header) == 0 && len(id) == 16:
		rec.Record, rec.Header = merge.RecordID(id), nil
	default:
		return fault.New(fault.Malformed, "%s: record id of %d bytes beside a header of %d; one of the two is due, an id of 16 bytes or a header", rec.Type, len(id), len(rec.Header))
	}
	return nil
}

// parseWrite reads a CellWrite.
func parseWrite(message []byte, w *merge.Write) error {
	const (
		field, element, value, replaces, salt, purgedHash = 1, 2, 3, 4, 5, 6
	)
	var saltBytes, hashBytes []byte
	f := fields{rest: message}
	for f.next() {
		switch {
		case f.is(field, protowire.VarintType):
			w.Cell.Field = uint32(f.varint)
		case f.is(element, protowire.BytesType):
			w.Cell.Element = string(f.bytes)
		case f.is(value, protowire.BytesType):
			w.Value = f.bytes
		case f.is(replaces, protowire.BytesType):
			f.err = appendReplaced(f.bytes, w)
		case f.is(salt, protowire.BytesType):
			saltBytes = f.bytes
		case f.is(purgedHash, protowire.BytesType):
			hashBytes = f.bytes
		}
	}
	err := f.err
	if err == nil {
		w.Salt, err = optionalPointer[merge.Salt](saltBytes, "salt")
	}
	if err == nil {
		w.Purged, err = optionalPointer[merge.Hash](hashBytes, "hash")
	}
	if err != nil {
		return fault.New(fault.KindOf(err), "field %d: %w", w.Cell.Field, err)
	}
	return nil
}

func appendReplaced(message []byte, w *merge.Write) error {
	id, err := parseChangeID(message)
	w.Replaces = append(w.Replaces, id)
	return err
}

// parseChangeID reads a ChangeID.
func parseChangeID(message []byte) (merge.ID, error) {
	const (
		replica, seq, tag = 1, 2, 3
	)
	var m syncv1.ChangeID
	f := fields{rest: message}
	for f.next() {
		switch {
		case f.is(replica, protowire.BytesType):
			m.Replica = f.bytes
		case f.is(seq, protowire.VarintType):
			m.Seq = f.varint
		case f.is(tag, protowire.BytesType):
			m.Tag = f.bytes
		}
	}
	if f.err != nil {
		return merge.ID{}, f.err
	}
	return ChangeIDFromProto(&m)
}

// optional reads bytes that are all there or absent, which is zero.
func optional[T merge.Salt | merge.Hash](data []byte, what string) (value T, err error) {
	if len(data) != 0 && len(data) != len(value) {
		return value, fault.New(fault.Malformed, "%s of %d bytes where %d are due", what, len(data), len(value))
	}
	for i, b := range data {
		value[i] = b
	}
	return value, nil
}

// optionalPointer is like optional; nil where the bytes are absent.
func optionalPointer[T merge.Salt | merge.Hash](data []byte, what string) (*T, error) {
	if len(data) == 0 {
		return nil, nil
	}
	value, err := optional[T](data, what)
	return &value, err
}
