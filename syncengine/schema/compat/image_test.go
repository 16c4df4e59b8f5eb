package compat

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
)

func marshal(t testing.TB, files ...*descriptorpb.FileDescriptorProto) []byte {
	t.Helper()
	data, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: files})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Files may come in any order, and bring their imports or leave them out.
func TestImageInAnyOrder(t *testing.T) {
	user := &descriptorpb.FileDescriptorProto{
		Name: proto.String("a.proto"), Package: proto.String("a"), Syntax: proto.String("proto3"), Dependency: []string{"visit.proto"},
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("A"), Field: []*descriptorpb.FieldDescriptorProto{field("finding", 1, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE, nil)}}},
	}
	user.MessageType[0].Field[0].TypeName = proto.String(".visit.Finding")
	options := protodesc.ToFileDescriptorProto(schemav1.File_zhurnal_schema_v1_options_proto)
	descriptor := protodesc.ToFileDescriptorProto(descriptorpb.File_google_protobuf_descriptor_proto)
	for name, set := range map[string][]*descriptorpb.FileDescriptorProto{
		"imports first": {descriptor, options, released(), user},
		"imports last":  {user, released(), options, descriptor},
		"left out":      {user, released()},
	} {
		files, err := ParseImage(marshal(t, set...), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if files.NumFiles() != len(set) || len(RecordTypes(files)) != 1 {
			t.Errorf("%s: %d files with %d record types", name, files.NumFiles(), len(RecordTypes(files)))
		}
	}
}

func TestImageErrors(t *testing.T) {
	file := func(name string, imports ...string) *descriptorpb.FileDescriptorProto {
		return &descriptorpb.FileDescriptorProto{Name: proto.String(name), Dependency: imports}
	}
	for name, c := range map[string]struct {
		image []byte
		want  string
	}{
		"not an image":   {[]byte{0xff}, "not a FileDescriptorSet"},
		"twice":          {marshal(t, file("a.proto"), file("a.proto")), "a.proto: twice in the descriptor set"},
		"missing import": {marshal(t, file("a.proto", "b.proto")), "a.proto: imports b.proto, which is neither in the set nor known here: build the set with its imports"},
		"circle":         {marshal(t, file("a.proto", "b.proto"), file("b.proto", "a.proto")), "a.proto: imports itself"},
		"no name":        {marshal(t, file("")), "path"},
		"two of a name": {marshal(t, released(), func() *descriptorpb.FileDescriptorProto {
			other := released()
			other.Name = proto.String("other.proto")
			return other
		}()), "other.proto"},
	} {
		files, err := ParseImage(c.image, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || files != nil {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}
