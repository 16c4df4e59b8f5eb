package schema

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/schema/compat"
)

func TestTypesComeFromDescriptorSet(t *testing.T) {
	empty, err := New()
	if err != nil {
		t.Fatal(err)
	}
	s, names, err := empty.With(image(t, "older"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{typeConfidence, typePerson, typePlace, typeVisit}
	if !slices.Equal(names, want) || !slices.Equal(s.Types(), want) {
		t.Errorf("named %v, known %v, want %v", names, s.Types(), want)
	}
	if len(empty.Types()) != 0 {
		t.Error("With changed the schema it was called on")
	}
	if s.Plan("zhurnal.fixture.v1.Finding") != nil {
		t.Error("a part of a record has become a record type")
	}
}

func TestPlanReadsOptionsOfRuntimeTypes(t *testing.T) {
	s := schemaOf(t, "older")
	visit := s.Plan(typeVisit)
	type cell struct {
		field       uint32
		name        string
		fields      int
		set, review bool
		sensitivity schemav1.Sensitivity
	}
	internal, special := schemav1.Sensitivity_SENSITIVITY_INTERNAL, schemav1.Sensitivity_SENSITIVITY_SPECIAL
	want := []cell{
		{3, "time", 2, false, false, internal},
		{5, "outcome", 1, false, false, internal},
		{6, "witness_ids", 1, true, false, internal},
		{7, "guardian_id", 1, false, false, internal},
		{8, "fare", 2, false, false, internal},
		{10, "findings", 1, false, false, special},
		{11, "aim", 3, false, false, special},
		{14, "rank", 1, false, false, internal},
		{15, "first_word", 1, false, true, internal},
		{16, "shares", 1, false, false, internal},
	}
	var got []cell
	for _, c := range visit.Cells() {
		got = append(got, cell{c.Field, c.Name, len(c.Fields), c.Set, c.Rule.Review, c.Sensitivity})
	}
	if !slices.Equal(got, want) {
		t.Errorf("cells\n%v\nwant\n%v", got, want)
	}
	if !visit.Keyed() || s.Plan(typePerson).Keyed() {
		t.Error("a visit has a key, a person has none")
	}
	if c, ok := visit.Cell(12); !ok || c.Field != 11 {
		t.Error("field 12 is in the cell named by field 11")
	}
	if c, _ := s.Plan(typePerson).Cell(9); c.Name != "birth" || !c.Rule.Review {
		t.Errorf("one field of group birth asks for review: %v", c)
	}
	if _, ok := visit.Cell(1); ok {
		t.Error("a key field is in no cell")
	}
	if c, _ := s.Plan(typePlace).Cell(2); c.Sensitivity != schemav1.Sensitivity_SENSITIVITY_PUBLIC {
		t.Errorf("the name of a place is %s, want public", c.Sensitivity)
	}
}

func TestSpacesAndSubjects(t *testing.T) {
	s := schemaOf(t, "older")
	const community, desk, room = schemav1.SpaceKind_SPACE_KIND_COMMUNITY, schemav1.SpaceKind_SPACE_KIND_DESK, schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM
	for name, kinds := range map[string][]SpaceKind{
		typePlace: {community, desk}, typePerson: {community}, typeVisit: {community}, typeConfidence: {room},
	} {
		for _, kind := range []SpaceKind{0, community, desk, room} {
			if got := s.Plan(name).LivesIn(kind); got != slices.Contains(kinds, kind) {
				t.Errorf("%s lives in %s: %t", name, kind, got)
			}
		}
	}
	if field, self := s.Plan(typeVisit).Subject(); field != 1 || self {
		t.Errorf("subject of a visit: %d, %t", field, self)
	}
	if field, self := s.Plan(typePerson).Subject(); field != 0 || !self {
		t.Errorf("subject of a person: %d, %t", field, self)
	}
	if field, self := s.Plan(typePlace).Subject(); field != 0 || self {
		t.Errorf("subject of a place: %d, %t", field, self)
	}
}

func TestNewerSetExtendsKnownTypes(t *testing.T) {
	s, names, err := schemaOf(t, "older").With(image(t, "newer"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(names, typeParcel) || !slices.Contains(names, typePerson) {
		t.Errorf("names %v", names)
	}
	if c, ok := s.Plan(typePerson).Cell(6); !ok || c.Name != "address" || c.Field != 1 {
		t.Errorf("the newer group is not known: %v", c)
	}
}

func TestOlderSetLeavesNewerTypesAlone(t *testing.T) {
	newer := schemaOf(t, "newer")
	s, names, err := newer.With(image(t, "older"))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != 4 {
		t.Errorf("names %v", names)
	}
	if s.Plan(typePerson) != newer.Plan(typePerson) || s.Plan(typeParcel) == nil {
		t.Error("an older version took the place of a newer one")
	}
}

// later is a file with the record type later.Errand, which has a field of a type
// from another file.
func later(path, typeName string) *descriptorpb.FileDescriptorProto {
	return &descriptorpb.FileDescriptorProto{
		Name: proto.String("later.proto"), Package: proto.String("later"), Syntax: proto.String("proto3"),
		Dependency: []string{path, "zhurnal/schema/v1/options.proto"},
		MessageType: []*descriptorpb.DescriptorProto{{
			Name:    proto.String("Errand"),
			Options: collection(community()),
			Field:   []*descriptorpb.FieldDescriptorProto{field("found", 1, typeName)},
		}},
	}
}

func TestSetMayImportWhatWasGivenBefore(t *testing.T) {
	const fixture = "zhurnal/fixture/v1/fixture.proto"
	set := marshalSet(t, later(fixture, ".zhurnal.fixture.v1.Finding"))
	if _, _, err := schemaOf(t, "older").With(set); err != nil {
		t.Error(err)
	}
	empty, _ := New()
	_, _, err := empty.With(set)
	if err == nil || !strings.Contains(err.Error(), "imports "+fixture+", which is neither in the set nor known") {
		t.Errorf("error %v", err)
	}
	// A file that the set brings takes the place of the one known: what it no
	// longer has is not there.
	gone := oneMessage(community(), field("code", 1, "string"))
	gone.Name = proto.String(fixture)
	if _, _, err := schemaOf(t, "older").With(marshalSet(t, gone, later(fixture, ".zhurnal.fixture.v1.Finding"))); err == nil {
		t.Error("a message that the set's version of the file lacks was found in another version")
	}
}

func TestSetMayImportWhatGivenFilesImport(t *testing.T) {
	part := &descriptorpb.FileDescriptorProto{
		Name: proto.String("part.proto"), Package: proto.String("other"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Part"), Field: []*descriptorpb.FieldDescriptorProto{field("note", 1, "string")}}},
	}
	sheet := oneMessage(community(), field("part", 1, ".other.Part"))
	sheet.Dependency = append(sheet.Dependency, "part.proto")
	files, err := compat.ParseImage(marshalSet(t, part, sheet), nil)
	if err != nil {
		t.Fatal(err)
	}
	given, err := files.FindFileByPath("test.proto")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(given)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.With(marshalSet(t, later("part.proto", ".other.Part"))); err != nil {
		t.Error(err)
	}
}

func TestFieldNumbersMayBeHigh(t *testing.T) {
	p := planOf(t, community(), field("low", 1, "string"), field("high", 5000, "string"), field("highest", 536870911, "string"))
	w, err := p.Compose(hall, nil, Draft{Record: idOf(1), Message: parse(t, p, `low: "a" high: "b" highest: "c"`)})
	if err != nil || len(w.Writes) != 3 || w.Writes[2].Cell.Field != 536870911 {
		t.Errorf("wrote %q, %v", written(w), err)
	}
	if _, ok := p.Cell(5000); !ok {
		t.Error("field 5000 is not known")
	}
	if _, ok := p.Cell(4999); ok {
		t.Error("field 4999 is known")
	}
}

func TestCompiledInFilesNeedNoRegistry(t *testing.T) {
	set := parseSet(t, "older")
	files, err := protodesc.NewFiles(set)
	if err != nil {
		t.Fatal(err)
	}
	file, err := files.FindFileByPath("zhurnal/fixture/v1/fixture.proto")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Types()) != 4 {
		t.Errorf("types %v", s.Types())
	}
	if _, err := New(file, file); err == nil || !strings.Contains(err.Error(), "given twice") {
		t.Errorf("error %v", err)
	}
}

// Options that were read by something that did not know them are unknown
// fields, or dynamic messages. They hold all the same.
func TestOptionsAreReadFromUnknownFields(t *testing.T) {
	set := new(descriptorpb.FileDescriptorSet)
	if err := (proto.UnmarshalOptions{Resolver: noTypes{}}).Unmarshal(image(t, "older"), set); err != nil {
		t.Fatal(err)
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		t.Fatal(err)
	}
	file, _ := files.FindFileByPath("zhurnal/fixture/v1/fixture.proto")
	s, err := New(file)
	if err != nil {
		t.Fatal(err)
	}
	visit := s.Plan(typeVisit)
	if visit == nil || !visit.Keyed() || len(visit.Cells()) != 10 {
		t.Fatalf("the options were not read: %v", s.Types())
	}
	w := visitWrites(t, visit, `outcome: 7`)
	if got, err := visit.Check(&w); err != nil || len(got) != 1 || got[0] != (Violation{5, "enum.defined_only"}) {
		t.Errorf("violations %v, %v", got, err)
	}
}

func TestWithRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		set  []byte
		want string
	}{
		"text":            {[]byte("syntax = \"proto3\";"), "not a FileDescriptorSet"},
		"nothing":         {nil, "there is no record type in it"},
		"no record type":  {marshalSet(t, protodesc.ToFileDescriptorProto(descriptorpb.File_google_protobuf_descriptor_proto)), "there is no record type in it"},
		"one file twice":  {append(image(t, "newer"), image(t, "newer")...), "twice in the descriptor set"},
		"imports itself":  {marshalSet(t, &descriptorpb.FileDescriptorProto{Name: proto.String("a.proto"), Dependency: []string{"a.proto"}}), "imports itself"},
		"undefined names": {marshalSet(t, &descriptorpb.FileDescriptorProto{Name: proto.String("a.proto"), MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("A"), Field: []*descriptorpb.FieldDescriptorProto{field("b", 1, ".B")}}}}), "a.proto"},
	} {
		s := schemaOf(t, "older")
		got, _, err := s.With(c.set)
		if err == nil || !strings.Contains(err.Error(), c.want) || got != nil {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: kind %d", name, fault.KindOf(err))
		}
	}
}

