package directory_test

import (
	"testing"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Nobody in an organisation without an administrator could name one.
func TestTheLastAdministratorStays(t *testing.T) {
	o := newOffice(t)
	ctx, nobody := t.Context(), merge.PersonID{}
	hanna, petro := o.user("Hanna"), o.user("Petro")
	administrator := func(user merge.PersonID, until int64) directory.AssignmentID {
		return must(o.tenant().Assign(ctx, nobody, user, directory.NewAssignment{Role: directory.Administrator, Scope: directory.Everywhere(), Until: until}))(t)
	}
	end := func(user merge.PersonID) error {
		return o.tenant().SetUserStatus(ctx, nobody, user, directoryv1.UserStatus_USER_STATUS_ENDED)
	}
	role := administrator(hanna, 0)
	administrator(petro, o.clock.Load()+1000) // soon over
	for what, err := range map[string]error{
		"the role":                   o.tenant().EndAssignment(ctx, nobody, hanna, role),
		"the user":                   end(hanna),
		"the role, as one's own act": o.tenant().EndAssignment(ctx, hanna, hanna, role),
	} {
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s of the last administrator was ended: %v", what, err)
		}
	}
	administrator(petro, 0)
	o.must(o.tenant().EndAssignment(ctx, nobody, hanna, role))
	if err := end(petro); fault.KindOf(err) != fault.Invalid {
		t.Errorf("the other, who is the last now, was ended: %v", err)
	}
	o.must(end(hanna))
	o.mustBeHealthy()
}
