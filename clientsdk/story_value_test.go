package clientsdk_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/schema/compat"
)

const recordPackage = "zhurnal.records.v1."

// planOf finds a type by its name in a story: training_day is TrainingDay.
func planOf(name string) (*schema.Plan, error) {
	var camel strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		if part != "" {
			camel.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	if plan := recordTypes().Plan(recordPackage + camel.String()); plan != nil {
		return plan, nil
	}
	return nil, fmt.Errorf("there is no type %q; there are %s", name, strings.Join(recordTypes().Types(), ", "))
}

// storyType is the name that a story gives to a type.
func storyType(fullName string) string {
	var snake strings.Builder
	for i, r := range strings.TrimPrefix(fullName, recordPackage) {
		if unicode.IsUpper(r) && i > 0 {
			snake.WriteByte('_')
		}
		snake.WriteRune(unicode.ToLower(r))
	}
	return snake.String()
}

// fillIn reads "name=value name="two words" set=one,two" into a message, and
// returns the names of the fields. An empty value clears.
func (w *world) fillIn(msg proto.Message, text string) (fields []string, err error) {
	m := msg.ProtoReflect()
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		name, rest, found := strings.Cut(text, "=")
		if !found {
			return nil, fmt.Errorf("%q: fields are written as name=value or name=\"some words\"", text)
		}
		var value string
		if quoted, err := strconv.QuotedPrefix(rest); err == nil {
			value, _ = strconv.Unquote(quoted)
			text = rest[len(quoted):]
		} else {
			value, text, _ = strings.Cut(rest, " ")
		}
		fd := m.Descriptor().Fields().ByName(protoreflect.Name(name))
		if fd == nil {
			return nil, fmt.Errorf("%s has no field %q", storyType(string(m.Descriptor().FullName())), name)
		}
		if err := w.setField(m, fd, value); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		fields = append(fields, name)
	}
	return fields, nil
}

func (w *world) setField(m protoreflect.Message, fd protoreflect.FieldDescriptor, text string) error {
	if text == "" {
		m.Clear(fd)
		return nil
	}
	if !fd.IsList() {
		value, err := w.readValue(fd, text)
		if err == nil {
			m.Set(fd, value)
		}
		return err
	}
	for part := range strings.SplitSeq(text, ",") {
		value, err := w.readValue(fd, part)
		if err != nil {
			return err
		}
		m.Mutable(fd).List().Append(value)
	}
	return nil
}

func (w *world) readValue(fd protoreflect.FieldDescriptor, text string) (protoreflect.Value, error) {
	switch fd.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(text), nil
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(text == "yes"), nil
	case protoreflect.BytesKind:
		return w.readID(text)
	case protoreflect.EnumKind:
		values := fd.Enum().Values()
		for i := range values.Len() {
			if enumWord(values.Get(i)) == text {
				return protoreflect.ValueOfEnum(values.Get(i).Number()), nil
			}
		}
		return protoreflect.Value{}, fmt.Errorf("%s has no value %q", fd.Enum().Name(), text)
	}
	number, err := strconv.ParseInt(dateDigits(text), 10, 64)
	if err != nil {
		return protoreflect.Value{}, err
	}
	if fd.Kind() == protoreflect.Int64Kind {
		return protoreflect.ValueOfInt64(number), nil
	}
	return protoreflect.ValueOfInt32(int32(number)), nil
}

func (w *world) readID(name string) (protoreflect.Value, error) {
	if rec, ok := w.records[name]; ok {
		return protoreflect.ValueOfBytes(rec.id[:]), nil
	}
	if slices.Contains(w.people, name) {
		id := named[[16]byte](name)
		return protoreflect.ValueOfBytes(id[:]), nil
	}
	return protoreflect.Value{}, fmt.Errorf("%q is neither a record nor a person of the story", name)
}

// dateDigits makes 20160801 of 2016-08-01, and leaves all else.
func dateDigits(text string) string {
	if len(text) == len("2016-08-01") && text[4] == '-' && text[7] == '-' {
		return strings.ReplaceAll(text, "-", "")
	}
	return text
}

