package compat

import (
	"cmp"
	"fmt"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Break is one change that stored data or its users could not live with.
type Break struct {
	// File is the path of today's .proto file, or of the old one where the
	// type is gone.
	File string
	// Message is the full name of the message.
	Message string
	// Field is the name of the field; empty if the whole message is meant.
	Field string
	// Problem is a sentence that says what was before and what is now.
	Problem string
}

// String is one line: file, message, field, problem.
func (b Break) String() string {
	if b.Field == "" {
		return fmt.Sprintf("%s: message %s: %s", b.File, b.Message, b.Problem)
	}
	return fmt.Sprintf("%s: message %s: field %s: %s", b.File, b.Message, b.Field, b.Problem)
}

// Files compares every record type of old with the type of that name in today,
// in the order of names. New types and files are no break.
func Files(old, today *protoregistry.Files) []Break {
	var breaks []Break
	for _, before := range RecordTypes(old) {
		after, err := today.FindDescriptorByName(before.FullName())
		if err != nil {
			breaks = append(breaks, Break{before.ParentFile().Path(), string(before.FullName()), "", "the record type is gone; its records could no longer be read"})
			continue
		}
		if md, ok := after.(protoreflect.MessageDescriptor); ok {
			breaks = append(breaks, Types(before, md)...)
		} else {
			breaks = append(breaks, Break{after.ParentFile().Path(), string(before.FullName()), "", "was a record type and is something else"})
		}
	}
	return breaks
}

// RecordTypes returns the messages with a collection option, nested ones
// included, sorted by full name.
func RecordTypes(files *protoregistry.Files) []protoreflect.MessageDescriptor {
	var types []protoreflect.MessageDescriptor
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		types = AppendRecordTypes(types, file.Messages())
		return true
	})
	slices.SortFunc(types, func(a, b protoreflect.MessageDescriptor) int { return cmp.Compare(a.FullName(), b.FullName()) })
	return types
}

// AppendRecordTypes appends those of the messages, and of the messages inside
// them, that have a collection option.
func AppendRecordTypes(types []protoreflect.MessageDescriptor, messages protoreflect.MessageDescriptors) []protoreflect.MessageDescriptor {
	for i := range messages.Len() {
		md := messages.Get(i)
		if CollectionOf(md) != nil {
			types = append(types, md)
		}
		types = AppendRecordTypes(types, md.Messages())
	}
	return types
}

// Types compares a record type of old with the same type today, and the parts
// it is made of. Empty: whoever knows only one of the two can live with the
// other's data.
func Types(old, today protoreflect.MessageDescriptor) []Break {
	c := comparison{seen: make(map[protoreflect.FullName]bool)}
	c.collections(old, today)
	c.message(old, today, true)
	return c.breaks
}

// comparison collects the breaks of one record type.
type comparison struct {
	breaks []Break
	// seen are the parts already compared: a part may hold itself.
	seen map[protoreflect.FullName]bool
}

func (c *comparison) add(md protoreflect.MessageDescriptor, field protoreflect.Name, format string, args ...any) {
	c.breaks = append(c.breaks, Break{md.ParentFile().Path(), string(md.FullName()), string(field), fmt.Sprintf(format, args...)})
}
