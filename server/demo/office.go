package demo

import (
	"context"
	"fmt"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/demo/season"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// office is the organisation of the season in the server's directory.
type office struct {
	*directory.Tenant
	administrator merge.PersonID
	programme     directory.ProgrammeID
	known         *directory.Directory
}

// found makes the programme, in the organisation that came to be with the first
// invitation: the coordinator's, who is its administrator.
func (r *playthrough) found(ctx context.Context) (*office, error) {
	o := &office{Tenant: r.host.known.In(r.host.organisation), administrator: r.desk.who, known: r.host.known}
	var err error
	o.programme, err = o.AddProgramme(ctx, o.administrator, r.season.Programme.Implementer)
	return o, err
}

// roles are what somebody is in a space of a kind.
var roles = map[schemav1.SpaceKind]directory.Role{
	schemav1.SpaceKind_SPACE_KIND_COMMUNITY:        directory.Facilitator,
	schemav1.SpaceKind_SPACE_KIND_DESK:             directory.Coordinator,
	schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM: directory.Psychologist,
}

// letIn makes a space, and gives people roles that open it.
func (r *playthrough) letIn(ctx context.Context, o *office, s *season.Space) error {
	id := r.chance.id("space/" + string(s.Name))
	r.ids.set(s.Name.Space(), id)
	if s.Kind == schemav1.SpaceKind_SPACE_KIND_DESK {
		r.desk.space = id
	}
	n := directory.NewSpace{Programme: o.programme, Kind: s.Kind, Name: r.called.spaces[s.Name]}
	if _, err := o.AddSpace(ctx, o.administrator, id, n); err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	for _, name := range s.People {
		person, err := r.ids.of(name.Person())
		if err == nil {
			err = o.assign(ctx, person, r.called.users[name], directory.NewAssignment{Role: r.roleIn(s, name), Scope: directory.InSpace(id)})
		}
		if err != nil {
			return fmt.Errorf("give %s a role in %s: %w", name, s.Name, err)
		}
	}
	return nil
}

// roleIn is what somebody is in a space.
func (r *playthrough) roleIn(s *season.Space, name season.Name) directory.Role {
	switch {
	case name != r.season.Coordinator:
		return roles[s.Kind]
	case s.Kind == schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM:
		return directory.ClinicalSupervisor
	}
	return directory.Coordinator
}

// assign gives a person a role, who becomes a user with the first.
func (o *office) assign(ctx context.Context, person merge.PersonID, name string, n directory.NewAssignment) error {
	view, err := o.known.View()
	if err != nil {
		return err
	}
	if view.User(person) == nil {
		if _, err := o.AddUser(ctx, o.administrator, person, name); err != nil {
			return err
		}
	}
	_, err = o.Assign(ctx, o.administrator, person, n)
	return err
}
