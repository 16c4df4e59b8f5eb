package schema

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// The bytes are pinned: ids of records are hashes over them.
func TestHeaderBytes(t *testing.T) {
	s := schemaOf(t, "older")
	for _, c := range []struct{ plan, text, want string }{
		{typeVisit, `day: 20160801 person_id: @1 outcome: OUTCOME_MET`, "0a10" + strings.Repeat("02", 16) + "10a1c2ce09"},
		{typePlace, `name: "Zorya" code: "UA1234567"`, "0a09" + hex.EncodeToString([]byte("UA1234567"))},
		{typePerson, `phone: "1"`, ""},
	} {
		p := s.Plan(c.plan)
		header, err := p.Header(parse(t, p, c.text))
		if err != nil || hex.EncodeToString(header) != c.want {
			t.Errorf("%s: header %x, %v; want %s", c.text, header, err, c.want)
		}
		if err := p.CheckHeader(header); err != nil {
			t.Errorf("%s: %v", c.text, err)
		}
	}
}

func TestHeaderNeedsEveryKeyField(t *testing.T) {
	visit := schemaOf(t, "older").Plan(typeVisit)
	for text, want := range map[string]string{
		`day: 20160801`:                  "field person_id: the key field is empty",
		`person_id: @1`:                  "field day: the key field is empty",
		`day: 20160801 person_id: "1"`:   "field person_id: 2 bytes with their length: an id has 17",
		`person_id: @1 day: 0 rank: 1`:   "field day: the key field is empty",
		`person_id: "" day: 1 topic: ""`: "field person_id: the key field is empty",
	} {
		_, err := visit.Header(parse(t, visit, text))
		if err == nil || !strings.Contains(err.Error(), want) || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
	if _, err := visit.Header(nil); err == nil {
		t.Error("no message has a header")
	}
	if _, err := visit.Header(new(schemav1.Field)); err == nil || !strings.Contains(err.Error(), "this is zhurnal.schema.v1.Field") {
		t.Errorf("a message of another type: %v", err)
	}
}

// Where zero is a value, the field says optional.
func TestOptionalKeyFieldMayBeZero(t *testing.T) {
	fields := func() []*descriptorpb.FieldDescriptorProto {
		return []*descriptorpb.FieldDescriptorProto{field("floor", 1, "sint32"), field("door", 2, "bool"), field("text", 3, "string")}
	}
	file := oneMessage(community("floor", "door", "text"), fields()...)
	for i, f := range file.MessageType[0].Field {
		f.Proto3Optional = proto.Bool(true)
		f.OneofIndex = proto.Int32(int32(i))
		file.MessageType[0].OneofDecl = append(file.MessageType[0].OneofDecl, &descriptorpb.OneofDescriptorProto{Name: proto.String("_" + f.GetName())})
	}
	empty, _ := New()
	s, _, err := empty.With(marshalSet(t, file))
	if err != nil {
		t.Fatal(err)
	}
	optional, plain := s.Plan("test.Sheet"), planOf(t, community("floor", "door", "text"), fields()...)
	header := []byte{0x08, 0, 0x10, 0, 0x1a, 1, 'x'}
	if err := optional.CheckHeader(header); err != nil {
		t.Errorf("floor 0: %v", err)
	}
	if err := plain.CheckHeader(header); err == nil {
		t.Error("a zero that is never written passed as a key field")
	}
	if err := optional.CheckHeader([]byte{0x08, 0, 0x10, 2, 0x1a, 1, 'x'}); err == nil {
		t.Error("a bool that is 2 passed")
	}
	if err := optional.CheckHeader([]byte{0x08, 0, 0x10, 0, 0x1a, 0}); err == nil {
		t.Error("empty text passed as a key field")
	}
}

func TestHeaderHasOneSpelling(t *testing.T) {
	visit := schemaOf(t, "older").Plan(typeVisit)
	w := visitWrites(t, visit, "")
	person, day := w.Header[:18], w.Header[18:]
	for name, header := range map[string][]byte{
		"nothing":           nil,
		"half":              person,
		"other order":       append(bytes.Clone(day), person...),
		"twice":             append(bytes.Clone(w.Header), day...),
		"not of the key":    append(bytes.Clone(w.Header), 0x28, 0x01),
		"unknown field":     append(bytes.Clone(w.Header), 0x98, 0x06, 0x01),
		"cut short":         w.Header[:len(w.Header)-1],
		"padded tag":        append(bytes.Clone(person), 0x90, 0x00, 0x01),
		"padded number":     append(bytes.Clone(person), 0x10, 0x81, 0x00),
		"number of 64 bits": protowire.AppendVarint(append(bytes.Clone(person), 0x10), 1<<40|20160801),
		"wrong wire type":   append(bytes.Clone(person), 0x15, 1, 2, 3, 4),
		"zero":              append(bytes.Clone(person), 0x10, 0x00),
	} {
		if err := visit.CheckHeader(header); err == nil {
			t.Errorf("%s: %x passed", name, header)
		}
	}
	negative := protowire.AppendVarint(append(bytes.Clone(person), 0x10), ^uint64(0))
	if err := visit.CheckHeader(negative); err != nil {
		t.Errorf("a negative number: %v", err)
	}
	if err := schemaOf(t, "older").Plan(typePerson).CheckHeader(w.Header); err == nil {
		t.Error("a type without key took a header")
	}
}
