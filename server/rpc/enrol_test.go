package rpc

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1/enrolv1connect"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/contact"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// revoke turns the device of a person away.
func revoke(t *testing.T, person merge.PersonID) {
	t.Helper()
	device := office.Device(person)
	err := office.Directory.In(device.Organisation).SetDeviceStatus(t.Context(), merge.PersonID{}, device.Device, directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED)
	if err != nil {
		t.Fatal(err)
	}
}

func TestATabletEnrolsAndGetsATokenOverTheWire(t *testing.T) {
	server := start(t, &scripted{}, usual)
	client := enrolv1connect.NewEnrolServiceClient(httpClient(t, 1), server.url)
	person := merge.PersonID{0xe1, 15: 1}
	home := office.Device(olena).Home
	key, err := credential.NewSoftwareKey(rand.Reader)
	noError(t, err)
	invitation, _, err := office.Door.InviteGuest(t.Context(), person, enrol.Guest{Home: home, Person: person, PersonName: "Марія"})
	noError(t, err)
	ask := &enrolv1.EnrolRequest{
		OrganisationId: home.Organisation[:], Secret: invitation.Secret[:], Label: "Tablet 7",
		Algorithm: key.Public().Algorithm(), PublicKey: key.Public().Bytes(),
	}
	ask.Signature, err = key.Sign(credential.EnrolMessage(home.Organisation, invitation.Secret, key.Public(), ask.Label))
	noError(t, err)
	made, err := client.Enrol(t.Context(), connect.NewRequest(ask))
	noError(t, err)
	mustBe(t, "person", string(made.Msg.PersonId), string(person[:]))
	challenge, err := client.Challenge(t.Context(), connect.NewRequest(&enrolv1.ChallengeRequest{DeviceId: made.Msg.DeviceId}))
	noError(t, err)
	mustBe(t, "a hub's id at home", len(challenge.Msg.HubId), 0)
	signature, err := key.Sign(credential.TokenMessage(home.Organisation, credential.DeviceID(made.Msg.DeviceId), credential.Nonce(challenge.Msg.Nonce)))
	noError(t, err)
	token, err := client.Token(t.Context(), connect.NewRequest(&enrolv1.TokenRequest{DeviceId: made.Msg.DeviceId, Nonce: challenge.Msg.Nonce, Signature: signature}))
	noError(t, err)
	mustBe(t, "milliseconds", token.Msg.ValidMillis, 15*60_000)
	caller, err := office.Door.Caller(token.Msg.Token)
	noError(t, err)
	mustBe(t, "caller", caller.Person, person)
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestARequestToEnrolThatIsNoneIsRefused(t *testing.T) {
	server := start(t, &scripted{}, usual)
	client := enrolv1connect.NewEnrolServiceClient(httpClient(t, 1), server.url)
	good := office.Device(olena)
	whole := func() *enrolv1.EnrolRequest {
		return &enrolv1.EnrolRequest{
			OrganisationId: good.Organisation[:], Secret: make([]byte, 16), Label: "a", Algorithm: good.Key.Public().Algorithm(), PublicKey: good.Key.Public().Bytes(), Signature: make([]byte, 64),
		}
	}
	for name, c := range map[string]struct {
		spoil func(*enrolv1.EnrolRequest)
		code  connect.Code
	}{
		"without organisation":   {func(m *enrolv1.EnrolRequest) { m.OrganisationId = nil }, connect.CodeInvalidArgument},
		"a short secret":         {func(m *enrolv1.EnrolRequest) { m.Secret = m.Secret[:15] }, connect.CodeInvalidArgument},
		"an unknown algorithm":   {func(m *enrolv1.EnrolRequest) { m.Algorithm = 9 }, connect.CodeInvalidArgument},
		"a short key":            {func(m *enrolv1.EnrolRequest) { m.PublicKey = m.PublicKey[:31] }, connect.CodeInvalidArgument},
		"a key of nobody":        {func(m *enrolv1.EnrolRequest) { m.PublicKey = make([]byte, 32) }, connect.CodeInvalidArgument},
		"a false signature":      {func(*enrolv1.EnrolRequest) {}, connect.CodeUnauthenticated},
		"more than fits":         {func(m *enrolv1.EnrolRequest) { m.Label = strings.Repeat("a", 17<<10) }, connect.CodeResourceExhausted},
		"a signature of nothing": {func(m *enrolv1.EnrolRequest) { m.Signature = nil }, connect.CodeUnauthenticated},
	} {
		m := whole()
		c.spoil(m)
		_, err := client.Enrol(t.Context(), connect.NewRequest(m))
		mustBe(t, name, connect.CodeOf(err), c.code)
	}
	_, err := client.Token(t.Context(), connect.NewRequest(&enrolv1.TokenRequest{DeviceId: good.Identity.Device[:], Nonce: make([]byte, 31)}))
	mustBe(t, "a short nonce", connect.CodeOf(err), connect.CodeInvalidArgument)
}

// An open watch of a stolen tablet ends when it is revoked, and its token with it;
// others go on.
func TestAnOpenWatchOfARevokedDeviceIsCut(t *testing.T) {
	thief, honest := merge.PersonID{0x7e, 15: 1}, merge.PersonID{0x7e, 15: 2}
	engine := &scripted{
		watch: func(ctx context.Context, spaces []merge.SpaceID, moved func(merge.SpaceID, uint64) error) error {
			if err := moved(spaces[0], 1); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		},
		pull: func(context.Context, merge.SpaceID, []byte, int) (wire.Page, error) { return hallPage(9), nil },
	}
	server := start(t, engine, usual)
	client := syncv1connect.NewSyncServiceClient(httpClient(t, 2), server.url)
	open := func(person merge.PersonID) *connect.ServerStreamForClient[syncv1.WatchResponse] {
		req := connect.NewRequest(&syncv1.WatchRequest{SpaceIds: [][]byte{hall[:]}})
		req.Header().Set("Authorization", office.Header(person))
		stream, err := client.Watch(t.Context(), req)
		noError(t, err)
		if !stream.Receive() {
			t.Fatal(stream.Err())
		}
		return stream
	}
	cut, kept := open(thief), open(honest)
	token := office.Header(thief)
	revoke(t, thief)
	if cut.Receive() {
		t.Error("the watch says more")
	}
	mustBe(t, "how it ends", connect.CodeOf(cut.Err()), connect.CodeUnauthenticated)
	pull := func(authorization string) int {
		return server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, []byte(`{"spaceId":"oQAAAAAAAAAAAAAAAAAAAg=="}`),
			"Content-Type", "application/json", "Authorization", authorization).status
	}
	mustBe(t, "the token at the next use", pull(token), http.StatusUnauthorized)
	mustBe(t, "another's token", pull(office.Header(honest)), http.StatusOK)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		kept.Receive()
	}()
	select {
	case <-ended:
		t.Error("another's watch was cut too")
	case <-time.After(20 * time.Millisecond): // it would have been cut before
	}
	server.stop()
	<-ended
}

