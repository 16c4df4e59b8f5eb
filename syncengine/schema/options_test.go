package schema

import (
	"fmt"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
)

// broken is a record type with an option that makes no sense.
type broken struct {
	name       string
	collection *schemav1.Collection
	fields     []*descriptorpb.FieldDescriptorProto
	change     func(*descriptorpb.FileDescriptorProto)
	field      string // where the error must say that it is
	want       string
}

func fields(list ...*descriptorpb.FieldDescriptorProto) []*descriptorpb.FieldDescriptorProto {
	return list
}

func spaces(kinds ...SpaceKind) *schemav1.Collection { return &schemav1.Collection{Space: kinds} }

// check holds the error of a broken type to naming file, message and field.
func (b broken) check(t *testing.T) {
	t.Helper()
	file := oneMessage(b.collection, b.fields...)
	if b.change != nil {
		b.change(file)
	}
	// Both ways in must tell: types linked in, and types given at run time.
	linked, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatalf("the case itself is no valid file: %v", err)
	}
	_, startError := New(linked)
	empty, _ := New()
	_, _, givenError := empty.With(marshalSet(t, file))
	for _, err := range []error{startError, givenError} {
		if err == nil {
			t.Fatal("the broken option was accepted")
		}
		text := err.Error()
		for _, part := range []string{"test.proto", "message test.Sheet", b.want} {
			if !strings.Contains(text, part) {
				t.Errorf("the error does not say %q:\n%s", part, text)
			}
		}
		if b.field != "" && !strings.Contains(text, "field "+b.field+": ") {
			t.Errorf("the error does not name field %s:\n%s", b.field, text)
		}
	}
}

const (
	kindCommunity = schemav1.SpaceKind_SPACE_KIND_COMMUNITY
	kindRoom      = schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM
	latest        = schemav1.Pick_PICK_LATEST
	earliest      = schemav1.Pick_PICK_EARLIEST
	highest       = schemav1.Pick_PICK_HIGHEST
	lowest        = schemav1.Pick_PICK_LOWEST
	order         = schemav1.Pick_PICK_ORDER
)

func TestBrokenCollections(t *testing.T) {
	text, other := field("text", 1, "string"), field("other", 2, "string")
	for _, b := range []broken{
		{name: "no space", collection: spaces(), fields: fields(text), want: "collection.space is empty"},
		{name: "unspecified space", collection: spaces(0), fields: fields(text), want: "no kind of space"},
		{name: "unknown space", collection: spaces(99), fields: fields(text), want: "no kind of space"},
		{name: "space twice", collection: spaces(kindCommunity, kindCommunity), fields: fields(text), want: "SPACE_KIND_COMMUNITY stands there twice"},
		{name: "counselling room beside another", collection: spaces(kindRoom, kindCommunity), fields: fields(text), want: "admits no other kind"},
		{name: "key in a counselling room", collection: &schemav1.Collection{Space: []SpaceKind{kindRoom}, Key: []string{"text"}}, fields: fields(text, other), want: "can be guessed"},
		{name: "unknown key field", collection: community("code"), fields: fields(text), want: `there is no field "code"`},
		{name: "key field twice", collection: community("text", "text"), fields: fields(text), field: "text", want: "named twice"},
		{name: "subject that does not exist", collection: &schemav1.Collection{Space: []SpaceKind{kindCommunity}, Subject: "person_id"}, fields: fields(text), want: `collection.subject: there is no field "person_id"`},
		{name: "subject without a reference", collection: &schemav1.Collection{Space: []SpaceKind{kindCommunity}, Subject: "text"}, fields: fields(text), field: "text", want: "must be a single field with a reference"},
		{
			name: "subject that is a list", collection: &schemav1.Collection{Space: []SpaceKind{kindCommunity}, Subject: "people"},
			fields: fields(option(field("people", 1, "repeated bytes"), &schemav1.Field{Reference: []string{"test.Sheet"}})),
			field:  "people", want: "must be a single field with a reference",
		},
		{name: "option from the future", collection: withUnknown(community()), fields: fields(text), want: "use a newer one"},
	} {
		t.Run(b.name, b.check)
	}
}

