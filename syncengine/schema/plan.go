package schema

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Plan is what is known of one record type, worked out once. It never changes
// and is safe for concurrent use.
type Plan struct {
	// Name is the full name of the record type's message.
	Name string

	desc       protoreflect.MessageDescriptor
	collection *schemav1.Collection
	// exact makes messages of desc itself, whose rules are known.
	exact protoreflect.MessageType
	// handed makes the messages that callers see: of the generated Go type
	// where there is one, though it may be older than desc.
	handed protoreflect.MessageType
	cells  []CellPlan  // ascending by Field
	fields []fieldPlan // ascending by number, key fields included
	// places has, for each low field number, the place in fields and one;
	// zero if there is no such field. Others are searched for.
	places []uint16
	keys   int  // how many fields are key fields
	sealed bool // some cell is
	rules  rulebook
}

// CellPlan is what is known of one cell. Its slices are the plan's: callers
// read them only.
type CellPlan struct {
	// Field is the number of the field, or the lowest of the group's.
	Field uint32
	// Name is the name of that field, or of the group.
	Name string
	// Fields are the fields of the cell, ascending by number.
	Fields []protoreflect.FieldDescriptor
	// Set says that each element of the one field is a cell of its own.
	Set bool
	// Rule says which of several values is shown.
	Rule merge.Rule
	// Sensitivity is the highest of the fields, parts included; never
	// unspecified.
	Sensitivity schemav1.Sensitivity
	// Sealed says that the stored value is an age file; see package sealed.
	Sealed bool
	// needed is how many of the fields must be there for the cell to be
	// certainly fine.
	needed int
}

// keyField is the cell index of fields that are in the header.
const keyField = -1

// fieldPlan is what is known of one field.
type fieldPlan struct {
	desc   protoreflect.FieldDescriptor
	number protowire.Number
	cell   int // index in Plan.cells, or keyField
	// wire is the type of a single value; a packable field may also come
	// with many values in one length-delimited field.
	wire       protowire.Type
	packable   bool
	set        bool
	references []string
	// bound is what is certainly fine in the field, nil if nothing is.
	bound *bound
}

// reads tells whether the field's values may come in this wire type.
func (f *fieldPlan) reads(wire protowire.Type) bool {
	return wire == f.wire || (f.packable && wire == protowire.BytesType)
}

// Descriptor returns the message that the plan was made from.
func (p *Plan) Descriptor() protoreflect.MessageDescriptor { return p.desc }

// Cells returns the cells, ascending by Field, the lifecycle cell left out. The
// slice is the plan's.
func (p *Plan) Cells() []CellPlan { return p.cells }

// Cell returns the cell that holds the field with this number; false for a key
// field and for a field of which the plan has not heard.
func (p *Plan) Cell(number protoreflect.FieldNumber) (*CellPlan, bool) {
	f := p.field(number)
	if f == nil || f.cell == keyField {
		return nil, false
	}
	return &p.cells[f.cell], true
}

// LivesIn tells whether records of the type may live in such a space.
func (p *Plan) LivesIn(kind SpaceKind) bool { return slices.Contains(p.collection.GetSpace(), kind) }

// Keyed tells whether a record's id follows from its key fields.
func (p *Plan) Keyed() bool { return p.keys > 0 }

// AppendOnly tells whether a record is written once, by the change that makes it.
func (p *Plan) AppendOnly() bool { return p.collection.GetAppendOnly() }

// HasSealed tells whether any field is sealed.
func (p *Plan) HasSealed() bool { return p.sealed }

// Subject returns the number of the field that names the person a record is
// about, or self where the record is that person. Neither: it is about nobody.
func (p *Plan) Subject() (field protoreflect.FieldNumber, self bool) {
	if fd := p.desc.Fields().ByName(protoreflect.Name(p.collection.GetSubject())); fd != nil {
		return fd.Number(), false
	}
	return 0, p.collection.GetSubject() == subjectSelf
}

// NewMessage returns an empty message of the record type: of the generated Go
// type where one is linked in, otherwise a dynamic one. Where the plan was
// extended at run time, fields that the Go type lacks are unknown fields in it,
// and are kept.
func (p *Plan) NewMessage() proto.Message { return p.handed.New().Interface() }

// Rule returns how the values of a cell are shown. A cell of which the plan has
// not heard shows the latest; an element of a set is present if in doubt.
func (p *Plan) Rule(key merge.CellKey) merge.Rule {
	i, known := p.cellAt(key.Field)
	switch {
	case key.Element != "" && known:
		return merge.Rule{Pick: merge.PresentFirst.Pick, Review: p.cells[i].Rule.Review, Weight: merge.PresentFirst.Weight}
	case key.Element != "":
		return merge.PresentFirst
	case known:
		return p.cells[i].Rule
	default:
		return merge.Rule{}
	}
}

// placesMax bounds the table of low field numbers; hardly a type has others.
const placesMax = 1024

// index fills places, once all fields are there.
func (p *Plan) index() {
	for i := range p.fields {
		number := int(p.fields[i].number)
		if number >= placesMax {
			return
		}
		p.places = append(p.places, make([]uint16, number+1-len(p.places))...)
		p.places[number] = uint16(i + 1)
	}
}

// field returns the plan of the field with this number, nil if there is none.
// It is asked for every field of every message.
func (p *Plan) field(number protowire.Number) *fieldPlan {
	if uint32(number) < uint32(len(p.places)) {
		if place := p.places[number]; place != 0 {
			return &p.fields[place-1]
		}
		return nil
	}
	i, ok := slices.BinarySearchFunc(p.fields, number, func(f fieldPlan, n protowire.Number) int { return cmp.Compare(f.number, n) })
	if !ok {
		return nil
	}
	return &p.fields[i]
}

// cellAt returns the index of the cell that this field number names.
func (p *Plan) cellAt(field uint32) (int, bool) {
	f := p.field(protowire.Number(field))
	if f == nil || f.cell == keyField || p.cells[f.cell].Field != field {
		return 0, false
	}
	return f.cell, true
}
