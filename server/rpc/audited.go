package rpc

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1/adminv1connect"
	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1/enrolv1connect"
	personsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1/personsv1connect"
	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/signin/v1/signinv1connect"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Auditor keeps who did what; see package audit. What it cannot keep is answered
// with an error.
type Auditor interface {
	Append(ctx context.Context, events ...audit.Event) error
}

// What is kept of what the services do. Package signin has its own.
const (
	recordsRead                 = audit.RecordsRead
	recordsSettle  audit.Action = "records.settle"
	recordsDismiss audit.Action = "records.dismiss"
	recordsAccept  audit.Action = "records.accept" // kept back, and somebody vouched for it
	recordsExpire  audit.Action = "records.expire"
	personErase    audit.Action = "person.erase"
	personExport   audit.Action = "person.export"
	personLink     audit.Action = "person.link" // what somebody said of two registrations, or took back
	figuresRead    audit.Action = "figures.read"
	figuresPublish audit.Action = "figures.publish"
	directoryRead  audit.Action = "directory.read"
	directoryWrite audit.Action = "directory.write"
	roleGive       audit.Action = "role.give"
	roleEnd        audit.Action = "role.end"
	userStatus     audit.Action = "user.status"
	deviceEnrol    audit.Action = "device.enrol"
	deviceRevoke   audit.Action = "device.revoke"
	deviceRetire   audit.Action = "device.retire"
	deviceWipe     audit.Action = "device.wipe" // ordered
	deviceManifest audit.Action = "device.manifest"
	deviceWiped    audit.Action = "device.wiped"  // by its receipt
	deviceUnlock   audit.Action = "device.unlock" // for as many days as it counts
	inviteMake     audit.Action = "invitation.make"
	auditRead      audit.Action = "audit.read"
	registerCopy   audit.Action = "register.backup"
	registerCut    audit.Action = "register.cut"
	registerTypes  audit.Action = "register.types"

	// notKept is for procedures of which nothing is kept: their line says why.
	notKept audit.Action = ""
)

