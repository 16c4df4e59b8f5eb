package clientsdk_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"filippo.io/age"
	"google.golang.org/protobuf/proto"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1/enrolv1connect"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/hub"
	"github.com/zhurnal/zhurnal/server/wiped"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// wipers are an office whose devices can be wiped: the key that orders it, and who
// opens what was sealed.
type wipers struct {
	*office
	t        *testing.T
	key      *clientsdk.SoftwareKey
	recovery *age.X25519Identity
}

func openWipers(t *testing.T) *wipers {
	t.Helper()
	w := &wipers{office: newOffice(), t: t, key: must(clientsdk.NewSoftwareKey(rand.Reader)), recovery: must(age.GenerateX25519Identity())}
	t.Cleanup(w.close)
	w.home.WipeKey, w.home.Recipients = w.key.Public().Bytes(), []string{w.recovery.Recipient().String()}
	w.keepsSealed(true)
	return w
}

// keepsSealed has the office take what tablets seal, or not.
func (w *wipers) keepsSealed(keeps bool) {
	w.sealed = nil
	if keeps {
		w.sealed = wiped.New(filepath.Join(w.t.TempDir(), "wiped"), func() error { return nil })
	}
	home := w.home
	w.restart()
	w.home.WipeKey, w.home.Recipients = home.WipeKey, home.Recipients
}

func (w *wipers) order(e *enrolled, key *clientsdk.SoftwareKey) credential.WipeOrder {
	w.t.Helper()
	o := credential.WipeOrder{Organisation: e.identity.Organisation, Device: e.identity.Device, IssuedMillis: w.now()}
	must(io.ReadFull(rand.Reader, o.Nonce[:]))
	check(o.Sign(key))
	return o
}

// wipes orders that a tablet is wiped.
func (w *wipers) wipes(e *enrolled) {
	w.t.Helper()
	check(w.known.In(e.identity.Organisation).OrderWipe(context.Background(), merge.PersonID{}, e.identity.Device, w.order(e, w.key)))
}

func (w *wipers) status(e *enrolled) directoryv1.DeviceStatus {
	return must(w.known.View()).Device(e.identity.Device).Status
}

// work opens what a tablet has sealed.
func (w *wipers) work(sealed io.Reader) *enrolv1.SealedWork {
	w.t.Helper()
	plain := must(io.ReadAll(must(age.Decrypt(sealed, w.recovery))))
	m := new(enrolv1.SealedWork)
	check(proto.Unmarshal(plain, m))
	return m
}

// changesIn are the changes in it.
func (w *wipers) changesIn(m *enrolv1.SealedWork) (ids []merge.ID) {
	w.t.Helper()
	for _, s := range m.Spaces {
		for _, batch := range s.Batches {
			for _, c := range must(wire.DecodeBatch(merge.SpaceID(s.SpaceId), batch)) {
				if c.Signed == nil || c.Signed.Device != merge.DeviceID(m.DeviceId) {
					w.t.Errorf("change %s is not signed by the device", c.ID)
				}
				ids = append(ids, c.ID)
			}
		}
	}
	return ids
}

// doomed is a tablet of the office, with a register of its own, and what its app
// keeps outside of it.
type doomed struct {
	*enrolled
	*tablet
	// keys says that the app has its keys; destroyed counts how often it was told to
	// destroy them, and refuses is why it cannot.
	keys      bool
	destroyed int
	refuses   error
	// before is called before they are.
	before func()
}

func (w *wipers) tablet() *doomed {
	w.t.Helper()
	d := &doomed{enrolled: enrolAt(w.t, w.office, "oksana"), tablet: newTablet(w.t, &home{t: w.t}, "oksana", "lyman"), keys: true}
	w.access(d.space, "oksana")
	check(d.Close())
	check(d.reopens(d.dir))
	return d
}

