package clientsdk_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// keyStore is a platform's key store, that can be locked.
type keyStore struct {
	*clientsdk.SoftwareKey
	locked atomic.Bool
	asked  atomic.Int32
}

var errLocked = errors.New("the screen is locked")

// Sign implements clientsdk.Signer.
func (k *keyStore) Sign(message []byte) ([]byte, error) {
	k.asked.Add(1)
	if k.locked.Load() {
		return nil, errLocked
	}
	return k.SoftwareKey.Sign(message)
}

// devices are those that a home knows.
type devices map[clientsdk.DeviceID]*syncengine.Device

// newDevice makes a device of a person known; of a name there is one.
func (d devices) newDevice(t testing.TB, name, person string) (clientsdk.DeviceID, *keyStore) {
	t.Helper()
	key, err := clientsdk.NewSoftwareKey(seeded(uint64(len(d)) + 1000))
	if err != nil {
		t.Fatal(err)
	}
	id := named[clientsdk.DeviceID](name)
	d[id] = &syncengine.Device{Person: named[merge.PersonID](person), Verify: key.Public().Verify, LetIn: true}
	return id, &keyStore{SoftwareKey: key}
}

// signingHome is a home that knows devices, in whose community these people write,
// each on a device of their own.
func signingHome(t testing.TB, people ...string) (*home, devices, []*tablet, []*keyStore) {
	known := devices{}
	h := known.home(t, people...)
	var tablets []*tablet
	var keys []*keyStore
	for _, person := range people {
		tab := newTablet(t, h, person, "liman")
		id, key := known.newDevice(t, person, person)
		tab.signsBy(id, key)
		tablets, keys = append(tablets, tab), append(keys, key)
	}
	return h, known, tablets, keys
}

