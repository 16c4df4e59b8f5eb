package compat

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
)

// cell compares which fields are merged whole with this one, and which value of
// the cell is shown.
func (c *comparison) cell(old, today protoreflect.MessageDescriptor, before, after protoreflect.FieldDescriptor) {
	was, is := cellNumbers(old, before), cellNumbers(today, after)
	if !slices.Equal(was, is) {
		c.add(today, after.Name(), "the fields merged whole with it changed from %v to %v: stored cells hold the old ones", was, is)
	}
	oldRule, newRule := FieldOf(before), FieldOf(after)
	if pickOf(oldRule) != pickOf(newRule) {
		c.add(today, after.Name(), "the pick changed from %s to %s: two versions of the app would show different values", pickOf(oldRule), pickOf(newRule))
		return
	}
	if !orderKept(before, after, oldRule.GetOrder(), newRule.GetOrder()) {
		c.add(today, after.Name(), "the order changed from %v to %v: two versions of the app would show different values; only new values may be added, at the end", oldRule.GetOrder(), newRule.GetOrder())
	}
}

// cellNumbers returns the numbers of the fields that share the field's cell,
// itself included, ascending. The first of them names the cell.
func cellNumbers(md protoreflect.MessageDescriptor, fd protoreflect.FieldDescriptor) []protoreflect.FieldNumber {
	group := FieldOf(fd).GetGroup()
	if group == "" {
		return []protoreflect.FieldNumber{fd.Number()}
	}
	var numbers []protoreflect.FieldNumber
	for i := range md.Fields().Len() {
		if other := md.Fields().Get(i); FieldOf(other).GetGroup() == group {
			numbers = append(numbers, other.Number())
		}
	}
	slices.Sort(numbers)
	return numbers
}

func pickOf(field *schemav1.Field) schemav1.Pick {
	if pick := field.GetPick(); pick != schemav1.Pick_PICK_UNSPECIFIED {
		return pick
	}
	return schemav1.Pick_PICK_LATEST
}

// orderKept tells whether every two values that the old enum had still stand in
// the same order: listed ones as listed, after them all that are not.
func orderKept(before, after protoreflect.FieldDescriptor, was, is []string) bool {
	old, today := orderNumbers(before, was), orderNumbers(after, is)
	if len(today) < len(old) || !slices.Equal(old, today[:len(old)]) {
		return false
	}
	for _, number := range today[len(old):] {
		if before.Enum() != nil && before.Enum().Values().ByNumber(number) != nil {
			return false
		}
	}
	return true
}

func orderNumbers(fd protoreflect.FieldDescriptor, names []string) []protoreflect.EnumNumber {
	numbers := make([]protoreflect.EnumNumber, 0, len(names))
	for _, name := range names {
		if fd.Enum() == nil {
			continue
		}
		if value := fd.Enum().Values().ByName(protoreflect.Name(name)); value != nil {
			numbers = append(numbers, value.Number())
		}
	}
	return numbers
}
