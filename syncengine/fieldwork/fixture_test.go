package fieldwork_test

import (
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// field is what a story plays on: tablets that write and merge as real ones do,
// with a clock that goes on by a second with every write.
type field struct {
	t         rapid.TB
	nowMillis int64
	tablets   []*tablet
}

// tablet is one facilitator's copy of one space.
type tablet struct {
	field   *field
	name    string
	writer  *mergetest.Writer
	copy    *mergetest.Space
	changes []*merge.Change
	// clockOffMillis is how wrong its clock is.
	clockOffMillis int64
}

var recordSchema = sync.OnceValues(func() (*schema.Schema, error) {
	return schema.New(
		recordsv1.File_zhurnal_records_v1_place_proto, recordsv1.File_zhurnal_records_v1_group_proto,
		recordsv1.File_zhurnal_records_v1_person_proto, recordsv1.File_zhurnal_records_v1_training_proto,
		recordsv1.File_zhurnal_records_v1_attendance_proto, recordsv1.File_zhurnal_records_v1_event_proto,
		recordsv1.File_zhurnal_records_v1_counselling_proto, recordsv1.File_zhurnal_records_v1_voice_proto,
	)
})

func newField(t rapid.TB) *field {
	t.Helper()
	if _, err := recordSchema(); err != nil {
		t.Fatal(err)
	}
	return &field{t: t, nowMillis: 1_470_000_000_000}
}

func planOf(typeName string) *schema.Plan {
	s, _ := recordSchema()
	return s.Plan(typeName)
}

// tablet adds a tablet that its user holds in a space.
func (f *field) tablet(space, name string) *tablet {
	tab := &tablet{
		field: f, name: name, copy: mergetest.NewSpace(),
		writer: mergetest.NewWriter(mergetest.ID16(space), space+" tablet of "+name, name),
	}
	f.tablets = append(f.tablets, tab)
	return tab
}

// id is the record or person id that stories derive from a name.
func id(name string) []byte { b := mergetest.ID16(name); return b[:] }

func recordID(name string) merge.RecordID { return mergetest.ID16(name) }

// write records the message under a name, as the tablet sees the record now.
// Types with a key find their record by themselves. fields: as in a Draft.
func (tab *tablet) write(name string, msg proto.Message, fields ...protoreflect.FieldNumber) fieldwork.Ref {
	tab.field.t.Helper()
	plan := planOf(string(msg.ProtoReflect().Descriptor().FullName()))
	draft := schema.Draft{Message: msg, Fields: fields}
	if plan.Keyed() {
		header, err := plan.Header(msg)
		if err != nil {
			tab.field.t.Fatal(err)
		}
		draft.Record = merge.KeyedRecordID(tab.writer.Space, plan.Name, header)
	} else {
		draft.Record = recordID(name)
	}
	current, _ := tab.copy.Record(draft.Record)
	writes, err := plan.Compose(tab.writer.Space, current, draft)
	if err != nil {
		tab.field.t.Fatal(err)
	}
	if failed, err := plan.Check(&writes); err != nil || len(failed) > 0 {
		tab.field.t.Fatalf("%s: rules failed %v, %v", plan.Name, failed, err)
	}
	tab.commit(writes)
	return fieldwork.Ref{Space: tab.writer.Space, Record: draft.Record}
}

// void calls a record a mistake, in sight of what the tablet sees of it.
func (tab *tablet) void(at fieldwork.Ref) {
	tab.field.t.Helper()
	rec, _ := tab.copy.Record(at.Record)
	tab.commit(merge.RecordWrites{
		Type: rec.Type, Record: rec.ID, Header: rec.Header,
		Writes: []merge.Write{{Cell: merge.Lifecycle, Value: rec.LiveChanges().Encode(), Replaces: rec.Cell(merge.Lifecycle).Seen()}},
	})
}

func (tab *tablet) commit(writes merge.RecordWrites) {
	tab.field.t.Helper()
	tab.field.nowMillis += 1000
	salt := merge.Salt(mergetest.ID16("salt"))
	change := tab.writer.Seal(salt, tab.field.nowMillis+tab.clockOffMillis, writes)
	tab.changes = append(tab.changes, change)
	if _, err := tab.copy.Apply(change, 0, 0); err != nil {
		tab.field.t.Fatal(err)
	}
}

// sync gives every tablet what all others of its space have.
func (f *field) sync() {
	f.t.Helper()
	for _, to := range f.tablets {
		for _, from := range f.tablets {
			if to.writer.Space != from.writer.Space {
				continue
			}
			for _, change := range from.changes {
				if _, err := to.copy.Apply(change, 0, 0); err != nil {
					f.t.Fatal(err)
				}
			}
		}
	}
}

// page is one call to Book.Add.
type page struct {
	space merge.SpaceID
	rec   *merge.Record
	msg   proto.Message
}

// pages returns what the copies of these tablets hold, one tablet per space.
func (f *field) pages(tablets ...*tablet) []page {
	f.t.Helper()
	var pages []page
	for _, tab := range tablets {
		for _, rec := range tab.copy.Records() {
			msg, err := planOf(rec.Type).Join(rec)
			if err != nil {
				f.t.Fatal(err)
			}
			pages = append(pages, page{tab.writer.Space, rec, msg})
		}
	}
	return pages
}

func bookOf(pages []page) *fieldwork.Book {
	book := fieldwork.NewBook()
	for _, p := range pages {
		book.Add(p.space, p.rec, p.msg)
	}
	return book
}

// reckon syncs all tablets and works out what every tablet then sees; all that
// share a space must see the same.
func (f *field) reckon() *fieldwork.Reckoning {
	f.t.Helper()
	f.sync()
	var first []*tablet
	for _, tab := range f.tablets {
		i := slices.IndexFunc(first, func(other *tablet) bool { return other.writer.Space == tab.writer.Space })
		if i < 0 {
			first = append(first, tab)
		} else if first[i].copy.Digest() != tab.copy.Digest() {
			f.t.Fatalf("tablets of %s and %s differ after syncing", first[i].name, tab.name)
		}
	}
	return bookOf(f.pages(first...)).Reckon()
}
