package directory

import (
	"slices"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// By returns the tenant as one of its users may see and change it: an
// administrator all of it; a data-protection officer sees all of it; a
// coordinator, of the programmes that are coordinated, what facilitators are
// there and have. What is not for the user is as if it were not there.
func (t *Tenant) By(user merge.PersonID) *Tenant {
	return &Tenant{directory: t.directory, organisation: t.organisation, keeper: &user}
}

// powers are what somebody may do in a tenant at a time.
type powers struct {
	view       *View
	sees       bool // all there is
	changes    bool // all there is
	programmes map[ProgrammeID]bool
}

// powers returns what the one may do for whom the tenant is.
func (t *Tenant) powers(v *View, now int64) powers {
	if t.keeper == nil {
		return powers{view: v, sees: true, changes: true}
	}
	p := powers{view: v, changes: v.Has(*t.keeper, now, Administrator), programmes: v.coordinates(*t.keeper, now)}
	p.sees = p.changes || v.Has(*t.keeper, now, DataProtectionOfficer)
	return p
}

// powersIn is powers for a change, which holds only as long as the one who asks
// for it is what it was judged by.
func (t *Tenant) powersIn(w *writing) powers {
	if t.keeper != nil {
		w.restsOn(keyOf(directoryv1.RowKind_ROW_KIND_USER, *t.keeper))
	}
	return t.powers(w.view, w.now)
}

// within tells whether a scope lies in the programmes that are coordinated. That
// of a place does not, since a place may be of several; and a counselling room is
// not a coordinator's.
func (p *powers) within(scope *directoryv1.Scope) bool {
	switch of := scope.GetOf().(type) {
	case *directoryv1.Scope_ProgrammeId:
		return len(of.ProgrammeId) == 16 && p.programmes[ProgrammeID(of.ProgrammeId)]
	case *directoryv1.Scope_SpaceId:
		return len(of.SpaceId) == 16 && p.seesSpace(merge.SpaceID(of.SpaceId))
	}
	return false
}

func (p *powers) seesSpace(id merge.SpaceID) bool {
	s := p.view.Space(id)
	return s != nil && (p.sees || s.Kind != room && p.programmes[ProgrammeID(s.ProgrammeId)])
}

// assignments returns those that may be seen.
func (p *powers) assignments(user *directoryv1.User) (seen []*directoryv1.Assignment) {
	for _, a := range user.Assignments {
		if p.sees || p.within(a.Scope) {
			seen = append(seen, a)
		}
	}
	return seen
}

func (p *powers) seesUser(user *directoryv1.User) bool { return p.sees || len(p.assignments(user)) > 0 }

// changesDevicesOf tells whether devices of a user may be revoked and retired: by
// a coordinator, those of facilitators of the own programmes, who are nothing
// else now.
func (p *powers) changesDevicesOf(id merge.PersonID, now int64) bool {
	user := p.view.User(id)
	if user == nil || p.changes {
		return p.changes
	}
	facilitates := slices.ContainsFunc(p.assignments(user), func(a *directoryv1.Assignment) bool { return a.Role == Facilitator })
	return facilitates && !slices.ContainsFunc(p.view.assignments(id, now), func(a *directoryv1.Assignment) bool { return a.Role != Facilitator })
}

// mine lists the ids of the tenant's rows of a kind that may be seen, in their
// order.
func mine[ID ~[16]byte, M owned](t *Tenant, v *View, kind directoryv1.RowKind, seen func(ID, M) bool) []ID {
	return list(v, kind, func(id ID, row M) bool {
		return string(row.GetOrganisationId()) == string(t.organisation[:]) && seen(id, row)
	})
}

// Listed is what of a tenant is to be seen at one moment.
type Listed struct {
	View   *View
	tenant *Tenant
	powers powers
}

// List returns what is to be seen now.
func (t *Tenant) List() (*Listed, error) {
	view, err := t.directory.View()
	if err != nil {
		return nil, err
	}
	return &Listed{view, t, t.powers(view, t.directory.now())}, nil
}

// Organisation is whose directory it is.
func (l *Listed) Organisation() OrganisationID { return l.tenant.organisation }

// Programmes lists ids in their order.
func (l *Listed) Programmes() []ProgrammeID {
	return mine(l.tenant, l.View, directoryv1.RowKind_ROW_KIND_PROGRAMME, func(id ProgrammeID, _ *directoryv1.Programme) bool {
		return l.powers.sees || l.powers.programmes[id]
	})
}

// Spaces lists ids in their order.
func (l *Listed) Spaces() []merge.SpaceID {
	return mine(l.tenant, l.View, directoryv1.RowKind_ROW_KIND_SPACE, func(id merge.SpaceID, _ *directoryv1.Space) bool { return l.powers.seesSpace(id) })
}

// Users lists ids in their order.
func (l *Listed) Users() []merge.PersonID {
	return mine(l.tenant, l.View, directoryv1.RowKind_ROW_KIND_USER, func(_ merge.PersonID, user *directoryv1.User) bool { return l.powers.seesUser(user) })
}

// Assignments returns what is to be seen of what a user is.
func (l *Listed) Assignments(id merge.PersonID) []*directoryv1.Assignment {
	user := l.View.User(id)
	if user == nil || OrganisationID(user.OrganisationId) != l.tenant.organisation {
		return nil
	}
	return l.powers.assignments(user)
}

// Devices lists ids in their order.
func (l *Listed) Devices() []DeviceID {
	return mine(l.tenant, l.View, directoryv1.RowKind_ROW_KIND_DEVICE, func(_ DeviceID, d *directoryv1.Device) bool {
		user := l.View.User(merge.PersonID(d.UserId))
		return user != nil && l.powers.seesUser(user)
	})
}
