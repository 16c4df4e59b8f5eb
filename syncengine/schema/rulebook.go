package schema

import (
	"errors"
	"fmt"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// writeRulebooks compiles the rules of all plans. Compiling the expression
// language costs milliseconds and memory, so plans without rules do without,
// and the others share one validator.
func writeRulebooks(plans []*Plan) error {
	var ruled []*Plan
	var errs []error
	for _, plan := range plans {
		p := planner{plan: plan}
		p.planFieldRules()
		p.planMessageRules()
		errs = append(errs, p.errs...)
		if plan.rules.key || plan.rules.ruled != (cellSet{}) || len(plan.rules.whole) > 0 {
			ruled = append(ruled, plan)
		}
	}
	if err := errors.Join(errs...); err != nil || len(ruled) == 0 {
		return err
	}
	return compile(ruled)
}

// compile makes the validator and evaluates every rule once, so that one that
// does not compile is an error now.
func compile(plans []*Plan) error {
	var descriptors []protoreflect.MessageDescriptor
	for _, plan := range plans {
		descriptors = append(descriptors, plan.desc)
		if len(plan.rules.whole) > 0 {
			descriptors = append(descriptors, plan.rules.whole[0].envelope.Descriptor())
		}
	}
	validator, err := protovalidate.New(protovalidate.WithMessageDescriptors(descriptors...), protovalidate.WithDisableLazy())
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	var errs []error
	for _, plan := range plans {
		plan.rules.validator = validator
		errs = append(errs, tryRules(validator, plan)...)
	}
	return errors.Join(errs...)
}

// tryRules finds the rules of a record type, and of its parts, that do not
// compile.
func tryRules(validator protovalidate.Validator, plan *Plan) []error {
	var errs []error
	messages := []protoreflect.MessageDescriptor{plan.desc}
	for i := range plan.fields {
		messages = append(messages, partsOf(plan.fields[i].desc)...)
	}
	for _, md := range messages {
		empty := dynamicpb.NewMessage(md)
		try := func(field protoreflect.Name, only protoreflect.Descriptor) {
			filter := protovalidate.FilterFunc(func(_ protoreflect.Message, d protoreflect.Descriptor) bool { return d == only })
			err := validator.Validate(empty, protovalidate.WithFilter(filter))
			var broken *protovalidate.CompilationError
			if errors.As(err, &broken) {
				errs = append(errs, problem(md, field, fmt.Errorf("rules: %w", broken)))
			}
		}
		try("", md)
		for i := range md.Fields().Len() {
			try(md.Fields().Get(i).Name(), md.Fields().Get(i))
		}
	}
	return errs
}

// planFieldRules notes which cells have rules, and refuses rules that cannot
// be evaluated on what a single change writes.
func (p *planner) planFieldRules() {
	for i := range p.plan.fields {
		f := &p.plan.fields[i]
		rules, err := protovalidate.ResolveFieldRules(f.desc)
		if err != nil {
			p.fail(f.desc.Name(), "(buf.validate.field): %w", err)
			continue
		}
		if f.set {
			p.checkSetRules(f.desc, rules)
		}
		f.bound = boundOf(f.desc, rules)
		ruled := p.checkRules(f.desc.Name(), rules) || p.ruledPart(f.desc) || p.ruledOneof(f.desc)
		switch {
		case ruled && f.cell != keyField && p.plan.cells[f.cell].Sealed:
			p.fail(f.desc.Name(), "a validation rule on a sealed field, or inside it, is not possible: the server does not see what it would hold to it")
		case ruled && f.cell == keyField:
			p.plan.rules.key = true
		case ruled:
			p.plan.rules.ruled.add(f.cell)
			if f.bound == nil || !f.bound.none {
				p.plan.cells[f.cell].needed++
			}
		}
	}
}

func (p *planner) ruledOneof(fd protoreflect.FieldDescriptor) bool {
	oneof := fd.ContainingOneof()
	if oneof == nil {
		return false
	}
	rules, err := protovalidate.ResolveOneofRules(oneof)
	if err != nil {
		p.fail(fd.Name(), "(buf.validate.oneof): %w", err)
	}
	return rules != nil
}

// ruledPart tells whether the message that the field holds has rules inside.
func (p *planner) ruledPart(fd protoreflect.FieldDescriptor) bool {
	ruled := false
	for _, part := range partsOf(fd) {
		ruled = p.ruledMessage(fd.Name(), part) || ruled
	}
	return ruled
}

func (p *planner) ruledMessage(field protoreflect.Name, part protoreflect.MessageDescriptor) bool {
	rules, err := protovalidate.ResolveMessageRules(part)
	if err != nil {
		p.fail(field, "%s: (buf.validate.message): %w", part.FullName(), err)
	}
	p.checkExpressions(field, celRules(rules.GetCel(), rules.GetCelExpression()))
	ruled := rules != nil
	for i := range part.Fields().Len() {
		fieldRules, err := protovalidate.ResolveFieldRules(part.Fields().Get(i))
		if err != nil {
			p.fail(field, "%s: (buf.validate.field): %w", part.Fields().Get(i).FullName(), err)
		}
		ruled = p.checkRules(field, fieldRules) || p.ruledOneof(part.Fields().Get(i)) || ruled
	}
	return ruled
}

// checkRules refuses rules that ask the clock, at every depth of lists and
// maps, and tells whether there are any.
func (p *planner) checkRules(field protoreflect.Name, rules *validate.FieldRules) bool {
	if rules == nil {
		return false
	}
	p.checkExpressions(field, celRules(rules.GetCel(), rules.GetCelExpression()))
	if t := rules.GetTimestamp(); t.GetLtNow() || t.GetGtNow() || t.HasWithin() {
		p.fail(field, "(buf.validate.field).timestamp: %w", errNow)
	}
	p.checkRules(field, rules.GetRepeated().GetItems())
	p.checkRules(field, rules.GetMap().GetKeys())
	p.checkRules(field, rules.GetMap().GetValues())
	return true
}

func (p *planner) checkExpressions(field protoreflect.Name, rules []*validate.Rule) {
	for _, rule := range rules {
		if _, err := readOf(rule.GetExpression()); err != nil {
			p.fail(field, "CEL rule %q: %w", rule.GetId(), err)
		}
	}
}

// checkSetRules refuses rules on a set as a whole.
func (p *planner) checkSetRules(fd protoreflect.FieldDescriptor, rules *validate.FieldRules) {
	list := rules.GetRepeated()
	if rules.GetRequired() || list.HasMinItems() || list.HasMaxItems() || len(rules.GetCel()) > 0 || len(rules.GetCelExpression()) > 0 {
		p.fail(fd.Name(), "a rule on the set as a whole is not possible, since a change holds single elements of it: use (buf.validate.field).repeated.items")
	}
}