// A hub is asked by the same service, and says that it is one.
func TestAHubSaysWhichItIs(t *testing.T) {
	hub, err := enrol.New(enrol.Options{Directory: office.Directory, Now: func() int64 { return received }, Random: rand.Reader, Hub: credential.HubID{0x4b}})
	noError(t, err)
	service := &enrolService{hub, func() int64 { return received }, contact.New()}
	device := office.Device(olena).Identity.Device
	challenge, err := service.Challenge(t.Context(), connect.NewRequest(&enrolv1.ChallengeRequest{DeviceId: device[:]}))
	noError(t, err)
	mustBe(t, "hub", credential.HubID(challenge.Msg.HubId), credential.HubID{0x4b})
}

// Home tells a hub the keys of the devices of its organisation that are let in, and
// of no other's.
func TestAHubLearnsTheKeysOfItsOrganisation(t *testing.T) {
	hub, member, revoked := merge.PersonID{0x4b, 15: 1}, merge.PersonID{0x4b, 15: 2}, merge.PersonID{0x4b, 15: 3}
	engine := &listening{scripted: &scripted{}}
	server := start(t, engine, usual)
	office.Hub(hub)
	for _, person := range []merge.PersonID{member, revoked} {
		office.Device(person)
	}
	revoke(t, revoked)
	stranger := merge.PersonID{0x4b, 15: 4}
	other, err := office.Directory.AddOrganisation(t.Context(), merge.PersonID{}, "Other")
	noError(t, err)
	key, err := credential.NewSoftwareKey(rand.Reader)
	noError(t, err)
	home := credential.Home{Server: server.url, Organisation: other}
	invitation, _, err := office.Door.InviteGuest(t.Context(), stranger, enrol.Guest{Home: home, Person: stranger, PersonName: "Other"})
	noError(t, err)
	ask := &enrol.Ask{Organisation: other, Secret: invitation.Secret, Key: key.Public(), Label: "Other"}
	ask.Signature, err = key.Sign(credential.EnrolMessage(other, ask.Secret, ask.Key, ask.Label))
	noError(t, err)
	_, _, err = office.Door.Enrol(t.Context(), ask)
	noError(t, err)

	asks := func(person merge.PersonID) (*connect.Response[syncv1.ListAudiencesResponse], error) {
		req := connect.NewRequest(&syncv1.ListAudiencesRequest{})
		req.Header().Set("Authorization", office.Header(person))
		return syncv1connect.NewAudienceServiceClient(httpClient(t, 1), server.url).ListAudiences(t.Context(), req)
	}
	if _, err := asks(member); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("a tablet is told too: %v", err)
	}
	resp, err := asks(hub)
	noError(t, err)
	got := map[merge.PersonID]string{}
	for _, d := range resp.Msg.Devices {
		got[merge.PersonID(d.PersonId)] = string(d.PublicKey)
	}
	for _, person := range []merge.PersonID{hub, member} {
		mustBe(t, "key", got[person], string(office.Device(person).Key.Public().Bytes()))
	}
	if _, there := got[revoked]; there {
		t.Error("home tells of a revoked device")
	}
	if _, there := got[stranger]; there {
		t.Error("home tells of another organisation's device")
	}
}

// listening is an engine in which nobody has a space.
type listening struct{ *scripted }

func (*listening) Audiences(merge.PersonID) ([]syncengine.Audience, error) { return nil, nil }
