package schema

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
)

// checkField refuses options that make no sense on this field.
func (p *planner) checkField(fd protoreflect.FieldDescriptor, key bool) {
	o := p.options[fd.Number()]
	switch {
	case fd.Kind() == protoreflect.GroupKind:
		p.fail(fd.Name(), "a proto2 group or delimited message is not possible: use an ordinary message")
	case fd.Cardinality() == protoreflect.Required:
		p.fail(fd.Name(), "a required field is not possible: say (buf.validate.field).required")
	case fd.HasDefault():
		p.fail(fd.Name(), "a default value is not possible: an empty cell holds nothing")
	}
	if len(o.ProtoReflect().GetUnknown()) > 0 {
		p.fail(fd.Name(), "the field option says something that this version does not know: use a newer one")
	}
	if key {
		p.checkKeyField(fd, o)
	}
	if o.GetSet() {
		p.checkSetField(fd, o)
	}
	if o.GetSealed() {
		p.checkSealedField(fd, o, key)
	}
	if isSealingKey(fd) {
		p.checkSealingKey(fd, o, key)
	}
	p.checkReferences(fd, o)
	p.checkPick(fd, o)
}

func (p *planner) checkKeyField(fd protoreflect.FieldDescriptor, o *schemav1.Field) {
	switch {
	case fd.Cardinality() == protoreflect.Repeated || fd.Message() != nil:
		p.fail(fd.Name(), "a key field must be a single scalar or enum, not a list, map or message")
	case isFloat(fd.Kind()):
		p.fail(fd.Name(), "a key field must not be a floating-point number, which has several spellings")
	case fd.ContainingOneof() != nil && !fd.ContainingOneof().IsSynthetic():
		p.fail(fd.Name(), "a key field must not be in a oneof")
	}
	switch {
	case o.GetGroup() != "":
		p.fail(fd.Name(), "a key field is written once and cannot be in group %q too", o.GetGroup())
	case o.GetSet():
		p.fail(fd.Name(), "a key field is written once and cannot be a set")
	case o.GetPick() != schemav1.Pick_PICK_UNSPECIFIED || o.GetReview() || len(o.GetOrder()) > 0:
		p.fail(fd.Name(), "a key field has one value for ever: pick, order and review mean nothing on it")
	}
}

func (p *planner) checkSetField(fd protoreflect.FieldDescriptor, o *schemav1.Field) {
	switch {
	case !fd.IsList():
		p.fail(fd.Name(), "set is for repeated fields only")
	case fd.Message() != nil:
		p.fail(fd.Name(), "the elements of a set must be scalars or enums: two messages have too many spellings to be one element")
	case isFloat(fd.Kind()):
		p.fail(fd.Name(), "the elements of a set must not be floating-point numbers, which have several spellings")
	}
	if o.GetGroup() != "" {
		p.fail(fd.Name(), "each element of a set is a cell of its own and cannot be in group %q", o.GetGroup())
	}
	if o.GetPick() != schemav1.Pick_PICK_UNSPECIFIED || len(o.GetOrder()) > 0 {
		p.fail(fd.Name(), "an element of a set is present or removed, and present if in doubt: pick and order mean nothing on it")
	}
}

func (p *planner) checkReferences(fd protoreflect.FieldDescriptor, o *schemav1.Field) {
	if len(o.GetReference()) == 0 {
		return
	}
	if fd.Kind() != protoreflect.BytesKind {
		p.fail(fd.Name(), "a reference is a record id: the field must be bytes, of length 16")
	}
	for _, target := range o.GetReference() {
		if !p.types[target] {
			p.fail(fd.Name(), "reference: there is no record type %q; give the full name of one that is known", target)
		}
	}
}

// checkPick refuses a pick that cannot be made on this field.
func (p *planner) checkPick(fd protoreflect.FieldDescriptor, o *schemav1.Field) {
	pick := o.GetPick()
	weighs := pick == schemav1.Pick_PICK_HIGHEST || pick == schemav1.Pick_PICK_LOWEST
	switch {
	case pick.Descriptor().Values().ByNumber(pick.Number()) == nil:
		p.fail(fd.Name(), "pick: %d is no pick that is known here", pick)
	case weighs && (fd.Cardinality() == protoreflect.Repeated || !isWeighable(fd.Kind())):
		p.fail(fd.Name(), "%s weighs the field: it must be a single integer, bool or enum", pick)
	case pick == schemav1.Pick_PICK_ORDER && (fd.Enum() == nil || fd.IsList()):
		p.fail(fd.Name(), "PICK_ORDER is for single enum fields only")
	case pick == schemav1.Pick_PICK_ORDER && len(o.GetOrder()) == 0:
		p.fail(fd.Name(), "PICK_ORDER without order: list the names of the enum's values, the one to show first")
	case pick != schemav1.Pick_PICK_ORDER && len(o.GetOrder()) > 0:
		p.fail(fd.Name(), "order is given, but the pick is not PICK_ORDER")
	case pick == schemav1.Pick_PICK_ORDER:
		p.checkOrder(fd, o.GetOrder())
	}
}

func (p *planner) checkOrder(fd protoreflect.FieldDescriptor, order []string) {
	for i, name := range order {
		if fd.Enum().Values().ByName(protoreflect.Name(name)) == nil {
			p.fail(fd.Name(), "order: %s has no value %q", fd.Enum().FullName(), name)
		}
		if slices.Contains(order[:i], name) {
			p.fail(fd.Name(), "order: %q stands there twice", name)
		}
	}
}

func isFloat(kind protoreflect.Kind) bool {
	return kind == protoreflect.FloatKind || kind == protoreflect.DoubleKind
}
