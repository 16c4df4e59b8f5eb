package schema

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// showRule makes the rule of a cell from the options of its fields.
func (p *planner) showRule(c *CellPlan) merge.Rule {
	var rule merge.Rule
	var picked protoreflect.FieldDescriptor
	for _, fd := range c.Fields {
		o := p.options[fd.Number()]
		rule.Review = rule.Review || o.GetReview()
		if o.GetPick() == schemav1.Pick_PICK_UNSPECIFIED {
			continue
		}
		if picked != nil {
			p.fail(fd.Name(), "a second pick in group %q, after that of %s: a cell is shown whole, by one pick", c.Name, picked.Name())
			return rule
		}
		picked = fd
	}
	if picked == nil {
		return rule
	}
	o := p.options[picked.Number()]
	if o.GetPick() == schemav1.Pick_PICK_EARLIEST {
		rule.Pick = merge.Earliest
		if !rule.Review {
			p.fail(picked.Name(), "PICK_EARLIEST without review: a clock in the past would always win and nobody would see it")
		}
		return rule
	}
	if weight := weightOf(picked, o); weight != nil {
		rule.Pick, rule.Weight = merge.Heaviest, weight
	}
	return rule
}

// weightOf returns the function that ranks a cell's value by one field, nil for
// a pick that weighs nothing. A cleared cell ranks below every value; a field
// that is not there counts as zero.
func weightOf(fd protoreflect.FieldDescriptor, o *schemav1.Field) func(data []byte) int64 {
	number, integer := fd.Number(), integerOf(fd.Kind())
	var rank func(int64) int64
	switch o.GetPick() {
	case schemav1.Pick_PICK_HIGHEST:
		rank = func(v int64) int64 { return v }
	case schemav1.Pick_PICK_LOWEST:
		rank = func(v int64) int64 { return ^v } // falls as v rises, and never overflows
	case schemav1.Pick_PICK_ORDER:
		rank = rankIn(fd, o.GetOrder())
	}
	if rank == nil || integer == nil {
		return nil
	}
	return func(data []byte) int64 {
		if len(data) == 0 {
			return math.MinInt64
		}
		return rank(integer(lastBits(data, number)))
	}
}

// rankIn ranks enum numbers: the first of the order highest, those that are not
// in it zero.
func rankIn(fd protoreflect.FieldDescriptor, order []string) func(int64) int64 {
	ranks := make(map[int64]int64, len(order))
	for i, name := range order {
		if fd.Enum() == nil {
			return nil
		}
		if value := fd.Enum().Values().ByName(protoreflect.Name(name)); value != nil {
			ranks[int64(value.Number())] = int64(len(order) - i)
		}
	}
	return func(v int64) int64 { return ranks[v] }
}

// integerOf returns how the bits on the wire become an integer that orders as
// the field's numbers do, nil for kinds that are not weighed.
func integerOf(kind protoreflect.Kind) func(bits uint64) int64 {
	switch kind {
	case protoreflect.Int64Kind, protoreflect.Sfixed64Kind, protoreflect.BoolKind:
		return func(bits uint64) int64 { return int64(bits) }
	case protoreflect.Int32Kind, protoreflect.Sfixed32Kind, protoreflect.EnumKind:
		return func(bits uint64) int64 { return int64(int32(bits)) }
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return func(bits uint64) int64 { return int64(uint32(bits)) }
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return func(bits uint64) int64 { return int64(bits ^ 1<<63) } // unsigned order, shifted into signed
	case protoreflect.Sint32Kind:
		return func(bits uint64) int64 { return int64(int32(protowire.DecodeZigZag(bits & math.MaxUint32))) }
	case protoreflect.Sint64Kind:
		return protowire.DecodeZigZag
	default:
		return nil
	}
}

func isWeighable(kind protoreflect.Kind) bool { return integerOf(kind) != nil }

// lastBits returns the number that the field holds in the cell's bytes: its
// last occurrence, as protobuf reads it, and zero if there is none.
func lastBits(data []byte, number protowire.Number) uint64 {
	var bits uint64
	for len(data) > 0 {
		found, wire, n := protowire.ConsumeField(data)
		if n < 0 {
			return bits
		}
		if found == number {
			bits = bitsOf(data[:n], wire, bits)
		}
		data = data[n:]
	}
	return bits
}

func bitsOf(field []byte, wire protowire.Type, otherwise uint64) uint64 {
	_, _, tag := protowire.ConsumeTag(field)
	switch wire {
	case protowire.VarintType:
		v, _ := protowire.ConsumeVarint(field[tag:])
		return v
	case protowire.Fixed32Type:
		v, _ := protowire.ConsumeFixed32(field[tag:])
		return uint64(v)
	case protowire.Fixed64Type:
		v, _ := protowire.ConsumeFixed64(field[tag:])
		return v
	default:
		return otherwise
	}
}
