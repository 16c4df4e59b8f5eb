package enrol_test

import (
	"context"
	"crypto/rand"
	"testing"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

var olena = merge.PersonID{0x0e, 15: 2}

const noon = 1_754_000_000_000

// scene is a service, the directory on which it stands, and the clock.
type scene struct {
	*enrol.Service
	t         testing.TB
	directory *directory.Directory
	office    directory.OrganisationID
	millis    *int64
}

func newScene(t testing.TB) *scene {
	t.Helper()
	millis := int64(noon)
	s := &scene{t: t, millis: &millis}
	types, err := schema.New()
	s.must(err)
	engine, err := syncengine.Open(syncengine.Options{
		Memory: store.NewMemory(), Schema: types, Now: func() int64 { return millis }, Random: rand.Reader, EndRow: directory.EndRow,
	})
	s.must(err)
	t.Cleanup(func() { s.must(engine.Close()) })
	s.directory, err = directory.Open(engine, func() int64 { return millis }, rand.Reader)
	s.must(err)
	s.office, err = s.directory.AddOrganisation(context.Background(), merge.PersonID{}, "Опора")
	s.must(err)
	_, err = s.directory.In(s.office).AddUser(context.Background(), merge.PersonID{}, olena, "Олена")
	s.must(err)
	return s.restart(credential.HubID{})
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// restart is another process of the server, or a hub's.
func (s *scene) restart(hub credential.HubID) *scene {
	s.t.Helper()
	again := *s
	var err error
	again.Service, err = enrol.New(enrol.Options{Directory: s.directory, Now: func() int64 { return *s.millis }, Random: rand.Reader, Hub: hub})
	s.must(err)
	return &again
}

func (s *scene) passes(millis int64) { *s.millis += millis }

func (s *scene) home() credential.Home {
	return credential.Home{Server: "https://register.example.org", Organisation: s.office}
}

// invite makes an invitation on a screen, which is good for half an hour.
func (s *scene) invite() credential.Secret {
	s.t.Helper()
	invitation, err := s.Invite(context.Background(), merge.PersonID{}, s.home(), olena, directoryv1.InvitationMedium_INVITATION_MEDIUM_SCREEN)
	s.must(err)
	return invitation.Secret
}

func (s *scene) device(id credential.DeviceID) *directoryv1.Device {
	s.t.Helper()
	view, err := s.directory.View()
	s.must(err)
	return view.Device(id)
}

// devices counts those that there are.
func (s *scene) devices() int {
	s.t.Helper()
	view, err := s.directory.View()
	s.must(err)
	return len(view.Devices())
}

func (s *scene) set(id credential.DeviceID, status directoryv1.DeviceStatus) {
	s.t.Helper()
	s.must(s.directory.In(s.office).SetDeviceStatus(context.Background(), merge.PersonID{}, id, status))
}

func (s *scene) turnAway(id credential.DeviceID) {
	s.t.Helper()
	s.set(id, directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED)
}

func drawKey(t testing.TB) *credential.SoftwareKey {
	t.Helper()
	key, err := credential.NewSoftwareKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (s *scene) ask(secret credential.Secret, key *credential.SoftwareKey) *enrol.Ask {
	s.t.Helper()
	return s.sign(&enrol.Ask{Organisation: s.office, Secret: secret, Key: key.Public(), Label: "Tablet 7"}, key)
}

func (s *scene) sign(a *enrol.Ask, key *credential.SoftwareKey) *enrol.Ask {
	s.t.Helper()
	var err error
	a.Signature, err = key.Sign(credential.EnrolMessage(a.Organisation, a.Secret, a.Key, a.Label))
	s.must(err)
	return a
}

func (s *scene) enrol(a *enrol.Ask) error {
	_, _, err := s.Enrol(context.Background(), a)
	return err
}

func (s *scene) enrolled() (credential.DeviceID, *credential.SoftwareKey) {
	s.t.Helper()
	key := drawKey(s.t)
	device, person, err := s.Enrol(context.Background(), s.ask(s.invite(), key))
	s.must(err)
	if person != olena {
		s.t.Fatalf("it is %s's", person)
	}
	return device, key
}
