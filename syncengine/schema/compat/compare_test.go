package compat

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
)

// released is a file with one record type, visit.Visit, that says everything an
// option can say.
func released() *descriptorpb.FileDescriptorProto {
	const (
		text, number, bytes = descriptorpb.FieldDescriptorProto_TYPE_STRING, descriptorpb.FieldDescriptorProto_TYPE_INT32, descriptorpb.FieldDescriptorProto_TYPE_BYTES
		enum, message       = descriptorpb.FieldDescriptorProto_TYPE_ENUM, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE
	)
	visit := &descriptorpb.DescriptorProto{Name: proto.String("Visit"), Options: new(descriptorpb.MessageOptions)}
	visit.Field = []*descriptorpb.FieldDescriptorProto{
		field("person_id", 1, bytes, &schemav1.Field{Reference: []string{"visit.Person", "visit.Guest"}}),
		field("day", 2, number, nil),
		field("start", 3, number, &schemav1.Field{Group: "time", Pick: schemav1.Pick_PICK_HIGHEST, Review: true}),
		field("end", 4, number, &schemav1.Field{Group: "time"}),
		field("outcome", 5, enum, &schemav1.Field{Pick: schemav1.Pick_PICK_ORDER, Order: []string{"REFUSED", "MET"}}),
		repeated(field("tags", 6, text, &schemav1.Field{Set: true, Sealed: true, Sensitivity: schemav1.Sensitivity_SENSITIVITY_PERSONAL})),
		field("phone", 7, text, nil),
		repeated(field("findings", 8, message, nil)),
		field("topic", 9, text, &schemav1.Field{Group: "aim"}),
		field("place", 10, text, &schemav1.Field{Group: "aim"}),
	}
	visit.Field[4].TypeName = proto.String(".visit.Outcome")
	visit.Field[7].TypeName = proto.String(".visit.Finding")
	visit.OneofDecl = []*descriptorpb.OneofDescriptorProto{{Name: proto.String("aim")}}
	visit.Field[8].OneofIndex, visit.Field[9].OneofIndex = proto.Int32(0), proto.Int32(0)
	proto.SetExtension(visit.Options, schemav1.E_Collection, &schemav1.Collection{
		Space:   []schemav1.SpaceKind{schemav1.SpaceKind_SPACE_KIND_COMMUNITY, schemav1.SpaceKind_SPACE_KIND_DESK},
		Key:     []string{"person_id", "day"},
		Subject: "person_id", AppendOnly: true,
	})
	finding := &descriptorpb.DescriptorProto{Name: proto.String("Finding"), Field: []*descriptorpb.FieldDescriptorProto{
		field("text", 1, text, &schemav1.Field{Sensitivity: schemav1.Sensitivity_SENSITIVITY_SPECIAL}),
		repeated(field("details", 2, message, nil)),
	}}
	finding.Field[1].TypeName = proto.String(".visit.Finding")
	return &descriptorpb.FileDescriptorProto{
		Name: proto.String("visit.proto"), Package: proto.String("visit"), Syntax: proto.String("proto3"),
		Dependency:  []string{"zhurnal/schema/v1/options.proto"},
		MessageType: []*descriptorpb.DescriptorProto{visit, finding},
		EnumType: []*descriptorpb.EnumDescriptorProto{{Name: proto.String("Outcome"), Value: []*descriptorpb.EnumValueDescriptorProto{
			value("NONE", 0), value("MET", 1), value("REFUSED", 2), value("ABSENT", 3),
		}}},
	}
}

func field(name string, number int32, kind descriptorpb.FieldDescriptorProto_Type, o *schemav1.Field) *descriptorpb.FieldDescriptorProto {
	f := &descriptorpb.FieldDescriptorProto{
		Name: proto.String(name), Number: proto.Int32(number), Type: kind.Enum(),
		Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(), Options: new(descriptorpb.FieldOptions),
	}
	if o != nil {
		proto.SetExtension(f.Options, schemav1.E_Field, o)
	}
	return f
}

func repeated(f *descriptorpb.FieldDescriptorProto) *descriptorpb.FieldDescriptorProto {
	f.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	return f
}

