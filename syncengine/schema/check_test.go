package schema

import (
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
)

// visitWrites are the writes of a new visit of person 1 on 1 August 2016.
func visitWrites(t testing.TB, p *Plan, text string) merge.RecordWrites {
	t.Helper()
	w, err := p.Compose(hall, nil, Draft{Message: parse(t, p, "person_id: @1 day: 20160801 "+text)})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestRulesOfWrittenFields(t *testing.T) {
	s := schemaOf(t, "older")
	visit, person, place, confidence := s.Plan(typeVisit), s.Plan(typePerson), s.Plan(typePlace), s.Plan(typeConfidence)
	for _, c := range []struct {
		plan *Plan
		text string
		want []Violation
	}{
		{visit, `person_id: @1 day: 20160801 outcome: OUTCOME_MET`, nil},
		{visit, `person_id: @1 day: 20160801 outcome: 9`, []Violation{{5, "enum.defined_only"}}},
		{visit, `person_id: @1 day: 801`, []Violation{{2, "int32.gte_lte"}}},
		{visit, `person_id: @1 day: 20160801 start_minute: 1430 end_minute: 1500`, []Violation{{3, "int32.lt"}}},
		{visit, `person_id: @1 day: 20160801 guardian_id: "short"`, []Violation{{7, RuleReferenceLength}}},
		{visit, `person_id: @1 day: 20160801 witness_ids: "short"`, []Violation{{6, RuleReferenceLength}}},
		{visit, `person_id: @1 day: 20160801 witness_ids: ""`, []Violation{{6, RuleReferenceLength}}},
		{visit, `person_id: @1 day: 20160801 aim_reason: "asked for"`, []Violation{{11, "required"}}},
		{visit, `person_id: @1 day: 20160801 aim_reason: "asked for" topic: "heating"`, nil},
		{visit, `person_id: @1 day: 20160801 findings: {details: {code: 3}} findings: {code: 12}`, []Violation{{10, "uint32.gt"}}},
		{visit, `person_id: @1 day: 20160801 follow_up: {code: 3}`, []Violation{{11, "uint32.gt"}}},
		{person, `age_years: 120 phone: "+380441234567"`, nil},
		{person, `age_years: 121`, []Violation{{8, "uint32.lte"}}},
		{person, `given_name: "Ira"`, []Violation{{2, "string.min_len"}}},
		{place, `code: "UA1234567"`, nil},
		{place, `code: "Kyiv"`, []Violation{{1, "string.pattern"}}},
		{place, `code: "UA1234567" aliases: "Kyiv" aliases: "K" aliases: "L"`, []Violation{{3, "string.min_len"}}},
		{confidence, `text: "she sleeps again"`, nil},
	} {
		draft := Draft{Message: parse(t, c.plan, c.text)}
		if !c.plan.Keyed() {
			draft.Record = idOf(9)
		}
		w, err := c.plan.Compose(hall, nil, draft)
		if err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		if got, err := c.plan.Check(&w); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: violations %v, %v; want %v", c.text, got, err, c.want)
		}
	}
}

// A oneof that must be set is held to it when its group is written, even where
// nothing else in the group has a rule.
func TestRequiredOneof(t *testing.T) {
	group := &schemav1.Field{Group: "g"}
	file := oneMessage(community(), option(field("a", 1, "string"), group), option(field("b", 2, "string"), group), option(field("c", 3, "string"), group), field("d", 4, "string"))
	inOneof(file.MessageType[0], 0, 1)
	file.MessageType[0].OneofDecl[0].Options = new(descriptorpb.OneofOptions)
	proto.SetExtension(file.MessageType[0].OneofDecl[0].Options, validate.E_Oneof, validate.OneofRules_builder{Required: proto.Bool(true)}.Build())
	empty, _ := New()
	s, _, err := empty.With(marshalSet(t, file))
	if err != nil {
		t.Fatal(err)
	}
	p := s.Plan("test.Sheet")
	for text, want := range map[string][]Violation{`c: "x"`: {{1, "required"}}, `c: "x" b: "y"`: nil, `d: "z"`: nil} {
		w, err := p.Compose(hall, nil, Draft{Record: idOf(1), Message: parse(t, p, text)})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Check(&w); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: violations %v, %v; want %v", text, got, err, want)
		}
	}
}

