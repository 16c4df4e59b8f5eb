package rpc

import (
	"crypto/rand"
	"testing"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

var (
	// stranger is a user of another organisation.
	stranger  = merge.PersonID{0x57}
	desk      = merge.SpaceID{0xde, 15: 2}
	elsewhere = merge.SpaceID{0xe1, 15: 2} // a community that was once for Olena
)

// officeOf makes an organisation in the directory of an engine; of one that is
// scripted, in a directory beside it. Olena and Taras are facilitators in the
// hall, Iryna coordinates it and the desk and supervises the room.
func officeOf(t *testing.T, of Engine) *directory.Directory {
	t.Helper()
	engine, real := of.(*syncengine.Engine)
	if !real {
		var err error
		engine, err = syncengine.Open(syncengine.Options{Memory: store.NewMemory(), Schema: trainingTypes(t), Random: rand.Reader, Now: func() int64 { return received }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { engine.Close() })
	}
	d, err := directory.Open(engine, func() int64 { return received }, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f := &founding{t: t, directory: d}
	f.found("Опора")
	f.space(hall, schemav1.SpaceKind_SPACE_KIND_COMMUNITY)
	f.space(elsewhere, schemav1.SpaceKind_SPACE_KIND_COMMUNITY)
	f.space(desk, schemav1.SpaceKind_SPACE_KIND_DESK)
	f.space(room, schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM)
	olenas := []directory.NewAssignment{
		{Role: directory.Facilitator, Scope: directory.InSpace(hall)},
		{Role: directory.Facilitator, Scope: directory.InSpace(elsewhere), Until: received - 1},
	}
	if !real { // spaces of which it is scripted what is wrong with them
		for _, id := range []merge.SpaceID{{2}, {3}} {
			f.space(id, schemav1.SpaceKind_SPACE_KIND_COMMUNITY)
			olenas = append(olenas, directory.NewAssignment{Role: directory.Facilitator, Scope: directory.InSpace(id)})
		}
	}
	f.user(olena, olenas...)
	f.user(taras, directory.NewAssignment{Role: directory.Facilitator, Scope: directory.InSpace(hall)})
	f.user(iryna, directory.NewAssignment{Role: directory.Coordinator, Scope: directory.InProgramme(f.programme)},
		directory.NewAssignment{Role: directory.ClinicalSupervisor, Scope: directory.InSpace(room)})
	f.found("Другі")
	f.user(stranger)
	return d
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
	f.organisation, f.administrator, err = f.directory.Found(f.t.Context(), name, name+" Administrator")
	f.must(err)
	f.tenant = f.directory.In(f.organisation)
	f.programme, err = f.tenant.AddProgramme(f.t.Context(), f.administrator, name+" Programme")
	f.must(err)
}

func (f *founding) space(id merge.SpaceID, kind schemav1.SpaceKind) {
	f.t.Helper()
	_, err := f.tenant.AddSpace(f.t.Context(), f.administrator, id, directory.NewSpace{Programme: f.programme, Kind: kind, Name: "Space"})
	f.must(err)
}

func (f *founding) user(id merge.PersonID, assignments ...directory.NewAssignment) {
	f.t.Helper()
	_, err := f.tenant.AddUser(f.t.Context(), f.administrator, id, "User")
	f.must(err)
	for _, n := range assignments {
		_, err := f.tenant.Assign(f.t.Context(), f.administrator, id, n)
		f.must(err)
	}
}
