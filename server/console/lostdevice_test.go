package console

import (
	"crypto/rand"
	"errors"
	"html"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/chromedp/chromedp"

	"github.com/zhurnal/zhurnal/clientsdk"
	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// lostTablet is one that obeys the wipe key of its organisation.
type lostTablet struct {
	*ownTablet
	id      credential.DeviceID
	wipeKey *credential.SoftwareKey
}

func newKey(o *office) *credential.SoftwareKey {
	o.Helper()
	key, err := credential.NewSoftwareKey(rand.Reader)
	o.must(err)
	return key
}

// losing enrols a tablet of the facilitator, who has brought one record home and
// keeps another.
func (o *office) losing() *lostTablet {
	o.Helper()
	l := &lostTablet{ownTablet: &ownTablet{office: o, link: &link{}}, wipeKey: newKey(o)}
	recipients := []string{"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"}
	o.must(o.tenant.SetWipeKey(o.Context(), o.admin, l.wipeKey.Public().Bytes(), recipients))
	home := credential.Home{Server: o.url, Organisation: o.org, WipeKey: l.wipeKey.Public().Bytes(), Recipients: recipients}
	invitation, err := o.door.Invite(o.Context(), o.admin, home, o.people["facilitator"], directoryv1.InvitationMedium_INVITATION_MEDIUM_SCREEN)
	o.must(err)
	key := newKey(o)
	identity, err := clientsdk.Enrol(o.Context(), invitation, "Планшет 7", key, http.DefaultClient)
	o.must(err)
	l.id, l.me = identity.Device, identity.Person
	l.link.left.Store(1 << 30)
	l.home, err = clientsdk.HomeClient(identity, key, &http.Client{Transport: l.link})
	o.must(err)
	l.Register, err = clientsdk.Open(o.Context(), clientsdk.Options{
		Dir: filepath.Join(o.TempDir(), "tablet"), Key: make([]byte, 32), Author: clientsdk.PersonID(l.me), Device: l.id, Signer: key, Schema: o.types,
		Clock: o.now, Random: rand.Reader, AppVersion: "1.4.0", Wiping: &clientsdk.Wiping{Identity: identity, Signer: key},
	})
	o.must(err)
	o.Cleanup(func() { _ = l.Close() })
	o.must(l.Join(o.Context(), o.hall, schemav1.SpaceKind_SPACE_KIND_COMMUNITY))
	l.put(&recordsv1.Participant{FamilyName: "Шевченко", GivenName: "Олена"})
	l.sync()
	o.write(o.TB, "coordinator", &recordsv1.Training{TitleUk: "Домедична допомога"})
	l.sync()
	l.put(&recordsv1.Event{TitleUk: "Концерт"})
	return l
}

// order is what the holder of the wipe key prints by the command that a page shows.
func (l *lostTablet) order(t *testing.T, command string, key *credential.SoftwareKey) string {
	t.Helper()
	found := regexp.MustCompile(`^zhurnal device wipe --wipe-key wipe\.key --print ([0-9a-f]{32}) ([0-9a-f]{32})$`).FindStringSubmatch(command)
	if found == nil || found[1] != l.org.String() || found[2] != l.id.String() {
		t.Fatalf("the command is %q", command)
	}
	order := credential.WipeOrder{Organisation: l.org, Device: l.id, Nonce: credential.Nonce{1}, IssuedMillis: l.now()}
	l.must(order.Sign(key))
	return order.Text()
}

func commandIn(t *testing.T, body string) string {
	t.Helper()
	found := regexp.MustCompile(`id="command">([^<]*)<`).FindStringSubmatch(body)
	if found == nil {
		t.Fatalf("there is no command:\n%s", body)
	}
	return html.UnescapeString(found[1])
}

// The page makes no order; it takes one that the tablet would obey, and shows what
// becomes of it.
func TestALostTabletIsWipedFromItsPage(t *testing.T) {
	o := newOffice(t)
	tablet := o.losing()
	b := o.signIn("coordinator")
	device := devicesPath + "/" + tablet.id.String()
	b.get(device).mustBe(http.StatusOK, device, "cannot be wiped", `href="`+device+`/wipe"`, "data-protection officer")
	b.get(device).mustNotHave(`href="` + device + `/held"`)
	shown := b.get(device + "/wipe")
	shown.mustBe(http.StatusOK, device+"/wipe", "cannot be wiped", "on no server")
	good := tablet.order(t, commandIn(t, shown.body), tablet.wipeKey)

	other := credential.WipeOrder{Organisation: o.org, Device: credential.DeviceID{9}, Nonce: credential.Nonce{1}}
	o.must(other.Sign(tablet.wipeKey))
	for pasted, problem := range map[string]string{
		"": "no whole order", good[:len(good)-3]: "no whole order", other.Text(): "for another tablet",
		tablet.order(t, commandIn(t, shown.body), newKey(o)): "another key",
	} {
		b.post(device+"/wipe", "order", pasted).mustBe(http.StatusUnprocessableEntity, device+"/wipe", problem, `role="alert"`)
	}
	b.get(device).mustBe(http.StatusOK, device, "active")

	o.ahead.Store(6 * 60_000) // since the reader has proved who it is
	b.post(device+"/wipe", "order", good).mustBe(http.StatusOK, "/prove")
	b.get(device+"/wipe").mustBe(http.StatusOK, "/prove")
	b.post("/prove", "to", device+"/wipe", "password", password).mustBe(http.StatusOK, device+"/wipe")
	b.post(device+"/wipe", "order", " "+good+"\n").mustBe(http.StatusOK, device, "The wipe is ordered", "to be wiped", "has not been in touch yet", "data-awaits", "Take the order back")
	b.get(device+"/revoke").mustBe(http.StatusOK, device+"/revoke", "Take the order back?")
	b.post(device+"/revoke").mustBe(http.StatusOK, device, "revoked")
	b.get(device).mustNotHave("data-awaits")
	b.post(device+"/wipe", "order", good).mustBe(http.StatusOK, device, "has not been in touch yet")

	result, err := tablet.Sync(t.Context(), tablet.home)
	if !errors.Is(err, clientsdk.ErrWiped) || !result.Wiped.Delivered {
		t.Fatalf("%+v, %v", result.Wiped, err)
	}
	b.get(device).mustBe(http.StatusOK, device, "the tablet has erased all", "lies sealed on the server")
	b.get(device).mustNotHave("data-awaits", `href="`+device+`/wipe"`)
	b.get(device + "/wipe").mustNotHave("<textarea")
}

// Between being told and its receipt a tablet may be cut off for long.
func TestAPageSaysThatATabletWasToldToWipe(t *testing.T) {
	o := newOffice(t)
	tablet := o.losing()
	b := o.signIn("coordinator")
	device := devicesPath + "/" + tablet.id.String()
	b.post(device+"/wipe", "order", tablet.order(t, commandIn(t, b.get(device+"/wipe").body), tablet.wipeKey)).mustBe(http.StatusOK, device, "has not been in touch yet")
	// Another call than a sync only hears of it.
	if _, err := tablet.home.Pull(t.Context(), connect.NewRequest(&syncv1.PullRequest{SpaceId: o.hall[:]})); !errors.Is(err, clientsdk.ErrWipeOrdered) {
		t.Fatal(err)
	}
	b.get(device).mustBe(http.StatusOK, device, "The tablet was told on", "There is no receipt")
}

func TestATabletWithoutAWipeKeyIsRevokedAndNothingMore(t *testing.T) {
	o := newOffice(t)
	tablet := o.invited("facilitator", "Планшет 7")
	b := o.signIn("coordinator")
	device := devicesPath + "/" + tablet.deviceID()
	b.get(device).mustBe(http.StatusOK, device, "without a wipe key", "Revoke")
	shown := b.get(device + "/wipe")
	shown.mustBe(http.StatusOK, device+"/wipe", "without a wipe key")
	shown.mustNotHave("<textarea", "zhurnal device wipe")
}

// What a lost tablet held is for the data-protection officer, with a fresh proof.
func TestWhatALostTabletHeldIsCountedOnAPage(t *testing.T) {
	o := newOffice(t)
	tablet := o.losing()
	device := devicesPath + "/" + tablet.id.String()
	officer := o.signIn("officer")
	officer.get(device).mustBe(http.StatusOK, device, `href="`+device+`/held"`)
	officer.get(device).mustNotHave(device+"/revoke", device+"/wipe")
	shown := officer.get(device + "/held")
	shown.mustBe(http.StatusOK, device+"/held", "Лиман", "Participant", "Training", "personal 1", "Сватове")
	shown.mustNotHave("Шевченко", "Домедична", "zhurnal.records")
	o.signIn("coordinator").get(device+"/held").mustBe(http.StatusNotFound, device+"/held")
	unknown := devicesPath + "/" + merge.PersonID{9}.String() + "/held"
	officer.get(unknown).mustBe(http.StatusNotFound, unknown)
	o.ahead.Store(6 * 60_000)
	officer.get(device+"/held").mustBe(http.StatusOK, "/prove")
}

// The command is copied, the line that it prints is pasted, and the open page shows
// the receipt when the tablet has met the server.
func TestInABrowserALostTabletIsWiped(t *testing.T) {
	o := newOffice(t)
	tablet := o.losing()
	w := o.openWindow()
	w.signIn("coordinator")
	device := devicesPath + "/" + tablet.id.String()
	w.open(device)
	w.look("device-lost")
	w.click("a", "Order a wipe")
	w.shows("Copy the command")
	w.look("wipe")
	w.click("button", "Copy the command")
	command := evaluated[string](w, `window.getSelection().toString()`)
	line := tablet.order(t, strings.TrimSpace(command), tablet.wipeKey)
	w.expects = "422"
	w.run(chromedp.SetValue("#order", line[:40]), chromedp.Submit("main form"))
	w.shows("This is no whole order")
	w.look("wipe-refused")
	w.run(chromedp.SetValue("#order", line), chromedp.Submit("main form"))
	w.shows("has not been in touch yet")
	w.look("wipe-ordered")
	if _, err := tablet.Sync(t.Context(), tablet.home); !errors.Is(err, clientsdk.ErrWiped) {
		t.Fatal(err)
	}
	w.shows("the tablet has erased all") // nobody has loaded the page anew
	w.look("wiped")
	w.run(chromedp.Submit(`form[action="/sign-out"]`), chromedp.WaitVisible("#login"))
	w.signIn("officer")
	w.open(device + "/held")
	w.look("held")
}