// A set that says something else of a known type is refused, and the error says
// what. One that says less of it is an older version, and changes nothing.
func TestWithRefusesRedefinitions(t *testing.T) {
	for name, c := range map[string]struct {
		change func(visit *descriptorpb.DescriptorProto)
		want   string // empty: nothing to refuse
	}{
		"key":   {func(md *descriptorpb.DescriptorProto) { collectionIn(md).Key = []string{"day"} }, "the key changed from [day person_id] to [day]"},
		"space": {func(md *descriptorpb.DescriptorProto) { collectionIn(md).Space[0] = schemav1.SpaceKind_SPACE_KIND_DESK }, "may no longer live in SPACE_KIND_COMMUNITY"},
		"group": {func(md *descriptorpb.DescriptorProto) { optionIn(md, "fare_minor").Group = "time" }, "field fare_minor: the fields merged whole with it changed from [8 9] to [3 4 8]"},
		"pick":  {func(md *descriptorpb.DescriptorProto) { optionIn(md, "rank").Pick = highest }, "field rank: the pick changed from PICK_LOWEST to PICK_HIGHEST"},
		"set":   {func(md *descriptorpb.DescriptorProto) { optionIn(md, "witness_ids").Set = false }, "field witness_ids: set changed from true to false"},
		"type": {func(md *descriptorpb.DescriptorProto) {
			*fieldIn(md, "day").Type = descriptorpb.FieldDescriptorProto_TYPE_INT64
		}, "field day: the type changed from int32 to int64"},
		"name":   {func(md *descriptorpb.DescriptorProto) { *fieldIn(md, "rank").Name = "place" }, ""},
		"review": {func(md *descriptorpb.DescriptorProto) { optionIn(md, "rank").Review = true }, ""},
		"less":   {func(md *descriptorpb.DescriptorProto) { optionIn(md, "first_word").Sensitivity = 1 }, ""},
	} {
		set := parseSet(t, "older")
		for _, file := range set.File {
			for _, md := range file.MessageType {
				if file.GetPackage()+"."+md.GetName() == typeVisit {
					c.change(md)
				}
			}
		}
		got, _, err := schemaOf(t, "older").With(marshalSet(t, set.File...))
		if c.want == "" && err == nil {
			continue
		}
		want := "zhurnal/fixture/v1/fixture.proto: message " + typeVisit + ": " + c.want
		if err == nil || !strings.Contains(err.Error(), want) || got != nil || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
}

func collectionIn(md *descriptorpb.DescriptorProto) *schemav1.Collection {
	return proto.GetExtension(md.Options, schemav1.E_Collection).(*schemav1.Collection)
}

func fieldIn(md *descriptorpb.DescriptorProto, name string) *descriptorpb.FieldDescriptorProto {
	return md.Field[slices.IndexFunc(md.Field, func(f *descriptorpb.FieldDescriptorProto) bool { return f.GetName() == name })]
}

func optionIn(md *descriptorpb.DescriptorProto, name string) *schemav1.Field {
	return proto.GetExtension(fieldIn(md, name).Options, schemav1.E_Field).(*schemav1.Field)
}

// noTypes knows no extension.
type noTypes struct{}

func (noTypes) FindExtensionByName(protoreflect.FullName) (protoreflect.ExtensionType, error) {
	return nil, errNotFound
}

func (noTypes) FindExtensionByNumber(protoreflect.FullName, protoreflect.FieldNumber) (protoreflect.ExtensionType, error) {
	return nil, errNotFound
}
