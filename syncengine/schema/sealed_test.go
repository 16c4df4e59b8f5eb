package schema

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/sealed"
)

func sealedField(name string, number int32, kind string, o *schemav1.Field) *descriptorpb.FieldDescriptorProto {
	if o == nil {
		o = &schemav1.Field{}
	}
	o.Sealed = true
	return option(field(name, number, kind), o)
}

// withRules adds rules of buf.validate to a field.
func withRules(f *descriptorpb.FieldDescriptorProto, rules *validate.FieldRules) *descriptorpb.FieldDescriptorProto {
	if f.Options == nil {
		f.Options = new(descriptorpb.FieldOptions)
	}
	proto.SetExtension(f.Options, validate.E_Field, rules)
	return f
}

func TestSealsThatOthersWouldNeedToSeeInside(t *testing.T) {
	self := []string{"test.Sheet"}
	for _, b := range []broken{
		{name: "outside of a room", collection: community(), fields: fields(sealedField("text", 1, "string", nil)), want: "counselling rooms only"},
		{name: "a number", fields: fields(sealedField("text", 1, "int32", nil)), want: "text, bytes and messages"},
		{name: "a set", fields: fields(sealedField("text", 1, "repeated string", &schemav1.Field{Set: true})), want: "merged one by one"},
		{name: "a reference", fields: fields(sealedField("text", 1, "bytes", &schemav1.Field{Reference: self})), want: "whether the record is there"},
		{name: "a group in part", fields: fields(sealedField("text", 1, "string", &schemav1.Field{Group: "g"}), option(field("other", 2, "string"), &schemav1.Field{Group: "g"})), field: "other", want: "sealed in part"},
		{name: "the other part of a group", fields: fields(option(field("first", 1, "string"), &schemav1.Field{Group: "g"}), sealedField("text", 2, "string", &schemav1.Field{Group: "g"})), want: "sealed in part"},
		{
			name: "a rule on it", fields: fields(withRules(sealedField("text", 1, "string", nil), validate.FieldRules_builder{
				String: validate.StringRules_builder{MaxLen: proto.Uint64(9)}.Build(),
			}.Build())), want: "does not see what it would hold to it",
		},
		{
			name: "a rule of the message that reads it", fields: fields(sealedField("text", 1, "string", nil)),
			change: func(f *descriptorpb.FileDescriptorProto) {
				proto.SetExtension(f.MessageType[0].Options, validate.E_Message, validate.MessageRules_builder{
					Cel: []*validate.Rule{validate.Rule_builder{Id: proto.String("r"), Expression: proto.String("this.text != ''")}.Build()},
				}.Build())
			}, want: "it is sealed, and the server does not see it",
		},
	} {
		if b.collection == nil {
			b.collection = spaces(kindRoom)
		}
		if b.field == "" {
			b.field = "text"
		}
		t.Run(b.name, b.check)
	}
	key := broken{collection: community("text"), fields: fields(sealedField("text", 1, "string", nil)), field: "text", want: "a key field cannot be sealed"}
	t.Run("a key", key.check)
	once := broken{collection: &schemav1.Collection{Space: []SpaceKind{kindCommunity}, Key: []string{"text"}, AppendOnly: true}, fields: fields(field("text", 1, "string")), want: "leave out the key"}
	t.Run("written once, and a key", once.check)
}

// diary is a type with a sealed group and something that is not sealed.
func diary(t testing.TB, collection *schemav1.Collection) *Plan {
	t.Helper()
	empty, err := New()
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := empty.With(marshalSet(t, oneMessage(collection,
		field("kind", 1, "int32"),
		sealedField("words", 2, "string", &schemav1.Field{Group: "entry"}),
		sealedField("thoughts", 3, "repeated string", &schemav1.Field{Group: "entry"}),
	)))
	if err != nil {
		t.Fatal(err)
	}
	return s.Plan("test.Sheet")
}

// safe seals by wrapping, and counts.
type safe struct{ sealed int }

const safeHead = "age-encryption.org/v1\n-> X25519 a\nAA\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"

func (s *safe) seal(c *CellPlan, content []byte) ([]byte, error) {
	s.sealed++
	return sealed.Wrap(c.Field, slices.Concat([]byte(safeHead), make([]byte, 288), []byte{byte(s.sealed)}, content)), nil
}

func (s *safe) open(c *CellPlan, v *merge.Value) ([]byte, bool) {
	file, ok := sealed.Unwrap(c.Field, v.Data)
	if !ok {
		return nil, false
	}
	return file[len(safeHead)+289:], true
}

func entry(p *Plan, words string, thoughts ...string) proto.Message {
	m := p.NewMessage()
	data := protowire.AppendString(protowire.AppendTag(nil, 2, protowire.BytesType), words)
	for _, thought := range thoughts {
		data = protowire.AppendString(protowire.AppendTag(data, 3, protowire.BytesType), thought)
	}
	if err := proto.Unmarshal(data, m); err != nil {
		panic(err)
	}
	return m
}

