package rpc

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"connectrpc.com/authn"
	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// officeWorld is one of the two tenants of a server, and its directory.
type officeWorld struct {
	*tenantWorld
	office directoryv1connect.DirectoryServiceClient
	mine   *tenant
}

func newOfficeWorld(t *testing.T) *officeWorld {
	w := newTenantWorld(t)
	return &officeWorld{w, directoryv1connect.NewDirectoryServiceClient(w.client, w.url), w.tenants[0]}
}

// by is the header of a request that somebody with a role makes.
func (w *officeWorld) by(role string) http.Header {
	w.t.Helper()
	i := slices.IndexFunc(w.mine.callers, func(c asker) bool { return c.role == role })
	if i < 0 {
		w.t.Fatalf("nobody is %s", role)
	}
	return http.Header{"Authorization": {w.mine.callers[i].authorization}}
}

// header is that of a request from a user's tablet.
func (w *officeWorld) header(user [16]byte) http.Header {
	return http.Header{"Authorization": {w.mine.office.Header(user)}}
}

// statusOf is that of a device, as an administrator sees it.
func (w *officeWorld) statusOf(device [16]byte) directoryv1.DeviceStatus {
	w.t.Helper()
	listed, err := w.office.ListDevices(w.t.Context(), with(w.by("administrator"), &directoryv1.ListDevicesRequest{}))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range listed.Msg.Devices {
		if [16]byte(d.DeviceId) == device {
			return d.Status
		}
	}
	w.t.Fatalf("there is no device %x", device)
	return 0
}

func (w *officeWorld) syncs(header http.Header) error {
	community := w.mine.places[0].space
	resp, err := w.sync.Sync(w.t.Context(), with(header, &syncv1.SyncRequest{Spaces: []*syncv1.SpaceUp{{SpaceId: community[:]}}}))
	if err == nil && resp.Msg.Spaces[0].Fault != nil {
		err = fmt.Errorf("%s", resp.Msg.Spaces[0].Fault.Message)
	}
	return err
}

// missing lists of whom the figures have nothing yet.
func (w *officeWorld) missing() (missing [][]byte) {
	w.t.Helper()
	reports := reportv1connect.NewReportServiceClient(w.client, w.url)
	desk := w.mine.places[1].space
	resp, err := reports.Report(w.t.Context(), with(w.by("coordinator"), &reportv1.ReportRequest{DeskSpaceId: desk[:], Report: "overview"}))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, row := range table.FromWire(resp.Msg.Document).Table("recorders").Rows {
		if row.Cells[1].State != table.None {
			continue
		}
		id, err := hex.DecodeString(row.Key)
		if err != nil {
			w.t.Fatal(err)
		}
		missing = append(missing, id)
	}
	return missing
}

// A tablet that lies in a drawer is not waited for any more. It has lost nothing:
// when somebody takes it out it syncs, and is waited for again.
func TestARetiredTabletIsNotWaitedForAndComesBack(t *testing.T) {
	w := newOfficeWorld(t)
	tablet := w.header(w.mine.victim)
	retire := func(retired bool) {
		t.Helper()
		_, err := w.office.RetireDevice(t.Context(), with(w.by("coordinator"), &directoryv1.RetireDeviceRequest{DeviceId: w.mine.victimDevice[:], Retired: retired}))
		if err != nil {
			t.Fatal(err)
		}
	}
	waitedFor := func(when string, want bool) {
		t.Helper()
		mustBe(t, when+" it is waited for", slices.ContainsFunc(w.missing(), func(id []byte) bool { return [16]byte(id) == w.mine.victim }), want)
	}
	waitedFor("at first", true)
	retire(true)
	mustBe(t, "retired", w.statusOf(w.mine.victimDevice), directoryv1.DeviceStatus_DEVICE_STATUS_RETIRED)
	waitedFor("retired", false)
	retire(false)
	waitedFor("taken back", true)
	retire(true)
	if err := w.syncs(tablet); err != nil {
		t.Fatal(err)
	}
	mustBe(t, "after a sync", w.statusOf(w.mine.victimDevice), directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE)
	waitedFor("after a sync", true)
}

