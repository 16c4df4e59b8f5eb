package rpc

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	ends "github.com/zhurnal/zhurnal/syncengine/register"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// homeOnDisk is a home server, whose disk may be lost.
type homeOnDisk struct {
	t      *testing.T
	disk   *store.Memory
	engine *syncengine.Engine
	known  *directory.Directory
	door   *enrol.Service
	url    string
}

func realClock() int64 { return time.Now().UnixMilli() }

// serveDisk serves what is on a disk.
func serveDisk(t *testing.T, disk *store.Memory) *homeOnDisk {
	t.Helper()
	h := &homeOnDisk{t: t, disk: disk}
	var err error
	h.engine, err = syncengine.Open(syncengine.Options{Memory: disk, Schema: trainingTypes(t), Now: realClock, Random: rand.Reader, Device: directory.Signer})
	noError(t, err)
	h.known, err = directory.Open(h.engine, realClock, rand.Reader)
	noError(t, err)
	h.door, err = enrol.New(enrol.Options{Directory: h.known, Now: realClock, Random: rand.Reader})
	noError(t, err)
	h.url = startWith(t, h.engine, usual, func(o *Options) { o.Directory, o.Enrol, o.Now = h.known, h.door, realClock }).url
	return h
}

// isLostAndRestored is the home after its disk was lost, from a backup.
func (h *homeOnDisk) isLostAndRestored(file string) *homeOnDisk {
	h.t.Helper()
	disk := store.NewMemory()
	_, err := syncengine.Restore(syncengine.Options{Memory: disk, Now: realClock, Random: rand.Reader, EndRow: directory.EndRow}, file, ends.Contents{})
	noError(h.t, err)
	return serveDisk(h.t, disk)
}

// backup makes a file of what there is.
func (h *homeOnDisk) backup() (file string) {
	h.t.Helper()
	file = filepath.Join(h.t.TempDir(), "backup")
	_, err := backup.WriteFile(file, func(to io.Writer) (backup.Written, error) { return h.engine.Backup(h.t.Context(), to) })
	noError(h.t, err)
	return file
}

// facilitates makes a person a facilitator of the hall.
func (h *homeOnDisk) facilitates(organisation directory.OrganisationID, person merge.PersonID) {
	h.t.Helper()
	tenant := h.known.In(organisation)
	_, err := tenant.AddUser(h.t.Context(), merge.PersonID{}, person, "Оксана")
	noError(h.t, err)
	_, err = tenant.Assign(h.t.Context(), merge.PersonID{}, person, directory.NewAssignment{Role: directory.Facilitator, Scope: directory.InSpace(hall)})
	noError(h.t, err)
}

// fieldTablet is a real tablet, with the key with which it enrols.
type fieldTablet struct {
	*clientsdk.Register
	t    *testing.T
	key  *credential.SoftwareKey
	asks func() (clientsdk.SyncResult, error) // home
}

// enrols has the tablet's key enrol for a person, and returns which device it is.
func (tab *fieldTablet) enrols(h *homeOnDisk, person merge.PersonID) clientsdk.Identity {
	tab.t.Helper()
	view, err := h.known.View()
	noError(tab.t, err)
	guest := enrol.Guest{Home: credential.Home{Server: h.url, Organisation: view.Organisations()[0]}, Person: person}
	invitation, _, err := h.door.InviteGuest(tab.t.Context(), merge.PersonID{}, guest)
	noError(tab.t, err)
	identity, err := clientsdk.Enrol(tab.t.Context(), invitation, "Tablet 7", tab.key, http.DefaultClient)
	noError(tab.t, err)
	return identity
}

// meets has the tablet ask a home from now on.
func (tab *fieldTablet) meets(h *homeOnDisk, identity clientsdk.Identity) {
	tab.t.Helper()
	identity.Server = h.url
	client, err := clientsdk.HomeClient(identity, tab.key, http.DefaultClient)
	noError(tab.t, err)
	tab.asks = func() (clientsdk.SyncResult, error) { return tab.Sync(tab.t.Context(), client) }
}

