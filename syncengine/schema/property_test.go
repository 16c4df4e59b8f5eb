package schema

import (
	"fmt"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// anyMessage draws a message of the type. Key fields are always the same, so
// that all drawn messages of a keyed type are one record; values come from a
// small range, so that two tablets often write the same.
func anyMessage(t *rapid.T, p *Plan) proto.Message {
	msg := dynamicpb.NewMessage(p.desc)
	fillMessage(t, msg, 2)
	for i := range p.fields {
		if f := &p.fields[i]; f.cell == keyField {
			msg.Set(f.desc, keyValue(f))
		}
	}
	return msg
}

func keyValue(f *fieldPlan) protoreflect.Value {
	switch f.desc.Kind() {
	case protoreflect.BytesKind:
		id := idOf(1)
		return protoreflect.ValueOfBytes(id[:])
	case protoreflect.StringKind:
		return protoreflect.ValueOfString("UA1234567")
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(7)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(1)
	default:
		return protoreflect.ValueOfInt32(20160801)
	}
}

func fillMessage(t *rapid.T, msg protoreflect.Message, depth int) {
	fields := msg.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if fd.Message() != nil && !fd.IsMap() && depth == 0 {
			continue
		}
		switch {
		case !rapid.Bool().Draw(t, string(fd.Name())):
		case fd.IsMap():
			key := protoreflect.ValueOfString(rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "key")).MapKey()
			msg.Mutable(fd).Map().Set(key, anyScalar(t, fd.MapValue()))
		case fd.IsList():
			list := msg.Mutable(fd).List()
			for range rapid.IntRange(1, 3).Draw(t, "length") {
				list.Append(anyValue(t, fd, list.NewElement, depth))
			}
		default:
			msg.Set(fd, anyValue(t, fd, func() protoreflect.Value { return msg.NewField(fd) }, depth))
		}
	}
}

func anyValue(t *rapid.T, fd protoreflect.FieldDescriptor, empty func() protoreflect.Value, depth int) protoreflect.Value {
	if fd.Message() == nil {
		return anyScalar(t, fd)
	}
	value := empty()
	fillMessage(t, value.Message(), depth-1)
	return value
}

func anyScalar(t *rapid.T, fd protoreflect.FieldDescriptor) protoreflect.Value {
	n := rapid.SampledFrom([]int64{0, 1, 2, 300, -1}).Draw(t, "value")
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(n > 0)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(n))
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(n))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(n))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(n)
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(n))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(float64(n))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(fmt.Sprint(n))
	case protoreflect.BytesKind:
		id := idOf(byte(n))
		return protoreflect.ValueOfBytes(id[:])
	default:
		panic(fd.Kind())
	}
}

// asShown is the message with its sets as a view gives them: each element once,
// in the order of their bytes.
func asShown(p *Plan, msg proto.Message) proto.Message {
	shown := proto.Clone(msg)
	for i := range p.cells {
		if !p.cells[i].Set {
			continue
		}
		fd := p.cells[i].Fields[0]
		c, _ := p.takeApart(msg)
		elements := slices.Clone(c.elements[i])
		slices.Sort(elements)
		shown.ProtoReflect().Clear(fd)
		for _, element := range elements {
			_ = proto.UnmarshalOptions{Merge: true}.Unmarshal([]byte(element), shown)
		}
	}
	return shown
}

// everyField are the fields that are not in the key.
func everyField(p *Plan) (list []protoreflect.FieldNumber) {
	for i := range p.cells {
		list = append(list, p.cells[i].Fields[0].Number())
	}
	return list
}

func draft(p *Plan, msg proto.Message, fields ...protoreflect.FieldNumber) Draft {
	d := Draft{Message: msg, Fields: fields}
	if !p.Keyed() {
		d.Record = idOf(1)
	}
	return d
}

// What is written is read: for a new record, for one that is overwritten, and
// again without a change. Every draft can be checked.
func TestComposeThenJoinGivesTheMessageBack(t *testing.T) {
	s := schemaOf(t, "newer")
	rapid.Check(t, func(rt *rapid.T) {
		p := s.Plan(rapid.SampledFrom(s.Types()).Draw(rt, "type"))
		nadia := newTablet(t, "nadia")
		first, second := anyMessage(rt, p), anyMessage(rt, p)
		nadia.save(p, draft(p, first))
		wantEqual(rt, joined(t, p, nadia.only()), asShown(p, first))
		w := nadia.compose(p, draft(p, second, everyField(p)...))
		if _, err := p.Check(&w); err != nil {
			rt.Fatalf("what was composed cannot be read: %v", err)
		}
		nadia.change(w)
		wantEqual(rt, joined(t, p, nadia.only()), asShown(p, second))
		if again := nadia.compose(p, draft(p, joined(t, p, nadia.only()), everyField(p)...)); len(again.Writes) != 0 {
			rt.Fatalf("written again without a change: %q", written(again))
		}
	})
}

func wantEqual(t *rapid.T, got, want proto.Message) {
	t.Helper()
	if !proto.Equal(got, want) {
		t.Fatalf("message\n%v\nwant\n%v", got, want)
	}
}