// audited has a line for each procedure.
var audited = map[string]audit.Action{
	syncv1connect.SyncServiceSyncProcedure:   recordsRead,
	syncv1connect.SyncServicePullProcedure:   recordsRead,
	syncv1connect.SyncServiceRepairProcedure: recordsRead,
	syncv1connect.SyncServicePushProcedure:   notKept, // the register's own log says who wrote what
	syncv1connect.SyncServiceWatchProcedure:  notKept, // it tells of positions alone

	syncv1connect.AudienceServiceListAudiencesProcedure: directoryRead,

	syncv1connect.DeskServiceListDisagreementsProcedure: recordsRead,
	syncv1connect.DeskServiceListHistoryProcedure:       recordsRead,
	syncv1connect.DeskServiceGetRecordAtProcedure:       recordsRead,
	syncv1connect.DeskServiceListQuarantinedProcedure:   recordsRead,
	syncv1connect.DeskServiceSurveyProcedure:            figuresRead,
	syncv1connect.DeskServiceListReviewProcedure:        recordsRead,
	syncv1connect.DeskServiceListRecordsProcedure:       recordsRead,
	syncv1connect.DeskServiceWriteProcedure:             recordsSettle,
	syncv1connect.DeskServiceDismissProcedure:           recordsDismiss,
	syncv1connect.DeskServiceAcceptProcedure:            recordsAccept,
	syncv1connect.RightsServiceEraseProcedure:           personErase,
	syncv1connect.RightsServiceExportProcedure:          personExport,

	reportv1connect.ReportServiceListReportsProcedure:      notKept, // the catalogue is the program's
	reportv1connect.ReportServiceReportProcedure:           figuresRead,
	reportv1connect.ReportServicePublishReportProcedure:    figuresPublish,
	reportv1connect.ReportServiceListPublicationsProcedure: notKept, // what was read of them is
	reportv1connect.ReportServiceGetPublicationProcedure:   figuresRead,

	personsv1connect.PersonsServiceListPairsProcedure:  recordsRead,
	personsv1connect.PersonsServiceCountPairsProcedure: notKept, // it tells of nobody
	personsv1connect.PersonsServiceDecideProcedure:     personLink,
	personsv1connect.PersonsServiceListPeopleProcedure: recordsRead,
	personsv1connect.PersonsServiceGetPersonProcedure:  recordsRead,

	directoryv1connect.DirectoryServiceListProgrammesProcedure:    directoryRead,
	directoryv1connect.DirectoryServiceListSpacesProcedure:        directoryRead,
	directoryv1connect.DirectoryServiceListUsersProcedure:         directoryRead,
	directoryv1connect.DirectoryServiceListDevicesProcedure:       directoryRead,
	directoryv1connect.DirectoryServiceAddProgrammeProcedure:      directoryWrite,
	directoryv1connect.DirectoryServiceAddSpaceProcedure:          directoryWrite,
	directoryv1connect.DirectoryServiceAddUserProcedure:           directoryWrite,
	directoryv1connect.DirectoryServiceSetUserStatusProcedure:     userStatus,
	directoryv1connect.DirectoryServiceAssignProcedure:            roleGive,
	directoryv1connect.DirectoryServiceEndAssignmentProcedure:     roleEnd,
	directoryv1connect.DirectoryServiceRevokeDeviceProcedure:      deviceRevoke,
	directoryv1connect.DirectoryServiceRetireDeviceProcedure:      deviceRetire,
	directoryv1connect.DirectoryServiceWipeDeviceProcedure:        deviceWipe,
	directoryv1connect.DirectoryServiceUnlockDeviceProcedure:      deviceUnlock,
	directoryv1connect.DirectoryServiceGetDeviceManifestProcedure: deviceManifest,
	directoryv1connect.DirectoryServiceInviteDeviceProcedure:      inviteMake,
	directoryv1connect.DirectoryServiceListEventsProcedure:        auditRead,

	enrolv1connect.EnrolServiceEnrolProcedure:     deviceEnrol,
	enrolv1connect.EnrolServiceChallengeProcedure: notKept, // it is nothing by itself
	enrolv1connect.EnrolServiceTokenProcedure:     notKept, // what the device then reads is kept

	enrolv1connect.WipeServiceDeliverProcedure: notKept, // the receipt for it is
	enrolv1connect.WipeServiceConfirmProcedure: deviceWiped,

	signinv1connect.SignInServiceSignInProcedure:  notKept, // package signin keeps it
	signinv1connect.SignInServiceSignOutProcedure: notKept, // the same

	adminv1connect.BackupServiceBackupProcedure:        registerCopy,
	adminv1connect.BackupServiceConfirmBackupProcedure: notKept, // that it was made is kept
	adminv1connect.ExpiryServiceExpireProcedure:        recordsExpire,
	adminv1connect.LogServiceCutProcedure:              registerCut,
	adminv1connect.LogServiceSetRetentionProcedure:     registerCut,
	adminv1connect.SchemaServiceAddSchemaProcedure:     registerTypes,
	adminv1connect.InvitationServiceInviteProcedure:    inviteMake,
	adminv1connect.SignInServiceMakeLinkProcedure:      notKept, // package signin keeps it
}

// keeping is the interceptor that has the log keep what was done, before its
// answer goes out. A request that was refused is kept too, with the kind of its
// error.
type keeping struct{ log Auditor }

var _ connect.Interceptor = keeping{}

func (k keeping) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		resp, err := next(ctx, req)
		action := audited[req.Spec().Procedure]
		if k.log == nil || action == notKept {
			return resp, err
		}
		var answer any
		if err == nil {
			answer = resp.Any()
		}
		if kept := k.log.Append(context.WithoutCancel(ctx), eventsOf(ctx, action, req.Any(), answer, err)...); err == nil && kept != nil {
			return nil, kept
		}
		return resp, err
	}
}

func (k keeping) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		if action := audited[conn.Spec().Procedure]; k.log != nil && action != notKept {
			if err := k.log.Append(ctx, callerOf(ctx, action)); err != nil {
				return err
			}
		}
		return next(ctx, conn)
	}
}

func (k keeping) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// callerOf is an event with who did it.
func callerOf(ctx context.Context, action audit.Action) audit.Event {
	e := audit.Event{Action: action}
	who, err := auth.Caller(ctx)
	if err != nil {
		return e
	}
	e.By = who.Person.String()
	if who.Operator {
		return e
	}
	e.Organisation = who.Organisation.String()
	if who.Device != (credential.DeviceID{}) {
		e.Device = who.Device.String()
	}
	return e
}

