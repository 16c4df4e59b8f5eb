package clientsdk_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// versions is how many versions of the record types below there are; apps and
// servers are numbered by the version that they know, from 0.
const versions = 6

const (
	householdName = "households.v1.Household"
	callName      = "households.v1.Call"
	voucherName   = "households.v1.Voucher"
)

// growth is what each version adds to the one before it, in everything that may
// be added or changed.
var growth = [versions]func(*protoFile){
	func(f *protoFile) {
		f.enum("Outcome", "OUTCOME_UNSPECIFIED = 0", "MET = 1", "ABSENT = 2")
		f.enum("Need", "NEED_UNSPECIFIED = 0", "FOOD = 1", "FUEL = 2")
		f.enum("Reach", "REACH_UNSPECIFIED = 0", "ROAD = 1")
		f.message("Dwelling", "", "string walls = 1", "Need worst = 4", "map<string,Need> rooms = 5")
		f.oneof("Dwelling", "heating", "uint32 wood_cubic_metres = 2", "uint32 coal_kg = 3")
		f.message("Member", "", "string name = 1", "uint32 birth_year = 2")
		f.message("Household", `space: SPACE_KIND_COMMUNITY`,
			"string head = 1",
			"Outcome outcome = 2 [buf.validate.field] {enum {defined_only: true}}",
			`string street = 3 [zhurnal.schema.v1.field] {group: "address"}`,
			`uint32 house = 4 [zhurnal.schema.v1.field] {group: "address"}`,
			`Reach reach = 15 [zhurnal.schema.v1.field] {group: "address"}`,
			"repeated Need needs = 5 [zhurnal.schema.v1.field] {set: true}",
			"Dwelling dwelling = 6",
			"uint32 rooms = 7 [buf.validate.field] {uint32 {lte: 9}}",
			"uint32 people = 8 [buf.validate.field] {uint32 {lte: 30}}",
			"repeated Member members = 9",
			"string note = 10",
		)
		f.message("Call", `space: SPACE_KIND_COMMUNITY key: ["household_id", "day"]`,
			`bytes household_id = 1 [zhurnal.schema.v1.field] {reference: "households.v1.Household"}`,
			"int32 day = 2",
			`Outcome outcome = 3 [zhurnal.schema.v1.field] {pick: PICK_ORDER order: ["ABSENT", "MET"]}`,
			"string told = 4",
		)
	},
	func(f *protoFile) { // values of enums, in an order too, and a field
		f.enum("Outcome", "MOVED = 3")
		f.enum("Need", "MEDICINE = 3")
		f.enum("Reach", "TRACK = 2")
		f.options("Call", "outcome", `[zhurnal.schema.v1.field] {pick: PICK_ORDER order: ["ABSENT", "MET", "MOVED"]}`)
		f.fields("Household", "string phone = 16")
	},
	func(f *protoFile) { // what a group was to have grown by: a group beside it, a field of its own, a set
		f.fields("Household",
			`uint32 floor = 12 [zhurnal.schema.v1.field] {group: "flat"}`,
			`string door = 17 [zhurnal.schema.v1.field] {group: "flat"}`,
			"string landmark = 11",
			"repeated string languages = 18 [zhurnal.schema.v1.field] {set: true}",
			"repeated Need promised = 19 [zhurnal.schema.v1.field] {set: true}",
		)
	},
	func(f *protoFile) { // parts, a oneof in a group, another name, a stricter rule
		f.message("Cellar", "", "bool dry = 1", "repeated Need stored = 2", "repeated uint32 steps_cm = 3")
		f.fields("Dwelling", "string roof = 6", "Cellar cellar = 7", "map<string,Cellar> sheds = 8")
		f.fields("Member", "optional bool displaced = 3", "Need need = 4")
		f.oneof("Household", "aid",
			`string parcel = 20 [zhurnal.schema.v1.field] {group: "aid"}`,
			`Cellar repair = 21 [zhurnal.schema.v1.field] {group: "aid"}`,
		)
		f.fields("Household", `string aid_reason = 22 [zhurnal.schema.v1.field] {group: "aid"}`)
		f.rename("Household", "note", "remark")
		f.options("Household", "people", "[buf.validate.field] {uint32 {lte: 12}}")
	},
	func(f *protoFile) { // a record type with a key, and a reference to it
		f.message("Voucher", `space: SPACE_KIND_COMMUNITY key: ["household_id", "number"]`,
			`bytes household_id = 1 [zhurnal.schema.v1.field] {reference: "households.v1.Household"}`,
			"string number = 2",
			"Need good_for = 3",
			"Cellar brought_to = 4",
		)
		f.fields("Call", `bytes voucher_id = 5 [zhurnal.schema.v1.field] {reference: "households.v1.Voucher"}`)
		f.enum("Need", "GLASS = 4")
	},
	func(f *protoFile) { // a looser rule, what is said about fields, and more of each
		f.options("Household", "rooms", "[buf.validate.field] {uint32 {lte: 99}}")
		f.options("Household", "head", "[zhurnal.schema.v1.field] {review: true sensitivity: SENSITIVITY_PERSONAL}")
		for _, name := range []string{"street", "house", "reach"} {
			f.options("Household", name, `[zhurnal.schema.v1.field] {group: "where"}`)
		}
		f.collection("Household", `space: [SPACE_KIND_COMMUNITY, SPACE_KIND_DESK]`)
		f.enum("Outcome", "GUARDED = 4")
		f.fields("Cellar", "optional uint32 water_cm = 4")
		f.fields("Household", "optional uint32 debt = 13", "repeated sint32 readings = 23")
	},
}

