package rpc

import (
	"bytes"
	"crypto/rand"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	adminv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1/adminv1grpc"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1grpc"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

var (
	taras  = merge.PersonID{0x7a, 15: 1}
	iryna  = merge.PersonID{0x1a, 15: 1} // the coordinator
	room   = merge.SpaceID{0xc0, 15: 2}
	course = merge.RecordID{0xc1, 15: 3}
)

// trainingTypes are those of the server: all but marks and quotes.
func trainingTypes(t *testing.T) *schema.Schema {
	t.Helper()
	types, err := schema.New(recordsv1.File_zhurnal_records_v1_training_proto, recordsv1.File_zhurnal_records_v1_place_proto,
		recordsv1.File_zhurnal_records_v1_group_proto, recordsv1.File_zhurnal_records_v1_person_proto,
		recordsv1.File_zhurnal_records_v1_event_proto, recordsv1.File_zhurnal_records_v1_counselling_proto)
	if err != nil {
		t.Fatal(err)
	}
	return types
}

// register is a server on a real engine, with clients of google.golang.org/grpc.
type register struct {
	*running
	engine *syncengine.Engine
	tablet syncv1grpc.SyncServiceClient
	desk   syncv1grpc.DeskServiceClient
	schema adminv1grpc.SchemaServiceClient
}

// openRegister serves an engine in memory, in which Olena and Taras hold the
// hall and Iryna also the counselling room.
func openRegister(t *testing.T, change ...func(*syncengine.Options)) *register {
	t.Helper()
	return openRegisterWith(t, func(*Options) {}, change...)
}

// openRegisterWith serves it with options of the server, too.
func openRegisterWith(t *testing.T, serve func(*Options), change ...func(*syncengine.Options)) *register {
	t.Helper()
	options := syncengine.Options{
		Memory: store.NewMemory(), Schema: trainingTypes(t), Random: rand.Reader, Now: func() int64 { return received },
	}
	for _, f := range change {
		f(&options)
	}
	engine, err := syncengine.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // after the server has stopped: cleanups run backwards
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	server := startWith(t, engine, usual, serve)
	conn := server.dial()
	r := &register{
		server, engine, syncv1grpc.NewSyncServiceClient(conn), syncv1grpc.NewDeskServiceClient(conn),
		adminv1grpc.NewSchemaServiceClient(server.dialOperator()),
	}
	for _, person := range []merge.PersonID{olena, taras, iryna} {
		r.grant(hall, schemav1.SpaceKind_SPACE_KIND_COMMUNITY, person)
	}
	r.grant(room, schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM, iryna)
	return r
}

// grant gives access in the engine, as the directory does where it is the
// engine's own.
func (r *register) grant(space merge.SpaceID, kind schemav1.SpaceKind, person merge.PersonID) {
	r.t.Helper()
	if _, err := r.engine.SetAccess(r.t.Context(), iryna, space, kind, person, true); err != nil {
		r.t.Fatal(err)
	}
}

// titled is a batch by which a tablet names the course.
func titled(t *testing.T, author merge.PersonID, space merge.SpaceID, title string) []byte {
	return firstChange(t, trainingTypes(t), author, space, &recordsv1.Training{TitleUk: title})
}

// firstChange is a batch with the first change of a tablet that had seen
// nothing: a record called course.
func firstChange(t *testing.T, types *schema.Schema, author merge.PersonID, space merge.SpaceID, msg proto.Message) []byte {
	t.Helper()
	plan := types.Plan(string(msg.ProtoReflect().Descriptor().FullName()))
	writes, err := plan.Compose(space, nil, schema.Draft{Record: course, Message: msg})
	if err != nil {
		t.Fatal(err)
	}
	return batchOf(t, author, space, writes)
}

// batchOf is a batch with the first change of a tablet.
func batchOf(t *testing.T, author merge.PersonID, space merge.SpaceID, writes ...merge.RecordWrites) []byte {
	t.Helper()
	c := &merge.Change{
		ID: merge.ID{Replica: merge.ReplicaID(author), Seq: 1}, Author: author, Stamp: received - 1000, Salt: merge.Salt{1}, Records: writes,
	}
	c.Seal(space)
	batch, err := wire.EncodeBatch(space, []*merge.Change{c})
	if err != nil {
		t.Fatal(err)
	}
	return batch
}

func (r *register) push(author merge.PersonID, space merge.SpaceID, batches ...[]byte) (*syncv1.PushResponse, error) {
	return r.tablet.Push(as(r.t.Context(), author), &syncv1.PushRequest{SpaceId: space[:], Batches: batches})
}

func TestWhatOneTabletWritesAnotherReads(t *testing.T) {
	r := openRegister(t)
	watch, err := r.tablet.Watch(as(t.Context(), taras), &syncv1.WatchRequest{SpaceIds: [][]byte{hall[:]}})
	if err != nil {
		t.Fatal(err)
	}
	before, err := watch.Recv()
	if err != nil {
		t.Fatal(err)
	}
	batch := titled(t, olena, hall, "Перша допомога")
	for range 2 { // the answer to the first may have been lost
		pushed, err := r.push(olena, hall, batch)
		if err != nil {
			t.Fatal(err)
		}
		mustBe(t, "verdict", pushed.Outcomes[0].Verdict, syncv1.Verdict_VERDICT_APPLIED)
	}
	moved, err := watch.Recv()
	if err != nil || moved.Position <= before.Position {
		t.Fatalf("watched %v after %v, %v", moved, before, err)
	}
	synced, err := r.tablet.Sync(as(t.Context(), taras), &syncv1.SyncRequest{Spaces: []*syncv1.SpaceUp{{SpaceId: hall[:]}}})
	if err != nil {
		t.Fatal(err)
	}
	down := synced.Spaces[0]
	mustBe(t, "position", down.Page.Position, moved.Position)
	mustBe(t, "consistent", down.Page.Consistent, true)
	var came [][]byte
	for _, entry := range down.Page.Entries {
		if len(entry.Batch) > 0 {
			came = append(came, entry.Batch)
		}
	}
	if len(came) != 1 || !bytes.Equal(came[0], batch) {
		t.Errorf("%d batches came, and not the one that was sent", len(came))
	}
}

func TestACoordinatorSettlesADisagreement(t *testing.T) {
	r := openRegister(t)
	for author, title := range map[merge.PersonID]string{olena: "Перша допомога", taras: "Домедична допомога"} {
		if _, err := r.push(author, hall, titled(t, author, hall, title)); err != nil {
			t.Fatal(err)
		}
	}
	ctx := as(t.Context(), iryna)
	list := func() []*syncv1.Disagreement {
		t.Helper()
		got, err := r.desk.ListDisagreements(ctx, &syncv1.ListDisagreementsRequest{SpaceId: hall[:]})
		if err != nil {
			t.Fatal(err)
		}
		return got.Disagreements
	}
	open := list()
	if len(open) != 1 || len(open[0].Values) != 2 || open[0].Field != 1 || !bytes.Equal(open[0].Record.RecordId, course[:]) {
		t.Fatalf("disagreements: %v", open)
	}
	message, err := proto.Marshal(&recordsv1.Training{TitleUk: "Перша домедична допомога"})
	if err != nil {
		t.Fatal(err)
	}
	write := &syncv1.RecordValues{Record: open[0].Record, Message: message, Fields: []uint32{1}}
	for _, v := range open[0].Values {
		write.Seen = append(write.Seen, v.Change)
	}
	written, err := r.desk.Write(ctx, &syncv1.WriteRequest{SpaceId: hall[:], Records: []*syncv1.RecordValues{write}})
	if err != nil || written.Position == 0 || len(written.Change.GetTag()) != 8 {
		t.Fatalf("written: %v, %v", written, err)
	}
	if open := list(); len(open) != 0 {
		t.Errorf("still: %v", open)
	}
}

// Olena calls the course entered by mistake, as she sees it. Taras has written
// to it, which she had not seen: the coordinator is asked, and told whose void it
// is. Once she has seen it and says so again, nobody is asked.
func TestAContestedVoidIsOnTheCoordinatorsList(t *testing.T) {
	r := openRegister(t)
	if _, err := r.push(taras, hall, titled(t, taras, hall, "Перша допомога")); err != nil {
		t.Fatal(err)
	}
	seen, voids := r.history()[0].Change, []*syncv1.ChangeID(nil)
	void := func(list merge.VoidList) []*syncv1.Disagreement {
		t.Helper()
		w := merge.Write{Cell: merge.Lifecycle, Value: list.Encode()}
		for _, id := range voids {
			w.Replaces = append(w.Replaces, changeID(t, id))
		}
		author := olena
		author[15] = byte(len(voids)) // on a tablet of her own each time
		batch := batchOf(t, author, hall, merge.RecordWrites{Type: "zhurnal.records.v1.Training", Record: course, Writes: []merge.Write{w}})
		if _, err := r.push(olena, hall, batch); err != nil {
			t.Fatal(err)
		}
		got, err := r.desk.ListDisagreements(as(t.Context(), iryna), &syncv1.ListDisagreementsRequest{SpaceId: hall[:]})
		if err != nil {
			t.Fatal(err)
		}
		return got.Disagreements
	}
	open := void(nil)
	if len(open) != 1 || open[0].Field != 0 || !open[0].Review || !bytes.Equal(open[0].Record.RecordId, course[:]) || len(open[0].Values) != 1 {
		t.Fatalf("contested: %v", open)
	}
	mustBe(t, "when", open[0].Values[0].AtMillis, received-1000)
	voids = append(voids, open[0].Values[0].Change)
	if open := void(merge.VoidList{changeID(t, seen)}); len(open) != 0 {
		t.Errorf("seen by her, and still: %v", open)
	}
}

func changeID(t *testing.T, m *syncv1.ChangeID) merge.ID {
	t.Helper()
	id, err := wire.ChangeIDFromProto(m)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestADeskIsToldWhatDoesNotFit(t *testing.T) {
	r := openRegister(t)
	ctx := as(t.Context(), iryna)
	record := &syncv1.RecordName{Type: "zhurnal.records.v1.Absent"}
	_, err := r.desk.Write(ctx, &syncv1.WriteRequest{SpaceId: hall[:], Records: []*syncv1.RecordValues{{Record: record}}})
	mustBe(t, "a type that nobody knows", status.Code(err), codes.InvalidArgument)
	_, err = r.desk.Write(ctx, &syncv1.WriteRequest{SpaceId: hall[:], Records: []*syncv1.RecordValues{{Record: &syncv1.RecordName{RecordId: []byte{1}}}}})
	mustBe(t, "a record id of one byte", status.Code(err), codes.InvalidArgument)
	_, err = r.desk.ListDisagreements(ctx, &syncv1.ListDisagreementsRequest{SpaceId: hall[:], PageToken: "next"})
	mustBe(t, "a made-up page token", status.Code(err), codes.InvalidArgument)
	_, err = r.schema.AddSchema(t.Context(), &adminv1.AddSchemaRequest{FileDescriptorSet: []byte("not a descriptor set")})
	mustBe(t, "no descriptor set", status.Code(err), codes.InvalidArgument)
}

func TestASchemaFreesWhatWaitedForIt(t *testing.T) {
	r := openRegister(t) // which does not know Quote
	newer, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	pushed, err := r.push(olena, hall, firstChange(t, newer, olena, hall, &recordsv1.Quote{Text: "Тепер я знаю, що робити"}))
	if err != nil {
		t.Fatal(err)
	}
	mustBe(t, "verdict before", pushed.Outcomes[0].Verdict, syncv1.Verdict_VERDICT_QUARANTINED)
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{
		protodesc.ToFileDescriptorProto(recordsv1.File_zhurnal_records_v1_voice_proto),
	}})
	if err != nil {
		t.Fatal(err)
	}
	added, err := r.schema.AddSchema(t.Context(), &adminv1.AddSchemaRequest{FileDescriptorSet: set})
	if err != nil {
		t.Fatal(err)
	}
	if len(added.Types) != 1 || added.Types[0] != "zhurnal.records.v1.Quote" || added.Released != 1 {
		t.Errorf("added %v, released %d", added.Types, added.Released)
	}
}

