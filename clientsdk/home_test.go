package clientsdk_test

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

const (
	community = schemav1.SpaceKind_SPACE_KIND_COMMUNITY
	room      = schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM
)

// august2016 is noon of a day in the season, in milliseconds since 1970.
const august2016 = 1_470_312_000_000

var recordTypes = sync.OnceValue(func() *schema.Schema {
	known, err := schema.New(
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
	return known
})

// randomBytes is a seeded source of bytes.
type randomBytes struct {
	mu sync.Mutex
	*rand.Rand
}

func seeded(seed uint64) *randomBytes {
	return &randomBytes{Rand: rand.New(rand.NewPCG(seed, 77))}
}

func (r *randomBytes) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return len(p), nil
}

// clock is a clock that goes on by a millisecond whenever it is looked at.
type clock struct {
	mu     sync.Mutex
	millis int64
}

func (c *clock) now() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.millis++
	return c.millis
}

func (c *clock) set(millis int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.millis = millis
}

func named[T ~[16]byte](name string) (id T) {
	copy(id[:], name)
	return id
}

// home is a home server in the same process: the real engine, reached through
// messages that are encoded and decoded as a network would.
type home struct {
	t      testing.TB
	engine *syncengine.Engine
	disk   *store.Memory
	clock  clock
	// pageBytes bounds pages, where it is not zero.
	pageBytes int
	// before is called before the engine sees a request and after once it has
	// answered; an error is a cut of the network there.
	before, after func() error
	// lease is for how long tablets may be used without contact.
	lease time.Duration
	// withholdsKey says that with the lease comes no key that unlocks.
	withholdsKey bool
	// alter changes an answer on its way.
	alter func(*syncv1.SyncResponse)
	// beforeRepair is called before the engine sees a question about a damaged
	// copy, and alterRepair changes the answer on its way.
	beforeRepair func()
	alterRepair  func(*syncv1.RepairResponse)
	// repairs are the questions that the engine saw.
	repairs []*syncv1.RepairRequest
	// seen are the requests that the engine saw.
	seen []*syncv1.SyncRequest
}

var errCut = errors.New("the network is gone")

func newHome(t testing.TB) *home { return openHome(t, store.NewMemory(), seeded(1)) }

// openHome opens a home on a disk.
func openHome(t testing.TB, disk *store.Memory, random *randomBytes) *home {
	h := &home{t: t, clock: clock{millis: august2016}, disk: disk}
	engine, err := syncengine.Open(syncengine.Options{Memory: disk, Schema: recordTypes(), Now: h.clock.now, Random: random})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	h.engine = engine
	return h
}

