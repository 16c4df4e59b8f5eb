package rpc

import (
	"context"
	"net/http"
	"testing"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/server/auth"
	pages "github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// asking is a console without pages.
type asking struct{ services connect.HTTPClient }

func (a *asking) Ask(services connect.HTTPClient)            { a.services = services }
func (*asking) ServeHTTP(http.ResponseWriter, *http.Request) {}
func (*asking) Places(auth.Principal) []pages.Place          { return nil }
func (*asking) IsStream(*http.Request) bool                  { return false }

// keptHere is a log of who did what.
type keptHere struct{ events []audit.Event }

func (k *keptHere) Append(_ context.Context, events ...audit.Event) error {
	k.events = append(k.events, events...)
	return nil
}

// What a page asks from inside is judged as what comes by the network, and kept in
// the same log.
func TestWhatIsAskedFromInsideIsJudgedAndKept(t *testing.T) {
	var console asking
	var kept keptHere
	r := openRegisterWith(t, func(o *Options) { o.Console, o.Audit = &console, &kept })
	if _, err := r.push(olena, hall, titled(t, olena, hall, "Перша допомога")); err != nil {
		t.Fatal(err)
	}
	kept.events = nil
	view, err := office.Directory.View()
	if err != nil {
		t.Fatal(err)
	}
	inside := func(who merge.PersonID, fresh bool) context.Context {
		return auth.As(t.Context(), auth.Principal{
			Person: who, Organisation: credential.OrganisationID(view.User(who).OrganisationId), Session: auth.SessionID{1}, Proven: fresh,
		})
	}
	desk := syncv1connect.NewDeskServiceClient(console.services, "http://within")
	ask := &syncv1.ListRecordsRequest{SpaceId: hall[:]}
	listed, err := desk.ListRecords(inside(iryna, false), connect.NewRequest(ask))
	if err != nil || len(listed.Msg.Records) != 1 {
		t.Fatalf("%v, %v", listed, err)
	}
	if _, err := desk.ListRecords(inside(protector, false), connect.NewRequest(ask)); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("whose role opens no register: %v", err)
	}
	if _, err := desk.ListRecords(t.Context(), connect.NewRequest(ask)); connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("nobody: %v", err)
	}
	known := directoryv1connect.NewDirectoryServiceClient(console.services, "http://within")
	device := office.Device(olena).Identity.Device
	if _, err := known.RevokeDevice(inside(iryna, false), connect.NewRequest(&directoryv1.RevokeDeviceRequest{DeviceId: device[:]})); err == nil {
		t.Error("revoked without a fresh proof")
	}
	if len(kept.events) < 3 || kept.events[0].Action != recordsRead || kept.events[0].By != iryna.String() || kept.events[0].Count != 1 || kept.events[1].Outcome != "no_access" {
		t.Errorf("kept: %+v", kept.events)
	}
	watch, err := syncv1connect.NewSyncServiceClient(console.services, "http://within").Watch(inside(iryna, false), connect.NewRequest(&syncv1.WatchRequest{SpaceIds: [][]byte{hall[:]}}))
	if err != nil {
		t.Fatal(err)
	}
	if !watch.Receive() || merge.SpaceID(watch.Msg().SpaceId) != hall {
		t.Errorf("a stream: %v, %v", watch.Msg(), watch.Err())
	}
	if err := watch.Close(); err != nil {
		t.Error(err)
	}
}