// withUnknown adds what a newer version of an option message might say.
func withUnknown[M proto.Message](m M) M {
	m.ProtoReflect().SetUnknown(protoreflect.RawFields{0xf8, 0x07, 0x01}) // field 127: 1
	return m
}

func TestBrokenKeys(t *testing.T) {
	part, float := field("code", 1, ".test.Part"), field("code", 1, "double")
	for _, b := range []broken{
		{name: "list", fields: fields(field("code", 1, "repeated string")), want: "single scalar"},
		{name: "message", fields: fields(part), want: "single scalar"},
		{name: "double", fields: fields(float), want: "floating-point"},
		{name: "float", fields: fields(field("code", 1, "float")), want: "floating-point"},
		{name: "in a group", fields: fields(option(field("code", 1, "string"), &schemav1.Field{Group: "g"})), want: `cannot be in group "g"`},
		{name: "a set", fields: fields(option(field("code", 1, "repeated string"), &schemav1.Field{Set: true})), want: "cannot be a set"},
		{name: "picked", fields: fields(option(field("code", 1, "int32"), &schemav1.Field{Pick: highest})), want: "one value for ever"},
		{name: "reviewed", fields: fields(option(field("code", 1, "int32"), &schemav1.Field{Review: true})), want: "one value for ever"},
	} {
		b.collection, b.field = community("code"), "code"
		t.Run(b.name, b.check)
	}
	oneof := broken{collection: community("code"), fields: fields(field("code", 1, "string")), field: "code", want: "must not be in a oneof"}
	oneof.change = func(f *descriptorpb.FileDescriptorProto) { inOneof(f.MessageType[0], 0) }
	t.Run("in a oneof", oneof.check)
	counts := broken{collection: community("code"), fields: fields(field("code", 1, "repeated .test.Sheet.CodeEntry")), field: "code", want: "single scalar"}
	counts.change = func(f *descriptorpb.FileDescriptorProto) { withMap(f, field("value", 2, "string")) }
	t.Run("map", counts.check)
}

// withMap adds the message that makes a field of type test.Sheet.CodeEntry a map.
func withMap(f *descriptorpb.FileDescriptorProto, value *descriptorpb.FieldDescriptorProto) {
	f.MessageType[0].NestedType = []*descriptorpb.DescriptorProto{{
		Name: proto.String("CodeEntry"), Options: &descriptorpb.MessageOptions{MapEntry: proto.Bool(true)},
		Field: fields(field("key", 1, "string"), value),
	}}
}

// inOneof puts fields of the message into a oneof.
func inOneof(md *descriptorpb.DescriptorProto, fields ...int) {
	md.OneofDecl = []*descriptorpb.OneofDescriptorProto{{Name: proto.String("choice")}}
	for _, i := range fields {
		md.Field[i].OneofIndex = proto.Int32(0)
	}
}

func TestBrokenGroupsAndSets(t *testing.T) {
	group := func(name string, number int32, kind string, pick schemav1.Pick) *descriptorpb.FieldDescriptorProto {
		return option(field(name, number, kind), &schemav1.Field{Group: "g", Pick: pick})
	}
	set := func(kind string, o *schemav1.Field) *descriptorpb.FieldDescriptorProto {
		o.Set = true
		return option(field("tags", 1, kind), o)
	}
	split := func(f *descriptorpb.FileDescriptorProto) { inOneof(f.MessageType[0], 0, 1) }
	for _, b := range []broken{
		{name: "set in a group", fields: fields(set("repeated string", &schemav1.Field{Group: "g"})), field: "tags", want: `cannot be in group "g"`},
		{name: "set that is no list", fields: fields(set("string", &schemav1.Field{})), field: "tags", want: "repeated fields only"},
		{name: "set of messages", fields: fields(set("repeated .test.Part", &schemav1.Field{})), field: "tags", want: "scalars or enums"},
		{name: "set of doubles", fields: fields(set("repeated double", &schemav1.Field{})), field: "tags", want: "floating-point"},
		{name: "picked set", fields: fields(set("repeated int32", &schemav1.Field{Pick: latest})), field: "tags", want: "pick and order mean nothing"},
		{name: "two picks in a group", fields: fields(group("a", 1, "int32", highest), group("b", 2, "int32", latest)), field: "b", want: `a second pick in group "g", after that of a`},
		{name: "oneof without a group", fields: fields(field("a", 1, "string"), field("b", 2, "string")), change: split, field: "a", want: "put all members of the oneof into one group"},
		{name: "oneof in two groups", fields: fields(group("a", 1, "string", 0), field("b", 2, "string")), change: split, field: "b", want: "put all members of the oneof into one group"},
		{name: "too many cells", fields: manyFields(cellsMax + 1), want: "257 cells, at most 256"},
	} {
		b.collection = community()
		t.Run(b.name, b.check)
	}
	empty, _ := New()
	if _, _, err := empty.With(marshalSet(t, oneMessage(community(), manyFields(cellsMax)...))); err != nil {
		t.Errorf("%d cells: %v", cellsMax, err)
	}
}