func (h *home) access(space clientsdk.SpaceID, kind clientsdk.SpaceKind, allowed bool, people ...string) {
	h.t.Helper()
	for _, person := range people {
		if _, err := h.engine.SetAccess(context.Background(), named[merge.PersonID]("admin"), space, kind, named[merge.PersonID](person), allowed); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *home) digest(space clientsdk.SpaceID) (merge.Hash, uint64) {
	h.t.Helper()
	digest, position, err := h.engine.Digest(space)
	if err != nil {
		h.t.Fatal(err)
	}
	return digest, position
}

// line is one person's connection to home.
type line struct {
	syncv1connect.SyncServiceClient // none: what a register does not call
	home                            *home
	person                          merge.PersonID
	device                          clientsdk.DeviceID // zero where it is nothing to the test
}

func (h *home) line(person string) line { return line{home: h, person: named[merge.PersonID](person)} }

// Sync implements syncv1connect.SyncServiceClient.
func (l line) Sync(ctx context.Context, req *connect.Request[syncv1.SyncRequest]) (*connect.Response[syncv1.SyncResponse], error) {
	h := l.home
	if h.before != nil {
		if err := h.before(); err != nil {
			return nil, connect.NewError(connect.CodeUnavailable, err)
		}
	}
	resp, err := l.serve(ctx, overTheWire(h.t, req.Msg))
	if err == nil && h.after != nil {
		err = h.after()
	}
	if err != nil {
		return nil, connect.NewError(connect.CodeUnavailable, err)
	}
	if h.alter != nil {
		h.alter(resp)
	}
	return connect.NewResponse(overTheWire(h.t, resp)), nil
}

// Repair implements syncv1connect.SyncServiceClient.
func (l line) Repair(ctx context.Context, req *connect.Request[syncv1.RepairRequest]) (*connect.Response[syncv1.RepairResponse], error) {
	h := l.home
	if h.beforeRepair != nil {
		h.beforeRepair()
	}
	ask, err := wire.RepairAskFromProto(overTheWire(h.t, req.Msg))
	if err != nil {
		return nil, refusal(h.t, err)
	}
	h.repairs = append(h.repairs, req.Msg)
	answer, err := h.engine.Repair(ctx, l.person, ask)
	if err != nil {
		return nil, refusal(h.t, err)
	}
	resp := answer.ToProto()
	if h.alterRepair != nil {
		h.alterRepair(resp)
	}
	return connect.NewResponse(overTheWire(h.t, resp)), nil
}

// refusal is an error as the server's edge sends it.
func refusal(t testing.TB, err error) error {
	coded := connect.NewError(connect.CodeUnknown, err)
	detail, failed := connect.NewErrorDetail(&syncv1.Fault{Kind: syncv1.FaultKind(fault.KindOf(err)), Message: err.Error()})
	if failed != nil {
		t.Fatal(failed)
	}
	coded.AddDetail(detail)
	return coded
}

func (l line) serve(ctx context.Context, req *syncv1.SyncRequest) (*syncv1.SyncResponse, error) {
	h := l.home
	h.seen = append(h.seen, req)
	up, err := wire.SpacesUpFromProto(req.Spaces)
	if err != nil {
		return nil, err
	}
	down, err := h.engine.Sync(ctx, l.person, up, cmp.Or(h.pageBytes, int(req.PageBytes)))
	if err != nil {
		return nil, err
	}
	resp := wire.SyncResponse(down, h.engine.Epoch(), h.clock.now(), func(err error) *syncv1.Fault {
		return &syncv1.Fault{Kind: syncv1.FaultKind(fault.KindOf(err)), Message: err.Error()}
	})
	if resp.LeaseMillis = uint64(h.lease.Milliseconds()); h.lease > 0 && !h.withholdsKey {
		key, err := h.engine.UnlockKey(l.device)
		resp.UnlockKey = key[:]
		return resp, err
	}
	return resp, nil
}

func overTheWire[M proto.Message](t testing.TB, m M) M {
	data, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	arrived := m.ProtoReflect().New().Interface().(M)
	if err := proto.Unmarshal(data, arrived); err != nil {
		t.Fatal(err)
	}
	return arrived
}

var tabletKey = []byte("a key of thirty-two bytes, drawn")

// tablet is a register with what a test needs to know of it.
type tablet struct {
	*clientsdk.Register
	t     testing.TB
	line  line
	clock *clock
	dir   string
	space clientsdk.SpaceID
	// deviceKey signs for the device; nil where it is nothing to the test.
	deviceKey clientsdk.Signer
}

// newTablet opens a register that holds one community.
func newTablet(t testing.TB, h *home, person, space string) *tablet {
	t.Helper()
	tab := &tablet{
		t: t, line: h.line(person), clock: &clock{millis: august2016}, space: named[clientsdk.SpaceID](space),
		dir: filepath.Join(t.TempDir(), "register"),
	}
	tab.open(recordTypes())
	tab.join(space, community)
	return tab
}

func (tab *tablet) open(known *schema.Schema) {
	tab.t.Helper()
	r, err := clientsdk.Open(context.Background(), clientsdk.Options{
		Dir: tab.dir, Key: tabletKey, Author: tab.line.person, Device: tab.line.device, Signer: tab.deviceKey, Schema: known, Clock: tab.clock.now, Random: seeded(uint64(len(tab.dir)) + rand.Uint64()),
	})
	if err != nil {
		tab.t.Fatal(err)
	}
	tab.Register = r
	tab.t.Cleanup(func() { r.Close() })
}

func (tab *tablet) join(space string, kind clientsdk.SpaceKind) {
	tab.t.Helper()
	if err := tab.Join(context.Background(), named[clientsdk.SpaceID](space), kind); err != nil {
		tab.t.Fatal(err)
	}
}

func (tab *tablet) write(fn func(tx *clientsdk.Tx) error) clientsdk.Written {
	tab.t.Helper()
	written, err := tab.Write(context.Background(), tab.space, fn)
	if err != nil {
		tab.t.Fatal(err)
	}
	return written
}

// register registers a person.
func (tab *tablet) register(family string) (id clientsdk.RecordID) {
	tab.t.Helper()
	tab.write(func(tx *clientsdk.Tx) (err error) {
		id, err = tx.Create(&recordsv1.Participant{FamilyName: family, GivenName: "Олена"})
		return err
	})
	return id
}

func (tab *tablet) update(id clientsdk.RecordID, msg proto.Message, fields ...string) {
	tab.t.Helper()
	tab.write(func(tx *clientsdk.Tx) error { return tx.Update(id, msg, fields...) })
}

// sync syncs, and nothing may be left undone.
func (tab *tablet) sync() clientsdk.SyncResult {
	tab.t.Helper()
	result, err := tab.Sync(context.Background(), tab.line)
	if err := errors.Join(err, result.Err()); err != nil {
		tab.t.Fatal(err)
	}
	return result
}

func (tab *tablet) person(id clientsdk.RecordID) clientsdk.Row[*recordsv1.Participant] {
	tab.t.Helper()
	row, err := clientsdk.Get[*recordsv1.Participant](context.Background(), tab, tab.space, id)
	if err != nil {
		tab.t.Fatal(err)
	}
	return row
}

func (tab *tablet) people(where ...clientsdk.Where) []clientsdk.Row[*recordsv1.Participant] {
	tab.t.Helper()
	rows, err := clientsdk.Query[*recordsv1.Participant](context.Background(), tab, tab.space, where...)
	if err != nil {
		tab.t.Fatal(err)
	}
	return rows
}

func (tab *tablet) status() clientsdk.SpaceStatus {
	tab.t.Helper()
	status, err := tab.Status(context.Background())
	if err != nil {
		tab.t.Fatal(err)
	}
	for _, s := range status.Spaces {
		if s.Space == tab.space {
			return s
		}
	}
	tab.t.Fatal("the status leaves the space out")
	return clientsdk.SpaceStatus{}
}

func (tab *tablet) attention() []clientsdk.Attention {
	tab.t.Helper()
	list, err := tab.Attention(context.Background())
	if err != nil {
		tab.t.Fatal(err)
	}
	return list
}

// mustEqual checks that base and view are what home has, the base byte for
// byte, and that all that is kept fits together.
func (tab *tablet) mustEqual(h *home) {
	tab.t.Helper()
	want, position := h.digest(tab.space)
	got, err := tab.Digest(context.Background(), tab.space)
	if err != nil {
		tab.t.Fatal(err)
	}
	if err := tab.Audit(context.Background(), tab.space); err != nil {
		tab.t.Fatal(err)
	}
	tab.baseMustEqual(h)
	if got.Base != want || got.View != want || got.Position != position {
		tab.t.Fatalf("home has %x at %d, the tablet base %x, view %x at %d", want[:4], position, got.Base[:4], got.View[:4], got.Position)
	}
}

// writeAs writes a record at home, as a coordinator does.
func (h *home) writeAs(person string, space clientsdk.SpaceID, id clientsdk.RecordID, msg proto.Message) error {
	data, err := proto.Marshal(msg)
	if err != nil {
		return err
	}
	_, _, err = h.engine.Write(context.Background(), named[merge.PersonID](person), space, []syncengine.WriteRecord{{
		Type: string(msg.ProtoReflect().Descriptor().FullName()), Record: id, Message: data,
	}})
	return err
}

func (tab *tablet) baseMustEqual(h *home) {
	tab.t.Helper()
	rows, err := tab.BaseRows(context.Background(), tab.space)
	if err != nil {
		tab.t.Fatal(err)
	}
	_, err = h.engine.Records(tab.space, func(rec *merge.Record) error {
		if string(rows[rec.ID]) != string(merge.AppendRecord(nil, rec)) {
			tab.t.Fatalf("record %s is not what home has", rec.ID)
		}
		delete(rows, rec.ID)
		return nil
	})
	if err != nil || len(rows) != 0 {
		tab.t.Fatalf("%d records too many, %v", len(rows), err)
	}
}