func (d devices) home(t testing.TB, people ...string) *home {
	t.Helper()
	h := &home{t: t, clock: clock{millis: august2016}, disk: store.NewMemory()}
	var err error
	h.engine, err = syncengine.Open(syncengine.Options{
		Memory: h.disk, Schema: recordTypes(), Now: h.clock.now, Random: seeded(uint64(len(d)) + 1),
		Device: func(id clientsdk.DeviceID, _ func(syncengine.DirectoryKey) ([]byte, error)) (*syncengine.Device, error) {
			return d[id], nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.engine.Close() })
	h.access(named[clientsdk.SpaceID]("liman"), community, true, people...)
	return h
}

// signsBy opens the register anew, as an app does that has enrolled.
func (tab *tablet) signsBy(id clientsdk.DeviceID, signer clientsdk.Signer) {
	tab.t.Helper()
	if err := tab.Close(); err != nil {
		tab.t.Fatal(err)
	}
	r, err := clientsdk.Open(context.Background(), clientsdk.Options{
		Dir: tab.dir, Key: tabletKey, Author: tab.line.person, Device: id, Signer: signer, Schema: recordTypes(), Clock: tab.clock.now, Random: seeded(uint64(len(id)) + uint64(id[0])),
	})
	if err != nil {
		tab.t.Fatal(err)
	}
	tab.Register = r
	tab.t.Cleanup(func() { r.Close() })
}

// refuses has the server call everything false that a device signed.
func (d devices) refuses(id string) {
	d[named[clientsdk.DeviceID](id)].Verify = func([]byte, []byte) bool { return false }
}

// The device's key is asked once for a batch, however many changes are in it.
func TestAKeyStoreIsAskedOnceForABatch(t *testing.T) {
	h, _, tablets, keys := signingHome(t, "nadia")
	nadia := tablets[0]
	for i := range 150 {
		nadia.register(fmt.Sprint("Коваль ", i))
	}
	nadia.sync()
	if _, position := h.digest(nadia.space); position != 150 {
		t.Fatalf("position %d", position)
	}
	batches := 0
	for _, req := range h.seen {
		batches += len(req.Spaces[0].Batches)
	}
	if asked := int(keys[0].asked.Load()); asked != batches || batches > 2 {
		t.Errorf("asked %d times for %d batches", asked, batches)
	}
}

// While the key store is locked nothing is sent and nothing is lost, and what others
// wrote comes all the same.
func TestALockedKeyStoreHoldsUpNothingButWhatItSigns(t *testing.T) {
	h, _, tablets, keys := signingHome(t, "nadia", "petro")
	nadia, petro := tablets[0], tablets[1]
	petro.register("Мельник")
	petro.sync()
	nadia.register("Коваль")
	keys[0].locked.Store(true)
	result, err := nadia.Sync(t.Context(), nadia.line)
	if err != nil || fault.KindOf(result.Err()) != fault.Unavailable || !errors.Is(result.Err(), errLocked) {
		t.Fatalf("%v, %v", result.Err(), err)
	}
	if len(nadia.people()) != 2 {
		t.Errorf("%d people", len(nadia.people()))
	}
	keys[0].locked.Store(false)
	nadia.sync()
	if _, position := h.digest(nadia.space); position != 2 {
		t.Errorf("position %d", position)
	}
}

// A tablet enrolled anew, with a key of its own, goes on where its register is:
// what it had not sent is signed by the new device. The server calls that a fork of
// the replica, and the register goes on under another.
func TestATabletThatEnrolledAnewGoesOn(t *testing.T) {
	h, known, tablets, _ := signingHome(t, "nadia")
	nadia := tablets[0]
	nadia.register("Коваль")
	nadia.sync()
	nadia.register("Мельник")
	known[named[clientsdk.DeviceID]("nadia")].LetIn = false
	id, key := known.newDevice(t, "nadia's new tablet", "nadia")
	nadia.signsBy(id, key)
	nadia.sync()
	nadia.register("Ткач")
	nadia.sync()
	if _, position := h.digest(nadia.space); position != 3 {
		t.Fatalf("position %d", position)
	}
	status, err := nadia.Status(t.Context())
	if err != nil || status.Spaces[0].Waiting != 0 {
		t.Errorf("%+v, %v", status, err)
	}
	flagged := 0
	for _, req := range h.seen[len(h.seen)-1:] {
		for _, batch := range req.Spaces[0].Batches {
			changes, err := wire.DecodeBatch(nadia.space, batch)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range changes {
				if c.ID.Seq != 1 {
					flagged++
				}
			}
		}
	}
	if flagged > 0 {
		t.Errorf("%d changes are still under the old replica", flagged)
	}
}

// Something of others that is falsely signed, because a hub lied or the storage
// altered it, is given up alone: what is beside it goes up, and so does everything
// later.
func TestOneFalseSignatureOfOthersHoldsUpNothing(t *testing.T) {
	h, known, tablets, _ := signingHome(t, "nadia", "petro", "ivan", "olha", laptop)
	at := newHall(t, h)
	at.relays()
	at.reached = false
	for _, tab := range tablets[:3] {
		tab.register("Коваль")
		tab.visits(at)
	}
	olha := tablets[3]
	olha.visits(at)
	if len(olha.people()) != 3 {
		t.Fatalf("%d people came by the hub", len(olha.people()))
	}
	known.refuses("petro")
	olha.register("Ткач")
	olha.sync()
	olha.sync()
	if _, position := h.digest(olha.space); position != 3 {
		t.Fatalf("position %d: two of others and an own one are due", position)
	}
	if len(olha.people()) != 3 {
		t.Errorf("%d people: what is not believed is not shown", len(olha.people()))
	}
	requests := len(h.seen)
	olha.sync()
	if len(h.seen) != requests+1 {
		t.Errorf("%d requests for nothing new", len(h.seen)-requests)
	}
}

// The same of what a tablet carries for others, to a server that was restored.
func TestWhatIsCarriedAndFalselySignedHoldsUpNothing(t *testing.T) {
	_, known, tablets, _ := signingHome(t, "nadia", "petro", "olha")
	olha := tablets[2]
	for _, tab := range tablets[:2] {
		tab.register("Коваль")
		tab.sync()
	}
	olha.register("Ткач")
	olha.sync()
	known.refuses("petro")
	restored := known.home(t, "nadia", "petro", "olha") // of an empty backup: it has nothing
	olha.line = restored.line("olha")
	olha.sync()
	if _, position := restored.digest(olha.space); position != 2 {
		t.Fatalf("position %d: nadia's and olha's are due", position)
	}
	olha.register("Мороз")
	olha.sync()
	if _, position := restored.digest(olha.space); position != 3 {
		t.Errorf("position %d", position)
	}
}