// A tablet that was lost is let in no more from the moment on.
func TestARevokedTabletIsLetInNoMore(t *testing.T) {
	w := newOfficeWorld(t)
	tablet := w.header(w.mine.victim)
	if err := w.syncs(tablet); err != nil {
		t.Fatal(err)
	}
	revoke := &directoryv1.RevokeDeviceRequest{DeviceId: w.mine.victimDevice[:]}
	for range 2 { // the answer to the first may have been lost
		if _, err := w.office.RevokeDevice(t.Context(), with(w.by("coordinator"), revoke)); err != nil {
			t.Fatal(err)
		}
	}
	mustBe(t, "the tablet", connect.CodeOf(w.syncs(tablet)), connect.CodeUnauthenticated)
	_, err := w.office.RetireDevice(t.Context(), with(w.by("coordinator"), &directoryv1.RetireDeviceRequest{DeviceId: w.mine.victimDevice[:], Retired: true}))
	mustBe(t, "it is not made retired", connect.CodeOf(err), connect.CodeInvalidArgument)
}

// A coordinator sees to the facilitators of the own programmes, and to nothing
// else; what is not for the coordinator is as if it were not there.
func TestACoordinatorSeesToFacilitatorsOfTheOwnProgrammes(t *testing.T) {
	w := newOfficeWorld(t)
	ctx, room := t.Context(), w.mine.places[2].space
	added, err := w.office.AddUser(ctx, with(w.by("coordinator"), &directoryv1.AddUserRequest{Name: "Ганна", ProgrammeId: w.mine.programme[:]}))
	if err != nil {
		t.Fatal(err)
	}
	mustBe(t, "who was added syncs", w.syncs(w.header([16]byte(added.Msg.UserId))), nil)
	inProgramme := func(id [16]byte) *directoryv1.Scope { return directory.InProgramme(id) }
	idOf := func(role string) []byte {
		i := slices.IndexFunc(w.mine.callers, func(c asker) bool { return c.role == role })
		return w.mine.callers[i].id[:]
	}
	assign := func(by string, user []byte, role directory.Role, scope *directoryv1.Scope) connect.Code {
		_, err := w.office.Assign(ctx, with(w.by(by), &directoryv1.AssignRequest{UserId: user, Role: role, Scope: scope}))
		return codeOf(err)
	}
	user := added.Msg.UserId
	for name, c := range map[string]struct {
		have, want connect.Code
	}{
		"the own programme":            {assign("coordinator", user, directory.Facilitator, inProgramme(w.mine.programme)), 0},
		"another programme":            {assign("coordinator", user, directory.Facilitator, inProgramme(w.mine.programme2)), connect.CodeNotFound},
		"a place":                      {assign("coordinator", user, directory.Facilitator, directory.InPlace("UA14")), connect.CodeNotFound},
		"another role":                 {assign("coordinator", user, directory.Coordinator, inProgramme(w.mine.programme)), connect.CodeInvalidArgument},
		"an administrator":             {assign("coordinator", user, directory.Administrator, directory.Everywhere()), connect.CodeInvalidArgument},
		"who is of no programme":       {assign("coordinator", idOf("without a role"), directory.Facilitator, inProgramme(w.mine.programme)), connect.CodeNotFound},
		"another programme's":          {assign("of another programme", user, directory.Facilitator, inProgramme(w.mine.programme2)), connect.CodeNotFound},
		"a facilitator":                {assign("facilitator", user, directory.Facilitator, inProgramme(w.mine.programme)), connect.CodeNotFound},
		"who looks after data":         {assign("data protection", user, directory.Facilitator, inProgramme(w.mine.programme)), connect.CodeNotFound},
		"a psychologist by programme":  {assign("administrator", user, directory.Psychologist, inProgramme(w.mine.programme)), connect.CodeInvalidArgument},
		"an administrator, by a place": {assign("administrator", user, directory.Administrator, directory.InPlace("UA14")), connect.CodeInvalidArgument},
		"a psychologist in the room":   {assign("administrator", user, directory.Psychologist, directory.InSpace(room)), 0},
	} {
		if c.have != c.want {
			t.Errorf("%s: %v, want %v", name, c.have, c.want)
		}
	}
	listed, err := w.office.ListUsers(ctx, with(w.by("coordinator"), &directoryv1.ListUsersRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range listed.Msg.Users {
		if string(u.UserId) == string(idOf("psychologist")) || string(u.UserId) == string(idOf("administrator")) {
			t.Errorf("a coordinator sees %s", u.Name)
		}
		for _, a := range u.Assignments {
			if a.Role == directory.Psychologist {
				t.Errorf("a coordinator sees that %s is a psychologist", u.Name)
			}
		}
	}
	// A coordinator's word is not enough for a tablet of who is more than that.
	_, err = w.office.RevokeDevice(ctx, with(w.by("of another programme"), &directoryv1.RevokeDeviceRequest{DeviceId: w.mine.victimDevice[:]}))
	mustBe(t, "a tablet of another programme", connect.CodeOf(err), connect.CodeNotFound)
}

// codeOf is zero if it went well.
func codeOf(err error) connect.Code {
	if err == nil {
		return 0
	}
	return connect.CodeOf(err)
}

// told is a stream of which nothing but its ends is real.
type told struct {
	connect.StreamingHandlerConn
	sent int
}

func (*told) Spec() connect.Spec {
	return connect.Spec{Procedure: syncv1connect.SyncServiceWatchProcedure}
}
func (*told) Receive(any) error { return nil }
func (s *told) Send(any) error  { s.sent++; return nil }

// Who watches hears no more once the user has ended or the tablet was revoked:
// the stream itself ends, before its next word.
func TestAStreamEndsWithItsUserAndItsTablet(t *testing.T) {
	for name, end := range map[string]func(w *officeWorld) error{
		"user": func(w *officeWorld) error {
			return w.directory.In(w.organisation()).SetUserStatus(t.Context(), auth.Operator, w.mine.victim, directoryv1.UserStatus_USER_STATUS_ENDED)
		},
		"tablet": func(w *officeWorld) error {
			return w.directory.In(w.organisation()).SetDeviceStatus(t.Context(), auth.Operator, w.mine.victimDevice, directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED)
		},
	} {
		w, conn := newOfficeWorld(t), new(told)
		ctx := authn.SetInfo(t.Context(), auth.Principal{Person: w.mine.victim, Organisation: w.organisation(), Device: w.mine.victimDevice})
		err := auth.NewGuard(w.directory, func() int64 { return received }).WrapStreamingHandler(func(_ context.Context, conn connect.StreamingHandlerConn) error {
			if err := errors.Join(conn.Receive(new(syncv1.WatchRequest)), conn.Send(nil), end(w)); err != nil {
				return err
			}
			return conn.Send(nil)
		})(ctx, conn)
		if fault.KindOf(err) != fault.Unauthenticated || conn.sent != 1 {
			t.Errorf("%s: %d messages, %v", name, conn.sent, err)
		}
	}
}

// organisation is the id of the tenant.
func (w *officeWorld) organisation() directory.OrganisationID {
	w.t.Helper()
	view, err := w.directory.View()
	if err != nil {
		w.t.Fatal(err)
	}
	return directory.OrganisationID(view.User(w.mine.victim).OrganisationId)
}

// Pages of a list go on where the last one ended.
func TestAListIsReadPageByPage(t *testing.T) {
	var ids [][16]byte
	for i := range 2*listedMax + 3 {
		ids = append(ids, [16]byte{byte(i >> 8), byte(i)})
	}
	var seen [][16]byte
	token := ""
	for pages := 0; ; pages++ {
		of, next, err := page(ids, token)
		if err != nil || len(of) > listedMax || pages > 3 {
			t.Fatalf("page %d: %d ids, %v", pages, len(of), err)
		}
		seen = append(seen, of...)
		if token = next; token == "" {
			break
		}
	}
	if !slices.Equal(seen, ids) {
		t.Errorf("%d ids of %d", len(seen), len(ids))
	}
	for _, odd := range []string{"x", "00", "zz"} {
		if _, _, err := page(ids, odd); err == nil {
			t.Errorf("%q is taken for a token", odd)
		}
	}
}