// reopens opens the register in a directory as the app does.
func (d *doomed) reopens(dir string) error {
	r, err := clientsdk.Open(context.Background(), clientsdk.Options{
		Dir: dir, Key: tabletKey, Author: d.line.person, Schema: recordTypes(), Clock: d.clock.now, Random: rand.Reader,
		Device: d.identity.Device, Signer: d.signer,
		Wiping: &clientsdk.Wiping{Identity: d.identity, Signer: d.signer, DestroyKeys: d.destroyKeys},
	})
	if err == nil {
		d.Register = r
		d.tablet.t.Cleanup(func() { r.Close() })
	}
	return err
}

func (d *doomed) destroyKeys(context.Context) error {
	if d.before != nil {
		d.before()
	}
	if d.refuses != nil {
		return d.refuses
	}
	d.destroyed++
	d.keys = false
	return nil
}

func (d *doomed) syncs() (clientsdk.SyncResult, error) {
	return d.Sync(context.Background(), d.client(d.tablet.t))
}

// left are the files in a directory.
func left(dir string) (names []string) {
	for _, entry := range must(os.ReadDir(dir)) {
		names = append(names, entry.Name())
	}
	return names
}

func hasFile(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

func create(tx *clientsdk.Tx, family string) error {
	_, err := tx.Create(&recordsv1.Participant{FamilyName: family})
	return err
}

func mustBeWiped(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, clientsdk.ErrWiped) || fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("%s: %v", what, err)
	}
}

// What home has is home's; what it has not is sealed before anything goes.
func TestAWipedTabletLeavesNothingAndLosesNothing(t *testing.T) {
	w := openWipers(t)
	d := w.tablet()
	d.register("Коваленко")
	if _, err := d.syncs(); err != nil {
		t.Fatal(err)
	}
	var unsent []merge.ID
	for range 3 {
		unsent = append(unsent, d.write(func(tx *clientsdk.Tx) error { return create(tx, "Шевченко") }).Change)
	}
	w.wipes(d.enrolled)
	result, err := d.syncs()
	mustBeWiped(t, "the sync", err)
	if result.Wiped == nil || result.Wiped.Changes != 3 || !result.Wiped.Delivered || d.keys {
		t.Errorf("%+v, keys: %v", result.Wiped, d.keys)
	}
	if names := left(d.dir); len(names) != 0 {
		t.Errorf("left: %v", names)
	}
	if got := w.status(d.enrolled); got != directoryv1.DeviceStatus_DEVICE_STATUS_WIPED {
		t.Errorf("it is %s", got)
	}
	receipts := must(w.sealed.Receipts())
	if len(receipts) != 1 {
		t.Fatalf("%d receipts", len(receipts))
	}
	work := w.work(must(w.sealed.Open(&receipts[0])))
	if ids := w.changesIn(work); len(ids) != 3 || ids[0] != unsent[0] || ids[2] != unsent[2] || merge.PersonID(work.PersonId) != d.identity.Person {
		t.Errorf("sealed are %v of %v", ids, unsent)
	}
	for what, call := range map[string]func() error{
		"reading": func() error { _, err := d.Status(t.Context()); return err },
		"writing": func() error {
			_, err := d.Write(t.Context(), d.space, func(tx *clientsdk.Tx) error { return create(tx, "Бондар") })
			return err
		},
	} {
		if err := call(); err == nil {
			t.Errorf("%s goes on", what)
		}
	}
	if _, err := d.syncs(); err == nil {
		t.Error("it is let in")
	}
}