func manyFields(n int) (list []*descriptorpb.FieldDescriptorProto) {
	for i := range n {
		list = append(list, field(fmt.Sprintf("f%d", i+1), int32(i+1), "int32"))
	}
	return list
}

func TestBrokenPicksAndReferences(t *testing.T) {
	for _, b := range []struct {
		kind   string
		option *schemav1.Field
		want   string
	}{
		{".test.Level", &schemav1.Field{Pick: order}, "PICK_ORDER without order"},
		{"int32", &schemav1.Field{Pick: order, Order: []string{"LOW"}}, "PICK_ORDER is for single enum fields only"},
		{"repeated .test.Level", &schemav1.Field{Pick: order, Order: []string{"LOW"}}, "PICK_ORDER is for single enum fields only"},
		{".test.Level", &schemav1.Field{Pick: order, Order: []string{"LOW", "LEVEL_MIDDLE"}}, `test.Level has no value "LEVEL_MIDDLE"`},
		{".test.Level", &schemav1.Field{Pick: order, Order: []string{"LOW", "LOW"}}, `"LOW" stands there twice`},
		{".test.Level", &schemav1.Field{Order: []string{"LOW"}}, "the pick is not PICK_ORDER"},
		{"string", &schemav1.Field{Pick: earliest}, "PICK_EARLIEST without review"},
		{"string", &schemav1.Field{Pick: highest}, "PICK_HIGHEST weighs the field"},
		{"double", &schemav1.Field{Pick: lowest}, "PICK_LOWEST weighs the field"},
		{"repeated int32", &schemav1.Field{Pick: lowest}, "PICK_LOWEST weighs the field"},
		{".test.Part", &schemav1.Field{Pick: highest}, "PICK_HIGHEST weighs the field"},
		{"int32", &schemav1.Field{Pick: 77}, "pick: 77 is no pick"},
		{"string", &schemav1.Field{Reference: []string{"test.Sheet"}}, "the field must be bytes"},
		{"bytes", &schemav1.Field{Reference: []string{"test.Shet"}}, `there is no record type "test.Shet"`},
		{"bytes", &schemav1.Field{Reference: []string{"test.Part"}}, `there is no record type "test.Part"`},
		{"int32", withUnknown(&schemav1.Field{}), "use a newer one"},
	} {
		name := fmt.Sprintf("%s on %s", b.want, b.kind)
		t.Run(name, broken{collection: community(), fields: fields(option(field("level", 1, b.kind), b.option)), field: "level", want: b.want}.check)
	}
}

