package rpc

import (
	"bytes"
	"crypto/rand"
	"math"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/server/enrol/enroltest"
	"github.com/zhurnal/zhurnal/server/guard"
	"github.com/zhurnal/zhurnal/server/manifest"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// place is what is in one space of a tenant: a record, and the change that wrote
// it.
type place struct {
	space  merge.SpaceID
	record merge.RecordID
	change merge.ID
	batch  []byte
	cursor []byte
}

// tenant is an organisation with everything that a request may name. All its
// texts have its canary in them.
type tenant struct {
	canary string
	// places are a community, a desk and a room.
	places [3]place
	// twice are two registrations of one person in the community.
	twice                  [2]merge.RecordID
	programme, programme2  [16]byte
	victim, victimDevice   [16]byte // on whom others act
	assignment, invitation [16]byte
	organisation           [16]byte
	callers                []asker
	office                 *enroltest.Office
}

// asker is a user who makes requests, with a tablet.
type asker struct {
	role          string
	id            [16]byte
	authorization string
}

// ids are all that name something of the tenant.
func (t *tenant) ids() (ids [][]byte) {
	for _, id := range [][16]byte{t.programme, t.programme2, t.twice[0], t.twice[1], t.victim, t.victimDevice, t.assignment, t.invitation, t.organisation} {
		ids = append(ids, bytes.Clone(id[:]))
	}
	for _, p := range t.places {
		ids = append(ids, bytes.Clone(p.space[:]), bytes.Clone(p.record[:]), bytes.Clone(p.change.Replica[:]))
	}
	for _, c := range t.callers {
		ids = append(ids, bytes.Clone(c.id[:]))
	}
	return ids
}

func newID() (id [16]byte) {
	rand.Read(id[:])
	return id
}

// absent is a tenant that there is not: its ids are good and nobody's.
func absent(like *tenant) *tenant {
	t := &tenant{
		canary: "CANARY-OF-NOBODY", programme: newID(), programme2: newID(), victim: newID(), victimDevice: newID(), assignment: newID(), invitation: newID(), organisation: newID(),
	}
	t.twice = [2]merge.RecordID{newID(), newID()}
	for i := range t.places {
		p, l := &t.places[i], &like.places[i]
		p.space, p.record = newID(), newID()
		p.change = merge.ID{Replica: newID(), Seq: l.change.Seq}
		rand.Read(p.change.Tag[:])
		p.cursor = make([]byte, len(l.cursor))
		rand.Read(p.cursor)
	}
	return t
}

// tenantWorld is a server with two tenants on it.
type tenantWorld struct {
	*running
	directory *directory.Directory
	types     *schema.Schema
	tenants   [2]*tenant
	client    *http.Client
	sync      syncv1connect.SyncServiceClient
	door      *enrol.Service
	kept      *audit.Log
}

func newTenantWorld(t *testing.T) *tenantWorld {
	t.Helper()
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	engine, err := syncengine.Open(syncengine.Options{Memory: store.NewMemory(), Schema: types, Random: rand.Reader, Now: func() int64 { return received }, Device: directory.Signer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	brief := usual
	brief.watch = 20_000_000 // nanoseconds: a watch is over before it is waited for
	w := &tenantWorld{types: types, client: httpClient(t, 2)}
	now := func() int64 { return received }
	if w.directory, err = directory.Open(engine, now, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if w.door, err = enrol.New(enrol.Options{Directory: w.directory, Now: now, Random: rand.Reader}); err != nil {
		t.Fatal(err)
	}
	kept, err := audit.Open(filepath.Join(t.TempDir(), "audit"), now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	w.kept = kept
	w.running = startWith(t, engine, brief, func(o *Options) {
		o.Directory, o.Enrol, o.Audit, o.Trail, o.Home = w.directory, w.door, kept, kept, credential.Home{Server: "http://127.0.0.1"}
		o.OfflineLease = 21 * 24 * time.Hour
		o.Manifest = &manifest.Maker{Engine: engine, Log: noEntries{}, Directory: w.directory, Now: now}
		o.Limits = guard.Usual // but for how often one asks: this test asks more in a minute than a tablet in a year
		o.Limits.AddressPerSecond, o.Limits.CallerPerSecond, o.Limits.AddressBurst, o.Limits.CallerBurst = 1e6, 1e6, 1e6, 1e6
		o.Limits.DayBytes, o.Limits.DayChanges = math.MaxInt64, math.MaxInt64
	})
	w.sync = syncv1connect.NewSyncServiceClient(w.client, w.url)
	w.tenants = [2]*tenant{w.found("CANARY-OF-A"), w.found("CANARY-OF-B")}
	return w
}

// noEntries is a log of who did what in which nothing is.
type noEntries struct{}

func (noEntries) Read(func(audit.Entry) error) error { return nil }

// found makes a tenant with a user of each role, devices and records.
func (w *tenantWorld) found(canary string) *tenant {
	w.t.Helper()
	f := &founding{t: w.t, directory: w.directory}
	f.found(canary)
	second, err := f.tenant.AddProgramme(w.t.Context(), f.administrator, canary+" second")
	f.must(err)
	t := &tenant{canary: canary, programme: f.programme, programme2: second, organisation: f.organisation}
	kinds := []schemav1.SpaceKind{schemav1.SpaceKind_SPACE_KIND_COMMUNITY, schemav1.SpaceKind_SPACE_KIND_DESK, schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM}
	for i, kind := range kinds {
		t.places[i].space = newID()
		_, err := f.tenant.AddSpace(w.t.Context(), f.administrator, t.places[i].space, directory.NewSpace{
			Programme: f.programme, Kind: kind, Name: canary, PCode: "UA1423049010", // the place is the same for both
		})
		f.must(err)
	}
	t.office = enroltest.In(w.directory, w.door, f.organisation)
	t.callers = []asker{{"administrator", f.administrator, t.office.Header(f.administrator)}}
	user := func(role string, assignments ...directory.NewAssignment) merge.PersonID {
		id, err := f.tenant.AddUser(w.t.Context(), f.administrator, merge.PersonID{}, canary+" "+role)
		f.must(err)
		for _, n := range assignments {
			assignment, err := f.tenant.Assign(w.t.Context(), f.administrator, id, n)
			f.must(err)
			t.assignment = assignment
		}
		t.callers = append(t.callers, asker{role, id, t.office.Header(id)})
		return id
	}
	inRoom := directory.InSpace(t.places[2].space)
	facilitator := user("facilitator", directory.NewAssignment{Role: directory.Facilitator, Scope: directory.InPlace("UA1423049010")})
	coordinator := user("coordinator", directory.NewAssignment{Role: directory.Coordinator, Scope: directory.InProgramme(f.programme)})
	psychologist := user("psychologist", directory.NewAssignment{Role: directory.Psychologist, Scope: inRoom})
	user("supervisor", directory.NewAssignment{Role: directory.ClinicalSupervisor, Scope: inRoom})
	user("monitoring", directory.NewAssignment{Role: directory.MEL, Scope: directory.Everywhere()})
	user("data protection", directory.NewAssignment{Role: directory.DataProtectionOfficer, Scope: directory.Everywhere()})
	user("of another programme", directory.NewAssignment{Role: directory.Coordinator, Scope: directory.InProgramme(second)})
	user("without a role")
	hub, err := f.tenant.AddUser(w.t.Context(), f.administrator, merge.PersonID{}, canary+" hub")
	f.must(err)
	t.office.Hub(hub)
	t.callers = append(t.callers, asker{"hub", hub, t.office.Header(hub)})
	ended := user("ended", directory.NewAssignment{Role: directory.Facilitator, Scope: directory.InProgramme(f.programme)})
	f.must(f.tenant.SetUserStatus(w.t.Context(), f.administrator, ended, directoryv1.UserStatus_USER_STATUS_ENDED))
	revoked := user("with a revoked tablet", directory.NewAssignment{Role: directory.Facilitator, Scope: directory.InProgramme(f.programme)})
	f.must(f.tenant.SetDeviceStatus(w.t.Context(), f.administrator, t.office.Device(revoked).Identity.Device, directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED))
	t.victim = user("acted on", directory.NewAssignment{Role: directory.Facilitator, Scope: directory.InProgramme(f.programme)})
	t.victimDevice = t.office.Device(t.victim).Identity.Device
	view, err := w.directory.View()
	f.must(err)
	t.invitation = [16]byte(view.Device(t.victimDevice).InvitationId)
	t.callers = t.callers[:len(t.callers)-1] // nobody calls whose tablet may be revoked
	w.write(t, &t.places[0], facilitator, &recordsv1.Training{TitleUk: canary})
	for i := range t.twice {
		registered := t.places[0]
		w.write(t, &registered, facilitator, &recordsv1.Participant{FamilyName: canary, GivenName: "Олена"})
		t.twice[i] = registered.record
	}
	w.write(t, &t.places[1], coordinator, &recordsv1.PersonLink{
		FirstPersonId: bytes.Repeat([]byte{1}, 16), SecondPersonId: bytes.Repeat([]byte{2}, 16), DeciderId: coordinator[:],
		Verdict: recordsv1.LinkVerdict_LINK_VERDICT_SAME, Basis: canary,
	})
	w.write(t, &t.places[2], psychologist, &recordsv1.CounsellingRoom{NameUk: canary})
	return t
}

// write brings a record to a place, and fetches a cursor of it.
func (w *tenantWorld) write(t *tenant, p *place, author merge.PersonID, msg proto.Message) {
	w.t.Helper()
	p.record = newID()
	plan := w.types.Plan(string(msg.ProtoReflect().Descriptor().FullName()))
	if header, err := plan.Header(msg); err == nil && len(header) > 0 {
		p.record = merge.KeyedRecordID(p.space, plan.Name, header)
	}
	writes, err := plan.Compose(p.space, nil, schema.Draft{Record: p.record, Message: msg})
	if err != nil {
		w.t.Fatal(err)
	}
	p.record = writes.Record
	c := &merge.Change{ID: merge.ID{Replica: newID(), Seq: 1}, Author: author, Stamp: received - 1000, Salt: newID(), Records: []merge.RecordWrites{writes}}
	c.Seal(p.space)
	p.change = c.ID
	device := t.office.Device(author)
	batches, err := wire.EncodeSigned(p.space, device.Identity.Device, []*merge.Change{c}, device.Key.Sign)
	if err != nil {
		w.t.Fatal(err)
	}
	p.batch = batches[0]
	header := http.Header{"Authorization": {t.office.Header(author)}}
	pushed, err := w.sync.Push(w.t.Context(), with(header, &syncv1.PushRequest{SpaceId: p.space[:], Batches: [][]byte{p.batch}}))
	if err != nil || pushed.Msg.Outcomes[0].Verdict > syncv1.Verdict_VERDICT_FLAGGED {
		w.t.Fatalf("%v, %v", pushed, err)
	}
	page, err := w.sync.Pull(w.t.Context(), with(header, &syncv1.PullRequest{SpaceId: p.space[:]}))
	if err != nil || page.Msg.Page.Position == 0 {
		w.t.Fatalf("%v, %v", page, err)
	}
	p.cursor = page.Msg.Page.Cursor
}

var unzstd1, _ = zstd.NewReader(nil)

// unpacked returns bytes and, if they are packed, what is in them.
func unpacked(data []byte) []byte {
	if !bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd}) {
		return data
	}
	inside, err := unzstd1.DecodeAll(data, nil)
	if err != nil {
		return data
	}
	return append(inside, data...)
}