func value(name string, number int32) *descriptorpb.EnumValueDescriptorProto {
	return &descriptorpb.EnumValueDescriptorProto{Name: proto.String(name), Number: proto.Int32(number)}
}

// edit is a file on its way to be today's version.
type edit struct {
	file  *descriptorpb.FileDescriptorProto
	visit *descriptorpb.DescriptorProto
}

func (e edit) field(name string) *descriptorpb.FieldDescriptorProto {
	for _, md := range e.file.MessageType {
		for _, f := range md.Field {
			if f.GetName() == name {
				return f
			}
		}
	}
	panic(name)
}

// option returns the field's option for changing.
func (e edit) option(name string) *schemav1.Field {
	f := e.field(name)
	if !proto.HasExtension(f.Options, schemav1.E_Field) {
		proto.SetExtension(f.Options, schemav1.E_Field, new(schemav1.Field))
	}
	return proto.GetExtension(f.Options, schemav1.E_Field).(*schemav1.Field)
}

func (e edit) collection() *schemav1.Collection {
	return proto.GetExtension(e.visit.Options, schemav1.E_Collection).(*schemav1.Collection)
}

// remove takes the field out of its message.
func (e edit) remove(name string) {
	for _, md := range e.file.MessageType {
		for i, f := range md.Field {
			if f.GetName() == name {
				md.Field = append(md.Field[:i], md.Field[i+1:]...)
				return
			}
		}
	}
	panic(name)
}

// link makes descriptors by way of an image, as callers do.
func link(t *testing.T, files ...*descriptorpb.FileDescriptorProto) *protoregistry.Files {
	t.Helper()
	data, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: files})
	if err != nil {
		t.Fatal(err)
	}
	linked, err := ParseImage(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return linked
}

// compare returns what breaks between the released version and an edited one.
func compare(t *testing.T, change func(edit)) []Break {
	t.Helper()
	old, today := released(), released()
	change(edit{today, today.MessageType[0]})
	return Files(link(t, old), link(t, today))
}

// breaking is an edit that must be reported.
type breaking struct {
	name   string
	change func(edit)
	field  string // empty for the message itself
	want   string
}

// check holds the report to naming file, message, field and problem.
func (b breaking) check(t *testing.T, message string) {
	t.Helper()
	text := ""
	for _, found := range compare(t, b.change) {
		text += found.String() + "\n"
	}
	want := "visit.proto: message " + message + ": "
	if b.field != "" {
		want += "field " + b.field + ": "
	}
	if want += b.want; !strings.Contains(text, want) {
		t.Errorf("want %q, got:\n%s", want, text)
	}
}

func TestCollectionBreaks(t *testing.T) {
	for _, b := range []breaking{
		{"collection removed", func(e edit) { proto.ClearExtension(e.visit.Options, schemav1.E_Collection) }, "", "the collection option is gone"},
		{"space taken away", func(e edit) { e.collection().Space = e.collection().Space[:1] }, "", "may no longer live in SPACE_KIND_DESK"},
		{"space changed", func(e edit) { e.collection().Space[1] = schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM }, "", "may no longer live in SPACE_KIND_DESK"},
		{"key field added", func(e edit) { e.collection().Key = []string{"person_id", "day", "phone"} }, "", "the key changed from [person_id day] to [person_id day phone]"},
		{"key field removed", func(e edit) { e.collection().Key = []string{"day"} }, "", "the key changed"},
		{"key field exchanged", func(e edit) { e.collection().Key = []string{"phone", "day"} }, "", "the key changed"},
		{"key removed", func(e edit) { e.collection().Key = nil }, "", "the key changed"},
		{"subject removed", func(e edit) { e.collection().Subject = "" }, "", `the subject changed from "person_id" to ""`},
		{"append_only removed", func(e edit) {
			e.collection().AppendOnly = false
		}, "", "append_only was taken away"},
		{"subject changed", func(e edit) { e.collection().Subject = "self" }, "", `the subject changed from "person_id" to "self"`},
	} {
		t.Run(b.name, func(t *testing.T) { b.check(t, "visit.Visit") })
	}
}

