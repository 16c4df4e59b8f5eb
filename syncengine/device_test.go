package syncengine_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// testMaster is the key under which stores of tests are sealed.
var testMaster = keyring.NewKey([32]byte{1})

const community = schemav1.SpaceKind_SPACE_KIND_COMMUNITY

// recordTypes are the record types that the tests are built with.
var recordTypes = sync.OnceValue(func() *schema.Schema {
	types, err := schema.New(
		recordsv1.File_zhurnal_records_v1_place_proto,
		recordsv1.File_zhurnal_records_v1_group_proto,
		recordsv1.File_zhurnal_records_v1_person_proto,
		recordsv1.File_zhurnal_records_v1_training_proto,
		recordsv1.File_zhurnal_records_v1_attendance_proto,
		recordsv1.File_zhurnal_records_v1_event_proto,
		recordsv1.File_zhurnal_records_v1_counselling_proto,
		recordsv1.File_zhurnal_records_v1_voice_proto,
	)
	if err != nil {
		panic(err)
	}
	return types
})

// clock is a server's clock that moves when told.
type clock struct{ now int64 }

func (c *clock) Now() int64 { return atomic.AddInt64(&c.now, 1) }

// bytesFrom is a seeded source of bytes.
type bytesFrom struct{ *rand.Rand }

func (r bytesFrom) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return len(p), nil
}

func seeded(seed uint64) bytesFrom { return bytesFrom{rand.New(rand.NewPCG(seed, 1))} }

const year2026 = 1_767_225_600_000

