package console

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// line is a field with its value, for a person to read.
type line struct {
	// Label is the key of the field's name; Name is the field's own, where there is
	// no text for it.
	Label, Name string
	Words       []word
}

// word is a part of a value: a text of the catalogue, a day, or what somebody
// entered.
type word struct {
	Key  string
	Day  int32
	Text string
}

// namer tells what an id in a record stands for, empty if the reader cannot know.
type namer func(id [16]byte) string

// lines reads the fields of a message of a type, in wire bytes.
func (c *Console) lines(typeName string, data []byte, known namer) []line {
	plan := c.o.Schema().Plan(typeName)
	if plan == nil {
		return nil
	}
	msg := plan.NewMessage()
	if proto.Unmarshal(data, msg) != nil {
		return nil
	}
	var lines []line
	fields := msg.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if !msg.ProtoReflect().Has(field) || hidden[field.Name()] {
			continue
		}
		l := line{Label: "field." + string(field.Name()), Name: string(field.Name())}
		if !page.Has(l.Label) {
			l.Label = ""
		}
		value := msg.ProtoReflect().Get(field)
		if field.IsList() {
			for j := range value.List().Len() {
				l.Words = append(l.Words, wordOf(field, value.List().Get(j), known))
			}
		} else if !field.IsMap() {
			l.Words = append(l.Words, wordOf(field, value, known))
		}
		lines = append(lines, l)
	}
	return lines
}

// hidden are fields that tell a person nothing.
var hidden = map[protoreflect.Name]bool{"seen": true, "recorder_id": true, "document_digests": true}

func wordOf(field protoreflect.FieldDescriptor, value protoreflect.Value, known namer) word {
	switch field.Kind() {
	case protoreflect.EnumKind:
		return enumWord(field.Enum(), value.Enum())
	case protoreflect.BytesKind:
		if id := value.Bytes(); len(id) == 16 {
			if name := known([16]byte(id)); name != "" {
				return word{Text: name}
			}
			return word{Text: shortID(id)}
		}
		return word{Text: shortID(value.Bytes())}
	case protoreflect.BoolKind:
		if value.Bool() {
			return word{Key: "yes"}
		}
		return word{Key: "no"}
	case protoreflect.Int32Kind:
		switch n, name := int32(value.Int()), string(field.Name()); {
		case n >= 19000101 && n <= 21991231:
			return word{Day: n}
		case strings.HasSuffix(name, "_minute"):
			return word{Text: fmt.Sprintf("%02d:%02d", n/60, n%60)}
		}
	}
	return word{Text: value.String()}
}

// enumWord is a value of an enumeration; one of a newer app has no text.
func enumWord(enum protoreflect.EnumDescriptor, number protoreflect.EnumNumber) word {
	value := enum.Values().ByNumber(number)
	switch {
	case value == nil:
		return word{Text: fmt.Sprint(number)}
	case number == 0:
		return word{Key: "value.UNSPECIFIED"}
	case page.Has("value." + string(value.Name())):
		return word{Key: "value." + string(value.Name())}
	}
	return word{Text: strings.ToLower(string(value.Name()))}
}

// shortID is as much of an id as a person compares.
func shortID(id []byte) string {
	if len(id) > 4 {
		id = id[:4]
	}
	return fmt.Sprintf("%x…", id)
}

// cellName is the key of what a cell is called: the name of its first field, or of
// its group where there is a text.
func (c *Console) cellName(typeName string, field uint32) (key, name string) {
	if field == 0 {
		return "cell.lifecycle", ""
	}
	plan := c.o.Schema().Plan(typeName)
	if plan == nil {
		return "", fmt.Sprint(field)
	}
	cell, ok := plan.Cell(protowire.Number(field))
	if !ok {
		return "", fmt.Sprint(field)
	}
	for _, key := range []string{"group." + cell.Name, "field." + cell.Name} {
		if page.Has(key) {
			return key, ""
		}
	}
	if d := plan.Descriptor().Fields().ByNumber(protowire.Number(field)); d != nil && page.Has("field."+string(d.Name())) {
		return "field." + string(d.Name()), ""
	}
	return "", cell.Name
}

// typeKey is the key of what a record type is called; empty if there is no text.
func typeKey(typeName string) string {
	key := "type." + typeName[strings.LastIndexByte(typeName, '.')+1:]
	if !page.Has(key) {
		return ""
	}
	return key
}

// namesIn are the names of who writes in a space, before those that are given.
func (v *visit) namesIn(space merge.SpaceID, others namer) namer {
	return func(id [16]byte) string {
		if name := v.view.WriterIn(id, space); name != "" {
			return name
		}
		return others(id)
	}
}
