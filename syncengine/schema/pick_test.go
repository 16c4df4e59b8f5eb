package schema

import (
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// rising are values of each kind, in the order of numbers.
var rising = map[string][]protoreflect.Value{
	"int32":       values(protoreflect.ValueOfInt32, math.MinInt32, -1, 0, 1, math.MaxInt32),
	"sint32":      values(protoreflect.ValueOfInt32, math.MinInt32, -1, 0, 1, math.MaxInt32),
	"sfixed32":    values(protoreflect.ValueOfInt32, math.MinInt32, -1, 0, 1, math.MaxInt32),
	"int64":       values(protoreflect.ValueOfInt64, -1<<62, -1, 0, 1, math.MaxInt64),
	"sint64":      values(protoreflect.ValueOfInt64, -1<<62, -1, 0, 1, math.MaxInt64),
	"sfixed64":    values(protoreflect.ValueOfInt64, -1<<62, -1, 0, 1, math.MaxInt64),
	"uint32":      values(protoreflect.ValueOfUint32, 0, 1, 1<<31, math.MaxUint32),
	"fixed32":     values(protoreflect.ValueOfUint32, 0, 1, 1<<31, math.MaxUint32),
	"uint64":      values(protoreflect.ValueOfUint64, 0, 1, 1<<63, math.MaxUint64),
	"fixed64":     values(protoreflect.ValueOfUint64, 0, 1, 1<<63, math.MaxUint64),
	"bool":        values(protoreflect.ValueOfBool, false, true),
	".test.Level": values(protoreflect.ValueOfEnum, -7, 0, 1, 2, 50),
}

func values[T any](of func(T) protoreflect.Value, list ...T) (vs []protoreflect.Value) {
	for _, v := range list {
		vs = append(vs, of(v))
	}
	return vs
}

// A cell weighs by its field, beside which another one stands.
func TestHighestAndLowestForEveryKind(t *testing.T) {
	for kind, list := range rising {
		for pick, sign := range map[schemav1.Pick]int{highest: 1, lowest: -1} {
			p := planOf(t, community(), option(field("weight", 2, kind), &schemav1.Field{Group: "g", Pick: pick}), option(field("text", 3, "string"), &schemav1.Field{Group: "g"}))
			rule := p.Cells()[0].Rule
			for i := 1; i < len(list); i++ {
				low, high := rule.Weight(weighed(t, p, list[i-1])), rule.Weight(weighed(t, p, list[i]))
				if (high > low) != (sign > 0) || high == low {
					t.Errorf("%s of %s: %v weighs %d, %v weighs %d", pick, kind, list[i-1], low, list[i], high)
				}
			}
			for _, v := range list {
				if cleared := rule.Weight(nil); cleared > rule.Weight(weighed(t, p, v)) {
					t.Errorf("%s of %s: a cleared cell weighs %d, more than %v", pick, kind, cleared, v)
				}
			}
		}
	}
}

// weighed are the bytes of the cell with this weight and a text.
func weighed(t *testing.T, p *Plan, v protoreflect.Value) []byte {
	t.Helper()
	msg := dynamicpb.NewMessage(p.Descriptor())
	msg.Set(p.Descriptor().Fields().ByNumber(2), v)
	msg.Set(p.Descriptor().Fields().ByNumber(3), protoreflect.ValueOfString("as seen"))
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(msg)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestOrderShowsTheFirstListed(t *testing.T) {
	rule := schemaOf(t, "older").Plan(typeVisit).Rule(merge.CellKey{Field: 5})
	outcome := func(number uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, 5, protowire.VarintType), number)
	}
	ranked := [][]byte{outcome(2), outcome(1), outcome(3), nil} // refused, met, absent, cleared
	for i := 1; i < len(ranked); i++ {
		if rule.Weight(ranked[i-1]) <= rule.Weight(ranked[i]) {
			t.Errorf("%x does not come before %x", ranked[i-1], ranked[i])
		}
	}
	if rule.Weight(outcome(3)) != rule.Weight(outcome(77)) {
		t.Error("among values that are not listed the latest is shown")
	}
}

// As protobuf reads it, the last occurrence counts; and bytes that are no
// message weigh something, without harm.
func TestWeightOfOddBytes(t *testing.T) {
	rule := schemaOf(t, "older").Plan(typeVisit).Rule(merge.CellKey{Field: 14})
	one, nine := []byte{0x70, 0x02}, []byte{0x70, 0x12}
	if rule.Weight(append(append([]byte{}, one...), nine...)) != rule.Weight(nine) {
		t.Error("the last occurrence does not count")
	}
	for _, data := range [][]byte{{0x70}, {0x70, 0xff}, {0x72, 0x01, 0x05}, {0xff, 0xff}, {0x75, 1, 2, 3, 4}} {
		rule.Weight(data)
	}
}

func TestRulesOfCells(t *testing.T) {
	s := schemaOf(t, "older")
	visit, place := s.Plan(typeVisit), s.Plan(typePlace)
	element := string([]byte{0x20, 0x02})
	for _, c := range []struct {
		name   string
		rule   merge.Rule
		pick   merge.Pick
		review bool
	}{
		{"plain field", visit.Rule(merge.CellKey{Field: 7}), merge.Latest, false},
		{"order", visit.Rule(merge.CellKey{Field: 5}), merge.Heaviest, false},
		{"highest of a group", visit.Rule(merge.CellKey{Field: 8}), merge.Heaviest, false},
		{"earliest", visit.Rule(merge.CellKey{Field: 15}), merge.Earliest, true},
		{"lifecycle", visit.Rule(merge.Lifecycle), merge.Latest, false},
		{"never heard of", visit.Rule(merge.CellKey{Field: 4_000_000_000}), merge.Latest, false},
		{"element never heard of", visit.Rule(merge.CellKey{Field: 99, Element: element}), merge.Heaviest, false},
		{"element", place.Rule(merge.CellKey{Field: 3, Element: element}), merge.Heaviest, false},
		{"element for review", place.Rule(merge.CellKey{Field: 4, Element: element}), merge.Heaviest, true},
	} {
		if c.rule.Pick != c.pick || c.rule.Review != c.review || (c.pick == merge.Heaviest) != (c.rule.Weight != nil) {
			t.Errorf("%s: %+v", c.name, c.rule)
		}
	}
	if rule := place.Rule(merge.CellKey{Field: 4, Element: element}); rule.Weight(present) <= rule.Weight(nil) {
		t.Error("an unseen removal beats an add")
	}
}
