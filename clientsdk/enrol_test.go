package clientsdk_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// signer counts what it signs.
type signer struct {
	*clientsdk.SoftwareKey
	mu      sync.Mutex
	signed  int
	refuses error
	// before, if set, is called before it signs, or refuses to.
	before func()
}

func (s *signer) Sign(message []byte) ([]byte, error) {
	if s.before != nil {
		s.before()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuses != nil {
		return nil, s.refuses
	}
	s.signed++
	return s.SoftwareKey.Sign(message)
}

// enrolled is a tablet that has enrolled, and its link.
type enrolled struct {
	identity clientsdk.Identity
	signer   *signer
	link     *tallied
	http     *http.Client
}

func enrolAt(t testing.TB, o *office, person string) *enrolled {
	t.Helper()
	e := &enrolled{signer: &signer{SoftwareKey: must(clientsdk.NewSoftwareKey(rand.Reader))}, link: &tallied{}}
	e.http = &http.Client{Transport: e.link}
	invitation := must(clientsdk.ParseInvitation(o.invite(person)))
	var err error
	if e.identity, err = clientsdk.Enrol(t.Context(), invitation, "Tablet 7", e.signer, e.http); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *enrolled) client(t testing.TB) syncv1connect.SyncServiceClient {
	t.Helper()
	client, err := clientsdk.HomeClient(e.identity, e.signer, e.http)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func openOffice(t *testing.T) *office {
	t.Helper()
	o := newOffice()
	t.Cleanup(o.close)
	return o
}

func ask(client syncv1connect.SyncServiceClient) error {
	_, err := client.Sync(context.Background(), connect.NewRequest(&syncv1.SyncRequest{}))
	return err
}

func TestAnIdentityIsKeptAsText(t *testing.T) {
	o := openOffice(t)
	e := enrolAt(t, o, "oksana")
	kept, err := clientsdk.ParseIdentity(e.identity.Text())
	if err != nil || kept.Text() != e.identity.Text() || kept.Person != named[clientsdk.PersonID]("oksana") || kept.Server != o.home.Server {
		t.Errorf("%+v, %v", kept, err)
	}
}

func TestAnEnrolmentWhoseAnswerWasLostIsAskedForAgain(t *testing.T) {
	o := openOffice(t)
	key, link := must(clientsdk.NewSoftwareKey(rand.Reader)), &tallied{lose: "Enrol"}
	invitation := must(clientsdk.ParseInvitation(o.invite("oksana")))
	client := &http.Client{Transport: link}
	if _, err := clientsdk.Enrol(t.Context(), invitation, "Tablet 7", key, client); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("the answer is lost: %v", err)
	}
	first, err := clientsdk.Enrol(t.Context(), invitation, "Tablet 7", key, client)
	if err != nil {
		t.Fatal(err)
	}
	again, err := clientsdk.Enrol(t.Context(), invitation, "Tablet 7", key, client)
	if err != nil || again.Device != first.Device || len(must(o.known.View()).Devices()) != 1 {
		t.Errorf("%s and %s, %v", first.Device, again.Device, err)
	}
	other := must(clientsdk.NewSoftwareKey(rand.Reader))
	if _, err := clientsdk.Enrol(t.Context(), invitation, "Tablet 8", other, client); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another tablet with the same sheet of paper: %v", err)
	}
}

func TestATokenIsGotOnceAndAgainWhenItIsDue(t *testing.T) {
	o := openOffice(t)
	e := enrolAt(t, o, "oksana")
	client := e.client(t)
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			if err := ask(client); err != nil {
				t.Error(err)
			}
		})
	}
	asking.Wait()
	if n := e.link.count("Token"); n != 1 {
		t.Errorf("%d tokens for calls at once", n)
	}
	for what, happens := range map[string]func(){
		"the server was started anew": o.restart,
		"the token has run out":       func() { o.ahead.Add(enrol.TokenMillis) },
	} {
		before := e.link.count("Token")
		happens()
		if err := ask(client); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if n := e.link.count("Token") - before; n != 1 {
			t.Errorf("%s: %d tokens", what, n)
		}
	}
}

