package console

import (
	"slices"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
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

// deskRoles are those of people at a desk.
var deskRoles = slices.Concat(settlingRoles, rolesFor(directoryv1connect.DirectoryServiceAddProgrammeProcedure))

func rolesFor(procedure string) []directory.Role {
	need, _ := auth.NeedOf(procedure)
	return need.Roles
}