// A server, a hub, or whoever has taken over one of them, makes no order.
func TestAnOrderThatTheOrganisationHasNotSignedIsNotObeyed(t *testing.T) {
	w := openWipers(t)
	d := w.tablet()
	d.register("Шевченко")
	other := must(clientsdk.NewSoftwareKey(rand.Reader))
	another := enrolAt(t, w.office, "petro")
	for what, order := range map[string]credential.WipeOrder{
		"another key":    w.order(d.enrolled, other),
		"another device": w.order(another, w.key),
		"no signature":   {Organisation: d.identity.Organisation, Device: d.identity.Device},
	} {
		if err := w.known.In(d.identity.Organisation).OrderWipe(t.Context(), merge.PersonID{}, d.identity.Device, order); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: the directory takes it: %v", what, err)
		}
		taken := &takenOver{order: order}
		link := must(clientsdk.HomeClient(d.identity, d.signer, taken.client(t)))
		if _, err := d.Sync(t.Context(), link); fault.KindOf(err) != fault.Unauthenticated || errors.Is(err, clientsdk.ErrWiped) || taken.asked == 0 {
			t.Errorf("%s: %v", what, err)
		}
	}
	if !d.keys || len(d.people()) != 1 {
		t.Error("something is gone")
	}
	if result, err := d.syncs(); err != nil || result.Sent+result.Resent != 1 {
		t.Errorf("%+v, %v", result, err)
	}
}

// Wherever the battery ends, the register is wiped or goes on being wiped, and
// what was not sent is sealed.
func TestAWipeThatIsCutOffGoesOn(t *testing.T) {
	w := openWipers(t)
	w.keepsSealed(false) // so that what was sealed stays on the tablet
	d := w.tablet()
	id := d.write(func(tx *clientsdk.Tx) error { return create(tx, "Шевченко") }).Change
	w.wipes(d.enrolled)

	// At each step the directory is copied as it is.
	steps := map[string]string{}
	copied := func(step, of string) (dir string) {
		dir = filepath.Join(t.TempDir(), "register")
		check(os.CopyFS(dir, os.DirFS(of)))
		steps[step] = dir
		return dir
	}
	d.signer.before = func() {
		if hasFile(d.dir, "wiped.age") { // it is the receipt that is signed, and not a challenge
			copied("sealed", d.dir)
			check(os.Remove(filepath.Join(copied("ordered", d.dir), "wiped.age")))
		}
	}
	d.before = func() { copied("receipted", d.dir) }
	result, err := d.syncs()
	mustBeWiped(t, "the sync", err)
	if result.Wiped.Delivered {
		t.Error("it says that it is delivered")
	}
	copied("destroyed", d.dir)
	check(os.Remove(filepath.Join(copied("half destroyed", steps["receipted"]), "register.db")))
	d.signer.before, d.before = nil, nil
	if len(steps) != 5 {
		t.Fatalf("cut off at %v", steps)
	}
	w.keepsSealed(true)
	for step, dir := range steps {
		d.keys = true
		mustBeWiped(t, step, d.reopens(dir))
		mustBeWiped(t, step+", again", d.reopens(dir))
		if names := strings.Join(left(dir), " "); d.keys || names != "wiped.age wiped.receipt" {
			t.Errorf("%s: left: %s; keys: %v", step, names, d.keys)
		}
		sealed := must(os.ReadFile(filepath.Join(dir, "wiped.age")))
		if ids := w.changesIn(w.work(bytes.NewReader(sealed))); len(ids) != 1 || ids[0] != id {
			t.Errorf("%s: sealed are %v", step, ids)
		}
		if err := clientsdk.DeliverWiped(t.Context(), dir, w.home.Server, nil, d.http); err != nil {
			t.Errorf("%s: %v", step, err)
		}
		if names := left(dir); len(names) != 0 {
			t.Errorf("%s: left: %v", step, names)
		}
		if err := clientsdk.DeliverWiped(t.Context(), dir, w.home.Server, nil, d.http); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: delivered twice: %v", step, err)
		}
	}
	if got := w.status(d.enrolled); got != directoryv1.DeviceStatus_DEVICE_STATUS_WIPED {
		t.Errorf("it is %s", got)
	}
}

