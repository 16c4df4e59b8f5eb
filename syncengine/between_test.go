package syncengine_test

import (
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
)

func hooked(t *testing.T, types *schema.Schema) (*syncengine.Engine, *func()) {
	var hook func()
	c := &clock{year2026}
	e, err := syncengine.Open(syncengine.Options{Memory: store.NewMemory(), Schema: types, Random: seeded(7), Now: func() int64 {
		if h := hook; h != nil {
			hook = nil
			h()
		}
		return c.Now()
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e, &hook
}

// What was judged while there was no such space is judged again when there is.
func TestASpaceMadeBetweenAdmissionAndApply(t *testing.T) {
	e, hook := hooked(t, recordTypes())
	a := newDevice(t, "oksana", "room", 1)
	a.write(recordNamed("x"), olena()) // a Participant lives in communities only
	*hook = func() { grant(t, e, "room", schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM, "oksana") }
	out := a.push(e)
	if out[0].Verdict == wire.Applied {
		t.Fatalf("a participant in a counselling space: %+v", out)
	}
}

// What was judged by the schema before is not left in quarantine by the one after.
func TestASchemaAddedBetweenAdmissionAndApply(t *testing.T) {
	few, err := schema.New(recordsv1.File_zhurnal_records_v1_place_proto)
	if err != nil {
		t.Fatal(err)
	}
	e, hook := hooked(t, few)
	grant(t, e, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	a.write(recordNamed("x"), olena())
	set := &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(recordsv1.File_zhurnal_records_v1_person_proto)}}
	data, _ := proto.Marshal(set)
	*hook = func() {
		if _, _, err := e.AddSchema(bg, personNamed("admin"), data); err != nil {
			t.Error(err)
		}
	}
	a.push(e)
	if e.Schema().Plan(participantType) == nil {
		t.Fatal("no plan")
	}
	v, _ := e.Verdicts(a.person, a.space, []merge.ID{a.chain[0].ID})
	mustVerdict(t, v, wire.Applied, 0)
}

// A change of a type that nobody knows yet came first from somebody without
// access, then from its author. When the type comes it is applied, without
// anybody sending it again.
func TestWhoHasNoAccessHoldsUpNobodysChange(t *testing.T) {
	few, err := schema.New(recordsv1.File_zhurnal_records_v1_place_proto)
	if err != nil {
		t.Fatal(err)
	}
	e, _ := hooked(t, few)
	grant(t, e, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	sent := a.batches(a.write(recordNamed("x"), olena()))
	for _, c := range []struct {
		person string
		cause  wire.Cause
	}{{"taras", wire.NoAccess}, {"oksana", wire.UnknownType}, {"taras", wire.NoAccess}, {"oksana", wire.UnknownType}} {
		outcomes, err := e.Push(bg, personNamed(c.person), a.space, sent)
		if err != nil {
			t.Fatal(err)
		}
		mustVerdict(t, outcomes, wire.Quarantined, c.cause)
	}
	set := &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(recordsv1.File_zhurnal_records_v1_person_proto)}}
	data, err := proto.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	if _, released, err := e.AddSchema(bg, personNamed("admin"), data); err != nil || released != 1 {
		t.Fatalf("released %d, %v", released, err)
	}
}

// Released changes are delivered in batches that a reader accepts.
func TestWhatIsReleasedCanBeRead(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "petro")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
	for i := range 60 {
		b.raw(fat(merge.RecordID{2, byte(i)}, participantType, 30000, uint64(i)))
	}
	b.push(e)
	b.pull(e, 0)
	for i := range 12 {
		a.raw(fat(merge.RecordID{1, byte(i)}, participantType, 30000, uint64(100+i)))
	}
	a.push(e)
	grant(t, e, "lyman", community, "oksana")
	b.pull(e, 0)
	b.mustEqual(e)
}

// So is what is left of a batch of which every other change is quarantined.
func TestWhatIsLeftOfABatchCanBeRead(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "petro", "oksana")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
	for i := range 100 {
		b.raw(fat(merge.RecordID{2, byte(i)}, participantType, 30000, uint64(i)))
	}
	half := b.batches(b.unsent...)
	for _, one := range half {
		if _, err := e.Push(bg, b.person, b.space, [][]byte{one}); err != nil {
			t.Fatal(err)
		}
	}
	b.unsent = nil
	b.pull(e, 0)
	for i := range 1000 {
		if i%2 == 0 {
			a.raw(fat(merge.RecordID{1, byte(i), byte(i >> 8)}, participantType, 355, uint64(i)))
		} else {
			a.raw(merge.RecordWrites{Type: "x", Record: merge.RecordID{3, byte(i), byte(i >> 8)}, Writes: []merge.Write{{Cell: merge.Lifecycle}}})
		}
	}
	batch, err := wire.EncodeBatch(a.space, a.unsent)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Push(bg, a.person, a.space, [][]byte{batch}); err != nil {
		t.Fatal(err)
	}
	b.pull(e, 0)
	b.mustEqual(e)
}

// A space that is named many times costs no more than one.
func TestSyncServesASpaceOnce(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "petro")
	b := newDevice(t, "petro", "lyman", 2)
	for i := range 8 {
		b.raw(fat(merge.RecordID{2, byte(i)}, participantType, 30000, uint64(i)))
	}
	b.push(e)
	ups := make([]wire.SpaceUp, limits.SyncSpaces)
	for i := range ups {
		ups[i].Space = b.space
	}
	down, _ := e.Sync(bg, b.person, ups, 1000)
	n := 0
	for _, d := range down {
		for _, en := range d.Page.Entries {
			n += len(en.Batch)
		}
		for _, r := range d.Page.Rows {
			n += len(r.Row)
		}
	}
	if n > 1<<20 {
		t.Fatalf("asked for 1000 bytes, got %d", n)
	}
}
