package rpc

import (
	"testing"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol/enroltest"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

var (
	desk      = merge.SpaceID{0xde, 15: 2}
	elsewhere = merge.SpaceID{0xe1, 15: 2} // a community to which nobody was given access
	stranger  = merge.PersonID{0x57}       // to whom nothing was given
	protector = merge.PersonID{0xd0}       // who sees to people's rights
)

// office is where everybody of these tests has a device, and what its people are
// allows all that they ask. What they are then given is up to the engine, which
// is another for each test.
var office = newOffice()

func newOffice() *enroltest.Office {
	o := enroltest.New()
	o.EverybodyFacilitates = true
	for _, id := range []merge.SpaceID{hall, elsewhere, {1}, {2}, {3}, {4}, merge.SpaceID([]byte(canaryBytes))} {
		o.Space(id, schemav1.SpaceKind_SPACE_KIND_COMMUNITY)
	}
	o.Space(desk, schemav1.SpaceKind_SPACE_KIND_DESK)
	o.Space(room, schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM)
	o.Assign(iryna, directory.Coordinator, hall)
	o.Assign(iryna, directory.Coordinator, desk)
	o.Assign(iryna, directory.ClinicalSupervisor, room)
	o.AssignEverywhere(protector, directory.DataProtectionOfficer)
	return o
}

// founding makes an organisation, step by step.
type founding struct {
	t             testing.TB
	directory     *directory.Directory
	organisation  directory.OrganisationID
	tenant        *directory.Tenant
	administrator merge.PersonID
	programme     directory.ProgrammeID
}

func (f *founding) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *founding) found(name string) {
	f.t.Helper()
	var err error
	f.organisation, err = f.directory.AddOrganisation(f.t.Context(), merge.PersonID{}, name)
	f.must(err)
	f.tenant = f.directory.In(f.organisation)
	f.administrator, err = f.tenant.AddUser(f.t.Context(), merge.PersonID{}, merge.PersonID{}, name+" Administrator")
	f.must(err)
	_, err = f.tenant.Assign(f.t.Context(), merge.PersonID{}, f.administrator, directory.NewAssignment{Role: directory.Administrator, Scope: directory.Everywhere()})
	f.must(err)
	f.programme, err = f.tenant.AddProgramme(f.t.Context(), f.administrator, name+" Programme")
	f.must(err)
}