func TestBrokenShapes(t *testing.T) {
	proto2 := func(f *descriptorpb.FileDescriptorProto) { f.Syntax = proto.String("proto2") }
	both := func(changes ...func(*descriptorpb.FileDescriptorProto)) func(*descriptorpb.FileDescriptorProto) {
		return func(f *descriptorpb.FileDescriptorProto) {
			for _, change := range changes {
				change(f)
			}
		}
	}
	part := func(o *schemav1.Field) func(*descriptorpb.FileDescriptorProto) {
		return func(f *descriptorpb.FileDescriptorProto) { option(f.MessageType[1].Field[0], o) }
	}
	one := func() []*descriptorpb.FieldDescriptorProto { return fields(field("part", 1, ".test.Part")) }
	for _, b := range []broken{
		{name: "proto2 group", fields: fields(field("part", 1, ".test.Part")), field: "part", want: "a proto2 group", change: both(proto2, func(f *descriptorpb.FileDescriptorProto) {
			f.MessageType[0].NestedType = []*descriptorpb.DescriptorProto{{Name: proto.String("Part")}}
			f.MessageType[0].Field[0].TypeName = proto.String(".test.Sheet.Part")
			f.MessageType[0].Field[0].Type = descriptorpb.FieldDescriptorProto_TYPE_GROUP.Enum()
		})},
		{name: "required", fields: one(), field: "part", want: "a required field is not possible", change: both(proto2, func(f *descriptorpb.FileDescriptorProto) {
			f.MessageType[0].Field[0].Label = descriptorpb.FieldDescriptorProto_LABEL_REQUIRED.Enum()
		})},
		{name: "default", fields: fields(field("days", 1, "int32")), field: "days", want: "a default value is not possible", change: both(proto2, func(f *descriptorpb.FileDescriptorProto) {
			f.MessageType[0].Field[0].DefaultValue = proto.String("3")
		})},
		{name: "extension range", fields: one(), want: "extension ranges are not possible", change: both(proto2, extensible(0))},
		{name: "extension range in a part", fields: one(), field: "part", want: "test.Part has extension ranges", change: both(proto2, extensible(1))},
		{name: "required in a part", fields: one(), field: "part", want: "test.Part.note: neither a proto2 group nor a required field", change: both(proto2, func(f *descriptorpb.FileDescriptorProto) {
			f.MessageType[1].Field[0].Label = descriptorpb.FieldDescriptorProto_LABEL_REQUIRED.Enum()
		})},
		{name: "record in a record", fields: one(), field: "part", want: "is a record type and cannot be a part", change: func(f *descriptorpb.FileDescriptorProto) {
			f.MessageType[1].Options = collection(community())
		}},
		{name: "group in a part", fields: one(), field: "part", want: "test.Part.note: inside a part only sensitivity", change: part(&schemav1.Field{Group: "g"})},
		{name: "review in a part", fields: one(), field: "part", want: "test.Part.note: inside a part only sensitivity", change: part(&schemav1.Field{Review: true})},
		{name: "reference in a part", fields: one(), field: "part", want: "test.Part.note: inside a part only sensitivity", change: part(&schemav1.Field{Reference: []string{"test.Sheet"}})},
	} {
		b.collection = community()
		t.Run(b.name, b.check)
	}
}

func extensible(message int) func(*descriptorpb.FileDescriptorProto) {
	return func(f *descriptorpb.FileDescriptorProto) {
		f.MessageType[message].ExtensionRange = []*descriptorpb.DescriptorProto_ExtensionRange{{Start: proto.Int32(100), End: proto.Int32(200)}}
	}
}

