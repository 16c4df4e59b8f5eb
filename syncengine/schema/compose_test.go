package schema

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// written lists the writes as field:element:value, in hexadecimal.
func written(w merge.RecordWrites) (list []string) {
	for i := range w.Writes {
		list = append(list, fmt.Sprintf("%02x:%x:%x", w.Writes[i].Cell.Field, w.Writes[i].Cell.Element, w.Writes[i].Value))
	}
	return list
}

// The bytes are pinned: they are what is stored and hashed.
func TestComposeBytes(t *testing.T) {
	s := schemaOf(t, "older")
	for _, c := range []struct {
		plan, text string
		want       []string
	}{
		{typeVisit, `person_id: @0 day: 1 end_minute: 2 start_minute: 1`, []string{"03::18012002"}},
		{typeVisit, `person_id: @0 day: 1 currency: "UAH"`, []string{"08::4a03554148"}},
		{typeVisit, `person_id: @0 day: 1 topic: "t" rank: -1`, []string{"0b::620174", "0e::7001"}},
		{typeVisit, `person_id: @0 day: 1 shares: 5 shares: 6`, []string{"10::8201020506"}},
		{typeVisit, `person_id: @0 day: 1`, []string{"00::"}},
		{typeVisit, `person_id: @0 day: 1 findings: {place: "p" text: "t"}`, []string{"0a::5206" + "120170" + "220174"}},
		{typeVisit, `person_id: @0 day: 1 findings: {place: "p" code: 1}`, []string{"0a::5205" + "0801" + "120170"}},
		{typeVisit, `person_id: @0 day: 1 aim_reason: "r" topic: "t"`, []string{"0b::620174" + "6a0172"}},
		{typePlace, `code: "UA1234567" aliases: "b" aliases: "a" aliases: "b"`, []string{"03:1a0161:01", "03:1a0162:01"}},
		{typePlace, `code: "UA1234567" rooms: -1 rooms: 300`, []string{"04:2001:01", "04:20d804:01"}},
		{typePlace, `code: "UA1234567" aliases: ""`, []string{"03:1a00:01"}},
		{typePerson, `children: 0`, []string{"05::2800"}},
	} {
		p := s.Plan(c.plan)
		d := Draft{Message: parse(t, p, c.text)}
		if !p.Keyed() {
			d.Record = idOf(1)
		}
		w, err := p.Compose(hall, nil, d)
		if err != nil || !slices.Equal(written(w), c.want) {
			t.Errorf("%s: wrote %q, %v; want %q", c.text, written(w), err, c.want)
		}
	}
}