// An app that knows fewer fields changes what it knows. What it does not know
// is in its message byte for byte as it stands in the cells, and stays.
func TestOlderAppsKeepWhatTheyDoNotKnow(t *testing.T) {
	olderSchema, newerSchema := schemaOf(t, "older"), schemaOf(t, "newer")
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(olderSchema.Types()).Draw(rt, "type")
		older, newer := olderSchema.Plan(name), newerSchema.Plan(name)
		nadia := newTablet(t, "nadia")
		written, changed := anyMessage(rt, newer), anyMessage(rt, older)
		nadia.save(newer, draft(newer, written))
		got, want := joined(t, older, nadia.only()).ProtoReflect().GetUnknown(), unknownBytes(older, nadia.only())
		if string(got) != want {
			rt.Fatalf("unknown fields %x, want %x", got, want)
		}
		nadia.save(older, draft(older, changed, everyField(older)...))
		wantEqual(rt, joined(t, newer, nadia.only()), overlaid(rt, older, newer, written, changed))
	})
}

// unknownBytes are the cells that the plan does not know, one after the other.
func unknownBytes(p *Plan, rec *merge.Record) string {
	var unknown string
	for _, c := range rec.Cells {
		if _, known := p.cellAt(c.Key.Field); known || c.Key == merge.Lifecycle {
			continue
		}
		if c.Key.Element != "" {
			unknown += c.Key.Element
		} else {
			unknown += string(c.Values[0].Data)
		}
	}
	return unknown
}

// overlaid is the newer message with every field that the older plan knows as
// the older message has it.
func overlaid(t *rapid.T, older, newer *Plan, written, changed proto.Message) proto.Message {
	msg := asShown(newer, written)
	for i := range older.cells {
		for _, fd := range older.cells[i].Fields {
			msg.ProtoReflect().Clear(newer.desc.Fields().ByNumber(fd.Number()))
		}
	}
	raw, err := proto.Marshal(asShown(older, changed))
	if err != nil {
		t.Fatal(err)
	}
	if err := (proto.UnmarshalOptions{Merge: true}).Unmarshal(raw, msg); err != nil {
		t.Fatal(err)
	}
	return msg
}

// Two tablets start from one record, write what they like, and exchange it in
// any order. Elements that one added are in, those that somebody removed who
// had seen them are out, and every other cell shows the whole of what one of
// them wrote.
func TestConcurrentDraftsMeet(t *testing.T) {
	s := schemaOf(t, "newer")
	rapid.Check(t, func(rt *rapid.T) {
		p := s.Plan(rapid.SampledFrom(s.Types()).Draw(rt, "type"))
		nadia, oleh := newTablet(t, "nadia"), newTablet(t, "oleh")
		base := anyMessage(rt, p)
		oleh.apply(nadia.save(p, draft(p, base)))
		one, two := anyMessage(rt, p), anyMessage(rt, p)
		a, b := nadia.compose(p, draft(p, one, everyField(p)...)), oleh.compose(p, draft(p, two, everyField(p)...))
		if len(a.Writes) == 0 || len(b.Writes) == 0 {
			return
		}
		ca, cb := nadia.change(a), oleh.change(b)
		nadia.apply(cb)
		oleh.apply(ca)
		if nadia.only().Digest() != oleh.only().Digest() {
			rt.Fatal("the tablets differ")
		}
		shown := joined(t, p, nadia.only())
		wantEqual(rt, shown, joined(t, p, oleh.only()))
		for i := range p.cells {
			wantCell(rt, p, i, shown, base, one, two)
		}
	})
}

// wantCell holds what is shown of one cell to what the two tablets wrote.
func wantCell(t *rapid.T, p *Plan, cell int, shown, base, one, two proto.Message) {
	t.Helper()
	at := func(msg proto.Message) *content {
		c, err := p.takeApart(msg)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	got, start, a, b := at(shown), at(base), at(one), at(two)
	if !p.cells[cell].Set {
		if value := string(got.values[cell]); value != string(a.values[cell]) && value != string(b.values[cell]) {
			t.Fatalf("cell %s shows %x, which nobody wrote: %x, %x", p.cells[cell].Name, value, a.values[cell], b.values[cell])
		}
		return
	}
	for _, element := range slices.Concat(start.elements[cell], a.elements[cell], b.elements[cell]) {
		had, inA, inB := slices.Contains(start.elements[cell], element), slices.Contains(a.elements[cell], element), slices.Contains(b.elements[cell], element)
		want := inA && inB || !had && (inA || inB)
		if slices.Contains(got.elements[cell], element) != want {
			t.Fatalf("element %x of %s is shown: %t", element, p.cells[cell].Name, !want)
		}
	}
}

// Whichever implementation writes a message, and however it orders the fields
// inside, the cells are the same.
func TestEqualMessagesHaveEqualCells(t *testing.T) {
	s := schemaOf(t, "newer")
	rapid.Check(t, func(rt *rapid.T) {
		p := s.Plan(rapid.SampledFrom(s.Types()).Draw(rt, "type"))
		msg := anyMessage(rt, p)
		scrambled := dynamicpb.NewMessage(p.desc)
		raw, err := proto.Marshal(msg) // in no particular order
		if err != nil {
			rt.Fatal(err)
		}
		if err := proto.Unmarshal(raw, scrambled); err != nil {
			rt.Fatal(err)
		}
		a, err := p.Compose(hall, nil, draft(p, msg))
		if err != nil {
			rt.Fatal(err)
		}
		b, err := p.Compose(hall, nil, draft(p, scrambled))
		if err != nil {
			rt.Fatal(err)
		}
		if !slices.Equal(written(a), written(b)) || string(a.Header) != string(b.Header) {
			rt.Fatalf("%q and %q", written(a), written(b))
		}
		if !slices.IsSortedFunc(a.Writes, func(x, y merge.Write) int { return x.Cell.Compare(y.Cell) }) {
			rt.Fatalf("writes are not sorted: %q", written(a))
		}
	})
}