// enumWord is a value without the prefix of its enum, in lower case.
func enumWord(value protoreflect.EnumValueDescriptor) string {
	values := value.Parent().(protoreflect.EnumDescriptor).Values()
	prefix := strings.TrimSuffix(string(values.ByNumber(0).Name()), "UNSPECIFIED")
	return strings.ToLower(strings.TrimPrefix(string(value.Name()), prefix))
}

// shown writes the populated ones of the fields as a story reads them, "empty"
// if none is.
func (w *world) shown(m protoreflect.Message, fields []protoreflect.FieldDescriptor) string {
	var parts []string
	for _, fd := range fields {
		fd = m.Descriptor().Fields().ByNumber(fd.Number())
		if fd == nil || !m.Has(fd) {
			continue
		}
		var values []string
		if fd.IsList() {
			for i := range m.Get(fd).List().Len() {
				values = append(values, w.showValue(fd, m.Get(fd).List().Get(i)))
			}
			slices.Sort(values)
		} else {
			values = []string{w.showValue(fd, m.Get(fd))}
		}
		parts = append(parts, string(fd.Name())+"="+strings.Join(values, ","))
	}
	if len(parts) == 0 {
		return "empty"
	}
	return strings.Join(parts, " ")
}

func (w *world) showValue(fd protoreflect.FieldDescriptor, value protoreflect.Value) string {
	switch fd.Kind() {
	case protoreflect.StringKind:
		if text := value.String(); !strings.ContainsAny(text, ` ",`) {
			return text
		}
		return strconv.Quote(value.String())
	case protoreflect.BoolKind:
		return map[bool]string{true: "yes", false: "no"}[value.Bool()]
	case protoreflect.BytesKind:
		return w.nameOf(value.Bytes())
	case protoreflect.EnumKind:
		if known := fd.Enum().Values().ByNumber(value.Enum()); known != nil {
			return enumWord(known)
		}
		return fmt.Sprint(value.Enum())
	default:
		return number(value.Int())
	}
}

// number writes a number, and one that can only be a day as a day.
func number(n int64) string {
	if n >= 1900_01_01 && n <= 2100_12_31 {
		return fmt.Sprintf("%d-%02d-%02d", n/1_00_00, n/1_00%1_00, n%1_00)
	}
	return fmt.Sprint(n)
}

// nameOf returns the story's name of a record or person.
func (w *world) nameOf(id []byte) string {
	for _, name := range w.recordNames {
		if rec := w.records[name]; bytes.Equal(rec.id[:], id) {
			return name
		}
	}
	for _, person := range w.people {
		if known := named[[16]byte](person); bytes.Equal(known[:], id) {
			return person
		}
	}
	return "a record without a name " + hex.EncodeToString(id)
}

func atoi(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

// withoutField returns the schema of an app from before a field of a type.
func withoutField(typeName, field string) (*schema.Schema, error) {
	plan, err := planOf(typeName)
	if err != nil {
		return nil, err
	}
	file := protodesc.ToFileDescriptorProto(plan.Descriptor().ParentFile())
	for _, message := range file.MessageType {
		if message.GetName() == string(plan.Descriptor().Name()) {
			message.Field = slices.DeleteFunc(message.Field, func(f *descriptorpb.FieldDescriptorProto) bool { return f.GetName() == field })
		}
	}
	image, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{file}})
	if err != nil {
		return nil, err
	}
	files, err := compat.ParseImage(image, nil)
	if err != nil {
		return nil, err
	}
	older, err := files.FindFileByPath(file.GetName())
	if err != nil {
		return nil, err
	}
	all := []protoreflect.FileDescriptor{older}
	for _, current := range recordFiles() {
		if current.Path() != older.Path() {
			all = append(all, current)
		}
	}
	return schema.New(all...)
}

// recordFiles are the files that the record types come from.
func recordFiles() (files []protoreflect.FileDescriptor) {
	for _, name := range recordTypes().Types() {
		file := recordTypes().Plan(name).Descriptor().ParentFile()
		if !slices.ContainsFunc(files, func(f protoreflect.FileDescriptor) bool { return f.Path() == file.Path() }) {
			files = append(files, file)
		}
	}
	return files
}