// A rule on the message holds a change only to what it wrote.
func TestMessageRulesNeedEveryFieldTheyRead(t *testing.T) {
	visit := schemaOf(t, "older").Plan(typeVisit)
	for _, c := range []struct {
		text string
		want []Violation
	}{
		{`start_minute: 540 end_minute: 600`, nil},
		{`start_minute: 600 end_minute: 540`, []Violation{{3, "visit.minutes"}}},
		{`start_minute: 600`, []Violation{{3, "visit.minutes"}}}, // the group is written whole: no end is an end at midnight
		{`fare_minor: 500`, nil},                                 // the outcome was not written
		{`outcome: OUTCOME_REFUSED`, nil},
		{`outcome: OUTCOME_REFUSED fare_minor: 500`, []Violation{{0, "visit.fare"}}},
		{`outcome: OUTCOME_MET fare_minor: 500`, nil},
		{`shares: 50`, nil},
		{`shares: 50 fare_minor: 500`, nil},
		{`shares: 49 fare_minor: 500`, []Violation{{0, "visit.share"}}},
		// All that any of them reads was written.
		{`start_minute: 540 end_minute: 600 outcome: OUTCOME_MET fare_minor: 500 shares: 50`, nil},
		{
			`start_minute: 600 end_minute: 540 outcome: OUTCOME_REFUSED fare_minor: 500 shares: 50`,
			[]Violation{{3, "visit.minutes"}, {0, "visit.fare"}},
		},
	} {
		w := visitWrites(t, visit, c.text)
		if got, err := visit.Check(&w); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: violations %v, %v; want %v", c.text, got, err, c.want)
		}
	}
}

// A rule over several cells names those that it reads, so that who corrects one
// of them is known to have corrected it.
func TestARuleOverSeveralCellsNamesThem(t *testing.T) {
	visit := schemaOf(t, "older").Plan(typeVisit)
	for _, c := range []struct {
		text string
		v    Violation
		want []uint32
	}{
		{`outcome: OUTCOME_REFUSED fare_minor: 500 rank: 3`, Violation{0, "visit.fare"}, []uint32{5, 8}},
		{`shares: 49 fare_minor: 500 rank: 3`, Violation{0, "visit.share"}, []uint32{8, 16}},
		{`start_minute: 600 end_minute: 540 rank: 3`, Violation{3, "visit.minutes"}, nil},
		{`outcome: OUTCOME_MET fare_minor: 500 rank: 3`, Violation{0, RuleRuntimeError}, []uint32{5, 8}},
		{`outcome: OUTCOME_MET fare_minor: 500 shares: 50`, Violation{0, RuleRuntimeError}, []uint32{5, 8, 16}},
	} {
		w := visitWrites(t, visit, c.text)
		if got := visit.RuleCells(&w, c.v); !slices.Equal(got, c.want) {
			t.Errorf("%s: %s reads %v, want %v", c.text, c.v.Key, got, c.want)
		}
	}
}

// An expression that cannot be evaluated is a violation of its own, and hides
// no other.
func TestRuntimeErrorsOfExpressionsAreViolations(t *testing.T) {
	s := schemaOf(t, "older")
	visit, place := s.Plan(typeVisit), s.Plan(typePlace)
	w := visitWrites(t, visit, `fare_minor: 500 start_minute: 600 outcome: OUTCOME_MET`)
	w.Writes = append(w.Writes, merge.Write{Cell: merge.CellKey{Field: 16}}) // cleared: there is no first share
	got, err := visit.Check(&w)
	want := []Violation{{3, "visit.minutes"}, {0, RuleRuntimeError}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("violations %v, %v; want %v", got, err, want)
	}
	w = placeWrites(t, place, `aliases: "K" name: "`+strings.Repeat("Z", 41)+`"`)
	w.Writes = append(w.Writes, merge.Write{Cell: merge.CellKey{Field: 5}}) // cleared: there is no first month
	got, err = place.Check(&w)
	want = []Violation{{2, "string.max_len"}, {3, "string.min_len"}, {5, RuleRuntimeError}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("violations %v, %v; want %v", got, err, want)
	}
}