// openEngine opens an engine in memory, or in dir.
func openEngine(t testing.TB, dir string) *syncengine.Engine {
	t.Helper()
	options := syncengine.Options{Dir: dir, Master: testMaster, Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(7)}
	if dir == "" {
		options.Memory = store.NewMemory()
	}
	e, err := syncengine.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// spaceNamed and personNamed give ids that a reader of a failure recognises.
func spaceNamed(name string) (id merge.SpaceID)   { copy(id[:], name); return id }
func personNamed(name string) (id merge.PersonID) { copy(id[:], name); return id }

// device is a tablet as the server sees it: it writes a chain of changes and
// keeps its own copy of the space with the same merge.Apply. The real tablet is
// in clientsdk; this one can also be made to misbehave.
type device struct {
	t       testing.TB
	person  merge.PersonID
	space   merge.SpaceID
	replica merge.ReplicaID
	types   *schema.Schema
	stamp   int64
	salt    uint64
	chain   []*merge.Change
	unsent  []*merge.Change

	base    map[merge.RecordID]*merge.Record
	cursor  []byte
	missing map[merge.ID]bool // what the server said had not come
	staged  []wire.Page
	seen    map[merge.ID]wire.Verdict
}

func newDevice(t testing.TB, person, space string, number byte) *device {
	return &device{
		t: t, person: personNamed(person), space: spaceNamed(space), replica: merge.ReplicaID{0: number}, types: recordTypes(),
		stamp: year2026 + int64(number), base: map[merge.RecordID]*merge.Record{}, missing: map[merge.ID]bool{}, seen: map[merge.ID]wire.Verdict{},
	}
}

// write composes one change over records. Field names none: all populated.
func (d *device) write(id merge.RecordID, msg proto.Message, fields ...string) *merge.Change {
	d.t.Helper()
	plan := d.types.Plan(string(msg.ProtoReflect().Descriptor().FullName()))
	draft := schema.Draft{Record: id, Message: msg}
	for _, name := range fields {
		draft.Fields = append(draft.Fields, plan.Descriptor().Fields().ByName(protoreflect.Name(name)).Number())
	}
	if plan.Keyed() {
		header, err := plan.Header(msg)
		if err != nil {
			d.t.Fatal(err)
		}
		draft.Record = merge.KeyedRecordID(d.space, plan.Name, header)
	}
	writes, err := plan.Compose(d.space, d.view(draft.Record), draft)
	if err != nil {
		d.t.Fatal(err)
	}
	if len(writes.Writes) == 0 {
		return nil // everything already has these values
	}
	return d.raw(writes)
}

// raw makes a change of given writes and does not look at them.
func (d *device) raw(records ...merge.RecordWrites) *merge.Change {
	d.stamp++
	d.salt++
	c := &merge.Change{ID: merge.ID{Replica: d.replica, Seq: uint64(len(d.chain)) + 1}, Stamp: d.stamp, Author: d.person, Records: records}
	binary.BigEndian.PutUint64(c.Salt[:], d.salt)
	if n := len(d.chain); n > 0 {
		c.Previous = d.chain[n-1].Hash
	}
	c.Seal(d.space)
	d.chain = append(d.chain, c)
	d.unsent = append(d.unsent, c)
	return c
}

// view is the base with the device's own unsent changes over it.
func (d *device) view(id merge.RecordID) *merge.Record {
	rows := viewRows{base: d.base, over: map[merge.RecordID]*merge.Record{}}
	for _, c := range d.unsent {
		if _, err := merge.Apply(rows, c, 0, 0); err != nil {
			d.t.Fatal(err)
		}
	}
	rec, _ := rows.Record(id)
	return rec
}

type viewRows struct {
	base, over map[merge.RecordID]*merge.Record
}

func (v viewRows) Record(id merge.RecordID) (*merge.Record, error) {
	if rec, ok := v.over[id]; ok {
		return rec, nil
	}
	if rec, ok := v.base[id]; ok {
		v.over[id] = rec.Clone()
		return v.over[id], nil
	}
	return nil, nil
}
func (v viewRows) Put(rec *merge.Record) error    { v.over[rec.ID] = rec; return nil }
func (v viewRows) Applied(merge.ID) (bool, error) { return true, nil }

func (d *device) batches(changes ...*merge.Change) [][]byte {
	d.t.Helper()
	batches, err := wire.EncodeBatches(d.space, changes)
	if err != nil {
		d.t.Fatal(err)
	}
	return batches
}

// push sends what is unsent and returns the verdicts.
func (d *device) push(e *syncengine.Engine) []wire.Outcome {
	d.t.Helper()
	outcomes, err := e.Push(context.Background(), d.person, d.space, d.batches(d.unsent...))
	if err != nil {
		d.t.Fatal(err)
	}
	d.unsent = nil
	return outcomes
}

// pull brings the copy up to date and returns the number of pages.
func (d *device) pull(e *syncengine.Engine, pageBytes int) int {
	d.t.Helper()
	for pages := 1; ; pages++ {
		page, err := e.Pull(context.Background(), d.person, d.space, d.cursor, pageBytes)
		if err != nil {
			d.t.Fatal(err)
		}
		d.take(page)
		if !page.More {
			if !page.Consistent {
				d.t.Fatal("the last page leaves the copy inconsistent")
			}
			return pages
		}
	}
}

func (d *device) take(page wire.Page) {
	d.t.Helper()
	d.cursor = page.Cursor
	d.staged = append(d.staged, page)
	if !page.Consistent {
		return
	}
	for _, staged := range d.staged {
		d.apply(staged)
	}
	d.staged = nil
}

func (d *device) apply(page wire.Page) {
	d.t.Helper()
	if page.ReplacesAll {
		clear(d.base)
	}
	for _, row := range page.Rows {
		rec, err := merge.ParseRecord(row.Record, row.Row)
		if err != nil {
			d.t.Fatal(err)
		}
		d.base[row.Record] = rec
	}
	for _, entry := range page.Entries {
		clear(d.missing)
		for _, o := range entry.Outcomes {
			d.seen[o.Last()] = o.Verdict
			for _, f := range o.Findings {
				if f.Cause == wire.ReplacedMissing {
					d.missing[f.MissingChange] = true
				}
			}
		}
		var changes []*merge.Change
		if len(entry.Batch) > 0 {
			var err error
			if changes, err = wire.DecodeKeptBatch(d.space, entry.Batch); err != nil {
				d.t.Fatal(err)
			}
		}
		for i, c := range changes {
			if _, err := merge.Apply(baseRows{d}, c, entry.Received, entry.FirstPosition+uint64(i)); err != nil {
				d.t.Fatal(err)
			}
		}
		for _, r := range entry.Erased {
			rec := d.base[r.Record]
			rec.Erase(r.Kept)
			if len(changes) == 0 {
				rec.Position = entry.FirstPosition
			}
		}
	}
}

type baseRows struct{ *device }

func (b baseRows) Record(id merge.RecordID) (*merge.Record, error) { return b.base[id], nil }
func (b baseRows) Put(rec *merge.Record) error                     { b.base[rec.ID] = rec; return nil }
func (b baseRows) Applied(id merge.ID) (bool, error)               { return !b.missing[id], nil }

// mustEqual checks that the copy is the server's, row by row.
func (d *device) mustEqual(e *syncengine.Engine) {
	d.t.Helper()
	rows := 0
	_, err := e.Records(d.space, func(rec *merge.Record) error {
		rows++
		mine := d.base[rec.ID]
		if mine == nil {
			d.t.Fatalf("record %s %s is not on the device", rec.Type, rec.ID)
		}
		if want, have := string(merge.AppendRecord(nil, rec)), string(merge.AppendRecord(nil, mine)); want != have {
			d.t.Fatalf("record %s %s differs:\n server %x\n device %x", rec.Type, rec.ID, want, have)
		}
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	if rows != len(d.base) {
		d.t.Fatalf("the device has %d records, the server %d", len(d.base), rows)
	}
}

func grant(t testing.TB, e *syncengine.Engine, space string, kind syncengine.SpaceKind, people ...string) {
	t.Helper()
	for _, person := range people {
		if _, err := e.SetAccess(context.Background(), personNamed("admin"), spaceNamed(space), kind, personNamed(person), true); err != nil {
			t.Fatal(err)
		}
	}
}

// read joins a record of the device's copy.
func read[M proto.Message](d *device, id merge.RecordID) M {
	d.t.Helper()
	rec := d.base[id]
	if rec == nil {
		d.t.Fatalf("record %s is not on the device", id)
	}
	msg, err := d.types.Plan(rec.Type).Join(rec)
	if err != nil {
		d.t.Fatal(err)
	}
	return msg.(M)
}

// unknownField is the wire bytes of a field that the schema does not have.
func unknownField(number, sizeBytes int) []byte {
	buf := protowire.AppendTag(nil, protowire.Number(number), protowire.BytesType)
	return protowire.AppendBytes(buf, make([]byte, sizeBytes))
}