// A key store that does not sign, or does not let go of a key, keeps the wipe from
// its end and gives nobody the register.
func TestAWipeThatCannotEndGivesNothingAway(t *testing.T) {
	for what, hinder := range map[string]func(d *doomed, why error){
		"the key does not sign":     func(d *doomed, why error) { d.signer.refuses = why },
		"keys cannot be destroyed":  func(d *doomed, why error) { d.refuses = why },
		"both, one after the other": func(d *doomed, why error) { d.signer.refuses, d.refuses = why, why },
	} {
		w := openWipers(t)
		d := w.tablet()
		d.register("Шевченко")
		w.wipes(d.enrolled)
		locked := errors.New("the screen is locked")
		d.signer.before = func() {
			if hasFile(d.dir, "wiped.age") {
				hinder(d, locked)
			}
		}
		if _, err := d.syncs(); !errors.Is(err, locked) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := d.Write(t.Context(), d.space, func(tx *clientsdk.Tx) error { return create(tx, "Бондар") }); err == nil {
			t.Errorf("%s: it is written to", what)
		}
		if _, err := clientsdk.Query[*recordsv1.Participant](t.Context(), d, d.space); err == nil {
			t.Errorf("%s: it is read", what)
		}
		check(d.Close())
		d.signer.before = nil
		if err := d.reopens(d.dir); !errors.Is(err, locked) {
			t.Errorf("%s: it opens: %v", what, err)
		}
		d.signer.refuses, d.refuses = nil, nil
		mustBeWiped(t, what, d.reopens(d.dir))
		if names := strings.Join(left(d.dir), " "); names != "wiped.age wiped.receipt" {
			t.Errorf("%s: left: %s", what, names)
		}
		check(clientsdk.DeliverWiped(t.Context(), d.dir, w.home.Server, nil, d.http))
	}
}

// Without anything unsent there is nothing to seal, and a receipt all the same.
func TestATabletThatHasSentEverythingLeavesAReceiptAlone(t *testing.T) {
	w := openWipers(t)
	d := w.tablet()
	d.register("Шевченко")
	if _, err := d.syncs(); err != nil {
		t.Fatal(err)
	}
	w.wipes(d.enrolled)
	result, err := d.syncs()
	mustBeWiped(t, "the sync", err)
	if result.Wiped.Changes != 0 || !result.Wiped.Delivered || len(left(d.dir)) != 0 {
		t.Errorf("%+v, left: %v", result.Wiped, left(d.dir))
	}
	if receipts := must(w.sealed.Receipts()); len(receipts) != 1 || receipts[0].Receipt.PackageBytes != 0 {
		t.Errorf("%+v", receipts)
	}
}

// An app that does not say how its register is wiped hears of the order.
func TestAnOrderIsToldToAnAppThatCannotObey(t *testing.T) {
	w := openWipers(t)
	e := enrolAt(t, w.office, "oksana")
	tab := newTablet(t, &home{t: t}, "oksana", "lyman")
	tab.register("Шевченко")
	w.wipes(e)
	if _, err := tab.Sync(t.Context(), e.client(t)); !errors.Is(err, clientsdk.ErrWipeOrdered) || len(tab.people()) != 1 {
		t.Errorf("%v", err)
	}
	if _, err := e.client(t).Watch(t.Context(), connect.NewRequest(&syncv1.WatchRequest{SpaceIds: [][]byte{village[:]}})); !errors.Is(err, clientsdk.ErrWipeOrdered) {
		t.Errorf("a watch: %v", err)
	}
	// What was ordered is taken back by revoking: the tablet is refused, and keeps
	// what it has.
	check(w.known.In(e.identity.Organisation).SetDeviceStatus(t.Context(), merge.PersonID{}, e.identity.Device, directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED))
	if _, err := tab.Sync(t.Context(), e.client(t)); fault.KindOf(err) != fault.Unauthenticated || errors.Is(err, clientsdk.ErrWipeOrdered) {
		t.Errorf("%v", err)
	}
}

// takenOver is a server that answers every device with an order to wipe it.
type takenOver struct {
	enrolv1connect.UnimplementedEnrolServiceHandler
	order credential.WipeOrder
	asked int
}

