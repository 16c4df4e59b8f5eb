package season

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// anatomy says of each record type how its fields make cells: a field is a
// cell, the fields of a group are one cell named by the lowest of them, an
// element of a set is a cell. It is read from the options here, and not asked
// of the schema package, which a season is there to check.
type anatomy map[protoreflect.FullName]map[protoreflect.FieldNumber]fieldOfCell

// fieldOfCell is where a field belongs. The cell of a key field is zero: it is
// in none.
type fieldOfCell struct {
	cell uint32
	set  bool
}

func (a anatomy) of(record protoreflect.MessageDescriptor) map[protoreflect.FieldNumber]fieldOfCell {
	if known := a[record.FullName()]; known != nil {
		return known
	}
	fields, key := map[protoreflect.FieldNumber]fieldOfCell{}, keyOf(record)
	lowest := map[string]uint32{}
	for _, number := range ascending(record) {
		field := record.Fields().ByNumber(number)
		options, _ := proto.GetExtension(field.Options(), schemav1.E_Field).(*schemav1.Field)
		at := fieldOfCell{cell: uint32(number), set: options.GetSet()}
		if group := options.GetGroup(); group != "" {
			if lowest[group] == 0 {
				lowest[group] = uint32(number)
			}
			at.cell = lowest[group]
		}
		if slices.Contains(key, string(field.Name())) {
			at.cell = 0
		}
		fields[number] = at
	}
	a[record.FullName()] = fields
	return fields
}

func ascending(record protoreflect.MessageDescriptor) []protoreflect.FieldNumber {
	var numbers []protoreflect.FieldNumber
	for i := range record.Fields().Len() {
		numbers = append(numbers, record.Fields().Get(i).Number())
	}
	slices.Sort(numbers)
	return numbers
}

// cellsOf takes an act apart into the cells that it writes.
func (a anatomy) cellsOf(space Name, act *Act) map[CellAt]string {
	msg := act.Message.ProtoReflect()
	at := CellAt{Space: space, Type: act.Type(), Record: act.ID(space)}
	fields := a.of(msg.Descriptor())
	cells, parts := map[CellAt]string{}, map[uint32]protoreflect.Message{}
	msg.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch of := fields[field.Number()]; {
		case of.cell == 0:
		case of.set:
			for i := range value.List().Len() {
				cells[at.element(field, value.List().Get(i))] = "\x01"
			}
		default:
			if parts[of.cell] == nil {
				parts[of.cell] = msg.New()
			}
			parts[of.cell].Set(field, value)
		}
		return true
	})
	for number, part := range parts {
		at.Cell = merge.CellKey{Field: number}
		cells[at] = wireOf(part.Interface())
	}
	return cells
}

// element names the cell of an element: its field, and the field's wire bytes
// with this element alone.
func (c CellAt) element(field protoreflect.FieldDescriptor, value protoreflect.Value) CellAt {
	var b []byte
	switch field.Kind() {
	case protoreflect.EnumKind:
		b = protowire.AppendVarint(protowire.AppendTag(b, field.Number(), protowire.VarintType), uint64(value.Enum()))
	case protoreflect.StringKind:
		b = protowire.AppendString(protowire.AppendTag(b, field.Number(), protowire.BytesType), value.String())
	case protoreflect.BytesKind:
		b = protowire.AppendBytes(protowire.AppendTag(b, field.Number(), protowire.BytesType), value.Bytes())
	default:
		panic(fmt.Sprintf("season: no set of %s is planned", field.Kind()))
	}
	c.Cell = merge.CellKey{Field: uint32(field.Number()), Element: string(b)}
	return c
}

// wireOf returns the wire bytes of a message that has no maps and no unknown
// fields: its fields then stand in ascending order.
func wireOf(msg proto.Message) string {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(msg)
	if err != nil {
		panic(fmt.Sprintf("season: %v", err)) // cannot be: the plan writes valid UTF-8
	}
	return string(b)
}