// A rule on elements is for those that are in the set.
func TestElementsTakenOutAreHeldToNoRule(t *testing.T) {
	place := schemaOf(t, "older").Plan(typePlace)
	w := placeWrites(t, place, `aliases: "Lyman" aliases: "K"`)
	if got, err := place.Check(&w); err != nil || !slices.Equal(got, []Violation{{3, "string.min_len"}}) {
		t.Errorf("violations %v, %v", got, err)
	}
	for i := range w.Writes {
		if strings.HasSuffix(w.Writes[i].Cell.Element, "K") {
			w.Writes[i].Value = nil
		}
	}
	if got, err := place.Check(&w); err != nil || got != nil {
		t.Errorf("an element that was taken out is held to a rule: %v, %v", got, err)
	}
}

// What is cleared was written, so that rules about emptiness hold it.
func TestClearingIsHeldToRequired(t *testing.T) {
	confidence := schemaOf(t, "older").Plan(typeConfidence)
	w := merge.RecordWrites{Type: typeConfidence, Record: idOf(1), Writes: []merge.Write{{Cell: merge.CellKey{Field: 1}}}}
	if got, err := confidence.Check(&w); err != nil || !slices.Equal(got, []Violation{{1, "required"}}) {
		t.Errorf("violations %v, %v", got, err)
	}
	w.Writes = []merge.Write{{Cell: merge.Lifecycle}}
	if got, err := confidence.Check(&w); err != nil || got != nil {
		t.Errorf("a field that was not written is held to a rule: %v, %v", got, err)
	}
	w.Writes = []merge.Write{{Cell: merge.CellKey{Field: 1}, Purged: new(merge.Hash)}}
	if got, err := confidence.Check(&w); err != nil || got != nil {
		t.Errorf("a purged write is held to a rule: %v, %v", got, err)
	}
}

// unreadable is a write that no schema explains.
type unreadable struct {
	name  string
	plan  *Plan
	write merge.Write
	want  string
}

// check holds a change of this one write, to record 1 or the key of the other
// tests, to be refused.
func (u unreadable) check(t *testing.T) {
	t.Helper()
	w := merge.RecordWrites{Type: u.plan.Name, Record: idOf(1), Writes: []merge.Write{u.write}}
	switch u.plan.Name {
	case typeVisit:
		w.Header = visitWrites(t, u.plan, "").Header
	case typePlace:
		w.Header = placeWrites(t, u.plan, "").Header
	}
	got, err := u.plan.Check(&w)
	if err == nil || !strings.Contains(err.Error(), u.want) || got != nil || fault.KindOf(err) != fault.Invalid {
		t.Errorf("%s: %v, %v; want %q", u.name, got, err, u.want)
	}
}

func cellKey(field uint32, element ...byte) merge.CellKey {
	return merge.CellKey{Field: field, Element: string(element)}
}

// textField and numberField are one field on the wire.
func textField(number protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), value)
}

func numberField(number protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), value)
}

func TestCheckRefusesValuesItCannotRead(t *testing.T) {
	s := schemaOf(t, "older")
	visit, person := s.Plan(typeVisit), s.Plan(typePerson)
	key, text, number := cellKey, textField, numberField
	for _, u := range []unreadable{
		{"inside a group", visit, merge.Write{Cell: key(9), Value: []byte{0x4a}}, "field currency: no cell begins with this field"},
		{"cut short", visit, merge.Write{Cell: key(5), Value: []byte{0x28}}, "field outcome: the value is not wire bytes"},
		{"of another cell", visit, merge.Write{Cell: key(5), Value: number(3, 1)}, "field outcome: the value holds field 3, which is not in this cell"},
		{"of the key", visit, merge.Write{Cell: key(5), Value: number(2, 20160802)}, "holds field 2, which is not in this cell"},
		{"key as a cell", visit, merge.Write{Cell: key(2), Value: number(2, 20160802)}, "field day: no cell begins with this field"},
		{"unknown in a known cell", visit, merge.Write{Cell: key(5), Value: number(99, 1)}, "holds field 99, which is not in this cell"},
		{"known in an unknown cell", visit, merge.Write{Cell: key(99), Value: number(5, 1)}, "field 99: the value holds field 5, which is not in this cell"},
		{"known in an unknown cell", person, merge.Write{Cell: key(1), Value: text(4, "1")}, "field 1: the value holds field 4, which is not in this cell"},
		{"unknown cell not named by its lowest field", visit, merge.Write{Cell: key(99), Value: number(98, 1)}, "holds field 98, which is not in this cell"},
		{"no such number", visit, merge.Write{Cell: key(1 << 29), Value: nil}, "no field has such a number"},
		{"wrong wire type", visit, merge.Write{Cell: key(5), Value: text(5, "met")}, "field outcome: wire type 2, the schema has 0"},
		{"not UTF-8", visit, merge.Write{Cell: key(8), Value: text(9, "\xff")}, "not a message of this type"},
		{"part that is none", visit, merge.Write{Cell: key(10), Value: text(10, "\x12")}, "not a message of this type"},
		{"group", visit, merge.Write{Cell: key(99), Value: []byte{0x9b, 0x06}}, "field 99: the value is not wire bytes"},
		{"set without element", visit, merge.Write{Cell: key(6), Value: text(6, "x")}, "field witness_ids: the field is a set"},
		{"lifecycle", visit, merge.Write{Cell: merge.Lifecycle, Value: []byte{1, 2, 3}}, "lifecycle cell: void list"},
	} {
		u.check(t)
	}
}

