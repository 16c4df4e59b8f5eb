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
	// Organisation is its name; left out where one is there already.
	Organisation string
	Name         string
	User         merge.PersonID // zero: gets an id
	Account      *directoryv1.SignInAccount
}

// ErrNotFirst says that the register has an administrator, who lets others in.
var ErrNotFirst = fault.New(fault.Invalid, "the register has an administrator, who lets others in")

// OnlyOrganisation returns the one that there is; false if there is none.
func (v *View) OnlyOrganisation() (OrganisationID, bool, error) {
	switch there := v.Organisations(); len(there) {
	case 0:
		return OrganisationID{}, false, nil
	case 1:
		return there[0], true, nil
	default:
		return OrganisationID{}, false, fault.New(fault.Invalid, "there are %d organisations, and none has an administrator: make a link for a user of one of them (--user)", len(there))
	}
}

// AddFirst makes an organisation and its administrator, whole or not at all; the
// administrator alone, if there is one organisation. It is an error as soon as any
// organisation has one.
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
	if err := checkName("user", f.Name); err != nil {
		return organisation, user, err
	}
	err = d.change(ctx, merge.PersonID{}, func(w *writing) error {
		there, is, err := w.view.OnlyOrganisation()
		switch {
		case w.view.HasAdministrator():
			return ErrNotFirst
		case err != nil:
			return err
		case is:
			organisation = there
		default:
			if err := checkName("organisation", f.Organisation); err != nil {
				return err
			}
			if err := w.put(keyOf(directoryv1.RowKind_ROW_KIND_ORGANISATION, organisation), &directoryv1.Organisation{Name: f.Organisation}, syncengine.NotLasting); err != nil {
				return err
			}
		}
		return w.putFirst(f, organisation, user, assignment)
	})
	return organisation, user, err
}

// firstKey is where it is written who was first. No name has it: each is a hash.
var firstKey = keyOf(directoryv1.RowKind_ROW_KIND_SIGN_IN_NAME, [16]byte{})

func (w *writing) putFirst(f First, organisation OrganisationID, user merge.PersonID, assignment AssignmentID) error {
	row := &directoryv1.User{
		OrganisationId: organisation[:], Name: f.Name, Status: directoryv1.UserStatus_USER_STATUS_ACTIVE,
		Assignments: []*directoryv1.Assignment{{
			AssignmentId: assignment[:], Role: Administrator, Scope: Everywhere(), GivenMillis: w.now,
		}},
	}
	if err := claim(w, row, user, f.Account); err != nil {
		return err
	}
	// Of many who are first at once, one is: it is one row.
	if err := w.put(firstKey, &directoryv1.SignInName{UserId: user[:]}, syncengine.NotLasting); err != nil {
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
			if a.Role == Administrator {
				return true
			}
		}
	}
	return false
}
