package schema

import (
	"fmt"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
)

// ruled are fields with rules of every kind that a bound covers, and of many
// that it does not. Those whose names begin with pair are one cell.
var ruled = []struct{ name, kind, rules string }{
	{"exclusive", "int32", `int32: {gt: 3, lt: 9}`},
	{"negative", "sint32", `sint32: {gte: -4, lte: -2} ignore: IGNORE_IF_ZERO_VALUE`},
	{"below_zero", "sfixed32", `sfixed32: {lt: 0} required: true`},
	{"above_all", "int64", `int64: {gt: 9223372036854775807}`},
	{"above_least", "int64", `int64: {gt: -9223372036854775808}`},
	{"below_greatest", "int64", `int64: {lt: 9223372036854775807}`},
	{"below_least", "int64", `int64: {lt: -9223372036854775808}`},
	{"outside", "int64", `int64: {lt: 5, gt: 7}`},
	{"one_of", "int64", `int64: {in: [4, 5], gte: 2}`},
	{"always", "sint64", `sint64: {const: 3}`},
	{"none_of", "sfixed64", `sfixed64: {not_in: [3]}`},
	{"unsigned", "uint32", `uint32: {gt: 4294967290}`},
	{"fixed", "fixed32", `fixed32: {gte: 3} required: true`},
	{"large", "uint64", `uint64: {lte: 9223372036854775808}`},
	{"large_required", "fixed64", `required: true`},
	{"ratio", "double", `double: {gt: 1}`},
	{"ratio_required", "float", `required: true`},
	{"yes", "bool", `bool: {const: true}`},
	{"yes_required", "bool", `required: true`},
	{"level", ".test.Level", `enum: {defined_only: true}`},
	{"level_low", ".test.Level", `enum: {in: [1]}`},
	{"short", "string", `string: {min_len: 2, max_len: 3}`},
	{"three", "string", `string: {len: 3, max_bytes: 4}`},
	{"matching", "string", `string: {pattern: "a+b"} ignore: IGNORE_IF_ZERO_VALUE`},
	{"endless", "string", `string: {min_len: 9223372036854775809}`},
	{"ignored", "string", `string: {min_len: 9} ignore: IGNORE_ALWAYS`},
	{"mail", "string", `string: {email: true}`},
	{"digest", "bytes", `bytes: {min_len: 2, len: 3}`},
	{"digest_like", "bytes", `bytes: {pattern: "^a"}`},
	{"some", "repeated string", `repeated: {min_items: 1, max_items: 2, items: {string: {min_len: 2}}}`},
	{"two", "repeated bytes", `repeated: {min_items: 2, items: {bytes: {len: 2}}}`},
	{"few", "repeated bytes", `repeated: {max_items: 2, items: {bytes: {len: 2} ignore: IGNORE_IF_ZERO_VALUE}}`},
	{"distinct", "repeated string", `repeated: {unique: true, max_items: 3}`},
	{"numbers", "repeated int32", `repeated: {items: {int32: {gt: 2}}} required: true`},
	{"levels", "repeated .test.Level", `repeated: {items: {enum: {defined_only: true}}}`},
	{"worded", "string", `cel: {id: "sheet.word", expression: "this == 'a'"}`},
	{"part", ".test.Part", `required: true`},
	{"maybe", "optional int32", `int32: {gte: 2}`},
	{"maybe_ignored", "optional int32", `int32: {gte: 2} ignore: IGNORE_IF_ZERO_VALUE`},
	{"maybe_required", "optional string", `string: {max_len: 2} required: true`},
	{"one", "int64", ``},
	{"other", "int64", ``},
	{"text", "string", ``},
	{"blob", "bytes", ``},
	{"list", "repeated string", ``},
	{"perhaps", "optional sint32", ``},
	{"plain", "uint64", ``},
	{"pair_first", "string", `string: {min_len: 1}`},
	{"pair_second", "string", `string: {min_len: 1}`},
	{"pair_third", "repeated string", `repeated: {max_items: 2}`},
}

// ruledMessage are rules on the whole message.
var ruledMessage = []string{
	`this.one + this.other >= 0`,
	`this.one + this.other != 3 || this.one > 1`,
	`!(this.one < 2) || (this.other <= 1 && this.one != 0)`,
	`has(this.perhaps) ? this.perhaps > 1 : this.one != 1`,
	`has(this.other) || this.one > 2`,
	`(this.text == '') == (this.blob != b'')`,
	`size(this.text) == size(this.list) || size(this.blob) > 1 || has(this.list)`,
	`this.text.startsWith('a') || this.text.size() != 3`,
}

// ruledPlan is the plan of a type with all of these rules.
func ruledPlan(t testing.TB) *Plan {
	t.Helper()
	file := oneMessage(community())
	sheet := file.MessageType[0]
	for i, r := range ruled {
		kind, optional := strings.CutPrefix(r.kind, "optional ")
		rules := new(validate.FieldRules)
		if err := prototext.Unmarshal([]byte(r.rules), rules); err != nil {
			t.Fatal(err)
		}
		group, _, _ := strings.Cut(r.name, "_")
		if group != "pair" {
			group = ""
		}
		f := option(field(r.name, int32(i+1), kind), &schemav1.Field{Group: group}, rules)
		if optional {
			f.Proto3Optional, f.OneofIndex = proto.Bool(true), proto.Int32(int32(len(sheet.OneofDecl)))
			sheet.OneofDecl = append(sheet.OneofDecl, &descriptorpb.OneofDescriptorProto{Name: proto.String("_" + r.name)})
		}
		sheet.Field = append(sheet.Field, f)
	}
	rules := new(validate.MessageRules)
	for i, expression := range ruledMessage {
		rule := validate.Rule_builder{Id: proto.String(fmt.Sprintf("sheet.%d", i)), Expression: proto.String(expression)}.Build()
		rules.SetCel(append(rules.GetCel(), rule))
	}
	proto.SetExtension(sheet.Options, validate.E_Message, rules)
	empty, _ := New()
	s, _, err := empty.With(marshalSet(t, file))
	if err != nil {
		t.Fatal(err)
	}
	return s.Plan("test.Sheet")
}
