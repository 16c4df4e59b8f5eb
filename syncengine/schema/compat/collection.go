package compat

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
)

// collections compares what holds for a whole record type.
func (c *comparison) collections(old, today protoreflect.MessageDescriptor) {
	before, after := CollectionOf(old), CollectionOf(today)
	if after == nil {
		c.add(today, "", "the collection option is gone: its records would have no type")
		return
	}
	c.spaces(today, before.GetSpace(), after.GetSpace())
	if was, is := fieldNumbers(old, before.GetKey()), fieldNumbers(today, after.GetKey()); !slices.Equal(was, is) {
		c.add(today, "", "the key changed from %v to %v: the ids of its records are hashes over the key fields", before.GetKey(), after.GetKey())
	}
	c.subject(old, today, before.GetSubject(), after.GetSubject())
	if before.GetAppendOnly() && !after.GetAppendOnly() {
		c.add(today, "", "append_only was taken away: what was entered as written once would be written over")
	}
}

func (c *comparison) spaces(today protoreflect.MessageDescriptor, before, after []schemav1.SpaceKind) {
	for _, kind := range before {
		if !slices.Contains(after, kind) {
			c.add(today, "", "may no longer live in %s, where its records are", kind)
		}
	}
}

func (c *comparison) subject(old, today protoreflect.MessageDescriptor, before, after string) {
	was, is := subjectNumber(old, before), subjectNumber(today, after)
	if before == "" || (was == is && after != "") {
		return
	}
	c.add(today, "", "the subject changed from %q to %q: what is exported or erased for a person would be something else", before, after)
}

// subjectNumber is the number of the field, zero for a record that is its own
// subject: a field may be renamed, its number stays.
func subjectNumber(md protoreflect.MessageDescriptor, subject string) protoreflect.FieldNumber {
	if fd := md.Fields().ByName(protoreflect.Name(subject)); fd != nil {
		return fd.Number()
	}
	return 0
}

// fieldNumbers returns the numbers of the named fields, ascending; a name that
// is no field has none.
func fieldNumbers(md protoreflect.MessageDescriptor, names []string) []protoreflect.FieldNumber {
	var numbers []protoreflect.FieldNumber
	for _, name := range names {
		if fd := md.Fields().ByName(protoreflect.Name(name)); fd != nil {
			numbers = append(numbers, fd.Number())
		}
	}
	slices.Sort(numbers)
	return numbers
}
