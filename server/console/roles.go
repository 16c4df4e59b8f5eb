package console

import (
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/directory"
)

// Roles by which spaces are found for a page: those of the procedures that are
// then asked.
var (
	openingRoles  = rolesFor(syncv1connect.DeskServiceListHistoryProcedure)
	settlingRoles = rolesFor(syncv1connect.DeskServiceListDisagreementsProcedure)
)

func rolesFor(procedure string) []directory.Role {
	need, _ := auth.NeedOf(procedure)
	return need.Roles
}
