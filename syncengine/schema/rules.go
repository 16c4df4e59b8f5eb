package schema

import (
	"errors"
	"slices"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// The rules that are the schema's own, named as buf.validate names its own.
const (
	// RuleReferenceLength is broken by a reference that is not 16 bytes.
	RuleReferenceLength = "reference.length"
	// RuleAppendOnly is broken by a write that replaces the value of a record that
	// is written once.
	RuleAppendOnly = "record.append_only"
	// RuleRuntimeError is broken where a CEL expression cannot be evaluated on
	// the value, say because it divides by zero.
	RuleRuntimeError = "cel.runtime_error"
)

// Violation is a rule that a written value breaks.
type Violation struct {
	// Field is the number of the cell, or of the key field; zero for a rule
	// that reads several cells.
	Field uint32
	// Key is the id of the rule, such as "uint32.lte", or that of a CEL rule.
	Key string
}

func addViolation(violations []Violation, v Violation) []Violation {
	if slices.Contains(violations, v) {
		return violations
	}
	return append(violations, v)
}

// cellSet is a set of cells, by index.
type cellSet [cellsMax / 64]uint64

func (s *cellSet) add(cell int)      { s[cell/64] |= 1 << (cell % 64) }
func (s *cellSet) has(cell int) bool { return s[cell/64]&(1<<(cell%64)) != 0 }

// rulebook holds the rules of one record type, compiled once.
type rulebook struct {
	validator protovalidate.Validator
	// ruled are the cells with rules on a field, or on a oneof; key tells of
	// the key fields.
	ruled cellSet
	key   bool
	whole []messageRule
}

// evaluate appends what the message breaks of the rules of the written cells.
func (r *rulebook) evaluate(p *Plan, msg protoreflect.Message, written *cellSet, violations []Violation) ([]Violation, error) {
	whole := r.wholeWritten(written)
	if whole || r.anyRuled(written) {
		only := &fieldFilter{plan: p, written: written, whole: whole}
		err := r.validator.Validate(msg.Interface(), protovalidate.WithFilter(only))
		if isRuntimeError(err) {
			whole = false
			violations, err = r.evaluateSingly(p, msg, written, violations)
		}
		if violations, err = p.appendViolations(violations, err); err != nil {
			return nil, err
		}
	}
	if whole {
		return violations, nil // they were among the rest
	}
	for i := range r.whole {
		var err error
		if violations, err = r.whole[i].evaluate(r.validator, msg, written, violations); err != nil {
			return nil, err
		}
	}
	return violations, nil
}

// wholeWritten tells whether all that the rules on the whole message read was
// written, so that none of them need be kept from being evaluated.
func (r *rulebook) wholeWritten(written *cellSet) bool {
	for i := range r.whole {
		if !r.whole[i].readable(written) {
			return false
		}
	}
	return len(r.whole) > 0
}

func (r *rulebook) anyRuled(written *cellSet) bool {
	if r.key {
		return true
	}
	for i := range written {
		if written[i]&r.ruled[i] != 0 {
			return true
		}
	}
	return false
}

// evaluateSingly evaluates field by field, so that an expression that fails on
// one field hides nothing about the others.
func (r *rulebook) evaluateSingly(p *Plan, msg protoreflect.Message, written *cellSet, violations []Violation) ([]Violation, error) {
	for i := range p.fields {
		f := &p.fields[i]
		if f.cell != keyField && !written.has(f.cell) {
			continue
		}
		only := &fieldFilter{plan: p, written: written, only: f.number}
		err := r.validator.Validate(msg.Interface(), protovalidate.WithFilter(only))
		if isRuntimeError(err) {
			violations = addViolation(violations, Violation{Field: p.violated(f), Key: RuleRuntimeError})
			continue
		}
		if violations, err = p.appendViolations(violations, err); err != nil {
			return nil, err
		}
	}
	return violations, nil
}

// fieldFilter lets pass the rules of written fields and of the parts in them.
// Rules on the whole message it lets pass together or not at all, when they are
// evaluated apart; see messageRule.
type fieldFilter struct {
	plan    *Plan
	written *cellSet
	whole   bool
	only    protoreflect.FieldNumber // zero: every written field
}

// ShouldValidate is asked for the record's message, its fields and oneofs, and
// for those of the parts in fields that passed.
func (w *fieldFilter) ShouldValidate(_ protoreflect.Message, d protoreflect.Descriptor) bool {
	switch d := d.(type) {
	case protoreflect.FieldDescriptor:
		if d.ContainingMessage() != w.plan.desc {
			return true
		}
		return w.passes(w.plan.field(d.Number()))
	case protoreflect.OneofDescriptor:
		if d.Parent() != w.plan.desc {
			return true
		}
		return w.passes(w.plan.field(d.Fields().Get(0).Number()))
	default:
		return d != w.plan.desc || w.whole
	}
}

func (w *fieldFilter) passes(f *fieldPlan) bool {
	if w.only != 0 && f.number != w.only {
		return false
	}
	return f.cell == keyField || w.written.has(f.cell)
}

func isRuntimeError(err error) bool {
	var runtime *protovalidate.RuntimeError
	return errors.As(err, &runtime)
}

// appendViolations takes the violations out of what a validator returned; any
// other error is one of ours.
func (p *Plan) appendViolations(violations []Violation, err error) ([]Violation, error) {
	var broken *protovalidate.ValidationError
	if err == nil {
		return violations, nil
	}
	if !errors.As(err, &broken) {
		return violations, fault.New(fault.Internal, "%s: rules: %w", p.Name, err)
	}
	for _, v := range broken.Violations {
		violations = addViolation(violations, Violation{Field: p.violatedAt(v), Key: v.Proto.GetRuleId()})
	}
	return violations, nil
}

// violatedAt returns the cell of the record's field in which the violation is,
// be it in a part of it or in a oneof, which has no number.
func (p *Plan) violatedAt(v *protovalidate.Violation) uint32 {
	path := v.Proto.GetField().GetElements()
	if len(path) == 0 {
		return p.rules.violated(v.Proto.GetRuleId())
	}
	if oneof := p.desc.Oneofs().ByName(protoreflect.Name(path[0].GetFieldName())); oneof != nil && path[0].GetFieldNumber() == 0 {
		return p.violated(p.field(oneof.Fields().Get(0).Number()))
	}
	if f := p.field(protoreflect.FieldNumber(path[0].GetFieldNumber())); f != nil {
		return p.violated(f)
	}
	return 0
}

// violated returns the one cell that a rule on the whole message reads, zero if
// it reads several.
func (r *rulebook) violated(id string) uint32 {
	for i := range r.whole {
		if r.whole[i].id == id {
			return r.whole[i].cell
		}
	}
	return 0
}

func (p *Plan) violated(f *fieldPlan) uint32 {
	if f.cell == keyField {
		return uint32(f.number)
	}
	return p.cells[f.cell].Field
}