// eventsOf describes a request and its answer: one event, or one for each space
// of which something was given.
func eventsOf(ctx context.Context, action audit.Action, request, answer any, err error) []audit.Event {
	e := callerOf(ctx, action)
	if err != nil {
		e.Outcome = strings.ToLower(strings.TrimPrefix(syncv1.FaultKind(fault.KindOf(err)).String(), "FAULT_KIND_"))
	}
	spaces := nameIn(&e, request)
	switch given := answer.(type) {
	case *enrolv1.EnrolResponse:
		e.Person, e.Target = hex.EncodeToString(given.PersonId), hex.EncodeToString(given.DeviceId)
	case *syncv1.SyncResponse:
		return givenBySync(e, given)
	case *syncv1.PullResponse:
		e.Count, e.Position = countOf(given.Page), given.Page.GetPosition()
		return some(e)
	case *directoryv1.UnlockDeviceResponse:
		e.Count = int(given.Days)
	case *personsv1.ListPairsResponse:
		e.Count = 2 * len(given.Pairs)
		return some(e)
	case *personsv1.ListPeopleResponse:
		e.Count = len(given.People)
		return some(e)
	case *syncv1.RepairResponse:
		e.Count = len(given.Rows)
		return some(e)
	case *syncv1.ListRecordsResponse:
		e.Count = len(given.Records)
	case *reportv1.PublishReportResponse:
		e.Detail = fmt.Sprintf("%d/%d", given.Publication.GetYear(), given.Publication.GetNumber())
	case *reportv1.GetPublicationResponse:
		e.Detail = fmt.Sprintf("%d/%d", given.Publication.GetYear(), given.Publication.GetNumber())
	case *syncv1.SurveyResponse: // numbers of all of them together
		e.Space, e.Count = "", len(given.Spaces)
		return []audit.Event{e}
	case *syncv1.ListReviewResponse:
		return givenInReview(e, given)
	}
	if len(spaces) < 2 {
		return []audit.Event{e}
	}
	var events []audit.Event
	for _, space := range spaces {
		e.Space = space.String()
		events = append(events, e)
	}
	return events
}

// some leaves out that nothing was given.
func some(e audit.Event) []audit.Event {
	if e.Count == 0 {
		return nil
	}
	return []audit.Event{e}
}

func givenBySync(e audit.Event, given *syncv1.SyncResponse) (events []audit.Event) {
	for _, space := range given.Spaces {
		e.Space, e.Count, e.Position = hex.EncodeToString(space.SpaceId), countOf(space.Page), space.Page.GetPosition()
		events = append(events, some(e)...)
	}
	return events
}

// givenInReview is an event for each space of which items were given.
func givenInReview(e audit.Event, given *syncv1.ListReviewResponse) (events []audit.Event) {
	for i, item := range given.Items {
		e.Count++
		if i+1 == len(given.Items) || !bytes.Equal(item.SpaceId, given.Items[i+1].SpaceId) {
			e.Space = hex.EncodeToString(item.SpaceId)
			events, e.Count = append(events, e), 0
		}
	}
	return events
}

// countOf is how many changes and rows a page has.
func countOf(p *syncv1.Page) int {
	count := len(p.GetRows())
	for _, entry := range p.GetEntries() {
		count += int(entry.Positions)
	}
	return count
}

// nameIn takes the ids out of a request, by the names of its fields, and returns
// the spaces. Nothing else of a request is looked at: what is not 16 bytes is no
// id, and not kept.
func nameIn(e *audit.Event, request any) (spaces []merge.SpaceID) {
	m, ok := request.(proto.Message)
	if !ok {
		return nil
	}
	m.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		name := string(field.Name())
		switch {
		case field.IsList() || field.IsMap():
		case field.Kind() == protoreflect.MessageKind && (name == "record" || name == "wiped" || name == "receipt"):
			nameIn(e, value.Message().Interface())
		case field.Kind() == protoreflect.BytesKind && len(value.Bytes()) == len(merge.RecordID{}):
			nameOne(e, name, hex.EncodeToString(value.Bytes()))
		}
		return true
	})
	if spaces = auth.SpacesOf(request, true); len(spaces) > 0 {
		e.Space = spaces[0].String()
	}
	return spaces
}

func nameOne(e *audit.Event, field, id string) {
	switch field {
	case "record_id":
		e.Record = id
	case "subject_id", "user_id", "person_id", "first_person_id":
		e.Person = id
	case "second_person_id", "device_id", "assignment_id", "programme_id":
		e.Target = id
	}
}
