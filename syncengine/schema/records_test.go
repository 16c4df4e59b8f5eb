package schema

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
)

// records returns the schema of the record types that are compiled in.
func records(t testing.TB) *Schema {
	t.Helper()
	s, err := New(recordFiles()...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func recordFiles() (files []protoreflect.FileDescriptor) {
	home := recordsv1.File_zhurnal_records_v1_attendance_proto.Package()
	protoregistry.GlobalFiles.RangeFilesByPackage(home, func(file protoreflect.FileDescriptor) bool {
		files = append(files, file)
		return true
	})
	return files
}

func mark() *recordsv1.AttendanceMark {
	id := func(n byte) []byte { i := idOf(n); return i[:] }
	return &recordsv1.AttendanceMark{
		SessionId: id(1), ParticipantId: id(2), RecorderId: id(3),
		Presence: recordsv1.Presence_PRESENCE_LATE, Evidence: recordsv1.Evidence_EVIDENCE_ROLL_CALL,
	}
}

// Compiled-in types are handed out as the Go types that programs use.
func TestCompiledInTypesAreGoTypes(t *testing.T) {
	s := records(t)
	for _, name := range s.Types() {
		linked, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(name))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Plan(name).NewMessage().ProtoReflect().Type(); got != linked {
			t.Errorf("%s: messages are %T", name, s.Plan(name).NewMessage())
		}
	}
	p := s.Plan("zhurnal.records.v1.AttendanceMark")
	nadia := newTablet(t, "nadia")
	w := nadia.compose(p, Draft{Message: mark()})
	if violations, err := p.Check(&w); err != nil || violations != nil {
		t.Errorf("%v, %v", violations, err)
	}
	nadia.change(w)
	got, ok := joined(t, p, nadia.only()).(*recordsv1.AttendanceMark)
	if !ok {
		t.Fatalf("joined a %T", joined(t, p, nadia.only()))
	}
	wantMessage(t, got, mark())
}

// Where a set extends a compiled-in type, programs still get their Go type, in
// which the new field is unknown; and it is written, read and checked all the
// same.
func TestCompiledInTypeExtendedAtRunTime(t *testing.T) {
	file := protodesc.ToFileDescriptorProto(recordsv1.File_zhurnal_records_v1_attendance_proto)
	for _, md := range file.MessageType {
		if md.GetName() == "AttendanceMark" {
			md.Field = append(md.Field, option(field("weather", 900, "string"), &schemav1.Field{Sensitivity: schemav1.Sensitivity_SENSITIVITY_PUBLIC}))
		}
	}
	s, _, err := records(t).With(marshalSet(t, file))
	if err != nil {
		t.Fatal(err)
	}
	p := s.Plan("zhurnal.records.v1.AttendanceMark")
	if _, ok := p.Cell(900); !ok {
		t.Fatal("the new field is not known")
	}
	msg := mark()
	msg.ProtoReflect().SetUnknown([]byte{0xa2, 0x38, 0x04, 's', 'n', 'o', 'w'})
	nadia := newTablet(t, "nadia")
	w := nadia.compose(p, Draft{Message: msg})
	if violations, err := p.Check(&w); err != nil || violations != nil {
		t.Errorf("%v, %v", violations, err)
	}
	nadia.change(w)
	got, ok := joined(t, p, nadia.only()).(*recordsv1.AttendanceMark)
	if !ok {
		t.Fatalf("joined a %T", joined(t, p, nadia.only()))
	}
	wantMessage(t, got, msg)
	msg.ProtoReflect().SetUnknown(nil)
	nadia.save(p, Draft{Message: msg, Fields: []protoreflect.FieldNumber{900}})
	wantMessage(t, joined(t, p, nadia.only()), msg)
}

// A Go type that only shares the name is of no use: its field 1 is something
// else.
func TestGoTypeOfTheSameNameOnly(t *testing.T) {
	file := oneMessage(community("code"), field("code", 1, "string"), field("count", 2, "int32"))
	file.Package, file.MessageType[0].Name = proto.String("zhurnal.records.v1"), proto.String("AttendanceMark")
	empty, _ := New()
	s, names, err := empty.With(marshalSet(t, file))
	if err != nil {
		t.Fatal(err)
	}
	p := s.Plan(names[0])
	nadia := newTablet(t, "nadia")
	nadia.save(p, Draft{Message: parse(t, p, `code: "A" count: 3`)})
	wantMessage(t, joined(t, p, nadia.only()), parse(t, p, `code: "A" count: 3`))
	if _, ok := p.NewMessage().(*recordsv1.AttendanceMark); ok {
		t.Error("messages are of the Go type")
	}
}

// Two implementations of one message order the fields of a oneof differently;
// the cells are the same.
func TestDynamicAndGeneratedMessagesHaveEqualCells(t *testing.T) {
	s := records(t)
	copied := new(descriptorpb.FileDescriptorSet)
	for _, file := range recordFiles() {
		copied.File = append(copied.File, protodesc.ToFileDescriptorProto(file))
	}
	data, err := proto.Marshal(copied)
	if err != nil {
		t.Fatal(err)
	}
	empty, _ := New()
	run, _, err := empty.With(data)
	if err != nil {
		t.Fatal(err)
	}
	const name = "zhurnal.records.v1.AttendanceMark"
	dynamic := run.Plan(name).exact.New().Interface()
	raw, err := proto.Marshal(mark())
	if err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(raw, dynamic); err != nil {
		t.Fatal(err)
	}
	a, err := s.Plan(name).Compose(hall, nil, Draft{Message: mark()})
	if err != nil {
		t.Fatal(err)
	}
	b, err := run.Plan(name).Compose(hall, nil, Draft{Message: dynamic})
	if err != nil {
		t.Fatal(err)
	}
	if a.Record != b.Record || len(a.Writes) != len(b.Writes) || string(a.Writes[0].Value) != string(b.Writes[0].Value) {
		t.Errorf("%q and %q", written(a), written(b))
	}
}
