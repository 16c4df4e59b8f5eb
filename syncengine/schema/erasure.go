package schema

import (
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema/compat"
)

// ErasureRules says, of every record type that is about a person, how the person
// is named and which cells stay when the person is erased: those of fields with
// kept_when_erased. They are sorted by type.
func (s *Schema) ErasureRules() []merge.ErasureRule {
	var rules []merge.ErasureRule
	for _, name := range s.Types() {
		plan := s.Plan(name)
		field, self := plan.Subject()
		if field == 0 && !self {
			continue
		}
		rules = append(rules, merge.ErasureRule{Type: name, Field: uint32(field), Kept: plan.KeptWhenErased()})
	}
	slices.SortFunc(rules, func(a, b merge.ErasureRule) int {
		if a.Type < b.Type {
			return -1
		}
		return 1
	})
	return rules
}

// KeptWhenErased are the cells that stay when the person whom a record is about is
// erased, ascending.
func (p *Plan) KeptWhenErased() (kept []uint32) {
	for i := range p.cells {
		for _, fd := range p.cells[i].Fields {
			if compat.FieldOf(fd).GetKeptWhenErased() {
				kept = append(kept, p.cells[i].Field)
				break
			}
		}
	}
	return kept
}
