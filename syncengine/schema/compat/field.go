package compat

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
)

// message compares the fields of a record type, or of a part of one, which has
// no cells of its own.
func (c *comparison) message(old, today protoreflect.MessageDescriptor, record bool) {
	if c.seen[today.FullName()] {
		return
	}
	c.seen[today.FullName()] = true
	for i := range old.Fields().Len() {
		before := old.Fields().Get(i)
		after := today.Fields().ByNumber(before.Number())
		if after == nil {
			c.add(today, before.Name(), "field number %d is gone: what it holds could no longer be read", before.Number())
			continue
		}
		c.shape(today, before, after)
		c.options(today, after.Name(), FieldOf(before), FieldOf(after))
		if record {
			c.cell(old, today, before, after)
		}
		if !record || len(cellNumbers(today, after)) > 1 {
			c.presence(today, before, after)
		}
	}
	c.oneofs(old, today)
}

// presence compares whether the field tells a zero from nothing. In a cell of
// its own it may change: who does not tell the two leaves the cell alone.
func (c *comparison) presence(today protoreflect.MessageDescriptor, before, after protoreflect.FieldDescriptor) {
	if oneofName(before) == oneofName(after) && before.HasPresence() != after.HasPresence() {
		c.add(today, after.Name(), "optional changed from %t to %t in what is merged whole: the version that does not tell a zero from nothing loses it when it edits what stands beside it", before.HasPresence(), after.HasPresence())
	}
}

// oneofs refuses new members of a oneof that was there.
func (c *comparison) oneofs(old, today protoreflect.MessageDescriptor) {
	for i := range today.Fields().Len() {
		fd := today.Fields().Get(i)
		if oneof := oneofName(fd); oneof != "" && old.Fields().ByNumber(fd.Number()) == nil && old.Oneofs().ByName(oneof) != nil {
			c.add(today, fd.Name(), "it is new in oneof %q: the version that does not know it leaves it beside the member that it chooses, and one of the two is not seen", oneof)
		}
	}
}

// shape compares what decides how the bytes of the field are read.
func (c *comparison) shape(today protoreflect.MessageDescriptor, before, after protoreflect.FieldDescriptor) {
	name := after.Name()
	switch {
	case before.Kind() != after.Kind():
		c.add(today, name, "the type changed from %s to %s", before.Kind(), after.Kind())
	case before.Cardinality() != after.Cardinality() || before.IsMap() != after.IsMap():
		c.add(today, name, "it changed from %s to %s", before.Cardinality(), after.Cardinality())
	case oneofName(before) != oneofName(after):
		c.add(today, name, "it moved from oneof %q to oneof %q", oneofName(before), oneofName(after))
	case before.Message() != nil && before.Message().FullName() != after.Message().FullName():
		c.add(today, name, "the type changed from %s to %s", before.Message().FullName(), after.Message().FullName())
	case before.Enum() != nil && before.Enum().FullName() != after.Enum().FullName():
		c.add(today, name, "the type changed from %s to %s", before.Enum().FullName(), after.Enum().FullName())
	case before.Message() != nil:
		c.message(before.Message(), after.Message(), false)
	}
}

func oneofName(fd protoreflect.FieldDescriptor) protoreflect.Name {
	if oneof := fd.ContainingOneof(); oneof != nil && !oneof.IsSynthetic() {
		return oneof.Name()
	}
	return ""
}

// options compares what a field says by itself.
func (c *comparison) options(today protoreflect.MessageDescriptor, name protoreflect.Name, before, after *schemav1.Field) {
	if was, is := sensitivityOf(before), sensitivityOf(after); is < was {
		c.add(today, name, "the sensitivity was lowered from %s to %s: what was entered under a promise would be treated as less", was, is)
	}
	if before.GetSet() != after.GetSet() {
		c.add(today, name, "set changed from %t to %t: its stored cells would be read as something else", before.GetSet(), after.GetSet())
	}
	if before.GetSealed() != after.GetSealed() {
		c.add(today, name, "sealed changed from %t to %t: stored cells hold the other, and what was entered under a seal would be asked for in the clear", before.GetSealed(), after.GetSealed())
	}
	if before.GetReview() && !after.GetReview() {
		c.add(today, name, "review was taken away: disagreements would no longer be put before a person")
	}
	for _, target := range before.GetReference() {
		if !slices.Contains(after.GetReference(), target) {
			c.add(today, name, "it may no longer hold a reference to %s, and stored ones do", target)
		}
	}
}

// sensitivityOf is internal where nothing is said.
func sensitivityOf(field *schemav1.Field) schemav1.Sensitivity {
	if s := field.GetSensitivity(); s != schemav1.Sensitivity_SENSITIVITY_UNSPECIFIED {
		return s
	}
	return schemav1.Sensitivity_SENSITIVITY_INTERNAL
}