func TestAWatchGetsTokensByItself(t *testing.T) {
	o := openOffice(t)
	e := enrolAt(t, o, "oksana")
	o.access(village, "oksana")
	client := e.client(t)
	watch := func() error {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		stream, err := client.Watch(ctx, connect.NewRequest(&syncv1.WatchRequest{SpaceIds: [][]byte{village[:]}}))
		if err != nil {
			return err
		}
		if !stream.Receive() {
			return stream.Err()
		}
		if string(stream.Msg().SpaceId) != string(village[:]) {
			return errors.New("it says another space")
		}
		return nil
	}
	for _, happens := range []func(){func() {}, o.restart, func() { o.ahead.Add(enrol.TokenMillis) }} {
		happens()
		if err := watch(); err != nil {
			t.Error(err)
		}
	}
	if n := e.link.count("Token"); n != 3 {
		t.Errorf("%d tokens", n)
	}
	device := e.identity.Device
	check(o.known.In(e.identity.Organisation).SetDeviceStatus(t.Context(), merge.PersonID{}, device, directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED))
	if err := watch(); connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("a revoked device watches: %v", err)
	}
}

// Pages are smaller in zstd, so a tablet asks for that.
func TestAnswersComePackedWithZstd(t *testing.T) {
	o := openOffice(t)
	e := enrolAt(t, o, "oksana")
	o.access(village, "oksana")
	tab := newTablet(t, &home{t: t}, "oksana", "lyman")
	tab.signsBy(e.identity.Device, e.signer)
	for range 100 { // less is not worth packing
		tab.register("Коваленко")
	}
	result, err := tab.Sync(t.Context(), e.client(t))
	if err := errors.Join(err, result.Err()); err != nil {
		t.Fatal(err)
	}
	if len(e.link.packed) == 0 || e.link.packed[0] != "zstd" {
		t.Errorf("packed with %q", e.link.packed)
	}
}

// What a revoked tablet has recorded stays on it.
func TestARevokedTabletIsToldAndKeepsItsChanges(t *testing.T) {
	o := openOffice(t)
	e := enrolAt(t, o, "oksana")
	o.access(village, "oksana")
	tab := newTablet(t, &home{t: t}, "oksana", "lyman")
	tab.register("Коваленко")
	check(o.known.In(e.identity.Organisation).SetDeviceStatus(t.Context(), merge.PersonID{}, e.identity.Device, directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED))
	if _, err := tab.Sync(t.Context(), e.client(t)); fault.KindOf(err) != fault.Unauthenticated {
		t.Fatalf("%v", err)
	}
	status, err := tab.Status(t.Context())
	if err != nil || status.Spaces[0].Waiting != 1 {
		t.Errorf("%+v, %v", status, err)
	}
}

func TestAKeyThatDoesNotSignIsToldAndTriedAgain(t *testing.T) {
	o := openOffice(t)
	e := enrolAt(t, o, "oksana")
	tab, client := newTablet(t, &home{t: t}, "oksana", "lyman"), e.client(t)
	e.signer.refuses = errors.New("the screen is locked")
	if _, err := tab.Sync(t.Context(), client); fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "the screen is locked") {
		t.Errorf("%v", err)
	}
	e.signer.refuses = nil
	if _, err := tab.Sync(t.Context(), client); err != nil {
		t.Error(err)
	}
}

// A hub that asks for what is good at home gets nothing signed, whatever it says.
func TestWhoSaysToBeAnotherGetsNothingSigned(t *testing.T) {
	home := openOffice(t)
	e := enrolAt(t, home, "oksana")
	hub := &office{engine: home.engine, known: home.known, hub: credential.HubID{0x4b}}
	hub.start("127.0.0.1:0")
	t.Cleanup(func() { hub.stop() })
	signed := e.signer.signed

	posing := e.identity
	posing.Server = hub.home.Server // a hijacked name
	client := must(clientsdk.HomeClient(posing, e.signer, e.http))
	if err := ask(client); err == nil || !strings.Contains(err.Error(), "HubClient") || e.signer.signed != signed {
		t.Errorf("a hub in home's place: %v, %d signatures", err, e.signer.signed-signed)
	}
	client = must(clientsdk.HubClient(home.home.Server, e.identity, e.signer, e.http))
	if err := ask(client); err == nil || !strings.Contains(err.Error(), "HomeClient") || e.signer.signed != signed {
		t.Errorf("home in a hub's place: %v, %d signatures", err, e.signer.signed-signed)
	}
	client = must(clientsdk.HubClient(hub.home.Server, e.identity, e.signer, e.http))
	if err := ask(client); err != nil || e.signer.signed != signed+1 {
		t.Errorf("the hub: %v", err)
	}
}
