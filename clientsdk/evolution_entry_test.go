package clientsdk_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// entries are, for each version, what an app of it enters beyond what the
// version before it did, by record type, in text format. Single values take the
// place of earlier ones, elements and entries join them.
type entries [versions]map[string]string

// written is what the author enters: everything that the version has.
var written = entries{
	{
		householdName: `head: "Олена" outcome: ABSENT street: "Садова" house: 12 reach: ROAD needs: FOOD rooms: 9 people: 30 remark: "knock twice"
			dwelling {walls: "brick" coal_kg: 200 worst: FOOD rooms {key: "kitchen" value: FUEL}} members {name: "Іван" birth_year: 1950}`,
		callName: `day: 20160801 outcome: ABSENT told: "all well"`,
	},
	{
		householdName: `outcome: MOVED reach: TRACK needs: MEDICINE phone: "050" dwelling {worst: MEDICINE rooms {key: "attic" value: MEDICINE}}`,
		callName:      `outcome: MOVED`,
	},
	{
		householdName: `floor: 3 door: "7а" landmark: "the well" languages: "uk" languages: "ru" promised: FUEL promised: MEDICINE`,
	},
	{
		householdName: `people: 12 members {name: "Марія" displaced: false need: MEDICINE} repair {dry: true steps_cm: 18 steps_cm: 20} aid_reason: "shelled"
			dwelling {roof: "slate" cellar {dry: true stored: FOOD stored: MEDICINE} sheds {key: "left" value {stored: FUEL}} sheds {key: "back" value {}}}`,
	},
	{
		householdName: `needs: GLASS promised: GLASS dwelling {worst: GLASS cellar {stored: GLASS}}`,
		voucherName:   `number: "17" good_for: GLASS brought_to {dry: true}`,
	},
	{
		householdName: `outcome: GUARDED rooms: 99 debt: 0 readings: -5 readings: 7 repair {water_cm: 4} dwelling {cellar {water_cm: 0}}`,
		callName:      `outcome: GUARDED`,
		voucherName:   `brought_to {water_cm: 0}`,
	},
}

// edited is what the reader makes of it: in the cells that its version knows,
// which are not always all that is in them.
var edited = entries{
	{
		householdName: `head: "Олена Коваль" house: 14 needs: FUEL members {name: "Петро"} dwelling {walls: "clay" rooms {key: "hall" value: FOOD}}`,
		callName:      `told: "she has left"`,
	},
	{householdName: `phone: "067"`},
	{householdName: `door: "8" languages: "pl"`},
	{householdName: `parcel: "glass" dwelling {roof: "tiles" cellar {stored: FUEL}}`},
	{householdName: `promised: FOOD`, voucherName: `good_for: FUEL brought_to {stored: GLASS}`},
	{householdName: `readings: 3`},
}

// again is what the author edits with an app of version 0, whichever it had.
var again = entries{{
	householdName: `street: "Лісова" members {name: "Ганна"} dwelling {coal_kg: 150}`,
	callName:      `told: "she is back"`,
}}

// enter puts into a message what an app of this version enters into it. The
// message may be of that version or of a later one.
func (e *entries) enter(version int, msg proto.Message) {
	name := string(msg.ProtoReflect().Descriptor().FullName())
	for v := range version + 1 {
		text := e[v][name]
		if msg.ProtoReflect().Descriptor().Fields().ByName("note") != nil {
			text = strings.ReplaceAll(text, "remark:", "note:")
		}
		more := msg.ProtoReflect().New().Interface()
		mustParse(text, more)
		proto.Merge(msg, more)
	}
	if e == &edited && name == householdName {
		takeOut(msg.ProtoReflect(), "needs", 1) // no food any more
	}
}

func takeOut(m protoreflect.Message, field protoreflect.Name, enum protoreflect.EnumNumber) {
	list := m.Mutable(m.Descriptor().Fields().ByName(field)).List()
	kept := 0
	for i := range list.Len() {
		if list.Get(i).Enum() != enum {
			list.Set(kept, list.Get(i))
			kept++
		}
	}
	list.Truncate(kept)
}

// refer puts an id into a field, if the message has one of that name.
func refer(msg proto.Message, field protoreflect.Name, id clientsdk.RecordID) {
	m := msg.ProtoReflect()
	if fd := m.Descriptor().Fields().ByName(field); fd != nil {
		m.Set(fd, protoreflect.ValueOfBytes(id[:]))
	}
}

// newest knows all there is to know.
func newest() *schema.Schema { return versionSchemas()[versions-1] }

// cellBytes are the bytes that are shown in each cell of a record; of a set, what is
// in it. The cell of the record's own standing is left out.
func cellBytes(rec *merge.Record) map[merge.CellKey]string {
	cells := make(map[merge.CellKey]string)
	plan := newest().Plan(rec.Type)
	for i := range rec.Cells {
		value, ok := rec.Cells[i].Shown(plan.Rule(rec.Cells[i].Key))
		if ok && len(value.Data) > 0 && rec.Cells[i].Key != merge.Lifecycle {
			cells[rec.Cells[i].Key] = string(value.Data)
		}
	}
	return cells
}

// composed are the cells that the newest app would have written for this
// message, which may be of any version.
func composed(t testing.TB, msg proto.Message) (header []byte, cells map[merge.CellKey]string) {
	t.Helper()
	plan := newest().Plan(string(msg.ProtoReflect().Descriptor().FullName()))
	data, err := proto.Marshal(msg)
	if err != nil {
		t.Fatal(err)
	}
	understood := plan.NewMessage()
	if err := proto.Unmarshal(data, understood); err != nil {
		t.Fatal(err)
	}
	draft := schema.Draft{Message: understood}
	if !plan.Keyed() {
		draft.Record = named[clientsdk.RecordID]("any")
	}
	w, err := plan.Compose(named[clientsdk.SpaceID]("any"), nil, draft)
	if err != nil {
		t.Fatal(err)
	}
	cells = make(map[merge.CellKey]string, len(w.Writes))
	for _, write := range w.Writes {
		if write.Cell != merge.Lifecycle {
			cells[write.Cell] = string(write.Value)
		}
	}
	return w.Header, cells
}

// mustShow checks that a record is, byte for byte, what the newest app would
// have made of the wanted message, and that no cell disagrees; and that what the
// app shows of it, whatever its version, has lost nothing.
func mustShow(t testing.TB, row clientsdk.Row[proto.Message], want proto.Message) {
	t.Helper()
	header, cells := composed(t, want)
	if got := cellBytes(row.Record()); !maps.Equal(got, cells) || !bytes.Equal(row.Record().Header, header) {
		t.Fatalf("the record is not what it should be: %s\nshown %v\nwant %v", differing(got, cells), row.Message, want)
	}
	if _, got := composed(t, row.Message); !maps.Equal(got, cells) {
		t.Fatalf("the message is not what is in the cells: %s\nshown %v\nwant %v", differing(got, cells), row.Message, want)
	}
	if len(row.Disagreements) > 0 {
		t.Fatalf("%+v", row.Disagreements)
	}
}

// differing lists the cells that differ.
func differing(got, want map[merge.CellKey]string) (cells string) {
	all := maps.Clone(want)
	maps.Copy(all, got)
	for _, key := range slices.SortedFunc(maps.Keys(all), merge.CellKey.Compare) {
		if got[key] != want[key] {
			cells += fmt.Sprintf("\ncell %d %x: %x, want %x", key.Field, key.Element, got[key], want[key])
		}
	}
	return cells
}
