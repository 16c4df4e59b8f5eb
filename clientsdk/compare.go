package clientsdk

import (
	"cmp"
	"reflect"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// plain returns a single value of a field as one of bool, int64, uint64,
// float64 and string, which compare with ==; nil for a message.
func plain(fd protoreflect.FieldDescriptor, v protoreflect.Value) any {
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return v.Bool()
	case protoreflect.EnumKind:
		return int64(v.Enum())
	case protoreflect.StringKind:
		return v.String()
	case protoreflect.BytesKind:
		return string(v.Bytes())
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return v.Float()
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind, protoreflect.Fixed32Kind, protoreflect.Fixed64Kind:
		return v.Uint()
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return nil
	default:
		return v.Int()
	}
}

// wanted returns a Go value as plain returns those of the field.
func wanted(fd protoreflect.FieldDescriptor, value any) (any, error) {
	if enum, ok := value.(protoreflect.Enum); ok {
		value = int32(enum.Number())
	}
	none := plain(fd, zeroOf(fd))
	if got := reflect.ValueOf(value); got.IsValid() {
		if want, ok := convert(got, none); ok {
			return want, nil
		}
	}
	return nil, fault.New(fault.Invalid, "%s is a field of kind %s: it cannot be compared with a %T", fd.FullName(), fd.Kind(), value)
}

// zeroOf returns the zero of a single value of the field.
func zeroOf(fd protoreflect.FieldDescriptor) protoreflect.Value {
	if fd.Message() != nil {
		return protoreflect.Value{}
	}
	return fd.Default()
}

// convert returns the value as the type of like; false if that would change it.
func convert(value reflect.Value, like any) (any, bool) {
	switch like.(type) {
	case bool:
		return value.Kind() == reflect.Bool && value.Bool(), value.Kind() == reflect.Bool
	case string:
		return text(value)
	case int64:
		if value.CanInt() {
			return value.Int(), true
		}
		return nil, false
	case uint64:
		if value.CanUint() {
			return value.Uint(), true
		}
		if value.CanInt() && value.Int() >= 0 {
			return uint64(value.Int()), true
		}
		return nil, false
	case float64:
		if value.CanFloat() {
			return value.Float(), true
		}
		return nil, false
	}
	return nil, false
}

// text returns a string, bytes or an id as a string.
func text(value reflect.Value) (any, bool) {
	switch {
	case value.Kind() == reflect.String:
		return value.String(), true
	case value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Uint8:
		return string(value.Bytes()), true
	case value.Kind() == reflect.Array && value.Type().Elem().Kind() == reflect.Uint8:
		id := make([]byte, value.Len())
		reflect.Copy(reflect.ValueOf(id), value)
		return string(id), true
	}
	return nil, false
}

// holds tells whether the field has the value, or, if it is repeated, one of
// its elements is it.
func holds(m protoreflect.Message, number protoreflect.FieldNumber, want any) bool {
	fd := m.Descriptor().Fields().ByNumber(number)
	if fd == nil || fd.IsMap() {
		return false
	}
	if !fd.IsList() {
		return plain(fd, m.Get(fd)) == want
	}
	list := m.Get(fd).List()
	for i := range list.Len() {
		if plain(fd, list.Get(i)) == want {
			return true
		}
	}
	return false
}

// compareField orders two messages by one field.
func compareField(a, b protoreflect.Message, number protoreflect.FieldNumber) int {
	fd := a.Descriptor().Fields().ByNumber(number)
	if fd == nil {
		return 0
	}
	switch x := plain(fd, a.Get(fd)).(type) {
	case bool:
		return compareBools(x, b.Get(fd).Bool())
	case int64:
		return cmp.Compare(x, plain(fd, b.Get(fd)).(int64))
	case uint64:
		return cmp.Compare(x, b.Get(fd).Uint())
	case float64:
		return cmp.Compare(x, b.Get(fd).Float())
	case string:
		return cmp.Compare(x, plain(fd, b.Get(fd)).(string))
	}
	return 0
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
