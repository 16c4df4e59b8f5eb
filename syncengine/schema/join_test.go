package schema

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Of a group the value of one author is shown, never one field of each.
func TestGroupsAreShownWhole(t *testing.T) {
	person := schemaOf(t, "older").Plan(typePerson)
	nadia, oleh := newTablet(t, "nadia"), newTablet(t, "oleh")
	start := nadia.save(person, Draft{Record: idOf(1), Message: parse(t, person, `family_name: "Koval" given_name: "Ira"`)})
	oleh.apply(start)
	nadia.save(person, Draft{Record: idOf(1), Message: parse(t, person, `family_name: "Kovalenko" given_name: "Ira"`)})
	oleh.stamp += 5000
	nadia.apply(oleh.save(person, Draft{Record: idOf(1), Message: parse(t, person, `family_name: "Koval" given_name: "Iryna"`)}))
	wantMessage(t, joined(t, person, nadia.only()), parse(t, person, `family_name: "Koval" given_name: "Iryna"`))
	d := person.Disagreements(nadia.only())
	if len(d) != 1 || d[0].Name != "name" || d[0].Key != (merge.CellKey{Field: 2}) || d[0].Review || len(d[0].Values) != 2 || d[0].Values[0].Change.Replica != oleh.replica {
		t.Errorf("disagreements %+v", d)
	}
}

func TestDisagreementsShowValuesInOrder(t *testing.T) {
	visit := schemaOf(t, "older").Plan(typeVisit)
	all := newTablet(t, "desk")
	for i, text := range []string{`rank: 3`, `rank: -4`, `rank: 9`, `rank: 3`} {
		all.apply(newTablet(t, string(rune('a'+i))).change(visitWrites(t, visit, text)))
	}
	wantMessage(t, joined(t, visit, all.only()), parse(t, visit, `person_id: @1 day: 20160801 rank: -4`))
	d := visit.Disagreements(all.only())
	if len(d) != 1 || len(d[0].Values) != 4 {
		t.Fatalf("disagreements %+v", d)
	}
	for i, author := range []string{"b", "", "", "c"} {
		if name := strings.TrimSpace(string(d[0].Values[i].Change.Replica[:])); author != "" && name != author {
			t.Errorf("value %d is of %q, want %q", i, name, author)
		}
	}
	if got := len(all.only().Cell(merge.CellKey{Field: 14}).Values); got != 4 {
		t.Errorf("looking changed the record: %d values", got)
	}
}

func TestDisagreementsLeaveOutWhatIsNone(t *testing.T) {
	visit := schemaOf(t, "older").Plan(typeVisit)
	nadia, oleh := newTablet(t, "nadia"), newTablet(t, "oleh")
	nadia.change(visitWrites(t, visit, `rank: 3`))
	nadia.apply(oleh.change(visitWrites(t, visit, `rank: 3`)))
	for _, tablet := range []*tablet{nadia, oleh} {
		rec := tablet.only().Clone()
		void := merge.RecordWrites{Type: typeVisit, Record: rec.ID, Header: rec.Header, Writes: []merge.Write{{Cell: merge.Lifecycle, Value: rec.LiveChanges().Encode()}}}
		nadia.apply(tablet.change(void))
	}
	if d := visit.Disagreements(nadia.only()); len(d) != 0 {
		t.Errorf("disagreements %+v", d)
	}
}

