package schema

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// heated is a record type with a part that has a oneof, a group and a field of
// its own, altered as a later version would.
func heated(alter func(sheet, part *descriptorpb.DescriptorProto)) *descriptorpb.FileDescriptorProto {
	group := &schemav1.Field{Group: "address"}
	file := oneMessage(community(), field("part", 1, ".test.Part"),
		option(field("house", 2, "uint32"), group), option(field("flat", 3, "uint32"), group), field("rooms", 4, "uint32"))
	sheet, part := file.MessageType[0], file.MessageType[1]
	part.OneofDecl = []*descriptorpb.OneofDescriptorProto{{Name: proto.String("heating")}}
	part.Field = append(part.Field, field("windows", 2, "uint32"), inFirstOneof(field("wood", 3, "uint32")))
	alter(sheet, part)
	return file
}

func inFirstOneof(f *descriptorpb.FieldDescriptorProto) *descriptorpb.FieldDescriptorProto {
	f.OneofIndex = proto.Int32(0)
	return f
}

// makeOptional has to come after the message's own oneofs are there.
func makeOptional(md *descriptorpb.DescriptorProto, name string) {
	f := fieldIn(md, name)
	f.Proto3Optional, f.OneofIndex = proto.Bool(true), proto.Int32(int32(len(md.OneofDecl)))
	md.OneofDecl = append(md.OneofDecl, &descriptorpb.OneofDescriptorProto{Name: proto.String("_" + name)})
}

func unaltered(_, _ *descriptorpb.DescriptorProto) {}

// What is merged whole is written whole by an app that knows less of it. What
// such an app could not write back is refused when it comes, not found missing
// later.
func TestWithRefusesWhatOlderAppsWouldLose(t *testing.T) {
	for _, c := range []struct {
		name, want string
		alter      func(sheet, part *descriptorpb.DescriptorProto)
	}{
		{"a oneof of a part grows", `message test.Part: field coal: it is new in oneof "heating"`, func(_, part *descriptorpb.DescriptorProto) {
			part.Field = append(part.Field, inFirstOneof(field("coal", 4, "uint32")))
		}},
		{"optional in a part", "message test.Part: field windows: optional changed from false to true", func(_, part *descriptorpb.DescriptorProto) {
			makeOptional(part, "windows")
		}},
		{"optional in a group", "message test.Sheet: field flat: optional changed from false to true", func(sheet, _ *descriptorpb.DescriptorProto) {
			makeOptional(sheet, "flat")
		}},
	} {
		empty, _ := New()
		old, _, err := empty.With(marshalSet(t, heated(unaltered)))
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = old.With(marshalSet(t, heated(c.alter)))
		if fault.KindOf(err) != fault.Invalid || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// A new oneof, and optional on a field in a cell of its own, are right: an app
// that does not know them leaves them alone.
func TestOlderAppsKeepNewOneofsAndZeros(t *testing.T) {
	empty, _ := New()
	old, _, err := empty.With(marshalSet(t, heated(unaltered)))
	if err != nil {
		t.Fatal(err)
	}
	today, _, err := old.With(marshalSet(t, heated(func(sheet, part *descriptorpb.DescriptorProto) {
		part.OneofDecl = append(part.OneofDecl, &descriptorpb.OneofDescriptorProto{Name: proto.String("light")})
		lamp := field("lamp", 5, "string")
		lamp.OneofIndex = proto.Int32(1)
		part.Field = append(part.Field, lamp)
		makeOptional(sheet, "rooms")
	})))
	if err != nil {
		t.Fatal(err)
	}
	older, newer := old.Plan("test.Sheet"), today.Plan("test.Sheet")
	nadia := newTablet(t, "nadia")
	nadia.save(newer, Draft{Record: idOf(1), Message: parse(t, newer, `part {wood: 3 lamp: "oil"} rooms: 0 house: 4`)})
	seen := joined(t, older, nadia.only())
	proto.Merge(seen, parse(t, older, `part {wood: 5} house: 6`))
	nadia.save(older, Draft{Record: idOf(1), Message: seen})
	wantMessage(t, joined(t, newer, nadia.only()), parse(t, newer, `part {wood: 5 lamp: "oil"} rooms: 0 house: 6`))
}