func (s *takenOver) Challenge(context.Context, *connect.Request[enrolv1.ChallengeRequest]) (*connect.Response[enrolv1.ChallengeResponse], error) {
	return connect.NewResponse(&enrolv1.ChallengeResponse{Nonce: make([]byte, 32)}), nil
}

func (s *takenOver) Token(context.Context, *connect.Request[enrolv1.TokenRequest]) (*connect.Response[enrolv1.TokenResponse], error) {
	s.asked++
	return connect.NewResponse(&enrolv1.TokenResponse{WipeOrder: s.order.ToProto()}), nil
}

// client is one that it answers whatever the address.
func (s *takenOver) client(t *testing.T) *http.Client {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(enrolv1connect.NewEnrolServiceHandler(s))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return &http.Client{Transport: hijacked{server.Listener.Addr().String()}}
}

// hijacked is a network in which every name leads to one address.
type hijacked struct{ address string }

func (h hijacked) RoundTrip(req *http.Request) (*http.Response, error) {
	req.URL.Host = h.address
	return http.DefaultTransport.RoundTrip(req)
}

// A hub has heard of the order from home, tells it, and takes home what the tablet
// leaves.
func TestAnOrderReachesATabletAtAHub(t *testing.T) {
	w := openWipers(t)
	d := w.tablet()
	w.access(d.space, laptop)
	laptop := enrolAt(t, w.office, laptop)
	at := &office{sealed: wiped.New(filepath.Join(t.TempDir(), "wiped"), func() error { return nil }), hub: credential.HubID{0x4b}}
	at.engine = must(syncengine.Open(syncengine.Options{Memory: store.NewMemory(), Schema: recordTypes(), Now: w.now, Random: rand.Reader}))
	at.known = must(directory.Open(at.engine, w.now, rand.Reader))
	at.start("127.0.0.1:0")
	t.Cleanup(at.close)
	link, proves, err := clientsdk.Proven(laptop.identity, laptop.signer, laptop.http)
	check(err)
	relay := hub.New(at.engine, hub.Home{
		Sync: laptop.client(t), Audiences: syncv1connect.NewAudienceServiceClient(link, laptop.identity.Server, proves),
	}, laptop.identity.Person)
	relay.LearnDevices(at.known)
	relay.PassOnWiped(at.sealed, enrolv1connect.NewWipeServiceClient(link, laptop.identity.Server))
	relays := func() {
		t.Helper()
		relayed, err := relay.Once(t.Context())
		if err := errors.Join(err, relayed.Err); err != nil {
			t.Fatal(err)
		}
	}
	relays()
	d.register("Шевченко")
	client := must(clientsdk.HubClient(at.home.Server, d.identity, d.signer, d.http))
	d.register("Коваленко")
	w.wipes(d.enrolled)
	relays()
	result, err := d.Sync(t.Context(), client)
	mustBeWiped(t, "the sync", err)
	if result.Wiped == nil || result.Wiped.Changes != 2 || !result.Wiped.Delivered {
		t.Errorf("%+v", result.Wiped)
	}
	if got := w.status(d.enrolled); got != directoryv1.DeviceStatus_DEVICE_STATUS_WIPE_ORDERED {
		t.Errorf("home has not heard of it, and says %s", got)
	}
	relays()
	if got := w.status(d.enrolled); got != directoryv1.DeviceStatus_DEVICE_STATUS_WIPED {
		t.Errorf("at home it is %s", got)
	}
	receipts := must(w.sealed.Receipts())
	if len(receipts) != 1 || len(w.changesIn(w.work(must(w.sealed.Open(&receipts[0]))))) != 2 {
		t.Errorf("home has %+v", receipts)
	}
	if kept := must(at.sealed.Receipts()); len(kept) != 0 {
		t.Errorf("the hub keeps %+v", kept)
	}
	relays()
}