func TestASealedGroupIsOneSealedCell(t *testing.T) {
	p, s, tab := diary(t, spaces(kindRoom)), new(safe), newTablet(t, "iryna")
	draft := Draft{Record: idOf(1), Message: entry(p, "слова", "перша", "друга"), Seal: s.seal, Open: s.open}
	w := tab.compose(p, draft)
	if len(w.Writes) != 1 || w.Writes[0].Cell.Field != 2 || bytes.Contains(w.Writes[0].Value[:200], []byte("слова")) {
		t.Fatalf("%+v", w.Writes)
	}
	if violations, err := p.Check(&w); err != nil || len(violations) > 0 {
		t.Fatal(violations, err)
	}
	tab.change(w)
	if joined, err := p.Join(tab.records[idOf(1)]); err != nil || proto.Size(joined) != 0 {
		t.Errorf("without a key it shows %v, %v", joined, err)
	}
	if joined, err := p.JoinOpened(tab.records[idOf(1)], s.open); err != nil || !proto.Equal(joined, draft.Message) {
		t.Errorf("opened it shows %v, %v", joined, err)
	}
	if again := tab.compose(p, draft); len(again.Writes) != 0 || s.sealed != 1 {
		t.Errorf("the same is sealed again: %d writes, %d seals", len(again.Writes), s.sealed)
	}
	draft.Open = nil
	if again := tab.compose(p, draft); len(again.Writes) != 1 {
		t.Error("what cannot be opened is taken for the same")
	}
	draft.Open, draft.Message, draft.Fields = s.open, p.NewMessage(), []protowire.Number{2}
	if cleared := tab.compose(p, draft); len(cleared.Writes) != 1 || len(cleared.Writes[0].Value) != 0 {
		t.Errorf("clearing writes %+v", cleared.Writes)
	}
}

func TestNobodyWithoutKeysWritesASealedCell(t *testing.T) {
	p := diary(t, spaces(kindRoom))
	_, err := p.Compose(hall, nil, Draft{Record: idOf(1), Message: entry(p, "слова")})
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "words: it is sealed where it is written") || strings.Contains(err.Error(), "слова") {
		t.Errorf("%v", err)
	}
	failing := errors.New("the key store is locked")
	_, err = p.Compose(hall, nil, Draft{Record: idOf(1), Message: entry(p, "слова"), Seal: func(*CellPlan, []byte) ([]byte, error) { return nil, failing }})
	if !errors.Is(err, failing) {
		t.Errorf("%v", err)
	}
}

func TestPlainValuesAreKnown(t *testing.T) {
	p, s := diary(t, spaces(kindRoom)), new(safe)
	cell, _ := p.Cell(3)
	good, _ := s.seal(cell, []byte("слова"))
	hash := merge.Hash{1}
	for _, c := range []struct {
		name           string
		write          merge.Write
		plain, emptied bool
	}{
		{"sealed", merge.Write{Cell: merge.CellKey{Field: 2}, Value: good}, false, false},
		{"cleared", merge.Write{Cell: merge.CellKey{Field: 2}}, false, false},
		{"plain", merge.Write{Cell: merge.CellKey{Field: 2}, Value: []byte("\x12\x02xy")}, true, false},
		{"an element", merge.Write{Cell: merge.CellKey{Field: 2, Element: "\x12\x02xy"}, Value: present}, true, false},
		{"purged", merge.Write{Cell: merge.CellKey{Field: 2}, Purged: &hash}, false, true},
		{"another cell", merge.Write{Cell: merge.CellKey{Field: 1}, Value: []byte{8, 1}}, false, false},
		{"an unknown cell", merge.Write{Cell: merge.CellKey{Field: 9}, Value: []byte{72, 1}}, false, false},
	} {
		if p.IsPlain(&c.write) != c.plain || p.IsEmptied(&c.write) != c.emptied {
			t.Errorf("%s: plain %v, emptied %v", c.name, p.IsPlain(&c.write), p.IsEmptied(&c.write))
		}
		_, err := p.Check(&merge.RecordWrites{Type: p.Name, Record: idOf(1), Writes: []merge.Write{c.write}})
		if (err != nil) != c.plain {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestWhatIsWrittenOnceIsNotReplaced(t *testing.T) {
	collection := spaces(kindRoom)
	collection.AppendOnly = true
	p := diary(t, collection)
	was := []merge.ID{{Replica: merge.ReplicaID{1}, Seq: 1}}
	w := merge.RecordWrites{Type: p.Name, Record: idOf(1), Writes: []merge.Write{
		{Cell: merge.Lifecycle, Replaces: was},
		{Cell: merge.CellKey{Field: 1}, Value: []byte{8, 1}, Replaces: was},
		{Cell: merge.CellKey{Field: 2}, Replaces: append(was, merge.ID{Replica: merge.ReplicaID{2}, Seq: 1})}, // settles
		{Cell: merge.CellKey{Field: 9}, Replaces: was},
	}}
	violations, err := p.Check(&w)
	want := []Violation{{Field: 1, Key: RuleAppendOnly}, {Field: 9, Key: RuleAppendOnly}}
	if err != nil || !slices.Equal(violations, want) {
		t.Errorf("%v, %v", violations, err)
	}
	if violations, _ := diary(t, spaces(kindRoom)).Check(&w); len(violations) != 0 {
		t.Errorf("of another type %v", violations)
	}
}