func TestShapeBreaks(t *testing.T) {
	for _, b := range []breaking{
		{"field removed", func(e edit) { e.remove("phone") }, "phone", "field number 7 is gone"},
		{"field renumbered", func(e edit) { e.field("phone").Number = proto.Int32(70) }, "phone", "field number 7 is gone"},
		{"type changed", func(e edit) { e.field("phone").Type = descriptorpb.FieldDescriptorProto_TYPE_BYTES.Enum() }, "phone", "the type changed from string to bytes"},
		{"made a list", func(e edit) { repeated(e.field("phone")) }, "phone", "it changed from optional to repeated"},
		{"enum exchanged", func(e edit) { e.field("outcome").TypeName = proto.String(".zhurnal.schema.v1.Pick") }, "outcome", "the type changed from visit.Outcome to zhurnal.schema.v1.Pick"},
		{"message exchanged", func(e edit) { e.field("findings").TypeName = proto.String(".zhurnal.schema.v1.Field") }, "findings", "the type changed from visit.Finding to zhurnal.schema.v1.Field"},
		{"out of the oneof", func(e edit) { e.field("place").OneofIndex = nil }, "place", `it moved from oneof "aim" to oneof ""`},
		{"into a oneof", func(e edit) {
			e.visit.OneofDecl = append(e.visit.OneofDecl, &descriptorpb.OneofDescriptorProto{Name: proto.String("contact")})
			e.field("phone").OneofIndex = proto.Int32(1)
		}, "phone", `it moved from oneof "" to oneof "contact"`},
	} {
		t.Run(b.name, func(t *testing.T) { b.check(t, "visit.Visit") })
	}
}

func TestCellBreaks(t *testing.T) {
	for _, b := range []breaking{
		{"out of the group", func(e edit) { e.option("end").Group = "" }, "end", "the fields merged whole with it changed from [3 4] to [4]"},
		{"into another group", func(e edit) { e.option("end").Group = "aim" }, "end", "the fields merged whole with it changed from [3 4] to [4 9 10]"},
		{"into a group", func(e edit) { e.option("phone").Group = "time" }, "phone", "the fields merged whole with it changed from [7] to [3 4 7]"},
		{"a new lowest field in a group", func(e edit) { e.option("day").Group = "aim" }, "topic", "the fields merged whole with it changed from [9 10] to [2 9 10]"},
		{"a new field in a group", func(e edit) {
			e.visit.Field = append(e.visit.Field, field("length", 11, descriptorpb.FieldDescriptorProto_TYPE_INT32, &schemav1.Field{Group: "time"}))
		}, "start", "the fields merged whole with it changed from [3 4] to [3 4 11]"},
	} {
		t.Run(b.name, func(t *testing.T) { b.check(t, "visit.Visit") })
	}
}