func TestComposeIdentifiesTheRecord(t *testing.T) {
	s := schemaOf(t, "older")
	visit, person := s.Plan(typeVisit), s.Plan(typePerson)
	w := visitWrites(t, visit, "")
	if w.Record != merge.KeyedRecordID(hall, typeVisit, w.Header) || w.Type != typeVisit {
		t.Errorf("record %s of type %s does not follow from its key", w.Record, w.Type)
	}
	nadia := newTablet(t, "nadia")
	nadia.save(person, Draft{Record: idOf(1), Message: parse(t, person, `phone: "1"`)})
	nadia.save(visit, Draft{Message: parse(t, visit, `person_id: @1 day: 20160801`)})
	visited := nadia.records[w.Record]
	for name, c := range map[string]struct {
		plan    *Plan
		current *merge.Record
		draft   Draft
		want    string
	}{
		"no id":              {person, nil, Draft{Message: parse(t, person, `phone: "1"`)}, "a new record needs an id"},
		"no key":             {visit, nil, Draft{Message: parse(t, visit, `rank: 1`)}, "field person_id: the key field is empty"},
		"id of another key":  {visit, nil, Draft{Record: idOf(1), Message: parse(t, visit, `person_id: @1 day: 2`)}, "the id does not follow from the key fields"},
		"key changed":        {visit, visited, Draft{Message: parse(t, visit, `person_id: @1 day: 2`)}, "another one than the draft is about"},
		"another record":     {person, nadia.records[idOf(1)], Draft{Record: idOf(2), Message: parse(t, person, `phone: "1"`)}, "another one than the draft is about"},
		"type of that id":    {s.Plan(typeConfidence), nadia.records[idOf(1)], Draft{Record: idOf(1), Message: parse(t, s.Plan(typeConfidence), `text: "1"`)}, "another one than the draft is about"},
		"another type":       {person, visited, Draft{Record: w.Record, Message: parse(t, person, `phone: "1"`)}, "in the header after the key fields"},
		"no message":         {person, nil, Draft{Record: idOf(1)}, "this is nil"},
		"unknown field":      {person, nil, Draft{Record: idOf(1), Message: parse(t, person, `phone: "1"`), Fields: []protoreflect.FieldNumber{77}}, "field 77: the schema does not know it"},
		"key field named":    {visit, nil, Draft{Message: parse(t, visit, `person_id: @1 day: 2`), Fields: []protoreflect.FieldNumber{2}}, "field day: a key field is written once"},
		"not UTF-8":          {person, nil, Draft{Record: idOf(1), Message: invalidText(person)}, "UTF-8"},
		"fields not placed":  {person, nil, Draft{Record: idOf(1), Message: withUnknown(parse(t, person, `phone: "1"`))}, "use a newer schema"},
		"message of another": {person, nil, Draft{Record: idOf(1), Message: parse(t, visit, `rank: 1`)}, "this is zhurnal.fixture.v1.Visit"},
	} {
		_, err := c.plan.Compose(hall, c.current, c.draft)
		if err == nil || !strings.Contains(err.Error(), c.want) || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

// What a message could not read it keeps as unknown fields; they are no way
// around the schema.
func TestComposeRefusesUnreadFieldsOfTheSchema(t *testing.T) {
	s := schemaOf(t, "older")
	visit, place := s.Plan(typeVisit), s.Plan(typePlace)
	for _, c := range []struct {
		plan    *Plan
		message string
		unread  []byte
		want    string
	}{
		{visit, `person_id: @1 day: 1`, []byte{0x2a, 0x01, 'x'}, "field outcome: wire type 2, the schema has 0"},
		{visit, `person_id: @1`, []byte{0x12, 0x01, 'x'}, "field day: wire type 2, the schema has 0"},
		{place, `code: "UA1234567"`, []byte{0x25, 1, 2, 3, 4}, "field rooms: wire type 5, the schema has 0"},
		{place, `code: "UA1234567"`, []byte{0x20, 0x81, 0x00}, "field rooms: an element is not in canonical wire bytes"},
		{place, `code: "UA1234567"`, []byte{0x22, 0x02, 0x01, 0x81}, "field rooms: an element is not in canonical wire bytes"},
	} {
		msg := parse(t, c.plan, c.message)
		msg.ProtoReflect().SetUnknown(c.unread)
		_, err := c.plan.Compose(hall, nil, Draft{Message: msg})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%x: error %v, want %q", c.unread, err, c.want)
		}
	}
}

func invalidText(p *Plan) proto.Message {
	msg := p.NewMessage()
	msg.ProtoReflect().Set(p.desc.Fields().ByName("phone"), protoreflect.ValueOfString("\xff"))
	return msg
}

// What the message leaves out of the key is taken from the record.
func TestComposeTakesTheHeaderOfTheRecord(t *testing.T) {
	s := schemaOf(t, "older")
	visit, person := s.Plan(typeVisit), s.Plan(typePerson)
	nadia := newTablet(t, "nadia")
	nadia.change(visitWrites(t, visit, "outcome: OUTCOME_MET"))
	w, err := visit.Compose(hall, nadia.only(), Draft{Message: parse(t, visit, `rank: 1`)})
	if err != nil || w.Record != nadia.only().ID || string(w.Header) != string(nadia.only().Header) || len(w.Writes) != 1 {
		t.Errorf("%v, %v", w, err)
	}
	nadia = newTablet(t, "nadia")
	nadia.save(person, Draft{Record: idOf(1), Message: parse(t, person, `phone: "1"`)})
	w, err = person.Compose(hall, nadia.only(), Draft{Message: parse(t, person, `phone: "2"`)})
	if err != nil || w.Record != idOf(1) {
		t.Errorf("%v, %v", w, err)
	}
}

func TestComposeWritesOnlyWhatChanges(t *testing.T) {
	visit := schemaOf(t, "older").Plan(typeVisit)
	nadia := newTablet(t, "nadia")
	first := nadia.change(visitWrites(t, visit, `outcome: OUTCOME_MET start_minute: 1 end_minute: 2 witness_ids: @3`))
	same := nadia.compose(visit, Draft{Message: joined(t, visit, nadia.only())})
	if len(same.Writes) != 0 {
		t.Errorf("nothing was changed, and written: %q", written(same))
	}
	w := nadia.compose(visit, Draft{Message: parse(t, visit, `person_id: @1 day: 20160801 outcome: OUTCOME_MET start_minute: 1 end_minute: 3`)})
	if got := written(w); !slices.Equal(got, []string{"03::18012003"}) {
		t.Errorf("wrote %q", got)
	}
	if !slices.Equal(w.Writes[0].Replaces, []merge.ID{first.ID}) {
		t.Errorf("replaces %v, want what it saw, %v", w.Writes[0].Replaces, first.ID)
	}
}

func TestComposeClearsNamedFieldsOnly(t *testing.T) {
	visit := schemaOf(t, "older").Plan(typeVisit)
	nadia := newTablet(t, "nadia")
	nadia.change(visitWrites(t, visit, `outcome: OUTCOME_MET start_minute: 1 end_minute: 2 rank: 5`))
	key := parse(t, visit, `person_id: @1 day: 20160801`)
	nadia.save(visit, Draft{Message: key, Fields: numbers(visit, "end_minute", "guardian_id")})
	wantMessage(t, joined(t, visit, nadia.only()), parse(t, visit, `person_id: @1 day: 20160801 outcome: OUTCOME_MET rank: 5`))
	if nadia.only().Cell(merge.CellKey{Field: 7}) != nil {
		t.Error("a cell in which nothing was ever written was cleared")
	}
	if w := nadia.compose(visit, Draft{Message: key, Fields: numbers(visit, "start_minute")}); len(w.Writes) != 0 {
		t.Errorf("a cleared cell was cleared again: %q", written(w))
	}
}

func TestComposeOfSets(t *testing.T) {
	place := schemaOf(t, "older").Plan(typePlace)
	nadia := newTablet(t, "nadia")
	nadia.change(placeWrites(t, place, `aliases: "Zorya" aliases: "Zoria" name: "Zorya"`))
	add := parse(t, place, `code: "UA1234567" aliases: "Dawn"`)
	nadia.save(place, Draft{Message: add})
	wantMessage(t, joined(t, place, nadia.only()), parse(t, place, `code: "UA1234567" name: "Zorya" aliases: "Dawn" aliases: "Zoria" aliases: "Zorya"`))
	nadia.save(place, Draft{Message: add, Fields: numbers(place, "aliases")})
	wantMessage(t, joined(t, place, nadia.only()), parse(t, place, `code: "UA1234567" name: "Zorya" aliases: "Dawn"`))
	if w := nadia.compose(place, Draft{Message: add, Fields: numbers(place, "aliases")}); len(w.Writes) != 0 {
		t.Errorf("elements were removed again: %q", written(w))
	}
	nadia.save(place, Draft{Message: parse(t, place, `code: "UA1234567" aliases: "Zorya"`)})
	wantMessage(t, joined(t, place, nadia.only()), parse(t, place, `code: "UA1234567" name: "Zorya" aliases: "Dawn" aliases: "Zorya"`))
}

// A cell that disagrees is settled by writing it, be it with the shown value or
// with the other.
func TestComposeSettlesADisagreement(t *testing.T) {
	visit := schemaOf(t, "older").Plan(typeVisit)
	for _, choice := range []string{"OUTCOME_MET", "OUTCOME_REFUSED"} {
		nadia, oleh := newTablet(t, "nadia"), newTablet(t, "oleh")
		met := nadia.change(visitWrites(t, visit, `outcome: OUTCOME_MET`))
		nadia.apply(oleh.change(visitWrites(t, visit, `outcome: OUTCOME_REFUSED`)))
		if len(visit.Disagreements(nadia.only())) != 1 {
			t.Fatal("no disagreement to settle")
		}
		chosen := parse(t, visit, `person_id: @1 day: 20160801 outcome: `+choice)
		settled := nadia.save(visit, Draft{Message: chosen})
		oleh.apply(met, settled)
		for _, tablet := range []*tablet{nadia, oleh} {
			wantMessage(t, joined(t, visit, tablet.only()), chosen)
			if d := visit.Disagreements(tablet.only()); len(d) != 0 {
				t.Errorf("still disagrees: %v", d)
			}
		}
	}
}

// Two people who wrote the same do not disagree, and need not settle anything.
func TestComposeLeavesEqualValuesAlone(t *testing.T) {
	visit := schemaOf(t, "older").Plan(typeVisit)
	nadia, oleh := newTablet(t, "nadia"), newTablet(t, "oleh")
	nadia.change(visitWrites(t, visit, `outcome: OUTCOME_MET`))
	nadia.apply(oleh.change(visitWrites(t, visit, `outcome: OUTCOME_MET`)))
	if len(nadia.only().Cell(merge.CellKey{Field: 5}).Values) != 2 {
		t.Fatal("there are not two values")
	}
	if w := nadia.compose(visit, Draft{Message: joined(t, visit, nadia.only())}); len(w.Writes) != 0 {
		t.Errorf("wrote %q", written(w))
	}
}
