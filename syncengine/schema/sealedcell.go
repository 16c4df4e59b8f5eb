package schema

import (
	"bytes"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/sealed"
)

// Open returns the content of a value that is live in a sealed cell; false if
// whoever asks cannot open it, or it does not belong there.
type Open func(c *CellPlan, v *merge.Value) (content []byte, ok bool)

// content opens a value; a cleared cell is empty for everyone.
func (open Open) content(c *CellPlan, v *merge.Value) ([]byte, bool) {
	if len(v.Data) == 0 {
		return nil, true
	}
	if open == nil {
		return nil, false
	}
	return open(c, v)
}

// checkSealedField refuses a seal where somebody else would need to see inside.
func (p *planner) checkSealedField(fd protoreflect.FieldDescriptor, o *schemav1.Field, key bool) {
	for _, kind := range p.plan.collection.GetSpace() {
		if kind != schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM {
			p.fail(fd.Name(), "sealed is for records of counselling rooms only: in a %s nobody has keys", kind)
		}
	}
	switch {
	case fd.IsMap() || wireType(fd.Kind()) != protowire.BytesType:
		p.fail(fd.Name(), "sealed is for text, bytes and messages: put other values into a message, and seal that")
	case key:
		p.fail(fd.Name(), "a key field cannot be sealed: the record's id is a hash over it")
	case o.GetSet():
		p.fail(fd.Name(), "a set cannot be sealed: its elements are merged one by one")
	case len(o.GetReference()) > 0 || p.plan.collection.GetSubject() == string(fd.Name()):
		p.fail(fd.Name(), "a reference cannot be sealed: whether the record is there is looked for")
	case o.GetPick() != schemav1.Pick_PICK_UNSPECIFIED && o.GetPick() != schemav1.Pick_PICK_LATEST && o.GetPick() != schemav1.Pick_PICK_EARLIEST:
		p.fail(fd.Name(), "%s weighs the value, and nobody sees into a sealed one: use PICK_LATEST or PICK_EARLIEST", o.GetPick())
	}
}

// planSealed holds a group to be sealed as it is merged: whole.
func (p *planner) planSealed(c *CellPlan) {
	c.Sealed = p.options[c.Fields[0].Number()].GetSealed()
	p.plan.sealed = p.plan.sealed || c.Sealed
	for _, fd := range c.Fields[1:] {
		if p.options[fd.Number()].GetSealed() != c.Sealed {
			p.fail(fd.Name(), "group %q is sealed in part: a cell is one value, so seal all of its fields or none", c.Name)
			return
		}
	}
}

func isSealingKey(fd protoreflect.FieldDescriptor) bool {
	return fd.Message() != nil && fd.Message().FullName() == (*schemav1.SealingKey)(nil).ProtoReflect().Descriptor().FullName()
}

// checkSealingKey holds the announcement of a key to where tablets look for it.
func (p *planner) checkSealingKey(fd protoreflect.FieldDescriptor, o *schemav1.Field, key bool) {
	if fd.Cardinality() == protoreflect.Repeated || key || o.GetSealed() || o.GetGroup() != "" || !p.plan.LivesIn(schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM) {
		p.fail(fd.Name(), "a SealingKey is announced in a counselling room, in a single field that is neither sealed nor in a group")
	}
}

// SealingKeyField returns the number of the field in which records of this type
// announce keys; zero if they do not.
func (p *Plan) SealingKeyField() protoreflect.FieldNumber {
	for i := range p.fields {
		if isSealingKey(p.fields[i].desc) {
			return p.fields[i].number
		}
	}
	return 0
}

// IsPlain tells whether the write puts a value into a sealed cell that is not
// sealed. Such a value must not be kept: it is what an app with a defect sent,
// and people could read it.
func (p *Plan) IsPlain(w *merge.Write) bool {
	cell, known := p.cellAt(w.Cell.Field)
	if !known || !p.cells[cell].Sealed || w.Purged != nil || len(w.Value) == 0 {
		return false
	}
	_, ok := sealed.Unwrap(w.Cell.Field, w.Value)
	return !ok
}

// IsEmptied tells whether the write put a value into a sealed cell that is gone.
func (p *Plan) IsEmptied(w *merge.Write) bool {
	cell, known := p.cellAt(w.Cell.Field)
	return known && p.cells[cell].Sealed && w.Purged != nil
}

// sealed reads a write to a sealed cell.
func (c *check) sealed(w *merge.Write, cell int) error {
	if c.plan.IsPlain(w) {
		return c.plan.fieldError(protowire.Number(w.Cell.Field), "the value is not sealed: it must be an age file, in the field that names the cell")
	}
	c.written.add(cell)
	return nil
}

// appendSealed appends the write that gives a sealed cell this content, if it
// does not hold it already: a seal is another each time, so what was sealed
// cannot be compared.
func (p *Plan) appendSealed(writes []merge.Write, live *merge.Cell, c *CellPlan, content []byte, d *Draft) ([]merge.Write, error) {
	if d.Seal == nil {
		return nil, p.fieldError(protowire.Number(c.Field), "it is sealed where it is written, on a tablet whose person has keys")
	}
	if live != nil && len(live.Values) > 0 && live.Distinct() == 1 {
		if was, ok := d.Open.content(c, &live.Values[0]); ok && bytes.Equal(was, content) {
			return writes, nil
		}
	}
	value, err := d.Seal(c, content)
	if err != nil {
		return nil, err
	}
	return append(writes, merge.Write{Cell: merge.CellKey{Field: c.Field}, Value: value, Replaces: live.Seen()}), nil
}

// CheckContent tells whether the opened content of a sealed cell is that of its
// fields. Whoever sealed it may have put in anything, and a field of another
// cell must not be shown in the place of what that one holds.
func (p *Plan) CheckContent(c *CellPlan, content []byte) error {
	chunks, err := chunksOf(nil, content)
	if err != nil {
		return p.fieldError(protowire.Number(c.Field), "what was sealed is not wire bytes: %w", err)
	}
	for _, chunk := range chunks {
		f := p.field(chunk.number)
		if f == nil || f.cell == keyField || p.cells[f.cell].Field != c.Field || !f.reads(chunk.wire) {
			return p.fieldError(protowire.Number(c.Field), "what was sealed holds field %d, which is not in this cell", chunk.number)
		}
	}
	if err := proto.Unmarshal(content, p.exact.New().Interface()); err != nil {
		return fault.New(fault.Invalid, "%s: what was sealed cannot be read: %w", p.Name, err)
	}
	return nil
}
