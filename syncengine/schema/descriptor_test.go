package schema

import (
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
)

var errNotFound = protoregistry.NotFound

// field makes a field; kind is a scalar's name, "repeated" before it, or the
// full name of a message or enum after a dot.
func field(name string, number int32, kind string) *descriptorpb.FieldDescriptorProto {
	f := &descriptorpb.FieldDescriptorProto{
		Name: proto.String(name), Number: proto.Int32(number),
		Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
	}
	if rest, ok := strings.CutPrefix(kind, "repeated "); ok {
		kind, f.Label = rest, descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	}
	if strings.HasPrefix(kind, ".") {
		f.TypeName = proto.String(kind)
		return f
	}
	f.Type = descriptorpb.FieldDescriptorProto_Type(descriptorpb.FieldDescriptorProto_Type_value["TYPE_"+strings.ToUpper(kind)]).Enum()
	return f
}

// option gives a field our option, and rules if there are any.
func option(f *descriptorpb.FieldDescriptorProto, o *schemav1.Field, rules ...*validate.FieldRules) *descriptorpb.FieldDescriptorProto {
	f.Options = new(descriptorpb.FieldOptions)
	if o != nil {
		proto.SetExtension(f.Options, schemav1.E_Field, o)
	}
	for _, r := range rules {
		proto.SetExtension(f.Options, validate.E_Field, r)
	}
	return f
}

func collection(c *schemav1.Collection) *descriptorpb.MessageOptions {
	options := new(descriptorpb.MessageOptions)
	proto.SetExtension(options, schemav1.E_Collection, c)
	return options
}

func marshalSet(t testing.TB, files ...*descriptorpb.FileDescriptorProto) []byte {
	t.Helper()
	data, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: files})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// parseSet reads an image of testdata for changing it.
func parseSet(t testing.TB, version string) *descriptorpb.FileDescriptorSet {
	t.Helper()
	set := new(descriptorpb.FileDescriptorSet)
	if err := proto.Unmarshal(image(t, version), set); err != nil {
		t.Fatal(err)
	}
	return set
}

// oneMessage is the file test.proto with the record type test.Sheet, an enum
// test.Level and a part test.Part.
func oneMessage(c *schemav1.Collection, fields ...*descriptorpb.FieldDescriptorProto) *descriptorpb.FileDescriptorProto {
	return &descriptorpb.FileDescriptorProto{
		Name: proto.String("test.proto"), Package: proto.String("test"), Syntax: proto.String("proto3"),
		Dependency: []string{"zhurnal/schema/v1/options.proto", "buf/validate/validate.proto", "google/protobuf/timestamp.proto"},
		MessageType: []*descriptorpb.DescriptorProto{
			{Name: proto.String("Sheet"), Options: collection(c), Field: fields},
			{Name: proto.String("Part"), Field: []*descriptorpb.FieldDescriptorProto{field("note", 1, "string")}},
		},
		EnumType: []*descriptorpb.EnumDescriptorProto{{
			Name: proto.String("Level"),
			Value: []*descriptorpb.EnumValueDescriptorProto{
				{Name: proto.String("NONE"), Number: proto.Int32(0)},
				{Name: proto.String("LOW"), Number: proto.Int32(1)},
				{Name: proto.String("HIGH"), Number: proto.Int32(2)},
			},
		}},
	}
}

// community is the least that a collection says.
func community(key ...string) *schemav1.Collection {
	return &schemav1.Collection{Space: []SpaceKind{schemav1.SpaceKind_SPACE_KIND_COMMUNITY}, Key: key}
}

// planOf makes the plan of test.Sheet with these fields.
func planOf(t testing.TB, c *schemav1.Collection, fields ...*descriptorpb.FieldDescriptorProto) *Plan {
	t.Helper()
	empty, err := New()
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := empty.With(marshalSet(t, oneMessage(c, fields...)))
	if err != nil {
		t.Fatal(err)
	}
	return s.Plan("test.Sheet")
}
