package directory

import (
	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

var errLastAdministrator = fault.New(fault.Invalid, "the organisation would have no administrator, and nobody to name one: give the role to another user first")

// staysAdministered refuses to take the role from the last administrator of the
// tenant: nobody in it could give it again. One whose time will be over does not
// count, nor one whose time is to come.
func (t *Tenant) staysAdministered(w *writing, without merge.PersonID) error {
	if !w.view.Has(without, w.now, Administrator) {
		return nil
	}
	others := list(w.view, directoryv1.RowKind_ROW_KIND_USER, func(id merge.PersonID, user *directoryv1.User) bool {
		return id != without && OrganisationID(user.OrganisationId) == t.organisation && w.view.administersForGood(id, w.now)
	})
	if len(others) == 0 {
		return errLastAdministrator
	}
	w.restsOn(keyOf(directoryv1.RowKind_ROW_KIND_USER, others[0])) // who may be ended at the same time
	return nil
}

func (v *View) administersForGood(person merge.PersonID, now int64) bool {
	for _, a := range v.assignments(person, now) {
		if a.Role == Administrator && a.UntilMillis == 0 {
			return true
		}
	}
	return false
}
