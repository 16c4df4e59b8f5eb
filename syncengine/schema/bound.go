package schema

import (
	"math"
	"regexp"
	"unicode/utf8"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// bound tells what is certainly fine in one field: values inside it can be read
// by protobuf and break no rule of the field. Those outside may be fine too.
type bound struct {
	kind protoreflect.Kind
	// integer reads the bits of a number; nil for kinds whose rules are not
	// covered.
	integer func(bits uint64) int64
	// low and high are the least and greatest number, or length: of text in
	// characters, of bytes in bytes.
	low, high int64
	pattern   *regexp.Regexp
	// defined are the numbers of an enum, where others are not fine.
	defined protoreflect.EnumValueDescriptors
	// list says that there may be several values, and itemsMax how many.
	list     bool
	itemsMax int64
	// presence says that a zero is a value; in other fields it is none.
	presence bool
	// zero and none say whether a zero, and no value at all, are fine.
	zero, none bool
	// slot is where readings hold the field; zero if no rule reads it.
	slot int
}

// boundOf works the rules of a field into a bound; nil if the field is of a kind
// that a bound does not cover, or has such rules.
func boundOf(fd protoreflect.FieldDescriptor, rules *validate.FieldRules) *bound {
	oneof, enum := fd.ContainingOneof(), fd.Enum()
	if fd.Message() != nil || (oneof != nil && !oneof.IsSynthetic()) || (enum != nil && enum.IsClosed()) {
		return nil
	}
	b := &bound{
		kind: fd.Kind(), integer: integerOf(fd.Kind()), low: math.MinInt64, high: math.MaxInt64,
		list: fd.IsList(), itemsMax: math.MaxInt64, presence: fd.HasPresence(), zero: true, none: true,
	}
	if b.kind == protoreflect.Uint64Kind || b.kind == protoreflect.Fixed64Kind {
		b.integer = nil // an int64 holds neither its limits nor its zero
	}
	if rules == nil || rules.GetIgnore() == validate.Ignore_IGNORE_ALWAYS {
		return b
	}
	if !b.narrow(proto.CloneOf(rules).ProtoReflect(), enum) {
		return nil
	}
	return b
}

// narrow takes every rule that a bound covers out of a copy of the rules. False:
// some are left, such as CEL expressions and what later versions may add.
func (b *bound) narrow(rules protoreflect.Message, enum protoreflect.EnumDescriptor) bool {
	required, ignore := take(rules, "required").IsValid(), takeIgnoreZero(rules)
	if b.list {
		least, covered := b.narrowList(take(rules, "repeated"), enum)
		b.none = !required && (ignore || least == 0)
		return covered && isEmpty(rules)
	}
	covered := b.narrowValue(rules, enum)
	zero := b.allows(0, nil)
	b.none = !required && (ignore || b.presence || zero)
	b.zero = (b.presence && zero) || (!b.presence && b.none)
	return covered
}

// narrowList takes the rules of a list and of its items. least is how many
// items there must be: one is covered, more are not.
func (b *bound) narrowList(list protoreflect.Value, enum protoreflect.EnumDescriptor) (least int64, covered bool) {
	if !list.IsValid() {
		return 0, true
	}
	rules := list.Message()
	least, b.itemsMax = number(take(rules, "min_items"), 0), number(take(rules, "max_items"), math.MaxInt64)
	covered = least <= 1
	if items := take(rules, "items"); items.IsValid() {
		ignore := takeIgnoreZero(items.Message())
		covered = b.narrowValue(items.Message(), enum) && covered
		b.zero = ignore || b.allows(0, nil)
	}
	return least, covered && isEmpty(rules)
}

// narrowValue takes the rules of a single value.
func (b *bound) narrowValue(rules protoreflect.Message, enum protoreflect.EnumDescriptor) bool {
	of := rules.WhichOneof(rules.Descriptor().Oneofs().ByName("type"))
	if of == nil {
		return isEmpty(rules)
	}
	if string(of.Name()) != b.kind.String() {
		return false
	}
	values, covered := take(rules, of.Name()).Message(), true
	switch {
	case b.kind == protoreflect.StringKind:
		covered = b.narrowLength(values) && b.narrowPattern(values)
	case b.kind == protoreflect.BytesKind:
		covered = b.narrowLength(values)
	case b.integer != nil:
		covered = b.narrowNumber(values)
	}
	if enum != nil && take(values, "defined_only").IsValid() {
		b.defined = enum.Values()
	}
	return covered && isEmpty(values) && isEmpty(rules)
}

func (b *bound) narrowLength(rules protoreflect.Message) bool {
	b.low, b.high = number(take(rules, "min_len"), 0), number(take(rules, "max_len"), math.MaxInt64)
	exact := take(rules, "len")
	b.low, b.high = max(b.low, number(exact, 0)), min(b.high, number(exact, math.MaxInt64))
	return b.low <= b.high
}

func (b *bound) narrowPattern(rules protoreflect.Message) bool {
	pattern := take(rules, "pattern")
	if !pattern.IsValid() {
		return true
	}
	var err error
	b.pattern, err = regexp.Compile(pattern.String())
	return err == nil
}

// narrowNumber does not cover a low limit above the high one, by which
// buf.validate means what is outside of both.
func (b *bound) narrowNumber(rules protoreflect.Message) bool {
	b.low, b.high = number(take(rules, "gte"), math.MinInt64), number(take(rules, "lte"), math.MaxInt64)
	wraps := false
	if above := take(rules, "gt"); above.IsValid() {
		b.low = number(above, 0) + 1
		wraps = b.low == math.MinInt64
	}
	if below := take(rules, "lt"); below.IsValid() {
		b.high = number(below, 0) - 1
		wraps = wraps || b.high == math.MaxInt64
	}
	return !wraps && b.low <= b.high
}

// take takes a rule out of a message of rules; it is not valid if there is no
// such rule.
func take(rules protoreflect.Message, name protoreflect.Name) protoreflect.Value {
	fd := rules.Descriptor().Fields().ByName(name)
	if fd == nil || !rules.Has(fd) {
		return protoreflect.Value{}
	}
	defer rules.Clear(fd)
	return rules.Get(fd)
}

func takeIgnoreZero(rules protoreflect.Message) bool {
	fd := rules.Descriptor().Fields().ByName("ignore")
	if rules.Get(fd).Enum() != validate.Ignore_IGNORE_IF_ZERO_VALUE.Number() {
		return false
	}
	rules.Clear(fd)
	return true
}

func isEmpty(rules protoreflect.Message) bool { return proto.Size(rules.Interface()) == 0 }

// number is the number in a rule, or another one where there is no such rule.
func number(rule protoreflect.Value, otherwise int64) int64 {
	if !rule.IsValid() {
		return otherwise
	}
	switch n := rule.Interface().(type) {
	case uint64: // a length
		return int64(min(n, math.MaxInt64))
	case uint32:
		return int64(n)
	default:
		return rule.Int()
	}
}

// holds tells whether one value, in wire bytes with its tag, is certainly fine.
// n is the number or the length.
func (b *bound) holds(field []byte, wire protowire.Type) (n int64, fine bool) {
	var content []byte
	switch {
	case b.kind == protoreflect.StringKind || b.kind == protoreflect.BytesKind:
		_, _, tag := protowire.ConsumeTag(field)
		content, _ = protowire.ConsumeBytes(field[tag:])
		n = int64(len(content))
		if b.kind == protoreflect.StringKind {
			if !utf8.Valid(content) {
				return 0, false
			}
			n = int64(utf8.RuneCount(content))
		}
	case wire == protowire.BytesType:
		return 0, false // packed
	case b.integer != nil:
		n = b.integer(bitsOf(field, wire, 0))
	}
	if n == 0 {
		return 0, b.zero
	}
	return n, b.allows(n, content)
}

// allows tells whether a number, or text or bytes of this length, is inside.
func (b *bound) allows(n int64, content []byte) bool {
	return b.low <= n && n <= b.high &&
		(b.pattern == nil || b.pattern.Match(content)) &&
		(b.defined == nil || b.defined.ByNumber(protoreflect.EnumNumber(n)) != nil)
}
