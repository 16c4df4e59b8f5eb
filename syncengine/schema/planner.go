package schema

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/schema/compat"
)

// cellsMax bounds the cells of a record type, so that which cells a change
// wrote fits a small bit set, and a form stays one that a person can fill in.
const cellsMax = 256

// planner makes the plan of one record type and collects what is wrong with
// its options.
type planner struct {
	plan *Plan
	// types are the full names of all record types that will be known.
	types map[string]bool
	// options of the fields, by field number.
	options map[protowire.Number]*schemav1.Field
	// slots is how many fields the message's rules are known to read.
	slots int
	errs  []error
}

// planAll makes the plans of all types; the error names every broken option.
func planAll(types []protoreflect.MessageDescriptor, names map[string]bool) ([]*Plan, error) {
	plans := make([]*Plan, 0, len(types))
	seen := make(map[string]bool, len(types))
	var errs []error
	for _, md := range types {
		p := newPlanner(md, names)
		if seen[p.plan.Name] {
			p.fail("", "the record type is given twice")
		}
		seen[p.plan.Name] = true
		p.planType()
		errs = append(errs, p.errs...)
		plans = append(plans, p.plan)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return plans, writeRulebooks(plans)
}

func newPlanner(md protoreflect.MessageDescriptor, names map[string]bool) *planner {
	p := &planner{
		plan: &Plan{
			Name:       string(md.FullName()),
			desc:       md,
			collection: compat.CollectionOf(md),
		},
		types:   names,
		options: make(map[protowire.Number]*schemav1.Field, md.Fields().Len()),
	}
	for i := range md.Fields().Len() {
		p.options[md.Fields().Get(i).Number()] = compat.FieldOf(md.Fields().Get(i))
	}
	p.plan.exact, p.plan.handed = messageTypes(md)
	return p
}

// fail notes a broken option; an empty field means the message itself.
func (p *planner) fail(field protoreflect.Name, format string, args ...any) {
	p.errs = append(p.errs, problem(p.plan.desc, field, fmt.Errorf(format, args...)))
}

// problem says where something is wrong: file, message, field.
func problem(md protoreflect.MessageDescriptor, field protoreflect.Name, err error) error {
	if field == "" {
		return fmt.Errorf("%s: message %s: %w", md.ParentFile().Path(), md.FullName(), err)
	}
	return fmt.Errorf("%s: message %s: field %s: %w", md.ParentFile().Path(), md.FullName(), field, err)
}

func (p *planner) planType() {
	p.checkMessage()
	p.checkCollection()
	keys := p.keyFields()
	p.planFields(keys)
	p.planCells()
	p.checkSubject()
}

// planFields lists the fields in ascending order.
func (p *planner) planFields(keys map[protowire.Number]bool) {
	fields := p.plan.desc.Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		p.checkField(fd, keys[fd.Number()])
		f := fieldPlan{
			desc:       fd,
			number:     fd.Number(),
			wire:       wireType(fd.Kind()),
			set:        p.options[fd.Number()].GetSet(),
			references: p.options[fd.Number()].GetReference(),
		}
		f.packable = fd.IsList() && f.wire != protowire.BytesType
		if keys[fd.Number()] {
			f.cell = keyField
			p.plan.keys++
		}
		p.plan.fields = append(p.plan.fields, f)
	}
	slices.SortFunc(p.plan.fields, func(a, b fieldPlan) int { return cmp.Compare(a.number, b.number) })
	p.plan.index()
}

// planCells puts every field that is not in the key into its cell. Fields come
// in ascending order, so the first one of a group names the cell.
func (p *planner) planCells() {
	groups := make(map[string]int)
	for i := range p.plan.fields {
		f := &p.plan.fields[i]
		if f.cell == keyField {
			continue
		}
		group := p.options[f.number].GetGroup()
		index, ok := groups[group]
		if !ok || group == "" {
			index = len(p.plan.cells)
			name := cmp.Or(group, string(f.desc.Name()))
			p.plan.cells = append(p.plan.cells, CellPlan{Field: uint32(f.number), Name: name, Set: f.set})
			groups[group] = index
		}
		f.cell = index
		p.plan.cells[index].Fields = append(p.plan.cells[index].Fields, f.desc)
	}
	if len(p.plan.cells) > cellsMax {
		p.fail("", "%d cells, at most %d are possible: move what belongs together into groups or into a record of its own", len(p.plan.cells), cellsMax)
		return
	}
	for i := range p.plan.cells {
		p.planCell(&p.plan.cells[i])
	}
}

func (p *planner) planCell(c *CellPlan) {
	c.Rule = p.showRule(c)
	for _, fd := range c.Fields {
		c.Sensitivity = max(c.Sensitivity, sensitivityOf(fd))
	}
	p.planSealed(c)
}

// sensitivityOf is that of the field, or of the most sensitive field inside it.
func sensitivityOf(fd protoreflect.FieldDescriptor) schemav1.Sensitivity {
	highest := compat.FieldOf(fd).GetSensitivity()
	for _, part := range partsOf(fd) {
		for i := range part.Fields().Len() {
			highest = max(highest, compat.FieldOf(part.Fields().Get(i)).GetSensitivity())
		}
	}
	if highest == schemav1.Sensitivity_SENSITIVITY_UNSPECIFIED {
		return schemav1.Sensitivity_SENSITIVITY_INTERNAL
	}
	return highest
}

// partsOf returns the messages that the field is made of, at every depth; those
// by which protobuf writes the entries of maps are left out.
func partsOf(fd protoreflect.FieldDescriptor) []protoreflect.MessageDescriptor {
	return appendParts(nil, fd)
}

func appendParts(parts []protoreflect.MessageDescriptor, fd protoreflect.FieldDescriptor) []protoreflect.MessageDescriptor {
	part := fd.Message()
	if fd.IsMap() {
		part = fd.MapValue().Message()
	}
	if part == nil || slices.Contains(parts, part) {
		return parts
	}
	parts = append(parts, part)
	for i := range part.Fields().Len() {
		parts = appendParts(parts, part.Fields().Get(i))
	}
	return parts
}

// messageTypes returns the type whose descriptor is md, and the one to hand to
// callers: the generated Go type if one is linked in that reads the same bytes
// in the same way, be it older or newer than md.
func messageTypes(md protoreflect.MessageDescriptor) (exact, handed protoreflect.MessageType) {
	linked, err := protoregistry.GlobalTypes.FindMessageByName(md.FullName())
	switch {
	case err != nil || !alike(linked.Descriptor(), md):
		exact = dynamicpb.NewMessageType(md)
		return exact, exact
	case linked.Descriptor() == md:
		return linked, linked
	default:
		return dynamicpb.NewMessageType(md), linked
	}
}

// alike tells whether the fields that both have are read in the same way.
func alike(a, b protoreflect.MessageDescriptor) bool {
	return a == b || len(compat.Types(a, b)) == 0 || len(compat.Types(b, a)) == 0
}
