package rpc

import (
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1/enrolv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1/personsv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/signin/v1/signinv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/syncengine/credential"
)

// bounds are what one procedure of the public port may take.
type bounds struct {
	// messageBytes bounds a request after decompression.
	messageBytes int
	// work bounds how long the handler may take, the reading of the request, the
	// waiting for its turn and the sending of the answer apart.
	work time.Duration
	// stream: it lasts as long as somebody listens, and takes no turn.
	stream bool
}

// The kinds of request. What one may ask for holds ids, a cursor and a word; the
// most are the 1,000 spaces of a watch, 18 KB.
const (
	askBytes    = 64 << 10
	writeBytes  = 512 << 10 // a change of 192 KiB, as JSON
	enrolBytes  = 16 << 10  // which anybody may send; it has a few hundred bytes
	probeBytes  = 4 << 10
	officeBytes = 4 << 10 // ids and a name
	// wipeBytes is for a piece of what a tablet has sealed, with its receipt, which
	// may come from anybody.
	wipeBytes = credential.PieceBytes + 4<<10

	workMost   = 30 * time.Second
	reportMost = time.Minute // it reads every register
	// eraseMost is for reading a whole log and writing the store together. What is
	// not done by then is gone on with.
	eraseMost = 10 * time.Minute
)

// procedures has a line for each procedure of the public port. One without a line
// is not served.
var procedures = map[string]bounds{
	syncv1connect.SyncServiceSyncProcedure:   {messageBytes: messageBytes, work: workMost},
	syncv1connect.SyncServicePushProcedure:   {messageBytes: messageBytes, work: workMost},
	syncv1connect.SyncServicePullProcedure:   {messageBytes: askBytes, work: workMost},
	syncv1connect.SyncServiceRepairProcedure: {messageBytes: askBytes, work: workMost},
	syncv1connect.SyncServiceWatchProcedure:  {messageBytes: askBytes, stream: true},

	syncv1connect.DeskServiceListDisagreementsProcedure: {messageBytes: askBytes, work: workMost},
	syncv1connect.DeskServiceWriteProcedure:             {messageBytes: writeBytes, work: workMost},
	syncv1connect.RightsServiceEraseProcedure:           {messageBytes: askBytes, work: eraseMost},
	syncv1connect.RightsServiceExportProcedure:          {messageBytes: askBytes, work: workMost},
	syncv1connect.DeskServiceListHistoryProcedure:       {messageBytes: askBytes, work: workMost},
	syncv1connect.DeskServiceGetRecordAtProcedure:       {messageBytes: askBytes, work: workMost},
	syncv1connect.DeskServiceListQuarantinedProcedure:   {messageBytes: askBytes, work: workMost},
	syncv1connect.DeskServiceDismissProcedure:           {messageBytes: askBytes, work: workMost},
	syncv1connect.DeskServiceAcceptProcedure:            {messageBytes: askBytes, work: workMost},
	syncv1connect.DeskServiceSurveyProcedure:            {messageBytes: askBytes, work: reportMost},
	syncv1connect.DeskServiceListReviewProcedure:        {messageBytes: askBytes, work: reportMost},
	syncv1connect.DeskServiceListRecordsProcedure:       {messageBytes: askBytes, work: workMost},

	syncv1connect.AudienceServiceListAudiencesProcedure:    {messageBytes: askBytes, work: workMost},
	reportv1connect.ReportServiceListReportsProcedure:      {messageBytes: probeBytes, work: workMost},
	reportv1connect.ReportServiceReportProcedure:           {messageBytes: askBytes, work: reportMost},
	reportv1connect.ReportServicePublishReportProcedure:    {messageBytes: askBytes, work: reportMost},
	reportv1connect.ReportServiceListPublicationsProcedure: {messageBytes: probeBytes, work: workMost},
	reportv1connect.ReportServiceGetPublicationProcedure:   {messageBytes: probeBytes, work: workMost},
	personsv1connect.PersonsServiceListPairsProcedure:      {messageBytes: askBytes, work: reportMost},
	personsv1connect.PersonsServiceCountPairsProcedure:     {messageBytes: askBytes, work: reportMost},
	personsv1connect.PersonsServiceDecideProcedure:         {messageBytes: askBytes, work: reportMost},
	personsv1connect.PersonsServiceListPeopleProcedure:     {messageBytes: askBytes, work: reportMost},
	personsv1connect.PersonsServiceGetPersonProcedure:      {messageBytes: askBytes, work: reportMost},

	directoryv1connect.DirectoryServiceListProgrammesProcedure:    {messageBytes: officeBytes, work: workMost},
	directoryv1connect.DirectoryServiceAddProgrammeProcedure:      {messageBytes: officeBytes, work: workMost},
	directoryv1connect.DirectoryServiceListSpacesProcedure:        {messageBytes: officeBytes, work: workMost},
	directoryv1connect.DirectoryServiceAddSpaceProcedure:          {messageBytes: officeBytes, work: workMost},
	directoryv1connect.DirectoryServiceListUsersProcedure:         {messageBytes: officeBytes, work: workMost},
	directoryv1connect.DirectoryServiceAddUserProcedure:           {messageBytes: officeBytes, work: workMost},
	directoryv1connect.DirectoryServiceSetUserStatusProcedure:     {messageBytes: officeBytes, work: workMost},
	directoryv1connect.DirectoryServiceAssignProcedure:            {messageBytes: officeBytes, work: workMost},
	directoryv1connect.DirectoryServiceEndAssignmentProcedure:     {messageBytes: officeBytes, work: workMost},
	directoryv1connect.DirectoryServiceListDevicesProcedure:       {messageBytes: officeBytes, work: workMost},
	directoryv1connect.DirectoryServiceRevokeDeviceProcedure:      {messageBytes: officeBytes, work: workMost},
	directoryv1connect.DirectoryServiceRetireDeviceProcedure:      {messageBytes: officeBytes, work: workMost},
	directoryv1connect.DirectoryServiceWipeDeviceProcedure:        {messageBytes: officeBytes, work: workMost},
	directoryv1connect.DirectoryServiceUnlockDeviceProcedure:      {messageBytes: officeBytes, work: workMost},
	directoryv1connect.DirectoryServiceGetDeviceManifestProcedure: {messageBytes: officeBytes, work: reportMost},
	directoryv1connect.DirectoryServiceInviteDeviceProcedure:      {messageBytes: officeBytes, work: workMost},
	directoryv1connect.DirectoryServiceListEventsProcedure:        {messageBytes: officeBytes, work: workMost},

	enrolv1connect.EnrolServiceEnrolProcedure:     {messageBytes: enrolBytes, work: workMost},
	enrolv1connect.EnrolServiceChallengeProcedure: {messageBytes: enrolBytes, work: workMost},
	enrolv1connect.EnrolServiceTokenProcedure:     {messageBytes: enrolBytes, work: workMost},

	enrolv1connect.WipeServiceDeliverProcedure: {messageBytes: wipeBytes, work: workMost},
	enrolv1connect.WipeServiceConfirmProcedure: {messageBytes: enrolBytes, work: workMost},

	signinv1connect.SignInServiceSignInProcedure:  {messageBytes: enrolBytes, work: workMost},
	signinv1connect.SignInServiceSignOutProcedure: {messageBytes: probeBytes, work: workMost},

	"/" + grpchealth.HealthV1ServiceName + "/Check": {messageBytes: probeBytes, work: workMost},
}

// wireBytes bounds the body of one request as it arrives. Batches are compressed
// already, so it is a message and room for its frames.
func (b bounds) wireBytes() int64 { return int64(b.messageBytes) + 4<<10 }

// bounded are the options by which Connect holds a procedure to its line.
func bounded(spec connect.Spec) []connect.HandlerOption {
	b := procedures[spec.Procedure]
	return []connect.HandlerOption{compression(b.messageBytes), connect.WithReadMaxBytes(b.messageBytes)}
}