// protoImages are the descriptor sets of the versions.
var protoImages = sync.OnceValue(func() (images [versions][]byte) {
	file := newProtoFile()
	for v, grow := range growth {
		grow(file)
		images[v] = file.image()
	}
	return images
})

// versionSchemas are the schemas of an app or a server of each version.
var versionSchemas = sync.OnceValue(func() (known [versions]*schema.Schema) {
	for v, image := range protoImages() {
		empty, err := schema.New()
		if err == nil {
			known[v], _, err = empty.With(image)
		}
		if err != nil {
			panic(fmt.Sprintf("version %d: %v", v, err))
		}
	}
	return known
})

// protoFile is a .proto file on its way from version to version.
type protoFile struct {
	*descriptorpb.FileDescriptorProto
	messages map[string]*descriptorpb.DescriptorProto
	enums    map[string]*descriptorpb.EnumDescriptorProto
}

func newProtoFile() *protoFile {
	return &protoFile{
		FileDescriptorProto: &descriptorpb.FileDescriptorProto{
			Name: proto.String("households/v1/households.proto"), Package: proto.String("households.v1"), Syntax: proto.String("proto3"),
			Dependency: []string{"zhurnal/schema/v1/options.proto", "buf/validate/validate.proto"},
		},
		messages: map[string]*descriptorpb.DescriptorProto{}, enums: map[string]*descriptorpb.EnumDescriptorProto{},
	}
}

// enum adds values, each written as in a .proto file, to an enum that may be new.
func (f *protoFile) enum(name string, values ...string) {
	if f.enums[name] == nil {
		f.enums[name] = &descriptorpb.EnumDescriptorProto{Name: &name}
		f.EnumType = append(f.EnumType, f.enums[name])
	}
	for _, line := range values {
		value, number := numbered(line)
		f.enums[name].Value = append(f.enums[name].Value, &descriptorpb.EnumValueDescriptorProto{Name: &value, Number: &number})
	}
}

// message adds a message; a record type, if its collection is not empty.
func (f *protoFile) message(name, collection string, fields ...string) {
	f.messages[name] = &descriptorpb.DescriptorProto{Name: &name}
	f.MessageType = append(f.MessageType, f.messages[name])
	if collection != "" {
		f.collection(name, collection)
	}
	f.fields(name, fields...)
}

func (f *protoFile) collection(message, text string) {
	options := new(descriptorpb.MessageOptions)
	mustParse("[zhurnal.schema.v1.collection] {"+text+"}", options)
	f.messages[message].Options = options
}