func TestCheckRefusesElementsItCannotRead(t *testing.T) {
	s := schemaOf(t, "older")
	visit, place := s.Plan(typeVisit), s.Plan(typePlace)
	key, text, number := cellKey, textField, numberField
	for _, u := range []unreadable{
		{"of no set", visit, merge.Write{Cell: key(5, number(5, 1)...), Value: present}, "field outcome: the field is no set"},
		{"inside a group", visit, merge.Write{Cell: key(4, number(4, 1)...), Value: present}, "field end_minute: the element is not one field"},
		{"of another field", visit, merge.Write{Cell: key(6, text(7, "x")...), Value: present}, "field witness_ids: the element is not"},
		{"two in one", visit, merge.Write{Cell: key(6, slices.Concat(text(6, "x"), text(6, "y"))...), Value: present}, "the element is not"},
		{"longer than short", visit, merge.Write{Cell: key(6, 0x32, 0x81, 0x00, 'x'), Value: present}, "the element is not"},
		{"packed", place, merge.Write{Cell: key(4, 0x22, 0x01, 0x02), Value: present}, "field rooms: the element is not"},
		{"out of range", place, merge.Write{Cell: key(4, number(4, 1<<32)...), Value: present}, "field rooms: the element is not"},
		{"not UTF-8", place, merge.Write{Cell: key(3, text(3, "\xff")...), Value: present}, "field aliases: the element is not"},
		{"neither present nor removed", visit, merge.Write{Cell: key(6, text(6, "x")...), Value: []byte{2}}, "one byte 1, or removed"},
		{"unknown of another number", visit, merge.Write{Cell: key(99, number(98, 1)...), Value: present}, "field 99: the element is not one field"},
		{"of the lifecycle cell", visit, merge.Write{Cell: key(0, 'x')}, "the lifecycle cell has no elements"},
	} {
		u.check(t)
	}
}

func TestCheckRefusesOtherTypesAndHeaders(t *testing.T) {
	visit := schemaOf(t, "older").Plan(typeVisit)
	w := visitWrites(t, visit, "")
	w.Type = typePlace
	if _, err := visit.Check(&w); err == nil || !strings.Contains(err.Error(), "this is "+typePlace) {
		t.Errorf("another type: %v", err)
	}
	w = visitWrites(t, visit, "")
	w.Header = nil
	if _, err := visit.Check(&w); err == nil || !strings.Contains(err.Error(), "field person_id: the key field is empty") {
		t.Errorf("no header: %v", err)
	}
}

func placeWrites(t testing.TB, p *Plan, text string) merge.RecordWrites {
	t.Helper()
	w, err := p.Compose(hall, nil, Draft{Message: parse(t, p, `code: "UA1234567" `+text)})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Cells of a newer app pass, whatever the older plan thinks of them.
func TestCellsOfNewerAppsPass(t *testing.T) {
	older, newer := schemaOf(t, "older"), schemaOf(t, "newer")
	person := newer.Plan(typePerson)
	w, err := person.Compose(hall, nil, Draft{Record: idOf(1), Message: parse(t, person, `street: "Soborna" place_id: @3 phone: "1"`)})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := older.Plan(typePerson).Check(&w); err != nil || got != nil {
		t.Errorf("%v, %v", got, err)
	}
	place := newer.Plan(typePlace)
	w = placeWrites(t, place, `area_hectares: 2.5 meter_numbers: 77`)
	if got, err := older.Plan(typePlace).Check(&w); err != nil || got != nil {
		t.Errorf("%v, %v", got, err)
	}
}
