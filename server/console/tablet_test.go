package console

import (
	"context"
	"crypto/rand"
	"errors"
	"html"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// ownTablet is a tablet that has enrolled, with a register of the first community.
type ownTablet struct {
	*office
	*clientsdk.Register
	home  syncv1connect.SyncServiceClient
	link  *link
	me    merge.PersonID
	ahead int64 // milliseconds that its clock is fast
}

// enrol takes an invitation for a tablet.
func (o *office) enrol(invitation, label string) *ownTablet {
	o.Helper()
	key, err := credential.NewSoftwareKey(rand.Reader)
	o.must(err)
	read, err := clientsdk.ParseInvitation(invitation)
	o.must(err)
	identity, err := clientsdk.Enrol(o.Context(), read, label, key, http.DefaultClient)
	o.must(err)
	t := &ownTablet{office: o, me: merge.PersonID(identity.Person), link: &link{}}
	t.link.left.Store(1 << 30)
	t.home, err = clientsdk.HomeClient(identity, key, &http.Client{Transport: t.link})
	o.must(err)
	t.Register, err = clientsdk.Open(o.Context(), clientsdk.Options{
		Memory: localstore.NewMemory(), Key: make([]byte, 32), Author: clientsdk.PersonID(t.me), Schema: o.types,
		Clock: func() int64 { return o.now() + t.ahead }, Random: rand.Reader, AppVersion: "1.4.0",
	})
	o.must(err)
	o.Cleanup(func() { _ = t.Close() })
	o.must(t.Join(o.Context(), o.hall, schemav1.SpaceKind_SPACE_KIND_COMMUNITY))
	return t
}

// link is the way of a tablet to the server, over which so many more syncs come
// through.
type link struct{ left atomic.Int32 }

func (l *link) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == syncv1connect.SyncServiceSyncProcedure && l.left.Add(-1) < 0 {
		return nil, errors.New("the link is cut")
	}
	return http.DefaultTransport.RoundTrip(r)
}

// invited is a tablet of somebody who signs in by a login.
func (o *office) invited(login, label string) *ownTablet {
	o.Helper()
	invitation, err := o.door.Invite(o.Context(), o.admin, credential.Home{Server: o.url, Organisation: o.org}, o.people[login], 1)
	o.must(err)
	return o.enrol(invitation.Text(), label)
}

// put writes records, and returns the id of the last.
func (t *ownTablet) put(messages ...proto.Message) (id merge.RecordID) {
	t.Helper()
	_, err := t.Write(t.Context(), t.hall, func(tx *clientsdk.Tx) error {
		for _, msg := range messages {
			put, err := tx.Create(msg)
			if t.types.Plan(string(msg.ProtoReflect().Descriptor().FullName())).Keyed() {
				put, err = tx.Put(msg)
			}
			if err != nil {
				return err
			}
			id = merge.RecordID(put)
		}
		return nil
	})
	t.must(err)
	return id
}

func (t *ownTablet) sync() {
	t.Helper()
	result, err := t.Sync(context.WithoutCancel(t.Context()), t.home)
	t.must(err)
	t.must(result.Err())
}

// A sync that was cut leaves behind what the tablet said then.
func TestWhatStillWaitsInATabletIsShown(t *testing.T) {
	o := newOffice(t)
	tablet := o.invited("facilitator", "Планшет 7")
	for range 12 { // more than one request carries
		var events []proto.Message
		for range 10 {
			events = append(events, &recordsv1.Event{Description: strings.Repeat("ж", 4000)})
		}
		tablet.put(events...)
	}
	tablet.link.left.Store(1)
	if _, err := tablet.Sync(t.Context(), tablet.home); err == nil {
		t.Fatal("everything came through at once")
	}
	shown := o.signIn("coordinator").get(devicesPath)
	found := regexp.MustCompile(`<span class="chip warn">(\d+)</span> <span class="small faint">since `).FindStringSubmatch(shown.body)
	if found == nil || found[1] == "0" || found[1] == "12" {
		t.Fatalf("of 12 changes there wait %v:\n%s", found, shown.body)
	}
	tablet.link.left.Store(1 << 30)
	tablet.sync()
	o.signIn("coordinator").get(devicesPath).mustNotHave("since ")
}

func TestATabletIsInvitedAndSeen(t *testing.T) {
	o := newOffice(t)
	b := o.signIn("coordinator")
	b.get("/invitations").mustBe(http.StatusOK, "/invitations", "Олена Ведуча")
	shown := b.post("/invitations", "user", o.people["facilitator"].String())
	shown.mustBe(http.StatusOK, shown.path, "code.png", "zhurnal:")
	picture := b.get(shown.path + "/code.png")
	if picture.header.Get("Content-Type") != "image/png" || len(picture.body) < 500 {
		t.Errorf("the code is %d bytes of %s", len(picture.body), picture.header.Get("Content-Type"))
	}
	o.signIn("admin").get(shown.path).mustBe(http.StatusNotFound, shown.path) // it is another's
	tablet := o.enrol(lineIn(t, shown.body), "Планшет 7")
	tablet.ahead = 3*3600_000 + 60_000
	b.get(shown.path).mustBe(http.StatusOK, shown.path, "Enrolled: Планшет 7")
	b.get(devicesPath).mustBe(http.StatusOK, devicesPath, "Планшет 7", "never yet")
	tablet.sync()
	b.get(devicesPath).mustBe(http.StatusOK, devicesPath, "just now", "3 hours ahead", "1.4.0", "nothing")
	o.ahead.Store(8 * 24 * 3600_000)
	b = o.signIn("coordinator")
	b.get(overviewPath).mustBe(http.StatusOK, overviewPath, "1 tablet has been silent for over a week", "8 days ago")

	device := "/devices/" + tablet.deviceID()
	b.get(device).mustBe(http.StatusOK, device, "Лиман")
	b.post(device+"/retire", "retired", "1").mustBe(http.StatusOK, device, "put aside")
	o.ahead.Add(6 * 60_000)
	b.get(device+"/revoke").mustBe(http.StatusOK, "/prove", "new proof")
	b.post(device+"/revoke").mustBe(http.StatusOK, "/prove")
	b.post("/prove", "to", device+"/revoke", "password", password).mustBe(http.StatusOK, device+"/revoke", "let in no more")
	b.post(device+"/revoke").mustBe(http.StatusOK, device, "revoked")
	if _, err := tablet.Sync(t.Context(), tablet.home); err == nil {
		t.Error("a revoked tablet syncs")
	}
}

func (t *ownTablet) deviceID() string {
	view, err := t.directory.View()
	t.must(err)
	for _, id := range view.Devices() {
		if merge.PersonID(view.Device(id).UserId) == t.me {
			return id.String()
		}
	}
	t.Fatal("no device")
	return ""
}

// lineIn is the line of the invitation that a page shows.
func lineIn(t *testing.T, body string) string {
	t.Helper()
	found := regexp.MustCompile(`id="line">([^<]*)<`).FindStringSubmatch(body)
	if found == nil {
		t.Fatal("no line of an invitation")
	}
	return html.UnescapeString(found[1])
}
