package schema

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

const (
	typePlace      = "zhurnal.fixture.v1.Place"
	typePerson     = "zhurnal.fixture.v1.Person"
	typeVisit      = "zhurnal.fixture.v1.Visit"
	typeConfidence = "zhurnal.fixture.v1.Confidence"
	typeParcel     = "zhurnal.fixture.v1.Parcel"
)

// hall is the space of these tests.
var hall = merge.SpaceID{0: 'h', 15: 1}

// image reads a descriptor image of testdata.
func image(t testing.TB, version string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + version + ".binpb")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// schemaOf returns a schema that knows one version of the fixture.
func schemaOf(t testing.TB, version string) *Schema {
	t.Helper()
	empty, err := New()
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := empty.With(image(t, version))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// parse fills a message of the plan's type from prototext. @n stands for the
// id of person or place n.
func parse(t testing.TB, p *Plan, text string) proto.Message {
	t.Helper()
	msg := p.NewMessage()
	for n := range byte(10) {
		text = strings.ReplaceAll(text, fmt.Sprintf("@%d", n), `"`+strings.Repeat(fmt.Sprintf(`\x%02x`, n+1), idBytes)+`"`)
	}
	if err := prototext.Unmarshal([]byte(text), msg); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return msg
}

// idOf is the id that @n stands for.
func idOf(n byte) (id merge.RecordID) {
	for i := range id {
		id[i] = n + 1
	}
	return id
}

// tablet is a local store of one space: it writes changes and applies them,
// its own and those of others.
type tablet struct {
	t       testing.TB
	replica merge.ReplicaID
	seq     uint64
	stamp   int64
	records map[merge.RecordID]*merge.Record
	applied map[merge.ID]bool
}

func newTablet(t testing.TB, name string) *tablet {
	return &tablet{
		t: t, replica: merge.ReplicaID([]byte(fmt.Sprintf("%-16s", name))), stamp: 1_500_000_000_000,
		records: map[merge.RecordID]*merge.Record{}, applied: map[merge.ID]bool{},
	}
}

// Record, Put and Applied make the tablet the rows that merging works on.
func (b *tablet) Record(id merge.RecordID) (*merge.Record, error) { return b.records[id], nil }

func (b *tablet) Put(rec *merge.Record) error {
	b.records[rec.ID] = rec
	return nil
}

func (b *tablet) Applied(id merge.ID) (bool, error) { return b.applied[id], nil }

// save composes a draft against the record as the tablet sees it, and applies
// the change.
func (b *tablet) save(p *Plan, d Draft) *merge.Change {
	b.t.Helper()
	return b.change(b.compose(p, d))
}

func (b *tablet) compose(p *Plan, d Draft) merge.RecordWrites {
	b.t.Helper()
	id := d.Record
	if p.Keyed() {
		header, err := p.Header(d.Message)
		if err != nil {
			b.t.Fatal(err)
		}
		id = merge.KeyedRecordID(hall, p.Name, header)
	}
	w, err := p.Compose(hall, b.records[id], d)
	if err != nil {
		b.t.Fatal(err)
	}
	return w
}

// change seals writes to one record and applies them.
func (b *tablet) change(w merge.RecordWrites) *merge.Change {
	b.t.Helper()
	b.seq++
	b.stamp += 1000
	c := &merge.Change{ID: merge.ID{Replica: b.replica, Seq: b.seq}, Stamp: b.stamp, Records: []merge.RecordWrites{w}}
	c.Seal(hall)
	b.apply(c)
	return c
}

func (b *tablet) apply(changes ...*merge.Change) {
	b.t.Helper()
	for _, c := range changes {
		if b.applied[c.ID] {
			continue
		}
		if _, err := merge.Apply(b, c, 0, 0); err != nil {
			b.t.Fatal(err)
		}
		b.applied[c.ID] = true
	}
}

// only returns the one record that the tablet has.
func (b *tablet) only() *merge.Record {
	b.t.Helper()
	if len(b.records) != 1 {
		b.t.Fatalf("%d records, want one", len(b.records))
	}
	for _, rec := range b.records {
		return rec
	}
	return nil
}

func joined(t testing.TB, p *Plan, rec *merge.Record) proto.Message {
	t.Helper()
	msg, err := p.Join(rec)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func wantMessage(t testing.TB, got, want proto.Message) {
	t.Helper()
	if !proto.Equal(got, want) {
		t.Errorf("message\n%v\nwant\n%v", got, want)
	}
}

// numbers are the field numbers of the named fields.
func numbers(p *Plan, names ...protoreflect.Name) []protoreflect.FieldNumber {
	var list []protoreflect.FieldNumber
	for _, name := range names {
		list = append(list, p.desc.Fields().ByName(name).Number())
	}
	return list
}
