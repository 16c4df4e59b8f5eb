package auth

import (
	"slices"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1/adminv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1/enrolv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1/personsv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/signin/v1/signinv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// CallerKind is what a procedure asks of who calls it at all.
type CallerKind uint8

// The callers.
const (
	// Nobody knows a procedure without a caller: it is refused to all.
	Nobody CallerKind = iota
	// Anyone may call, known or not.
	Anyone
	// Member is a user who is active, by a device that is let in or a session.
	Member
	// TheOperator runs the server.
	TheOperator
)

// Where says in what a role is asked for.
type Where uint8

// The places of a role.
const (
	// Somewhere is anywhere in the caller's organisation. What a caller then
	// reaches is the handler's to bound.
	Somewhere Where = iota
	// InSpace is in each space that the request names.
	InSpace
	// InFigures is in the programme of the desk that the request names.
	InFigures
	// InRights is in each space that the request names, for a person's rights: of
	// what is in a counselling room its clinical supervisors see to them, of the rest
	// the data-protection officer of the organisation.
	InRights
)

// Need is what a procedure asks of its caller. If it asks for no role in a space,
// the space that a request names must be, have been or be going to be for the
// caller.
type Need struct {
	Caller CallerKind
	// Roles are those of which the caller has one now; none asks for none.
	Roles []directory.Role
	Where Where
	// Returns says that a device which calls is there again, if it was retired.
	Returns bool
	// Hub asks for a device that was enrolled as a hub.
	Hub bool
	// Fresh asks a session for a proof of the last minutes; see [Principal.Fresh].
	Fresh bool
}

// Roles that open a space, that settle in it, and that see to the directory.
var (
	opening  = []directory.Role{directory.Facilitator, directory.Coordinator, directory.Psychologist, directory.ClinicalSupervisor}
	settling = []directory.Role{directory.Coordinator, directory.ClinicalSupervisor}
	keeping  = []directory.Role{directory.Coordinator, directory.Administrator}
	looking  = []directory.Role{directory.Coordinator, directory.Administrator, directory.DataProtectionOfficer}
)

// needs has a line for each procedure that is served; what has none is refused.
//
// A tablet may bring what it wrote to each space that was ever for its user: what
// the user may not write now is kept back by the engine, and not lost. What it is
// shown is what the engine lets it read.
var needs = map[string]Need{
	syncv1connect.SyncServicePushProcedure:   {Caller: Member, Returns: true},
	syncv1connect.SyncServicePullProcedure:   {Caller: Member, Returns: true},
	syncv1connect.SyncServiceSyncProcedure:   {Caller: Member, Returns: true},
	syncv1connect.SyncServiceWatchProcedure:  {Caller: Member},
	syncv1connect.SyncServiceRepairProcedure: {Caller: Member},

	// It tells who may read what, and of all devices, those of counselling too.
	syncv1connect.AudienceServiceListAudiencesProcedure: {Caller: Member, Hub: true},

	syncv1connect.DeskServiceListDisagreementsProcedure: {Caller: Member, Roles: settling, Where: InSpace},
	syncv1connect.DeskServiceWriteProcedure:             {Caller: Member, Roles: settling, Where: InSpace},
	syncv1connect.DeskServiceListQuarantinedProcedure:   {Caller: Member, Roles: settling, Where: InSpace},
	syncv1connect.DeskServiceDismissProcedure:           {Caller: Member, Roles: settling, Where: InSpace},
	syncv1connect.DeskServiceAcceptProcedure:            {Caller: Member, Roles: settling, Where: InSpace},
	syncv1connect.DeskServiceListHistoryProcedure:       {Caller: Member, Roles: opening, Where: InSpace},
	syncv1connect.DeskServiceGetRecordAtProcedure:       {Caller: Member, Roles: opening, Where: InSpace},

	syncv1connect.DeskServiceSurveyProcedure:      {Caller: Member, Roles: settling, Where: InSpace},
	syncv1connect.DeskServiceListReviewProcedure:  {Caller: Member, Roles: settling, Where: InSpace},
	syncv1connect.DeskServiceListRecordsProcedure: {Caller: Member, Roles: opening, Where: InSpace},

	syncv1connect.RightsServiceEraseProcedure:  {Caller: Member, Roles: []directory.Role{directory.DataProtectionOfficer, directory.ClinicalSupervisor}, Where: InRights, Fresh: true},
	syncv1connect.RightsServiceExportProcedure: {Caller: Member, Roles: []directory.Role{directory.DataProtectionOfficer, directory.ClinicalSupervisor}, Where: InRights, Fresh: true},

	reportv1connect.ReportServiceListReportsProcedure: {Caller: Member, Roles: []directory.Role{directory.Coordinator, directory.MEL}},
	reportv1connect.ReportServiceReportProcedure:      {Caller: Member, Roles: []directory.Role{directory.Coordinator, directory.MEL}, Where: InFigures},
	// Who may have the figures as a file may publish them, and nobody can take that
	// back.
	reportv1connect.ReportServicePublishReportProcedure:    {Caller: Member, Roles: []directory.Role{directory.Coordinator, directory.MEL}, Where: InFigures, Fresh: true},
	reportv1connect.ReportServiceListPublicationsProcedure: {Caller: Member, Roles: []directory.Role{directory.Coordinator, directory.MEL}, Where: InFigures},
	reportv1connect.ReportServiceGetPublicationProcedure:   {Caller: Member, Roles: []directory.Role{directory.Coordinator, directory.MEL}, Where: InFigures},

	personsv1connect.PersonsServiceListPairsProcedure:  {Caller: Member, Roles: []directory.Role{directory.Coordinator}, Where: InSpace},
	personsv1connect.PersonsServiceCountPairsProcedure: {Caller: Member, Roles: []directory.Role{directory.Coordinator}, Where: InSpace},
	personsv1connect.PersonsServiceDecideProcedure:     {Caller: Member, Roles: []directory.Role{directory.Coordinator}, Where: InSpace},
	personsv1connect.PersonsServiceListPeopleProcedure: {Caller: Member, Roles: []directory.Role{directory.Coordinator}, Where: InSpace},
	personsv1connect.PersonsServiceGetPersonProcedure:  {Caller: Member, Roles: []directory.Role{directory.Coordinator}, Where: InSpace},

	// These are served on the operator's socket alone.
	adminv1connect.BackupServiceBackupProcedure:        {Caller: TheOperator},
	adminv1connect.BackupServiceConfirmBackupProcedure: {Caller: TheOperator},
	adminv1connect.SchemaServiceAddSchemaProcedure:     {Caller: TheOperator},
	adminv1connect.InvitationServiceInviteProcedure:    {Caller: TheOperator},
	adminv1connect.ExpiryServiceExpireProcedure:        {Caller: TheOperator},
	adminv1connect.LogServiceCutProcedure:              {Caller: TheOperator},
	adminv1connect.LogServiceSetRetentionProcedure:     {Caller: TheOperator},
	adminv1connect.SignInServiceMakeLinkProcedure:      {Caller: TheOperator},

	directoryv1connect.DirectoryServiceListProgrammesProcedure: {Caller: Member, Roles: looking},
	directoryv1connect.DirectoryServiceAddProgrammeProcedure:   {Caller: Member, Roles: []directory.Role{directory.Administrator}},
	directoryv1connect.DirectoryServiceListSpacesProcedure:     {Caller: Member, Roles: looking},
	directoryv1connect.DirectoryServiceAddSpaceProcedure:       {Caller: Member, Roles: []directory.Role{directory.Administrator}},
	directoryv1connect.DirectoryServiceListUsersProcedure:      {Caller: Member, Roles: looking},
	directoryv1connect.DirectoryServiceAddUserProcedure:        {Caller: Member, Roles: keeping},
	directoryv1connect.DirectoryServiceSetUserStatusProcedure:  {Caller: Member, Roles: []directory.Role{directory.Administrator}, Fresh: true},
	directoryv1connect.DirectoryServiceAssignProcedure:         {Caller: Member, Roles: keeping},
	directoryv1connect.DirectoryServiceEndAssignmentProcedure:  {Caller: Member, Roles: keeping},
	directoryv1connect.DirectoryServiceListDevicesProcedure:    {Caller: Member, Roles: looking},
	directoryv1connect.DirectoryServiceRevokeDeviceProcedure:   {Caller: Member, Roles: keeping, Fresh: true},
	directoryv1connect.DirectoryServiceRetireDeviceProcedure:   {Caller: Member, Roles: keeping},
	directoryv1connect.DirectoryServiceInviteDeviceProcedure:   {Caller: Member, Roles: keeping},
	directoryv1connect.DirectoryServiceListEventsProcedure:     {Caller: Member, Roles: []directory.Role{directory.Administrator, directory.DataProtectionOfficer}},
	directoryv1connect.DirectoryServiceWipeDeviceProcedure:     {Caller: Member, Roles: keeping, Fresh: true},
	directoryv1connect.DirectoryServiceUnlockDeviceProcedure:   {Caller: Member, Roles: keeping, Fresh: true},
	// It tells which counselling rooms there are, and who holds them.
	directoryv1connect.DirectoryServiceGetDeviceManifestProcedure: {Caller: Member, Roles: []directory.Role{directory.DataProtectionOfficer}, Fresh: true},

	// Who enrols or asks for a token proves itself with that.
	enrolv1connect.EnrolServiceEnrolProcedure:     {Caller: Anyone},
	enrolv1connect.EnrolServiceChallengeProcedure: {Caller: Anyone},
	enrolv1connect.EnrolServiceTokenProcedure:     {Caller: Anyone},

	// What is brought shows by itself which device has obeyed which order; a device
	// that is wiped has no key any more.
	enrolv1connect.WipeServiceDeliverProcedure: {Caller: Anyone},
	enrolv1connect.WipeServiceConfirmProcedure: {Caller: Anyone},

	// Who signs in proves it with a password, who signs out with the token.
	signinv1connect.SignInServiceSignInProcedure:  {Caller: Anyone},
	signinv1connect.SignInServiceSignOutProcedure: {Caller: Anyone},

	// Probes carry no identity, and the names of the services are no secret.
	"/grpc.health.v1.Health/Check":                                   {Caller: Anyone},
	"/grpc.health.v1.Health/Watch":                                   {Caller: Anyone},
	"/grpc.health.v1.Health/List":                                    {Caller: Anyone},
	"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo":      {Caller: Anyone},
	"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": {Caller: Anyone},
}

// NeedOf returns the line of a procedure.
func NeedOf(procedure string) (Need, bool) {
	need, ok := needs[procedure]
	return need, ok
}

// OpenTo tells whether a user has now, somewhere, what is asked for: whether there
// is any sense in showing the way to it.
func (n *Need) OpenTo(v *directory.View, person merge.PersonID, now int64) bool {
	return n.Caller == Member && v.Active(person) && (len(n.Roles) == 0 || v.Has(person, now, n.Roles...))
}

// met tells whether a user has what is asked for now, in the spaces of a request.
func (n *Need) met(v *directory.View, person merge.PersonID, spaces []merge.SpaceID, now int64) bool {
	if n.Where == Somewhere && len(n.Roles) > 0 && !v.Has(person, now, n.Roles...) {
		return false
	}
	if n.Where != Somewhere && len(spaces) == 0 {
		// No space, or what is none: the handler says what is wrong with it, to
		// whom it would be of use.
		return v.Has(person, now, n.Roles...)
	}
	return !slices.ContainsFunc(spaces, func(space merge.SpaceID) bool {
		switch n.Where {
		case InFigures:
			return !v.MayCount(person, space, now)
		case InRights:
			return !v.SeesToRights(person, space, now)
		case InSpace:
			return !v.HasIn(person, space, now, n.Roles...)
		}
		return !v.Knows(person, space)
	})
}