func TestBadFramesAreErrorsAndStoreNothing(t *testing.T) {
	r := openRegister(t)
	whole := titled(t, olena, hall, "Перша допомога")
	for name, c := range map[string]struct {
		batches [][]byte
		want    codes.Code
		kind    syncv1.FaultKind
	}{
		"not zstd":       {[][]byte{[]byte("not zstd")}, codes.InvalidArgument, syncv1.FaultKind_FAULT_KIND_MALFORMED},
		"cut":            {[][]byte{whole[:len(whole)-3]}, codes.InvalidArgument, syncv1.FaultKind_FAULT_KIND_MALFORMED},
		"second one bad": {[][]byte{whole, {1}}, codes.InvalidArgument, syncv1.FaultKind_FAULT_KIND_MALFORMED},
		"too many":       {make([][]byte, 65), codes.ResourceExhausted, syncv1.FaultKind_FAULT_KIND_TOO_LARGE},
	} {
		_, err := r.push(olena, hall, c.batches...)
		got := status.Convert(err)
		mustBe(t, name, got.Code(), c.want)
		if detail, ok := got.Details()[0].(*syncv1.Fault); !ok || detail.Kind != c.kind {
			t.Errorf("%s: detail %v", name, got.Details())
		}
	}
	_, err := r.engine.Records(hall, func(rec *merge.Record) error {
		t.Errorf("a record was stored: %s", rec.ID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestACursorOfAnotherServerIsRefused(t *testing.T) {
	r := openRegister(t)
	page, err := r.tablet.Pull(as(t.Context(), olena), &syncv1.PullRequest{SpaceId: hall[:]})
	if err != nil {
		t.Fatal(err)
	}
	cursor := bytes.Clone(page.Page.Cursor)
	cursor[len(cursor)-1] ^= 1
	_, err = r.tablet.Pull(as(t.Context(), olena), &syncv1.PullRequest{SpaceId: hall[:], Cursor: cursor})
	mustBe(t, "code", status.Code(err), codes.FailedPrecondition)
}

func TestMoreThanARequestMayHold(t *testing.T) {
	r := openRegister(t)
	ctx := as(t.Context(), olena)
	spaces := make([]*syncv1.SpaceUp, 1001)
	ids := make([][]byte, 1001)
	for i := range spaces {
		spaces[i], ids[i] = &syncv1.SpaceUp{SpaceId: hall[:]}, hall[:]
	}
	_, err := r.tablet.Sync(ctx, &syncv1.SyncRequest{Spaces: spaces})
	mustBe(t, "1,001 spaces to sync", status.Code(err), codes.ResourceExhausted)
	stream, err := r.tablet.Watch(ctx, &syncv1.WatchRequest{SpaceIds: ids})
	if err == nil {
		_, err = stream.Recv()
	}
	mustBe(t, "1,001 spaces to watch", status.Code(err), codes.ResourceExhausted)
	asks := make([]*syncv1.ChangeID, 1001)
	for i := range asks {
		asks[i] = wire.ChangeIDToProto(merge.ID{Replica: tablet, Seq: uint64(i) + 1})
	}
	synced, err := r.tablet.Sync(ctx, &syncv1.SyncRequest{Spaces: []*syncv1.SpaceUp{{SpaceId: elsewhere[:], Asks: asks}, {SpaceId: hall[:]}}})
	if err != nil {
		t.Fatal(err)
	}
	mustBe(t, "1,001 asks for a space", synced.Spaces[0].Fault.GetKind(), syncv1.FaultKind_FAULT_KIND_TOO_LARGE)
	if synced.Spaces[1].Page == nil {
		t.Errorf("another space of the same sync: %v", synced.Spaces[1])
	}
}

func TestAFullDiskStopsPushesAndNotPulls(t *testing.T) {
	var free atomic.Int64
	free.Store(1 << 30)
	r := openRegister(t, func(o *syncengine.Options) {
		o.FreeBytes = func() (uint64, error) { return uint64(free.Load()), nil }
		o.FreeBytesMin = 1 << 20
	})
	free.Store(0)
	_, err := r.push(olena, hall, titled(t, olena, hall, "Перша допомога"))
	got := status.Convert(err)
	mustBe(t, "push", got.Code(), codes.Unavailable)
	if detail, ok := got.Details()[0].(*syncv1.Fault); !ok || detail.Kind != syncv1.FaultKind_FAULT_KIND_NO_ROOM {
		t.Errorf("detail %v", got.Details())
	}
	_, err = r.tablet.Pull(as(t.Context(), olena), &syncv1.PullRequest{SpaceId: hall[:]})
	mustBe(t, "pull", status.Code(err), codes.OK)
}
