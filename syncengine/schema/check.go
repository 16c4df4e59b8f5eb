package schema

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Check reads what one change writes to one record and evaluates the rules of
// the written fields and of the header.
//
// The error, fault.Invalid, says that the schema cannot read the bytes: a
// header or an element that is not canonical, a value that is no message or
// holds fields of another cell, a field of another wire type. Violations are
// for values that can be read and break a rule. A cell whose number the plan
// has not heard of comes from a newer app and is fine. Purged writes are not
// looked at. That the writes are in order, each cell once, is for
// [merge.Change.Check].
func (p *Plan) Check(w *merge.RecordWrites) ([]Violation, error) {
	if w.Type != p.Name {
		return nil, fault.New(fault.Invalid, "a record of type %s is needed, this is %s", p.Name, w.Type)
	}
	if err := p.CheckHeader(w.Header); err != nil {
		return nil, err
	}
	c := check{plan: p}
	if err := c.scan(w); err != nil {
		return nil, err
	}
	if c.quick.certain(&p.rules, &c.written) {
		return c.violations, nil
	}
	return p.evaluate(w, c.written, c.violations)
}

// evaluate makes a message of header and written cells, which were read, and
// evaluates the rules on it.
func (p *Plan) evaluate(w *merge.RecordWrites, written cellSet, violations []Violation) ([]Violation, error) {
	data := slices.Clone(w.Header)
	for i := range w.Writes {
		write := &w.Writes[i]
		cell, known := p.cellAt(write.Cell.Field)
		switch {
		case !known || write.Purged != nil || p.cells[cell].Sealed:
		case write.Cell.Element == "":
			data = append(data, write.Value...)
		case len(write.Value) > 0: // otherwise taken out: no part of the message
			data = append(data, write.Cell.Element...)
		}
	}
	msg := p.exact.New()
	if err := proto.Unmarshal(data, msg.Interface()); err != nil {
		return nil, fault.New(fault.Invalid, "%s: the written values are not a message of this type: %w", p.Name, err)
	}
	return p.rules.evaluate(p, msg, &written, violations)
}

// check is the state of one Check.
type check struct {
	plan       *Plan
	quick      quick
	written    cellSet
	violations []Violation
	// bytes is where elements are read, since a cell names one in a string.
	bytes []byte
}

// scan reads the header, which is known to be canonical, and the writes.
func (c *check) scan(w *merge.RecordWrites) error {
	for header := w.Header; len(header) > 0; {
		number, wire, n := protowire.ConsumeField(header)
		c.quick.read(c.plan.field(number), header[:n], wire)
		header = header[n:]
	}
	for i := range w.Writes {
		if err := c.write(&w.Writes[i]); err != nil {
			return err
		}
	}
	return nil
}

// write reads one write.
func (c *check) write(w *merge.Write) error {
	cell, known := c.plan.cellAt(w.Cell.Field)
	if w.Cell != merge.Lifecycle && len(w.Replaces) == 1 && c.plan.AppendOnly() { // several: it settles between them
		c.violations = addViolation(c.violations, Violation{Field: w.Cell.Field, Key: RuleAppendOnly})
	}
	switch {
	case w.Purged != nil:
		return nil
	case w.Cell.Field > uint32(protowire.MaxValidNumber):
		return fault.New(fault.Invalid, "%s: cell %d: no field has such a number", c.plan.Name, w.Cell.Field)
	case w.Cell.Field == 0:
		return c.lifecycle(w)
	case w.Cell.Element != "":
		return c.element(w, cell, known)
	case known && c.plan.cells[cell].Set:
		return c.plan.fieldError(protowire.Number(w.Cell.Field), "the field is a set: a write names one element of it")
	case known && c.plan.cells[cell].Sealed:
		return c.sealed(w, cell)
	}
	return c.value(w, cell, known)
}

func (c *check) lifecycle(w *merge.Write) error {
	if w.Cell.Element != "" {
		return fault.New(fault.Invalid, "%s: the lifecycle cell has no elements", c.plan.Name)
	}
	if _, err := merge.ParseVoidList(w.Value); err != nil {
		return fault.New(fault.Invalid, "%s: lifecycle cell: %w", c.plan.Name, err)
	}
	return nil
}

// element reads a write to one element of a set.
func (c *check) element(w *merge.Write, cell int, known bool) error {
	number := protowire.Number(w.Cell.Field)
	if len(w.Value) > 1 || (len(w.Value) == 1 && w.Value[0] != present[0]) {
		return c.plan.fieldError(number, "an element of a set is present, one byte 1, or removed, empty")
	}
	if !known {
		return c.unknownElement(w, number)
	}
	if !c.plan.cells[cell].Set {
		return c.plan.fieldError(number, "the field is no set and has no elements")
	}
	f := c.plan.field(number)
	c.bytes = append(c.bytes[:0], w.Cell.Element...)
	element := c.bytes
	if canonicalField(f, element) != len(element) {
		return c.plan.fieldError(number, "the element is not the field with this one value in canonical wire bytes")
	}
	if len(w.Value) == 0 {
		return nil
	}
	c.written.add(cell)
	c.reference(f, element)
	c.quick.begin()
	c.quick.read(f, element, f.wire)
	return nil
}

// unknownElement reads an element of a set field of a newer app.
func (c *check) unknownElement(w *merge.Write, number protowire.Number) error {
	found, _, n := protowire.ConsumeField([]byte(w.Cell.Element))
	if n != len(w.Cell.Element) || found != number || c.plan.field(number) != nil {
		return c.plan.fieldError(number, "the element is not one field with the number of its cell")
	}
	return nil
}

// value reads a cell's value: in a cell that is known only its own fields may
// stand, in one that is not only such as are not known either.
func (c *check) value(w *merge.Write, cell int, known bool) error {
	named := protowire.Number(w.Cell.Field)
	if !known && c.plan.field(named) != nil {
		return c.plan.fieldError(named, "no cell begins with this field: it is in the key or in a group named by a lower number")
	}
	if known {
		c.quick.begin()
		c.quick.doubt = c.quick.doubt || c.written.has(cell) // written twice
		c.written.add(cell)
	}
	for data := w.Value; len(data) > 0; {
		number, wire, n := protowire.ConsumeField(data)
		if n < 0 {
			return c.plan.fieldError(named, "the value is not wire bytes: %w", protowire.ParseError(n))
		}
		f := c.plan.field(number)
		switch {
		case number > protowire.MaxValidNumber: // protowire takes it, proto.Unmarshal does not
			return c.plan.fieldError(named, "the value holds field %d: no field has such a number", number)
		case known && (f == nil || f.cell != cell), !known && (f != nil || number < named):
			return c.plan.fieldError(named, "the value holds field %d, which is not in this cell", number)
		case known && !f.reads(wire):
			return c.plan.fieldError(number, "wire type %d, the schema has %d", wire, f.wire)
		case known:
			c.reference(f, data[:n])
			c.quick.read(f, data[:n], wire)
		}
		data = data[n:]
	}
	if known {
		c.quick.end(&c.plan.cells[cell])
	}
	return nil
}

// reference notes a reference that is no id.
func (c *check) reference(f *fieldPlan, field []byte) {
	if len(f.references) == 0 {
		return
	}
	_, _, tag := protowire.ConsumeTag(field)
	if id, _ := protowire.ConsumeBytes(field[tag:]); len(id) != idBytes {
		c.violations = addViolation(c.violations, Violation{Field: c.plan.cells[f.cell].Field, Key: RuleReferenceLength})
	}
}
