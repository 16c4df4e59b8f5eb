package schema

import (
	"math"
	"slices"
	"strings"
	"testing"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protopath"
	"google.golang.org/protobuf/reflect/protorange"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// everyPlan are the plans of the records, of both fixtures, and of a type with
// rules of every kind, always in one order.
func everyPlan(t testing.TB) (plans []*Plan) {
	t.Helper()
	for _, s := range []*Schema{records(t), schemaOf(t, "older"), schemaOf(t, "newer")} {
		for _, name := range slices.Sorted(slices.Values(s.Types())) {
			plans = append(plans, s.Plan(name))
		}
	}
	return append(plans, ruledPlan(t))
}

// wantNoViolation holds writes about which the quick way has no doubt to what
// protobuf and buf.validate say. It tells whether there was no doubt.
func wantNoViolation(t rapid.TB, p *Plan, w *merge.RecordWrites) bool {
	t.Helper()
	c := check{plan: p}
	if p.CheckHeader(w.Header) != nil || c.scan(w) != nil || !c.quick.certain(&p.rules, &c.written) {
		return false
	}
	violations, err := p.evaluate(w, c.written, slices.Clone(c.violations))
	if err != nil || !slices.Equal(violations, c.violations) {
		t.Fatalf("%s: no doubt about %q, which breaks %v, %v", p.Name, written(*w), violations, err)
	}
	return true
}

// What is accepted quickly breaks no rule, whatever was written: values at the
// limits of the rules and beside them, several where there can be one, in any
// order, and such as no protobuf can read.
func TestWhatIsAcceptedQuicklyBreaksNoRule(t *testing.T) {
	for _, p := range everyPlan(t) {
		t.Run(p.Name, func(t *testing.T) {
			certain := 0
			rapid.Check(t, func(rt *rapid.T) {
				for range 10 {
					w := anyWrites(rt, p)
					if wantNoViolation(rt, p, &w) {
						certain++
					}
				}
			})
			if certain == 0 && !slices.ContainsFunc(p.rules.whole, alwaysInFull) {
				t.Error("nothing was accepted quickly, so that nothing was tested")
			}
		})
	}
}

// alwaysInFull tells whether a rule must be evaluated in full on every change,
// as one that compares the bytes of key fields.
func alwaysInFull(r messageRule) bool { return r.quick == nil && len(r.reads) == 0 }

// anyWrites draws what a change writes to a few cells of one record.
func anyWrites(t *rapid.T, p *Plan) merge.RecordWrites {
	w := merge.RecordWrites{Type: p.Name, Record: idOf(1), Header: anyHeader(t, p)}
	cells := rapid.SliceOfN(rapid.IntRange(0, len(p.cells)-1), 0, 2).Draw(t, "cells")
	// A rule on the message is only evaluated if all that it reads was written.
	if rule := rapid.IntRange(-3, len(p.rules.whole)-1).Draw(t, "rule"); rule >= 0 {
		cells = append(cells, p.rules.whole[rule].reads...)
	}
	slices.Sort(cells)
	cells = slices.Compact(cells)
	if rapid.IntRange(0, 9).Draw(t, "twice") == 0 {
		cells = append(cells, cells...)
	}
	for _, i := range cells {
		w.Writes = append(w.Writes, anyWrite(t, &p.cells[i]))
	}
	return w
}

func anyHeader(t *rapid.T, p *Plan) (header []byte) {
	for i := range p.fields {
		if f := &p.fields[i]; f.cell == keyField {
			header = append(header, anyField(t, f.desc)...)
		}
	}
	if p.CheckHeader(header) == nil {
		return header
	}
	return keyHeader(t, p)
}

func anyWrite(t *rapid.T, c *CellPlan) merge.Write {
	w := merge.Write{Cell: merge.CellKey{Field: c.Field}}
	if c.Set {
		w.Cell.Element, w.Value = string(anyField(t, c.Fields[0])), present
		return w
	}
	fields := slices.Clone(c.Fields)
	switch rapid.IntRange(0, 9).Draw(t, "order") {
	case 0:
		slices.Reverse(fields)
	case 1:
		fields = append(fields, fields...)
	}
	most := rapid.IntRange(1, 2).Draw(t, "most")
	for _, fd := range fields {
		times := []int{0, 1, 1, 1, 1, 1, most}
		if fd.IsList() {
			times = []int{0, 1, 2, 3}
		}
		value := anyField(t, fd)
		for i := range rapid.SampledFrom(times).Draw(t, "times") {
			if i > 0 && rapid.Bool().Draw(t, "another") {
				value = anyField(t, fd)
			}
			w.Value = append(w.Value, value...)
		}
	}
	return w
}

// anyField draws one value of a field, in wire bytes.
func anyField(t *rapid.T, fd protoreflect.FieldDescriptor) []byte {
	limits, pattern := limitsOf(fd)
	wire := wireType(fd.Kind())
	field := protowire.AppendTag(nil, fd.Number(), wire)
	switch {
	case fd.Message() != nil:
		return protowire.AppendBytes(field, rapid.SampledFrom([][]byte{nil, {0x12}, {0x0a, 0x01, 'x'}}).Draw(t, "part"))
	case pattern != "" && rapid.Bool().Draw(t, "matching"):
		return protowire.AppendString(field, rapid.StringMatching(pattern).Draw(t, "text"))
	case wire == protowire.BytesType:
		return protowire.AppendString(field, anyText(t, limits))
	}
	if fd.IsPacked() && rapid.IntRange(0, 3).Draw(t, "packed") == 0 {
		field = protowire.AppendTag(nil, fd.Number(), protowire.BytesType)
		return protowire.AppendBytes(field, rapid.SampledFrom([][]byte{{1}, {3, 3}, {0x80}}).Draw(t, "numbers"))
	}
	n := rapid.SampledFrom(append(limits, 0, 0, 1, 2, 3, 4, 5, 6, -1, math.MaxInt64, math.MinInt64, 1<<32)).Draw(t, "number")
	switch {
	case wire == protowire.Fixed32Type:
		return protowire.AppendFixed32(field, uint32(n))
	case wire == protowire.Fixed64Type:
		return protowire.AppendFixed64(field, uint64(n))
	case fd.Kind() == protoreflect.Sint32Kind || fd.Kind() == protoreflect.Sint64Kind:
		return protowire.AppendVarint(field, protowire.EncodeZigZag(n))
	default:
		return protowire.AppendVarint(field, uint64(n))
	}
}

// anyText draws text of a length near a limit. Its last character may take
// several bytes, or be none.
func anyText(t *rapid.T, limits []int64) string {
	lengths := []int64{0, 1, 2, 3}
	for _, limit := range limits {
		if 0 <= limit && limit < 500 {
			lengths = append(lengths, limit)
		}
	}
	length := rapid.SampledFrom(lengths).Draw(t, "length")
	if length == 0 {
		return ""
	}
	last := rapid.SampledFrom([]string{"a", "a", "a", "b", "ж", "𝄞", "\xff"}).Draw(t, "last")
	return strings.Repeat("a", int(length)-1) + last
}

// limitsOf are the numbers in the rules of a field, with their neighbours, and
// the pattern of its text.
func limitsOf(fd protoreflect.FieldDescriptor) (limits []int64, pattern string) {
	rules, _ := protovalidate.ResolveFieldRules(fd)
	_ = protorange.Range(rules.ProtoReflect(), func(at protopath.Values) error {
		switch n := at.Index(-1).Value.Interface().(type) {
		case int32:
			limits = append(limits, int64(n)-1, int64(n), int64(n)+1)
		case int64:
			limits = append(limits, n-1, n, n+1)
		case uint32:
			limits = append(limits, int64(n)-1, int64(n), int64(n)+1)
		case uint64:
			limits = append(limits, int64(n)-1, int64(n), int64(n)+1)
		}
		return nil
	})
	return limits, rules.GetString().GetPattern()
}

// What people write every day is accepted quickly.
func TestEverydayWritesAreAcceptedQuickly(t *testing.T) {
	for name, of := range everyday(t) {
		p, d := of()
		w := newTablet(t, "nadia").compose(p, d)
		if !wantNoViolation(t, p, &w) {
			t.Errorf("%s: the rules are evaluated in full", name)
		}
	}
}

// Whatever bytes are written: what is accepted quickly breaks no rule.
func FuzzQuick(f *testing.F) {
	plans := everyPlan(f)
	for i, p := range plans {
		for c := range p.cells {
			number := p.cells[c].Fields[0].Number()
			f.Add(uint8(i), uint8(c), numberField(number, 3), uint8(c+1), []byte{})
			f.Add(uint8(i), uint8(c), textField(number, "aab"), uint8(c), textField(number, "+380441234567"))
		}
	}
	f.Fuzz(func(t *testing.T, which, one uint8, value []byte, two uint8, other []byte) {
		p := plans[int(which)%len(plans)]
		w := merge.RecordWrites{Type: p.Name, Record: idOf(1), Header: keyHeader(t, p)}
		for _, write := range []struct {
			cell  uint8
			value []byte
		}{{one, value}, {two, other}} {
			c := &p.cells[int(write.cell)%len(p.cells)]
			if c.Set {
				w.Writes = append(w.Writes, merge.Write{Cell: merge.CellKey{Field: c.Field, Element: string(write.value)}, Value: present})
			} else {
				w.Writes = append(w.Writes, merge.Write{Cell: merge.CellKey{Field: c.Field}, Value: write.value})
			}
		}
		wantNoViolation(t, p, &w)
	})
}

// keyHeader is a header with the values that keyValue gives.
func keyHeader(t rapid.TB, p *Plan) []byte {
	msg := dynamicpb.NewMessage(p.desc)
	for i := range p.fields {
		if f := &p.fields[i]; f.cell == keyField {
			msg.Set(f.desc, keyValue(f))
		}
	}
	header, err := p.Header(msg)
	if err != nil {
		t.Fatal(err)
	}
	return header
}