// newFieldTablet enrols a tablet, which holds the hall.
func newFieldTablet(t *testing.T, h *homeOnDisk, person merge.PersonID) (*fieldTablet, clientsdk.Identity) {
	t.Helper()
	key, err := credential.NewSoftwareKey(rand.Reader)
	noError(t, err)
	tab := &fieldTablet{t: t, key: key}
	identity := tab.enrols(h, person)
	tab.Register, err = clientsdk.Open(t.Context(), clientsdk.Options{
		Memory: localstore.NewMemory(), Key: make([]byte, 32), Author: person, Device: identity.Device, Signer: key,
		Schema: trainingTypes(t), Clock: realClock, Random: rand.Reader,
	})
	noError(t, err)
	t.Cleanup(func() { tab.Close() })
	noError(t, tab.Join(t.Context(), hall, schemav1.SpaceKind_SPACE_KIND_COMMUNITY))
	tab.meets(h, identity)
	return tab, identity
}

func (tab *fieldTablet) registers(family string) {
	tab.t.Helper()
	_, err := tab.Write(tab.t.Context(), hall, func(tx *clientsdk.Tx) error {
		_, err := tx.Create(&recordsv1.Participant{FamilyName: family, GivenName: "Олена"})
		return err
	})
	noError(tab.t, err)
}

func (tab *fieldTablet) syncs() {
	tab.t.Helper()
	result, err := tab.asks()
	noError(tab.t, err)
	noError(tab.t, result.Err())
}

// mustHave checks how many records home has, at which position, and what is kept
// back.
func (h *homeOnDisk) mustHave(when string, want, kept int) {
	h.t.Helper()
	records := 0
	position, err := h.engine.Records(hall, func(*merge.Record) error { records++; return nil })
	noError(h.t, err)
	list, _, err := h.engine.Quarantined(h.t.Context(), taras, hall, "")
	noError(h.t, err)
	mustBe(h.t, when+": records, position, kept back", fmt.Sprint(records, position, len(list)), fmt.Sprint(want, want, kept))
}

// A tablet enrols and works after the backup from which its server is restored.
// What others bring of it waits, since nobody knows its key. Enrolled again, it is
// the device that it was, and that is merged by itself, before the tablet syncs;
// then comes what it had not sent. Everything once, with nothing flagged.
func TestADeviceOfAfterTheBackupEnrolsAgainAndItsWorkIsMerged(t *testing.T) {
	h := serveDisk(t, store.NewMemory())
	organisation, err := h.known.AddOrganisation(t.Context(), merge.PersonID{}, "Опора")
	noError(t, err)
	programme, err := h.known.In(organisation).AddProgramme(t.Context(), merge.PersonID{}, "Спільно")
	noError(t, err)
	_, err = h.known.In(organisation).AddSpace(t.Context(), merge.PersonID{}, hall, directory.NewSpace{Programme: programme, Kind: schemav1.SpaceKind_SPACE_KIND_COMMUNITY, Name: "Лиман"})
	noError(t, err)
	h.facilitates(organisation, olena)
	h.facilitates(organisation, taras)
	old, oldIdentity := newFieldTablet(t, h, taras)
	file := h.backup()

	fresh, identity := newFieldTablet(t, h, olena)
	fresh.registers("Коваль")
	fresh.registers("Мельник")
	fresh.syncs()
	old.syncs()
	fresh.registers("Ткач") // which it has not sent
	h.mustHave("before the disk is lost", 2, 0)

	h = h.isLostAndRestored(file)
	old.meets(h, oldIdentity)
	old.syncs()
	h.mustHave("when another tablet has brought it", 0, 2)
	fresh.meets(h, identity)
	if _, err := fresh.asks(); fault.KindOf(err) != fault.Unauthenticated {
		t.Fatalf("who is not known syncs: %v", err)
	}

	again := fresh.enrols(h, olena)
	mustBe(t, "enrolled again it is the device", again.Device, identity.Device)
	old.syncs()
	h.mustHave("when it has enrolled again", 2, 0)
	for range 2 {
		fresh.syncs()
		old.syncs()
	}
	h.mustHave("when it has synced", 3, 0)
	for _, tab := range []*fieldTablet{old, fresh} {
		status, err := tab.Status(t.Context())
		noError(t, err)
		mustBe(t, "nothing waits, nothing is flagged", fmt.Sprint(status.Spaces[0].Waiting, status.Spaces[0].Position), "0 3")
		attention, err := tab.Attention(t.Context())
		noError(t, err)
		mustBe(t, "nobody has to look at anything", len(attention), 0)
	}
	noError(t, h.engine.Close())
	checked, err := syncengine.Check(t.Context(), syncengine.Options{Memory: h.disk, Device: directory.Signer}, "", func(d syncengine.Damage) { t.Error(d) })
	noError(t, err)
	mustBe(t, "damages", checked.Damages, 0)
}
