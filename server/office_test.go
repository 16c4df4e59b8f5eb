package main

import (
	"crypto/rand"
	"testing"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/ops"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// coordinator is one in every office.
var coordinator = merge.PersonID(mergetest.ID16("coordinator"))

// openOffice makes an organisation in the register of a server that is stopped,
// with one space that is for these people and for a coordinator.
func openOffice(t *testing.T, dir string, kind schemav1.SpaceKind, space merge.SpaceID, people ...merge.PersonID) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	types, err := catalogue.Types()
	check(err)
	master, _, err := ops.ReadOrMakeKey(dir, "")
	check(err)
	engine, err := syncengine.Open(syncengine.Options{Dir: dir, Master: master, Schema: types, Now: nowMillis, Random: rand.Reader})
	check(err)
	d, err := directory.Open(engine, nowMillis, rand.Reader)
	check(err)
	view, err := d.View()
	check(err)
	administrator := merge.PersonID{}
	if len(view.Organisations()) == 0 {
		_, administrator, err = d.AddFirst(t.Context(), directory.First{Organisation: "Опора", Name: "Administrator", Account: directory.ByPassword("administrator", "none")})
		check(err)
		view, err = d.View()
		check(err)
	}
	tenant := d.In(view.Organisations()[0])
	programme, err := tenant.AddProgramme(t.Context(), administrator, "Спільно")
	check(err)
	_, err = tenant.AddSpace(t.Context(), administrator, space, directory.NewSpace{Programme: programme, Kind: kind, Name: "Space"})
	check(err)
	role := map[schemav1.SpaceKind]directory.Role{
		schemav1.SpaceKind_SPACE_KIND_COMMUNITY: directory.Facilitator, schemav1.SpaceKind_SPACE_KIND_DESK: directory.Coordinator,
	}[kind]
	for _, person := range people {
		if view.User(person) == nil {
			_, err := tenant.AddUser(t.Context(), administrator, person, "User")
			check(err)
		}
		_, err = tenant.Assign(t.Context(), administrator, person, directory.NewAssignment{Role: role, Scope: directory.InSpace(space)})
		check(err)
	}
	_, err = tenant.AddUser(t.Context(), administrator, coordinator, "Coordinator")
	check(err)
	_, err = tenant.Assign(t.Context(), administrator, coordinator, directory.NewAssignment{Role: directory.Coordinator, Scope: directory.InProgramme(programme)})
	check(err)
	check(engine.Close())
}

// protect makes a data-protection officer in the register of a server that is
// stopped.
func protect(t *testing.T, dir string, officer merge.PersonID) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	types, err := catalogue.Types()
	check(err)
	master, _, err := ops.ReadOrMakeKey(dir, "")
	check(err)
	engine, err := syncengine.Open(syncengine.Options{Dir: dir, Master: master, Schema: types, Now: nowMillis, Random: rand.Reader})
	check(err)
	d, err := directory.Open(engine, nowMillis, rand.Reader)
	check(err)
	view, err := d.View()
	check(err)
	tenant := d.In(view.Organisations()[0])
	_, err = tenant.AddUser(t.Context(), merge.PersonID{}, officer, "Officer")
	check(err)
	_, err = tenant.Assign(t.Context(), merge.PersonID{}, officer, directory.NewAssignment{Role: directory.DataProtectionOfficer, Scope: directory.Everywhere()})
	check(err)
	check(engine.Close())
}
