package directory

import (
	"context"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// First is with whom a register begins: an organisation, and its administrator
// with one way to sign in.
type First struct {
	Organisation string
	Name         string
	User         merge.PersonID // zero: gets an id
	Account      *directoryv1.SignInAccount
}

// ErrNotFirst says that the register has an administrator, who lets others in.
var ErrNotFirst = fault.New(fault.Invalid, "the register has an administrator, who lets others in")

// AddFirst makes an organisation and its administrator, whole or not at all. It
// is an error as soon as any organisation has one.
func (d *Directory) AddFirst(ctx context.Context, f First) (organisation OrganisationID, user merge.PersonID, err error) {
	if user = f.User; user == (merge.PersonID{}) {
		if user, err = newID[merge.PersonID](d.random); err != nil {
			return organisation, user, err
		}
	}
	if organisation, err = newID[OrganisationID](d.random); err != nil {
		return organisation, user, err
	}
	assignment, err := newID[AssignmentID](d.random)
	if err != nil {
		return organisation, user, err
	}
	if err := checkName("organisation", f.Organisation); err != nil {
		return organisation, user, err
	}
	if err := checkName("user", f.Name); err != nil {
		return organisation, user, err
	}
	return organisation, user, d.change(ctx, merge.PersonID{}, func(w *writing) error {
		return w.putFirst(f, organisation, user, assignment)
	})
}

func (w *writing) putFirst(f First, organisation OrganisationID, user merge.PersonID, assignment AssignmentID) error {
	if w.view.HasAdministrator() {
		return ErrNotFirst
	}
	row := &directoryv1.User{
		OrganisationId: organisation[:], Name: f.Name, Status: directoryv1.UserStatus_USER_STATUS_ACTIVE,
		Assignments: []*directoryv1.Assignment{{
			AssignmentId: assignment[:], Role: directoryv1.Role_ROLE_ADMINISTRATOR, GivenMillis: w.now,
			Scope: &directoryv1.Scope{Of: &directoryv1.Scope_Organisation{Organisation: true}},
		}},
	}
	if err := claim(w, row, user, f.Account); err != nil {
		return err
	}
	if err := w.put(keyOf(directoryv1.RowKind_ROW_KIND_ORGANISATION, organisation), &directoryv1.Organisation{Name: f.Organisation}, syncengine.NotLasting); err != nil {
		return err
	}
	return w.put(keyOf(directoryv1.RowKind_ROW_KIND_USER, user), row, syncengine.NotLasting)
}

// HasAdministrator tells whether anybody was ever made an administrator. That
// the last of them has ended does not open the first start again: whoever runs
// the server makes a link for a user instead.
func (v *View) HasAdministrator() bool {
	for key, row := range v.rows {
		if kindOf(key) != directoryv1.RowKind_ROW_KIND_USER {
			continue
		}
		for _, a := range row.message.(*directoryv1.User).Assignments {
			if a.Role == directoryv1.Role_ROLE_ADMINISTRATOR {
				return true
			}
		}
	}
	return false
}
