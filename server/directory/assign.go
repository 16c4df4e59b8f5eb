package directory

import (
	"context"
	"slices"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// NewAssignment is a role that a user is to have.
type NewAssignment struct {
	Role  Role
	Scope *directoryv1.Scope
	From  int64 // milliseconds since 1970; zero for always
	Until int64 // zero for open
}

// InProgramme is the scope of one programme, without its counselling rooms.
func InProgramme(id ProgrammeID) *directoryv1.Scope {
	return &directoryv1.Scope{Of: &directoryv1.Scope_ProgrammeId{ProgrammeId: id[:]}}
}

// InPlace is the scope of one community, by its p-code.
func InPlace(pCode string) *directoryv1.Scope {
	return &directoryv1.Scope{Of: &directoryv1.Scope_PCode{PCode: pCode}}
}

// InSpace is the scope of one space.
func InSpace(id merge.SpaceID) *directoryv1.Scope {
	return &directoryv1.Scope{Of: &directoryv1.Scope_SpaceId{SpaceId: id[:]}}
}

// Everywhere is the scope of the whole organisation.
func Everywhere() *directoryv1.Scope {
	return &directoryv1.Scope{Of: &directoryv1.Scope_Organisation{Organisation: true}}
}

// Assign gives a user of the tenant a role.
func (t *Tenant) Assign(ctx context.Context, by, user merge.PersonID, n NewAssignment) (AssignmentID, error) {
	id, err := newID[AssignmentID](t.directory.random)
	if err != nil {
		return id, err
	}
	if n.From < 0 || n.Until < 0 || n.Until != 0 && n.Until <= n.From {
		return id, fault.New(fault.Invalid, "assignment: it would end before it begins")
	}
	return id, t.directory.change(ctx, by, func(w *writing) error {
		row, key, err := of[*directoryv1.User](t, w, directoryv1.RowKind_ROW_KIND_USER, user, "user")
		p := t.powersIn(w)
		switch {
		case err != nil:
			return err
		case !p.changes && !p.seesUser(row):
			return errNotHere("user")
		case !p.changes && n.Role != Facilitator:
			return fault.New(fault.Invalid, "assignment: a coordinator gives the role of a facilitator alone; ask an administrator")
		case !p.changes && !p.within(n.Scope):
			return errNotHere("programme or space")
		case row.Status != directoryv1.UserStatus_USER_STATUS_ACTIVE:
			return fault.New(fault.Invalid, "assignment: the user has ended; take that back first")
		}
		if err := t.checkScope(w, n.Role, n.Scope); err != nil {
			return err
		}
		row.Assignments = append(row.Assignments, &directoryv1.Assignment{
			AssignmentId: id[:], Role: n.Role, Scope: n.Scope, FromMillis: n.From, UntilMillis: n.Until,
			GivenBy: w.byOrNobody(), GivenMillis: w.now,
		})
		return w.put(key, row, syncengine.NotLasting)
	})
}

// checkScope refuses a scope in which the role would mean nothing, and one of
// what is not the tenant's.
func (t *Tenant) checkScope(w *writing, role Role, scope *directoryv1.Scope) error {
	kinds := opened[role]
	switch of := scope.GetOf().(type) {
	case *directoryv1.Scope_Organisation:
		if of.Organisation && (role == MEL || role == DataProtectionOfficer || role == Administrator) {
			return nil
		}
	case *directoryv1.Scope_ProgrammeId:
		if role == MEL || len(kinds) > 0 && !slices.Equal(kinds, []schemav1.SpaceKind{room}) {
			return t.checkProgramme(w, of.ProgrammeId)
		}
	case *directoryv1.Scope_PCode:
		if slices.Contains(kinds, community) {
			return checkPCode(of.PCode)
		}
	case *directoryv1.Scope_SpaceId:
		if len(kinds) > 0 {
			return t.checkSpace(w, kinds, of.SpaceId)
		}
	}
	return fault.New(fault.Invalid, "assignment: a facilitator or coordinator has a programme, a p-code or a space; "+
		"a psychologist or supervisor one counselling room by its id; monitoring a programme or the organisation; others the organisation")
}

func (t *Tenant) checkProgramme(w *writing, id []byte) error {
	if len(id) != 16 {
		return errNotHere("programme")
	}
	_, key, err := of[*directoryv1.Programme](t, w, directoryv1.RowKind_ROW_KIND_PROGRAMME, ProgrammeID(id), "programme")
	if err == nil {
		w.restsOn(key)
	}
	return err
}

func (t *Tenant) checkSpace(w *writing, kinds []schemav1.SpaceKind, id []byte) error {
	if len(id) != 16 {
		return errNotHere("space")
	}
	space, key, err := of[*directoryv1.Space](t, w, directoryv1.RowKind_ROW_KIND_SPACE, merge.SpaceID(id), "space")
	if err != nil {
		return err
	}
	if !slices.Contains(kinds, space.Kind) {
		return fault.New(fault.Invalid, "assignment: the role does not open a space of that kind")
	}
	w.restsOn(key)
	return nil
}

// EndAssignment ends one role of a user of the tenant now, or takes it away
// where it has not begun. One that has ended stays as it is.
func (t *Tenant) EndAssignment(ctx context.Context, by, user merge.PersonID, id AssignmentID) error {
	return t.directory.change(ctx, by, func(w *writing) error {
		row, key, err := of[*directoryv1.User](t, w, directoryv1.RowKind_ROW_KIND_USER, user, "user")
		if err != nil {
			return err
		}
		p := t.powersIn(w)
		i := slices.IndexFunc(row.Assignments, func(a *directoryv1.Assignment) bool { return string(a.AssignmentId) == string(id[:]) })
		switch {
		case !p.changes && !p.seesUser(row):
			return errNotHere("user")
		case i < 0 || !p.changes && (row.Assignments[i].Role != Facilitator || !p.within(row.Assignments[i].Scope)):
			return errNotHere("assignment")
		}
		switch a := row.Assignments[i]; {
		case a.FromMillis > w.now:
			row.Assignments = slices.Delete(row.Assignments, i, i+1)
		case a.UntilMillis == 0 || a.UntilMillis > w.now:
			if a.Role == Administrator {
				if err := t.staysAdministered(w, user); err != nil {
					return err
				}
			}
			a.UntilMillis = w.now
		default:
			return nil
		}
		return w.put(key, row, syncengine.NotLasting)
	})
}
