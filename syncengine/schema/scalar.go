package schema

import (
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// wireType returns the type by which a single value of this kind travels.
func wireType(kind protoreflect.Kind) protowire.Type {
	switch kind {
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return protowire.Fixed32Type
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return protowire.Fixed64Type
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind:
		return protowire.BytesType
	case protoreflect.GroupKind:
		return protowire.StartGroupType
	default:
		return protowire.VarintType
	}
}

// canonicalField reads one field from the start of b and returns its length.
// It is negative unless the bytes are the one canonical spelling of the field
// with a single value: shortest varints, numbers inside the range of their
// kind, text in UTF-8.
func canonicalField(f *fieldPlan, b []byte) int {
	number, wire, tag := protowire.ConsumeTag(b)
	if tag < 0 || number != f.number || wire != f.wire || tag != protowire.SizeTag(number) {
		return -1
	}
	n := canonicalScalar(f.desc.Kind(), b[tag:])
	if n < 0 {
		return -1
	}
	return tag + n
}

// canonicalScalar returns the length of the value at the start of b, negative
// unless it is spelled canonically.
func canonicalScalar(kind protoreflect.Kind, b []byte) int {
	switch wireType(kind) {
	case protowire.Fixed32Type:
		_, n := protowire.ConsumeFixed32(b)
		return n
	case protowire.Fixed64Type:
		_, n := protowire.ConsumeFixed64(b)
		return n
	case protowire.VarintType:
		v, n := protowire.ConsumeVarint(b)
		if n < 0 || n != protowire.SizeVarint(v) || !inRange(kind, v) {
			return -1
		}
		return n
	case protowire.BytesType:
		v, n := protowire.ConsumeBytes(b)
		if n < 0 || n != protowire.SizeBytes(len(v)) || (kind == protoreflect.StringKind && !utf8.Valid(v)) {
			return -1
		}
		return n
	default:
		return -1
	}
}

// inRange tells whether a varint is one that the kind is written as: a reader
// cuts off what is beyond, so that there would be several spellings.
func inRange(kind protoreflect.Kind, v uint64) bool {
	switch kind {
	case protoreflect.BoolKind:
		return v <= 1
	case protoreflect.Int32Kind, protoreflect.EnumKind:
		return v == uint64(int64(int32(v)))
	case protoreflect.Uint32Kind, protoreflect.Sint32Kind:
		return v <= math.MaxUint32
	default:
		return true
	}
}
