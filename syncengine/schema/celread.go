package schema

import (
	"errors"
	"fmt"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/parser"
)

// errNow is the answer to a rule that asks the clock.
var errNow = errors.New("it asks for the time now: a tablet's clock may be wrong by years, and a rule must give the same answer wherever and whenever it is evaluated")

// read is what a CEL expression reads of the message "this".
type read struct {
	expression ast.Expr
	fields     map[string]bool
	// whole says that the message is also used otherwise than by selecting
	// fields, so that all of it may matter.
	whole bool
}

// readOf parses the expression. One that uses the variable "now" is an error.
func readOf(expression string) (*read, error) {
	p, err := parser.NewParser(parser.Macros(parser.AllMacros...))
	if err != nil {
		return nil, err
	}
	parsed, issues := p.Parse(common.NewTextSource(expression))
	if len(issues.GetErrors()) > 0 {
		return nil, fmt.Errorf("%s", issues.ToDisplayString())
	}
	r := &read{expression: parsed.Expr(), fields: make(map[string]bool)}
	uses, selected, now := 0, 0, false
	ast.PreOrderVisit(parsed.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.IdentKind:
			now = now || e.AsIdent() == "now"
			if e.AsIdent() == "this" {
				uses++
			}
		case ast.SelectKind:
			operand := e.AsSelect().Operand()
			if operand.Kind() == ast.IdentKind && operand.AsIdent() == "this" {
				selected++
				r.fields[e.AsSelect().FieldName()] = true
			}
		}
	}))
	if now {
		return nil, errNow
	}
	r.whole = uses > selected
	return r, nil
}