func TestFieldOptionBreaks(t *testing.T) {
	const none = schemav1.Pick_PICK_UNSPECIFIED
	for _, b := range []breaking{
		{"set removed", func(e edit) { e.option("tags").Set = false }, "tags", "set changed from true to false"},
		{"sealed added", func(e edit) { e.option("phone").Sealed = true }, "phone", "sealed changed from false to true"},
		{"sealed removed", func(e edit) { e.option("tags").Sealed = false }, "tags", "sealed changed from true to false"},
		{"set added", func(e edit) { e.option("findings").Set = true }, "findings", "set changed from false to true"},
		{"pick changed", func(e edit) { e.option("start").Pick = schemav1.Pick_PICK_LOWEST }, "start", "the pick changed from PICK_HIGHEST to PICK_LOWEST"},
		{"pick removed", func(e edit) { e.option("start").Pick = none }, "start", "the pick changed from PICK_HIGHEST to PICK_LATEST"},
		{"pick added", func(e edit) { e.option("phone").Pick = schemav1.Pick_PICK_EARLIEST }, "phone", "the pick changed from PICK_LATEST to PICK_EARLIEST"},
		{"pick moved inside the group", func(e edit) { e.option("start").Pick, e.option("end").Pick = none, schemav1.Pick_PICK_HIGHEST }, "end", "the pick changed from PICK_LATEST to PICK_HIGHEST"},
		{"order turned round", func(e edit) { e.option("outcome").Order = []string{"MET", "REFUSED"} }, "outcome", "the order changed from [REFUSED MET] to [MET REFUSED]"},
		{"order shortened", func(e edit) { e.option("outcome").Order = []string{"REFUSED"} }, "outcome", "the order changed"},
		{"old value put into the order", func(e edit) { e.option("outcome").Order = []string{"REFUSED", "MET", "ABSENT"} }, "outcome", "the order changed from [REFUSED MET] to [REFUSED MET ABSENT]"},
		{"new value put before the others", func(e edit) {
			e.file.EnumType[0].Value = append(e.file.EnumType[0].Value, value("LATER", 4))
			e.option("outcome").Order = []string{"LATER", "REFUSED", "MET"}
		}, "outcome", "the order changed from [REFUSED MET] to [LATER REFUSED MET]"},
		{"value renumbered", func(e edit) {
			e.file.EnumType[0].Value[1].Number, e.file.EnumType[0].Value[3].Number = proto.Int32(3), proto.Int32(1)
		}, "outcome", "the order changed"},
		{"review removed", func(e edit) { e.option("start").Review = false }, "start", "review was taken away"},
		{"reference removed", func(e edit) { e.option("person_id").Reference = nil }, "person_id", "it may no longer hold a reference to visit.Person"},
		{"reference narrowed", func(e edit) { e.option("person_id").Reference = []string{"visit.Person"} }, "person_id", "it may no longer hold a reference to visit.Guest"},
		{"sensitivity lowered", func(e edit) { e.option("tags").Sensitivity = schemav1.Sensitivity_SENSITIVITY_INTERNAL }, "tags", "the sensitivity was lowered from SENSITIVITY_PERSONAL to SENSITIVITY_INTERNAL"},
		{"sensitivity removed", func(e edit) { e.option("tags").Sensitivity = 0 }, "tags", "the sensitivity was lowered from SENSITIVITY_PERSONAL to SENSITIVITY_INTERNAL"},
		{"made public", func(e edit) { e.option("phone").Sensitivity = schemav1.Sensitivity_SENSITIVITY_PUBLIC }, "phone", "the sensitivity was lowered from SENSITIVITY_INTERNAL to SENSITIVITY_PUBLIC"},
	} {
		t.Run(b.name, func(t *testing.T) { b.check(t, "visit.Visit") })
	}
}

func TestPartBreaks(t *testing.T) {
	for _, b := range []breaking{
		{"sensitivity lowered in a part", func(e edit) { e.option("text").Sensitivity = 0 }, "text", "the sensitivity was lowered from SENSITIVITY_SPECIAL"},
		{"type changed in a part", func(e edit) { e.field("text").Type = descriptorpb.FieldDescriptorProto_TYPE_INT64.Enum() }, "text", "the type changed from string to int64"},
		{"field removed from a part", func(e edit) { e.remove("text") }, "text", "field number 1 is gone"},
	} {
		t.Run(b.name, func(t *testing.T) { b.check(t, "visit.Finding") })
	}
}

