package schema

import (
	"errors"
	"fmt"
	"slices"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// messageRule is one CEL rule on the whole message. A change that did not write
// all that the rule reads cannot break it, and must not be held to it; but the
// rules of a message cannot be chosen singly. So each is moved to a field of
// its own: that of an envelope that holds the record's message.
type messageRule struct {
	id string
	// reads are the cells that the expression reads; key fields are left out.
	reads []int
	// envelope is a message type whose field has the rule.
	envelope protoreflect.MessageType
	field    protoreflect.FieldDescriptor
	// cell is the number of the one cell that the rule reads, zero if there
	// are several.
	cell uint32
	// quick is the expression as a term, nil if it is none.
	quick term
}

// evaluate appends the rule's violation, if every cell it reads was written.
func (r *messageRule) evaluate(v protovalidate.Validator, msg protoreflect.Message, written *cellSet, violations []Violation) ([]Violation, error) {
	if !r.readable(written) {
		return violations, nil
	}
	envelope := r.envelope.New()
	envelope.Set(r.field, protoreflect.ValueOfMessage(msg))
	err := v.Validate(envelope.Interface(), protovalidate.WithFilter(r))
	var broken *protovalidate.ValidationError
	switch {
	case err == nil:
		return violations, nil
	case errors.As(err, &broken):
		return addViolation(violations, Violation{Field: r.cell, Key: r.id}), nil
	case isRuntimeError(err):
		return addViolation(violations, Violation{Field: r.cell, Key: RuleRuntimeError}), nil
	default:
		return nil, fault.New(fault.Internal, "rule %s: %w", r.id, err)
	}
}

// readable tells whether every cell that the rule reads was written.
func (r *messageRule) readable(written *cellSet) bool {
	return !slices.ContainsFunc(r.reads, func(cell int) bool { return !written.has(cell) })
}

// RuleCells returns the cells that a rule read which the writes break, ascending,
// where it reads several; nil where the violation names the one. Of an
// expression that could not be evaluated these are the cells of all rules that
// were.
func (p *Plan) RuleCells(w *merge.RecordWrites, v Violation) (fields []uint32) {
	if v.Field != 0 {
		return nil
	}
	var written cellSet
	for i := range w.Writes {
		if cell, known := p.cellAt(w.Writes[i].Cell.Field); known {
			written.add(cell)
		}
	}
	for i := range p.rules.whole {
		r := &p.rules.whole[i]
		if r.cell != 0 || v.Key != r.id && v.Key != RuleRuntimeError || !r.readable(&written) {
			continue
		}
		for _, cell := range r.reads {
			fields = append(fields, p.cells[cell].Field)
		}
	}
	slices.Sort(fields)
	return slices.Compact(fields)
}

// ShouldValidate lets pass the one rule and nothing inside the record.
func (r *messageRule) ShouldValidate(_ protoreflect.Message, d protoreflect.Descriptor) bool {
	return d == r.field
}

// planMessageRules works out what each rule on the whole message reads.
func (p *planner) planMessageRules() {
	rules, err := protovalidate.ResolveMessageRules(p.plan.desc)
	if err != nil {
		p.fail("", "(buf.validate.message): %w", err)
		return
	}
	if len(rules.GetOneof()) > 0 {
		p.fail("", "(buf.validate.message).oneof is not possible, since its fields may be written apart: use a oneof inside a group, or a CEL rule")
	}
	all := celRules(rules.GetCel(), rules.GetCelExpression())
	for i, rule := range all {
		if slices.ContainsFunc(all[:i], func(r *validate.Rule) bool { return r.GetId() == rule.GetId() }) {
			p.fail("", "(buf.validate.message): a second CEL rule with id %q", rule.GetId())
		}
		p.plan.rules.whole = append(p.plan.rules.whole, p.planMessageRule(rule))
	}
	if len(all) == 0 {
		return
	}
	if err := addEnvelope(p.plan, all); err != nil {
		p.fail("", "(buf.validate.message): %w", err)
	}
}

func (p *planner) planMessageRule(rule *validate.Rule) messageRule {
	r := messageRule{id: rule.GetId()}
	if r.id == "" {
		p.fail("", "(buf.validate.message): a CEL rule without id: by the id its violations are told")
	}
	reads, err := readOf(rule.GetExpression())
	if err != nil {
		p.fail("", "(buf.validate.message): CEL rule %q: %w", r.id, err)
		return r
	}
	for i := range p.plan.fields {
		f := &p.plan.fields[i]
		if f.cell != keyField && (reads.whole || reads.fields[string(f.desc.Name())]) && !slices.Contains(r.reads, f.cell) {
			r.reads = append(r.reads, f.cell)
		}
	}
	for _, cell := range r.reads {
		if p.plan.cells[cell].Set {
			p.fail(protoreflect.Name(p.plan.cells[cell].Name), "CEL rule %q of the message reads it: a change holds single elements of a set, never all of it", r.id)
		}
		if p.plan.cells[cell].Sealed {
			p.fail(protoreflect.Name(p.plan.cells[cell].Name), "CEL rule %q of the message reads it: it is sealed, and the server does not see it", r.id)
		}
	}
	r.quick = p.termOf(reads.expression)
	if len(r.reads) == 1 {
		r.cell = p.plan.cells[r.reads[0]].Field
	}
	return r
}

// celRules gives an expression without id itself as id, as protovalidate does.
func celRules(rules []*validate.Rule, expressions []string) []*validate.Rule {
	all := slices.Clone(rules)
	for _, e := range expressions {
		all = append(all, validate.Rule_builder{Id: proto.String(e), Expression: proto.String(e)}.Build())
	}
	return all
}

// addEnvelope builds the message type whose i-th field holds the record's
// message under the i-th rule, in a file that no registry knows.
func addEnvelope(p *Plan, rules []*validate.Rule) error {
	message := &descriptorpb.DescriptorProto{Name: proto.String("Envelope")}
	for i, rule := range rules {
		options := new(descriptorpb.FieldOptions)
		proto.SetExtension(options, validate.E_Field, validate.FieldRules_builder{Cel: []*validate.Rule{rule}}.Build())
		message.Field = append(message.Field, &descriptorpb.FieldDescriptorProto{
			Name:     proto.String(fmt.Sprintf("rule_%d", i+1)),
			Number:   proto.Int32(int32(i + 1)),
			Label:    descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
			Type:     descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(),
			TypeName: proto.String("." + p.Name),
			Options:  options,
		})
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name:        proto.String("zhurnal/rules/" + p.Name + ".proto"),
		Package:     proto.String("zhurnal.rules." + p.Name),
		Syntax:      proto.String("proto3"),
		Dependency:  []string{p.desc.ParentFile().Path()},
		MessageType: []*descriptorpb.DescriptorProto{message},
	}, onlyMessage{p.desc})
	if err != nil {
		return fmt.Errorf("CEL rules: %w", err)
	}
	envelope := dynamicpb.NewMessageType(file.Messages().Get(0))
	for i := range p.rules.whole {
		p.rules.whole[i].envelope = envelope
		p.rules.whole[i].field = envelope.Descriptor().Fields().Get(i)
	}
	return nil
}

// onlyMessage resolves one message and its file.
type onlyMessage struct {
	desc protoreflect.MessageDescriptor
}

// FindFileByPath returns the file of the message.
func (o onlyMessage) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	if path == o.desc.ParentFile().Path() {
		return o.desc.ParentFile(), nil
	}
	return nil, protoregistry.NotFound
}

// FindDescriptorByName returns the message.
func (o onlyMessage) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	if name == o.desc.FullName() {
		return o.desc, nil
	}
	return nil, protoregistry.NotFound
}
