package schema

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// term is a part of a CEL expression, compiled: it gives a number, or one and
// zero for true and false. Numbers are those of int, CEL's 64-bit integer. That
// the expression is of the right types was found out by protovalidate.
type term func(r *readings) int64

// holds tells whether the expression is certainly true.
func (t term) holds(r *readings) bool {
	return t != nil && t(r) == 1 && !r.overflow
}

// termOf compiles an expression over fields with a bound; nil if it has parts
// that a term does not cover.
func (p *planner) termOf(e ast.Expr) term {
	switch e.Kind() {
	case ast.LiteralKind:
		if n, ok := e.AsLiteral().(types.Int); ok {
			return func(*readings) int64 { return int64(n) }
		}
	case ast.SelectKind:
		return p.fieldTerm(e)
	case ast.CallKind:
		if call := e.AsCall(); !call.IsMemberFunction() {
			return p.callTerm(call.FunctionName(), call.Args())
		}
	}
	return nil
}

// fieldTerm reads a field, or whether it is there. Of text, bytes and lists it
// knows the length only; for that there is lengthTerm.
func (p *planner) fieldTerm(e ast.Expr) term {
	b := p.boundRead(e)
	switch {
	case b == nil:
		return nil
	case e.AsSelect().IsTestOnly():
		bit := uint32(1) << b.slot
		return func(r *readings) int64 { return truth(r.has&bit != 0) }
	case b.list || !isSigned(b.kind):
		return nil
	}
	return readTerm(b.slot)
}

func readTerm(slot int) term { return func(r *readings) int64 { return r.values[slot] } }

// isSigned tells whether CEL reads the kind as an int.
func isSigned(kind protoreflect.Kind) bool {
	switch kind {
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind, protoreflect.EnumKind,
		protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return true
	default:
		return false
	}
}

// boundRead returns the bound of the field of "this" that is selected, nil if
// it is something else or has none.
func (p *planner) boundRead(e ast.Expr) *bound {
	if e.Kind() != ast.SelectKind || e.AsSelect().Operand().Kind() != ast.IdentKind || e.AsSelect().Operand().AsIdent() != "this" {
		return nil
	}
	fd := p.plan.desc.Fields().ByName(protoreflect.Name(e.AsSelect().FieldName()))
	if fd == nil || p.plan.field(fd.Number()).bound == nil {
		return nil
	}
	b := p.plan.field(fd.Number()).bound
	if b.slot == 0 {
		if p.slots == slotsMax {
			return nil
		}
		p.slots++
		b.slot = p.slots
	}
	return b
}

// lengthTerm is size() of a field of text, bytes or a list.
func (p *planner) lengthTerm(e ast.Expr) term {
	b := p.boundRead(e)
	if b == nil || e.AsSelect().IsTestOnly() || !(b.list || b.kind == protoreflect.StringKind || b.kind == protoreflect.BytesKind) {
		return nil
	}
	return readTerm(b.slot)
}

func (p *planner) callTerm(function string, args []ast.Expr) term {
	if function == "size" {
		return p.lengthTerm(args[0])
	}
	if (function == operators.Equals || function == operators.NotEquals) && isEmptyLiteral(args[1]) {
		length := p.lengthTerm(args[0])
		return binary(function, length, func(*readings) int64 { return 0 })
	}
	var terms [3]term
	for i, arg := range args {
		if i >= len(terms) {
			return nil
		}
		if terms[i] = p.termOf(arg); terms[i] == nil {
			return nil
		}
	}
	a, b, c := terms[0], terms[1], terms[2]
	switch {
	case function == operators.LogicalNot:
		return func(r *readings) int64 { return 1 - a(r) }
	case function == operators.Conditional:
		return func(r *readings) int64 {
			if a(r) == 1 {
				return b(r)
			}
			return c(r)
		}
	default:
		return binary(function, a, b)
	}
}

// isEmptyLiteral tells whether the expression is empty text or bytes.
func isEmptyLiteral(e ast.Expr) bool {
	if e.Kind() != ast.LiteralKind {
		return false
	}
	switch v := e.AsLiteral().(type) {
	case types.String:
		return v == ""
	case types.Bytes:
		return len(v) == 0
	default:
		return false
	}
}

// binary joins two terms.
func binary(operator string, a, b term) term {
	switch {
	case a == nil || b == nil:
		return nil
	case operator == operators.LogicalAnd:
		return func(r *readings) int64 { return a(r) & b(r) }
	case operator == operators.LogicalOr:
		return func(r *readings) int64 { return a(r) | b(r) }
	case operator == operators.Equals:
		return func(r *readings) int64 { return truth(a(r) == b(r)) }
	case operator == operators.NotEquals:
		return func(r *readings) int64 { return truth(a(r) != b(r)) }
	case operator == operators.Less:
		return func(r *readings) int64 { return truth(a(r) < b(r)) }
	case operator == operators.LessEquals:
		return func(r *readings) int64 { return truth(a(r) <= b(r)) }
	case operator == operators.Greater:
		return func(r *readings) int64 { return truth(a(r) > b(r)) }
	case operator == operators.GreaterEquals:
		return func(r *readings) int64 { return truth(a(r) >= b(r)) }
	case operator == operators.Add:
		return func(r *readings) int64 {
			x, y := a(r), b(r)
			r.overflow = r.overflow || (x+y > x) != (y > 0)
			return x + y
		}
	default:
		return nil
	}
}

func truth(v bool) int64 {
	if v {
		return 1
	}
	return 0
}