// fields adds fields, each written as in a .proto file, with its options in text
// format.
func (f *protoFile) fields(message string, lines ...string) {
	for _, line := range lines {
		f.add(message, line)
	}
}

// oneof adds a oneof with its fields.
func (f *protoFile) oneof(message, name string, lines ...string) {
	md := f.messages[message]
	md.OneofDecl = append(md.OneofDecl, &descriptorpb.OneofDescriptorProto{Name: &name})
	for _, line := range lines {
		f.add(message, line).OneofIndex = proto.Int32(int32(len(md.OneofDecl) - 1))
	}
}

func (f *protoFile) add(message, line string) *descriptorpb.FieldDescriptorProto {
	declared, options, _ := strings.Cut(line, " [")
	left, number := numbered(declared)
	words := strings.Fields(left)
	name, kind := words[len(words)-1], words[len(words)-2]
	fd := &descriptorpb.FieldDescriptorProto{Name: &name, Number: &number, Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()}
	switch element, isMap := strings.CutPrefix(kind, "map<string,"); {
	case isMap:
		kind = f.entry(message, name, strings.TrimSuffix(element, ">"))
		fallthrough
	case words[0] == "repeated":
		fd.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	case words[0] == "optional":
		fd.Proto3Optional = proto.Bool(true)
	}
	if scalar, is := descriptorpb.FieldDescriptorProto_Type_value["TYPE_"+strings.ToUpper(kind)]; is {
		fd.Type = descriptorpb.FieldDescriptorProto_Type(scalar).Enum()
	} else {
		fd.TypeName = proto.String(".households.v1." + kind)
	}
	f.messages[message].Field = append(f.messages[message].Field, fd)
	if options != "" {
		f.options(message, name, "["+options)
	}
	return fd
}

// entry adds the message by which protobuf writes the entries of a map.
func (f *protoFile) entry(message, field, element string) string {
	name := strings.ToUpper(field[:1]) + field[1:] + "Entry"
	entry := &descriptorpb.DescriptorProto{Name: &name, Options: &descriptorpb.MessageOptions{MapEntry: proto.Bool(true)}}
	f.messages[message+"."+name] = entry
	f.fields(message+"."+name, "string key = 1", element+" value = 2")
	f.messages[message].NestedType = append(f.messages[message].NestedType, entry)
	return message + "." + name
}

// options replaces the options of a field.
func (f *protoFile) options(message, field, text string) {
	options := new(descriptorpb.FieldOptions)
	mustParse(text, options)
	f.field(message, field).Options = options
}

func (f *protoFile) rename(message, field, name string) { f.field(message, field).Name = &name }

func (f *protoFile) field(message, name string) *descriptorpb.FieldDescriptorProto {
	for _, fd := range f.messages[message].Field {
		if fd.GetName() == name {
			return fd
		}
	}
	panic(message + " has no field " + name)
}

// image returns the file as it is now, as a descriptor set. The oneofs by which
// protobuf writes optional fields come after all others.
func (f *protoFile) image() []byte {
	file := proto.CloneOf(f.FileDescriptorProto)
	for _, md := range file.MessageType {
		for _, fd := range md.Field {
			if fd.GetProto3Optional() {
				fd.OneofIndex = proto.Int32(int32(len(md.OneofDecl)))
				md.OneofDecl = append(md.OneofDecl, &descriptorpb.OneofDescriptorProto{Name: proto.String("_" + fd.GetName())})
			}
		}
	}
	data, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{file}})
	if err != nil {
		panic(err)
	}
	return data
}

// numbered cuts "name = 1" in two.
func numbered(line string) (string, int32) {
	left, right, _ := strings.Cut(line, " = ")
	n, err := strconv.ParseInt(right, 10, 32)
	if err != nil {
		panic(err)
	}
	return left, int32(n)
}

func mustParse(text string, into proto.Message) {
	if err := prototext.Unmarshal([]byte(text), into); err != nil {
		panic(fmt.Sprintf("%s: %v", text, err))
	}
}