// Nobody settles what is a mistake. A void that has not seen all is before a
// person instead, and the values that differ with it.
func TestAVoidRecordHasNoDisagreements(t *testing.T) {
	visit := schemaOf(t, "older").Plan(typeVisit)
	nadia, oleh := newTablet(t, "nadia"), newTablet(t, "oleh")
	nadia.change(visitWrites(t, visit, `rank: 3`))
	nadia.apply(oleh.change(visitWrites(t, visit, `rank: 4`)))
	rec := nadia.only().Clone()
	nadia.change(merge.RecordWrites{Type: typeVisit, Record: rec.ID, Header: rec.Header, Writes: []merge.Write{{Cell: merge.Lifecycle, Value: rec.LiveChanges().Encode()}}})
	if d := visit.Disagreements(nadia.only()); len(d) != 0 {
		t.Errorf("disagreements of a void record: %+v", d)
	}
	if d, ok := ContestedVoid(nadia.only()); ok {
		t.Errorf("contested by nobody: %+v", d)
	}
	nadia.apply(oleh.change(visitWrites(t, visit, `rank: 5`)))
	if d := visit.Disagreements(nadia.only()); len(d) != 1 || d[0].Key.Field != 14 || len(d[0].Values) != 3 {
		t.Errorf("disagreements %+v", d)
	}
	d, ok := ContestedVoid(nadia.only())
	if !ok || d.Key != merge.Lifecycle || !d.Review || len(d.Values) != 1 || d.Values[0].Change.Replica != nadia.replica {
		t.Errorf("contested: %+v, %t", d, ok)
	}
}

// An element that one removed and another, unknowingly, added again is present.
func TestPresentBeatsUnseenRemoval(t *testing.T) {
	place := schemaOf(t, "older").Plan(typePlace)
	nadia, oleh := newTablet(t, "nadia"), newTablet(t, "oleh")
	oleh.apply(nadia.change(placeWrites(t, place, `rooms: 4 rooms: 5`)))
	gone := nadia.save(place, Draft{Message: parse(t, place, `code: "UA1234567" rooms: 5`), Fields: numbers(place, "rooms")})
	oleh.apply(gone)
	nadia.save(place, Draft{Message: parse(t, place, `code: "UA1234567" rooms: 4`)})
	again := oleh.save(place, Draft{Message: parse(t, place, `code: "UA1234567" rooms: 4`)})
	removed := oleh.save(place, Draft{Message: parse(t, place, `code: "UA1234567"`), Fields: numbers(place, "rooms")})
	nadia.apply(again, removed)
	wantMessage(t, joined(t, place, nadia.only()), parse(t, place, `code: "UA1234567" rooms: 4`))
	d := place.Disagreements(nadia.only())
	if len(d) != 1 || !d[0].Review || d[0].Name != "rooms" || d[0].Key.Element == "" || len(d[0].Values[0].Data) == 0 {
		t.Errorf("disagreements %+v", d)
	}
}

// An older app shows what it knows, and hands on the rest untouched.
func TestUnknownFieldsSurviveAnOlderApp(t *testing.T) {
	older, newer := schemaOf(t, "older").Plan(typePerson), schemaOf(t, "newer").Plan(typePerson)
	nadia := newTablet(t, "nadia")
	nadia.save(newer, Draft{Record: idOf(1), Message: parse(t, newer, `phone: "1" street: "Soborna" place_id: @4`)})
	seen := joined(t, older, nadia.only())
	if got := seen.ProtoReflect().GetUnknown(); len(got) != 9+18 {
		t.Errorf("unknown fields %x", got)
	}
	phone := older.desc.Fields().ByName("phone")
	seen.ProtoReflect().Clear(phone)
	nadia.save(older, Draft{Record: idOf(1), Message: seen, Fields: numbers(older, "phone", "family_name")})
	nadia.save(older, Draft{Record: idOf(1), Message: proto.Clone(seen)})
	wantMessage(t, joined(t, newer, nadia.only()), parse(t, newer, `street: "Soborna" place_id: @4`))
}

func TestJoinErrors(t *testing.T) {
	visit := schemaOf(t, "older").Plan(typeVisit)
	nadia := newTablet(t, "nadia")
	nadia.change(visitWrites(t, visit, `rank: 3`))
	damaged := nadia.only().Clone()
	damaged.Cells[0].Values[0].Data = []byte{0x70}
	other := nadia.only().Clone()
	other.Type = typePlace
	for _, rec := range []*merge.Record{damaged, other} {
		if msg, err := visit.Join(rec); err == nil || msg != nil || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v, %v", msg, err)
		}
	}
}