func TestChangesThatOnlyAdd(t *testing.T) {
	for name, change := range map[string]func(edit){
		"nothing":              func(edit) {},
		"key in another order": func(e edit) { e.collection().Key = []string{"day", "person_id"} },
		"space added": func(e edit) {
			e.collection().Space = append(e.collection().Space, schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM)
		},
		"group renamed":     func(e edit) { e.option("start").Group, e.option("end").Group = "when", "when" },
		"field renamed":     func(e edit) { e.field("phone").Name = proto.String("telephone") },
		"key field renamed": func(e edit) { e.field("day").Name = proto.String("date"); e.collection().Key[1] = "date" },
		"subject renamed": func(e edit) {
			e.field("person_id").Name = proto.String("who")
			e.collection().Key[0], e.collection().Subject = "who", "who"
		},
		"latest spelled out":   func(e edit) { e.option("phone").Pick = schemav1.Pick_PICK_LATEST },
		"internal spelled out": func(e edit) { e.option("phone").Sensitivity = schemav1.Sensitivity_SENSITIVITY_INTERNAL },
		"sensitivity raised":   func(e edit) { e.option("tags").Sensitivity = schemav1.Sensitivity_SENSITIVITY_SPECIAL },
		"review added":         func(e edit) { e.option("phone").Review = true },
		"reference widened":    func(e edit) { e.option("person_id").Reference = append(e.option("person_id").Reference, "visit.Team") },
		"field added": func(e edit) {
			e.visit.Field = append(e.visit.Field, field("note", 11, descriptorpb.FieldDescriptorProto_TYPE_STRING, nil))
		},
		"group added": func(e edit) {
			for i, name := range []string{"low", "high"} {
				e.visit.Field = append(e.visit.Field, field(name, int32(11+i), descriptorpb.FieldDescriptorProto_TYPE_STRING, &schemav1.Field{Group: "range"}))
			}
		},
		"new value at the end of the order": func(e edit) {
			e.file.EnumType[0].Value = append(e.file.EnumType[0].Value, value("LATER", 4))
			e.option("outcome").Order = []string{"REFUSED", "MET", "LATER"}
		},
		"optional": func(e edit) {
			e.field("phone").Proto3Optional, e.field("phone").OneofIndex = proto.Bool(true), proto.Int32(1)
			e.visit.OneofDecl = append(e.visit.OneofDecl, &descriptorpb.OneofDescriptorProto{Name: proto.String("_phone")})
		},
		"type added": func(e edit) {
			e.file.MessageType = append(e.file.MessageType, &descriptorpb.DescriptorProto{Name: proto.String("Parcel"), Options: e.visit.Options})
		},
	} {
		if breaks := compare(t, change); len(breaks) > 0 {
			t.Errorf("%s: %v", name, breaks)
		}
	}
}

// A subject may be added, since nothing was exported or erased for anybody yet.
func TestSubjectMayBeAdded(t *testing.T) {
	old := released()
	edit{old, old.MessageType[0]}.collection().Subject = ""
	if breaks := Files(link(t, old), link(t, released())); len(breaks) > 0 {
		t.Error(breaks)
	}
	old = released()
	edit{old, old.MessageType[0]}.collection().Subject = "self"
	if breaks := Files(link(t, old), link(t, released())); len(breaks) != 1 {
		t.Errorf("from self to another: %v", breaks)
	}
}

func TestRecordTypeGone(t *testing.T) {
	today := released()
	today.MessageType[0].Name = proto.String("Call")
	breaks := Files(link(t, released()), link(t, today))
	if len(breaks) != 1 || breaks[0].Message != "visit.Visit" || !strings.Contains(breaks[0].Problem, "the record type is gone") {
		t.Error(breaks)
	}
	today = released()
	today.MessageType = today.MessageType[1:]
	today.EnumType = append(today.EnumType, &descriptorpb.EnumDescriptorProto{Name: proto.String("Visit"), Value: []*descriptorpb.EnumValueDescriptorProto{value("ZERO", 0)}})
	breaks = Files(link(t, released()), link(t, today))
	if len(breaks) != 1 || !strings.Contains(breaks[0].String(), "visit.proto: message visit.Visit: was a record type and is something else") {
		t.Error(breaks)
	}
}

// Nested messages may be record types too; other messages are not compared.
func TestRecordTypesAreFoundAtEveryDepth(t *testing.T) {
	file := released()
	nested := proto.CloneOf(file.MessageType[0])
	nested.Name = proto.String("Inner")
	file.MessageType[1].NestedType = []*descriptorpb.DescriptorProto{nested}
	var names []protoreflect.FullName
	for _, md := range RecordTypes(link(t, file)) {
		names = append(names, md.FullName())
	}
	if len(names) != 2 || names[0] != "visit.Finding.Inner" || names[1] != "visit.Visit" {
		t.Errorf("record types %v", names)
	}
}
