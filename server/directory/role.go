package directory

import (
	"slices"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Role is what somebody is; see zhurnal.directory.v1.Role.
type Role = directoryv1.Role

// The roles.
const (
	Facilitator           = directoryv1.Role_ROLE_FACILITATOR
	Psychologist          = directoryv1.Role_ROLE_PSYCHOLOGIST
	ClinicalSupervisor    = directoryv1.Role_ROLE_CLINICAL_SUPERVISOR
	Coordinator           = directoryv1.Role_ROLE_COORDINATOR
	MEL                   = directoryv1.Role_ROLE_MEL
	DataProtectionOfficer = directoryv1.Role_ROLE_DATA_PROTECTION_OFFICER
	Administrator         = directoryv1.Role_ROLE_ADMINISTRATOR
)

// The kinds of space.
const (
	community = schemav1.SpaceKind_SPACE_KIND_COMMUNITY
	desk      = schemav1.SpaceKind_SPACE_KIND_DESK
	room      = schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM
)

// opened are the kinds of space that a role may read and write, where its scope
// has them. A role that is not here opens none.
var opened = map[Role][]schemav1.SpaceKind{
	Facilitator:        {community},
	Coordinator:        {community, desk},
	Psychologist:       {room},
	ClinicalSupervisor: {room},
}

// isFor tells whether an assignment is for a space of its user's organisation. A
// counselling room is nobody's by its programme or place.
func isFor(a *directoryv1.Assignment, id merge.SpaceID, s *directoryv1.Space) bool {
	if !slices.Contains(opened[a.Role], s.Kind) {
		return false
	}
	switch scope := a.GetScope().GetOf().(type) {
	case *directoryv1.Scope_SpaceId:
		return string(scope.SpaceId) == string(id[:])
	case *directoryv1.Scope_ProgrammeId:
		return s.Kind != room && string(scope.ProgrammeId) == string(s.ProgrammeId)
	case *directoryv1.Scope_PCode:
		return s.Kind != room && scope.PCode == s.PCode
	}
	return false
}

// holds tells whether an assignment is in force at a time.
func holds(a *directoryv1.Assignment, now int64) bool {
	return a.FromMillis <= now && (a.UntilMillis == 0 || now < a.UntilMillis)
}

// Active tells whether there is such a user who has not ended.
func (v *View) Active(person merge.PersonID) bool {
	return v.User(person).GetStatus() == directoryv1.UserStatus_USER_STATUS_ACTIVE
}

// Knows tells whether a space is, was or will be for a user, whatever the time
// and the user's status: who has written there may bring it, and it is kept until
// access says otherwise. Every other space is to the user as if there were none.
func (v *View) Knows(person merge.PersonID, id merge.SpaceID) bool {
	s, user := v.Space(id), v.User(person)
	if s == nil || user == nil || string(s.OrganisationId) != string(user.OrganisationId) {
		return false
	}
	return slices.ContainsFunc(user.Assignments, func(a *directoryv1.Assignment) bool { return isFor(a, id, s) })
}

// assignments returns what a user is at a time; nothing, once the user has ended.
func (v *View) assignments(person merge.PersonID, now int64) (held []*directoryv1.Assignment) {
	if !v.Active(person) {
		return nil
	}
	for _, a := range v.User(person).Assignments {
		if holds(a, now) {
			held = append(held, a)
		}
	}
	return held
}

// Has tells whether a user has one of the roles at a time, wherever.
func (v *View) Has(person merge.PersonID, now int64, roles ...Role) bool {
	return slices.ContainsFunc(v.assignments(person, now), func(a *directoryv1.Assignment) bool { return slices.Contains(roles, a.Role) })
}

// HasIn tells whether one of the roles opens a space to a user at a time.
func (v *View) HasIn(person merge.PersonID, space merge.SpaceID, now int64, roles ...Role) bool {
	s, user := v.Space(space), v.User(person)
	if s == nil || user == nil || string(s.OrganisationId) != string(user.OrganisationId) {
		return false
	}
	return slices.ContainsFunc(v.assignments(person, now), func(a *directoryv1.Assignment) bool {
		return slices.Contains(roles, a.Role) && isFor(a, space, s)
	})
}

// coordinates returns the programmes of which a user is coordinator at a time.
func (v *View) coordinates(person merge.PersonID, now int64) map[ProgrammeID]bool {
	programmes := map[ProgrammeID]bool{}
	for _, a := range v.assignments(person, now) {
		if id := a.GetScope().GetProgrammeId(); a.Role == Coordinator && len(id) == 16 {
			programmes[ProgrammeID(id)] = true
		}
	}
	return programmes
}

// MayCount tells whether a user may have the figures of the programme of a desk
// at a time: its coordinators, and who monitors the programme or the organisation.
func (v *View) MayCount(person merge.PersonID, id merge.SpaceID, now int64) bool {
	s, user := v.Space(id), v.User(person)
	if s == nil || user == nil || s.Kind != desk || string(s.OrganisationId) != string(user.OrganisationId) {
		return false
	}
	return v.HasIn(person, id, now, Coordinator) || slices.ContainsFunc(v.assignments(person, now), func(a *directoryv1.Assignment) bool {
		return a.Role == MEL && (a.GetScope().GetOrganisation() || string(a.GetScope().GetProgrammeId()) == string(s.ProgrammeId))
	})
}

// CountedWith returns the spaces of the programme of a desk.
func (v *View) CountedWith(desk merge.SpaceID) map[merge.SpaceID]bool {
	counted, of := map[merge.SpaceID]bool{}, v.Space(desk)
	for key, row := range v.rows {
		if s, ok := row.message.(*directoryv1.Space); ok && string(s.ProgrammeId) == string(of.GetProgrammeId()) {
			counted[idOf[merge.SpaceID](key)] = true
		}
	}
	return counted
}

// WaitedFor returns the users of whom something should come for the figures of a
// desk, in the order of their ids: those with a device that is active, for whom a
// community or desk of its programme is, was or will be. Whose devices are all
// retired is not waited for; and of counselling nobody is told who is in it.
func (v *View) WaitedFor(desk merge.SpaceID) []merge.PersonID {
	counted := v.CountedWith(desk)
	for id := range counted {
		if v.Space(id).Kind == room {
			delete(counted, id)
		}
	}
	has := map[merge.PersonID]bool{}
	for _, row := range v.rows {
		if d, ok := row.message.(*directoryv1.Device); ok && d.Status == directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE {
			has[merge.PersonID(d.UserId)] = true
		}
	}
	return list(v, directoryv1.RowKind_ROW_KIND_USER, func(id merge.PersonID, _ *directoryv1.User) bool {
		if !has[id] || !v.Active(id) {
			return false
		}
		for space := range counted {
			if v.Knows(id, space) {
				return true
			}
		}
		return false
	})
}