func TestBrokenRules(t *testing.T) {
	cel := func(id, expression string) *validate.Rule {
		return validate.Rule_builder{Id: proto.String(id), Expression: proto.String(expression)}.Build()
	}
	fieldRules := func(b validate.FieldRules_builder) *validate.FieldRules { return b.Build() }
	set := &schemav1.Field{Set: true}
	for _, b := range []broken{
		{name: "does not compile", fields: fields(option(field("n", 1, "int32"), nil, fieldRules(validate.FieldRules_builder{Cel: []*validate.Rule{cel("n.odd", "this %% 2 == 1")}}))), field: "n", want: "n.odd"},
		{name: "of another type", fields: fields(option(field("n", 1, "int32"), nil, fieldRules(validate.FieldRules_builder{String: validate.StringRules_builder{MinLen: proto.Uint64(1)}.Build()}))), field: "n", want: "rules: "},
		{name: "asks for the time", fields: fields(option(field("n", 1, "int64"), nil, fieldRules(validate.FieldRules_builder{Cel: []*validate.Rule{cel("n.past", "this < int(now)")}}))), field: "n", want: "it asks for the time now"},
		{name: "timestamp before now", fields: fields(option(field("at", 1, ".google.protobuf.Timestamp"), nil, fieldRules(validate.FieldRules_builder{Timestamp: validate.TimestampRules_builder{LtNow: proto.Bool(true)}.Build()}))), field: "at", want: "it asks for the time now"},
		{name: "in items", fields: fields(option(field("n", 1, "repeated int64"), nil, fieldRules(validate.FieldRules_builder{Repeated: validate.RepeatedRules_builder{Items: fieldRules(validate.FieldRules_builder{CelExpression: []string{"this < int(now)"}})}.Build()}))), field: "n", want: "it asks for the time now"},
		{name: "set of at least", fields: fields(option(field("n", 1, "repeated int64"), set, fieldRules(validate.FieldRules_builder{Repeated: validate.RepeatedRules_builder{MinItems: proto.Uint64(1)}.Build()}))), field: "n", want: "a rule on the set as a whole is not possible"},
		{name: "set required", fields: fields(option(field("n", 1, "repeated int64"), set, fieldRules(validate.FieldRules_builder{Required: proto.Bool(true)}))), field: "n", want: "a rule on the set as a whole is not possible"},
		{name: "in a part", fields: fields(field("part", 1, ".test.Part")), field: "part", want: "it asks for the time now", change: func(f *descriptorpb.FileDescriptorProto) {
			option(f.MessageType[1].Field[0], nil, fieldRules(validate.FieldRules_builder{CelExpression: []string{"now > now"}}))
		}},
		{
			name: "in values of a map", field: "code", want: "it asks for the time now",
			fields: fields(option(field("code", 1, "repeated .test.Sheet.CodeEntry"), nil, fieldRules(validate.FieldRules_builder{
				Map: validate.MapRules_builder{Values: fieldRules(validate.FieldRules_builder{CelExpression: []string{"this < int(now)"}})}.Build(),
			}))),
			change: func(f *descriptorpb.FileDescriptorProto) { withMap(f, field("value", 2, "int64")) },
		},
		messageRules("message oneof", "(buf.validate.message).oneof is not possible", validate.MessageRules_builder{Oneof: []*validate.MessageOneofRule{validate.MessageOneofRule_builder{Fields: []string{"a"}}.Build()}}),
		messageRules("without id", "a CEL rule without id", validate.MessageRules_builder{Cel: []*validate.Rule{cel("", "this.a > 0")}}),
		messageRules("id twice", `a second CEL rule with id "a.b"`, validate.MessageRules_builder{Cel: []*validate.Rule{cel("a.b", "this.a > 0"), cel("a.b", "this.b > 0")}}),
		messageRules("message asks for the time", "it asks for the time now", validate.MessageRules_builder{Cel: []*validate.Rule{cel("a.b", "this.a < int(now)")}}),
		messageRules("message without such a field", "a.c", validate.MessageRules_builder{Cel: []*validate.Rule{cel("a.c", "this.a < this.c")}}),
		messageRules("no expression", "a.c", validate.MessageRules_builder{Cel: []*validate.Rule{cel("a.c", "this.a <")}}),
		messageRules("reads a set", "never all of it", validate.MessageRules_builder{Cel: []*validate.Rule{cel("a.c", "this.s.size() < this.a")}}),
		messageRules("reads everything", "never all of it", validate.MessageRules_builder{Cel: []*validate.Rule{cel("a.c", "this == this")}}),
	} {
		b.collection = community()
		t.Run(b.name, b.check)
	}
}

func messageRules(name, want string, rules validate.MessageRules_builder) broken {
	return broken{
		name: name, want: want,
		fields: fields(field("a", 1, "int32"), field("b", 2, "int32"), option(field("s", 3, "repeated int32"), &schemav1.Field{Set: true})),
		change: func(f *descriptorpb.FileDescriptorProto) {
			proto.SetExtension(f.MessageType[0].Options, validate.E_Message, rules.Build())
		},
	}
}

// All that is wrong is reported at once.
func TestBrokenOptionsAreReportedTogether(t *testing.T) {
	empty, _ := New()
	_, _, err := empty.With(marshalSet(t, oneMessage(spaces(kindRoom, kindCommunity),
		option(field("a", 1, "string"), &schemav1.Field{Pick: earliest}),
		option(field("b", 2, "string"), &schemav1.Field{Set: true}))))
	for _, want := range []string{"admits no other kind", "field a: PICK_EARLIEST without review", "field b: set is for repeated fields only"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}
