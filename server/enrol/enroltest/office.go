// Package enroltest has an office in memory, the people of which have devices that
// have enrolled: for tests of what stands behind a token.
package enroltest

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// Office is a directory with a door. It is safe for concurrent use, and panics
// where it fails: nothing in it can that is not broken.
type Office struct {
	Directory *directory.Directory
	Door      *enrol.Service
	// EverybodyFacilitates gives each person who gets a device the role of a
	// facilitator in all communities.
	EverybodyFacilitates bool
	mu                   sync.Mutex
	home                 credential.Home
	programme            directory.ProgrammeID
	devices              map[merge.PersonID]*Device
}

// Device is a device that has enrolled.
type Device struct {
	credential.Identity
	Key   *credential.SoftwareKey
	door  *enrol.Service
	token string
}

// New returns an office on an engine of its own, by the real clock.
func New() *Office {
	types := must(schema.New())
	engine := must(syncengine.Open(syncengine.Options{Memory: store.NewMemory(), Schema: types, Now: now, Random: rand.Reader}))
	return On(engine)
}

// On returns an office in the directory of an engine.
func On(engine directory.Engine) *Office {
	o := &Office{Directory: must(directory.Open(engine, now, rand.Reader)), devices: map[merge.PersonID]*Device{}}
	o.Door = must(enrol.New(enrol.Options{Directory: o.Directory, Now: now, Random: rand.Reader}))
	o.home.Server = "http://127.0.0.1"
	o.home.Organisation = must(o.Directory.AddOrganisation(context.Background(), merge.PersonID{}, "office"))
	o.programme = must(o.tenant().AddProgramme(context.Background(), merge.PersonID{}, "programme"))
	return o
}

// In returns an office of an organisation that is there, on a door that is open.
func In(known *directory.Directory, door *enrol.Service, organisation credential.OrganisationID) *Office {
	o := &Office{Directory: known, Door: door, devices: map[merge.PersonID]*Device{}}
	o.home.Server, o.home.Organisation = "http://127.0.0.1", organisation
	return o
}

func (o *Office) tenant() *directory.Tenant { return o.Directory.In(o.home.Organisation) }

// Space makes a space of the office.
func (o *Office) Space(id merge.SpaceID, kind schemav1.SpaceKind) {
	n := directory.NewSpace{Programme: o.programme, Kind: kind, Name: "space"}
	must(o.tenant().AddSpace(context.Background(), merge.PersonID{}, id, n))
}

// Assign gives a person, who gets a device if there is none, a role in a space.
func (o *Office) Assign(person merge.PersonID, role directory.Role, space merge.SpaceID) {
	o.Device(person)
	n := directory.NewAssignment{Role: role, Scope: directory.InSpace(space)}
	must(o.tenant().Assign(context.Background(), merge.PersonID{}, person, n))
}

// AssignEverywhere gives a person a role in the organisation.
func (o *Office) AssignEverywhere(person merge.PersonID, role directory.Role) {
	o.Device(person)
	must(o.tenant().Assign(context.Background(), merge.PersonID{}, person, directory.NewAssignment{Role: role, Scope: directory.Everywhere()}))
}

func now() int64 { return time.Now().UnixMilli() }

// Device returns the person's device, which enrols if there is none.
func (o *Office) Device(person merge.PersonID) *Device { return o.enrolled(person, false) }

// Hub is Device of a person whose device is a hub.
func (o *Office) Hub(person merge.PersonID) *Device { return o.enrolled(person, true) }

func (o *Office) enrolled(person merge.PersonID, hub bool) *Device {
	o.mu.Lock()
	defer o.mu.Unlock()
	if d := o.devices[person]; d != nil {
		return d
	}
	ctx, key := context.Background(), must(credential.NewSoftwareKey(rand.Reader))
	guest := enrol.Guest{Home: o.home, Person: person, PersonName: person.String(), Hub: hub}
	isNew := must(o.Directory.View()).User(person) == nil
	if !isNew {
		guest.PersonName = ""
	}
	invitation, _, err := o.Door.InviteGuest(ctx, person, guest)
	try(err)
	if isNew && o.EverybodyFacilitates {
		n := directory.NewAssignment{Role: directory.Facilitator, Scope: directory.InProgramme(o.programme)}
		must(o.tenant().Assign(ctx, merge.PersonID{}, person, n))
	}
	ask := &enrol.Ask{Organisation: o.home.Organisation, Secret: invitation.Secret, Key: key.Public(), Label: "device"}
	ask.Signature = must(key.Sign(credential.EnrolMessage(ask.Organisation, ask.Secret, ask.Key, ask.Label)))
	id, _, err := o.Door.Enrol(ctx, ask)
	try(err)
	d := &Device{Identity: credential.Identity{Home: o.home, Device: id, Person: person}, Key: key, door: o.Door}
	o.devices[person] = d
	return d
}

// Header is the value of the Authorization header of the person's device.
func (o *Office) Header(person merge.PersonID) string {
	d := o.Device(person)
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, err := d.door.Caller(d.token); err != nil {
		nonce := must(d.door.Challenge(d.Identity.Device))
		signature := must(d.Key.Sign(credential.TokenMessage(d.Organisation, d.Identity.Device, nonce)))
		d.token = must(d.door.Token(context.Background(), d.Identity.Device, nonce, signature))
	}
	return "Bearer " + d.token
}

func must[T any](value T, err error) T {
	try(err)
	return value
}

func try(err error) {
	if err != nil {
		panic(err)
	}
}
