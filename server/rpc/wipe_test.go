package rpc

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"testing"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1/enrolv1connect"
	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// obedient enrols a tablet that obeys the wipe key.
func obedient(t *testing.T, wipeKey *credential.SoftwareKey, person merge.PersonID) (credential.Identity, *credential.SoftwareKey) {
	t.Helper()
	home := office.Device(olena).Home
	home.WipeKey, home.Recipients = wipeKey.Public().Bytes(), []string{"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"}
	invitation, _, err := office.Door.InviteGuest(t.Context(), person, enrol.Guest{Home: home, Person: person, PersonName: "Марія"})
	noError(t, err)
	key, err := credential.NewSoftwareKey(rand.Reader)
	noError(t, err)
	ask := &enrol.Ask{Organisation: home.Organisation, Secret: invitation.Secret, Key: key.Public(), Label: "Tablet 9"}
	ask.Signature, err = key.Sign(credential.EnrolMessage(ask.Organisation, ask.Secret, ask.Key, ask.Label))
	noError(t, err)
	device, _, err := office.Door.Enrol(t.Context(), ask)
	noError(t, err)
	return credential.Identity{Home: home, Device: device, Person: person}, key
}

// ordering is a tablet that is to be wiped, and who asks for it.
type ordering struct {
	t            *testing.T
	server       *running
	log          *kept
	keeper       merge.PersonID
	identity     credential.Identity
	wipeKey, key *credential.SoftwareKey
	order        credential.WipeOrder // not signed
}

func newOrdering(t *testing.T, number byte) *ordering {
	t.Helper()
	o := &ordering{t: t, log: &kept{}, keeper: merge.PersonID{0xad, 15: number}}
	office.AssignEverywhere(o.keeper, directory.Administrator)
	o.server = startWith(t, &scripted{}, usual, func(of *Options) {
		of.Audit, of.Now = o.log, realClock // the directory's
	})
	var err error
	o.wipeKey, err = credential.NewSoftwareKey(rand.Reader)
	noError(t, err)
	o.identity, o.key = obedient(t, o.wipeKey, merge.PersonID{0xe9, 15: number})
	o.order = credential.WipeOrder{Organisation: o.identity.Organisation, Device: o.identity.Device, Nonce: credential.Nonce{9}, IssuedMillis: received}
	return o
}

// orders has the order signed by a key, and hands it over.
func (o *ordering) orders(by *credential.SoftwareKey) error {
	o.t.Helper()
	noError(o.t, o.order.Sign(by))
	req := connect.NewRequest(&directoryv1.WipeDeviceRequest{DeviceId: o.identity.Device[:], Order: o.order.ToProto()})
	req.Header().Set("Authorization", office.Header(o.keeper))
	_, err := directoryv1connect.NewDirectoryServiceClient(httpClient(o.t, 1), o.server.url).WipeDevice(o.t.Context(), req)
	return err
}

// asks has somebody ask for a token in the device's name.
func (o *ordering) asks(by *credential.SoftwareKey) (*enrolv1.TokenResponse, error) {
	o.t.Helper()
	device := o.identity.Device
	door := enrolv1connect.NewEnrolServiceClient(httpClient(o.t, 1), o.server.url)
	challenge, err := door.Challenge(o.t.Context(), connect.NewRequest(&enrolv1.ChallengeRequest{DeviceId: device[:]}))
	noError(o.t, err)
	signature, err := by.Sign(credential.TokenMessage(o.identity.Organisation, device, credential.Nonce(challenge.Msg.Nonce)))
	noError(o.t, err)
	resp, err := door.Token(o.t.Context(), connect.NewRequest(&enrolv1.TokenRequest{DeviceId: device[:], Nonce: challenge.Msg.Nonce, Signature: signature}))
	if err != nil {
		return nil, err
	}
	return resp.Msg, nil
}

// listed is the device as the desk is shown it.
func (o *ordering) listed() *directoryv1.ListedDevice {
	o.t.Helper()
	req := connect.NewRequest(&directoryv1.ListDevicesRequest{})
	req.Header().Set("Authorization", office.Header(o.keeper))
	resp, err := directoryv1connect.NewDirectoryServiceClient(httpClient(o.t, 1), o.server.url).ListDevices(o.t.Context(), req)
	noError(o.t, err)
	return resp.Msg.Devices[slices.IndexFunc(resp.Msg.Devices, func(d *directoryv1.ListedDevice) bool { return bytes.Equal(d.DeviceId, o.identity.Device[:]) })]
}

// leaves is what a receipt that a key has signed is answered to: to the file that
// is brought with it, and to that it was obeyed.
func (o *ordering) leaves(file []byte, by *credential.SoftwareKey) (delivered, confirmed error) {
	o.t.Helper()
	w := credential.Wiped{Order: o.order, Receipt: credential.WipeReceipt{
		Organisation: o.identity.Organisation, Device: o.identity.Device, Nonce: o.order.Nonce, PackageHash: sha256.Sum256(file), PackageBytes: uint64(len(file)),
	}}
	noError(o.t, w.Receipt.Sign(by))
	leaving := enrolv1connect.NewWipeServiceClient(httpClient(o.t, 1), o.server.url)
	delivered = w.Deliver(file, func(req *enrolv1.DeliverRequest) (*enrolv1.DeliverResponse, error) {
		resp, err := leaving.Deliver(o.t.Context(), connect.NewRequest(req))
		if err != nil {
			return nil, err
		}
		return resp.Msg, nil
	})
	_, confirmed = leaving.Confirm(o.t.Context(), connect.NewRequest(&enrolv1.ConfirmRequest{Wiped: w.ToProto()}))
	return delivered, confirmed
}

// mustBeKept compares what the log of who did what has of it.
func (o *ordering) mustBeKept(want ...audit.Event) {
	o.t.Helper()
	var got []audit.Event
	for _, e := range o.log.taken() {
		if e.Action == directoryRead {
			continue
		}
		got = append(got, audit.Event{Action: e.Action, By: e.By, Target: e.Target, Outcome: e.Outcome})
	}
	for i := range want {
		want[i].Target = o.identity.Device.String()
	}
	if !slices.Equal(got, want) {
		o.t.Errorf("kept %+v,\nwant %+v", got, want)
	}
}

// The order goes to the device that proves itself, once it has a signature of the
// wipe key, and to nobody else.
func TestAWipeIsOrderedAndToldToTheDeviceAlone(t *testing.T) {
	o := newOrdering(t, 9)
	mustBe(t, "an order by another key", connect.CodeOf(o.orders(o.key)), connect.CodeInvalidArgument)
	noError(t, o.orders(o.wipeKey))
	if told, err := o.asks(o.wipeKey); connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("a stranger hears of it: %v, %v", told, err)
	}
	mustBe(t, "when it was told, before", o.listed().WipeToldMillis, 0)
	told, err := o.asks(o.key)
	noError(t, err)
	if d := o.listed(); d.WipeToldMillis < d.StatusMillis || d.Contact != nil {
		t.Errorf("it was told, and is listed as %v", d)
	}
	if told.Token != "" || !bytes.Equal(told.WipeOrder.GetSignature(), o.order.Signature) {
		t.Errorf("the device hears %v", told)
	}
	by := o.keeper.String()
	o.mustBeKept(audit.Event{Action: deviceWipe, By: by, Outcome: "invalid"}, audit.Event{Action: deviceWipe, By: by})
}

// What the device leaves is taken for what it shows, however often it comes; then it
// is wiped, and told nothing any more.
func TestAWipeIsConfirmedByWhatTheDeviceLeaves(t *testing.T) {
	o := newOrdering(t, 8)
	noError(t, o.orders(o.wipeKey))
	file := []byte("what was sealed")
	delivered, confirmed := o.leaves(file, o.wipeKey)
	mustBe(t, "a forged delivery", connect.CodeOf(delivered), connect.CodeUnauthenticated)
	mustBe(t, "a forged receipt", connect.CodeOf(confirmed), connect.CodeUnauthenticated)
	for range 2 {
		delivered, confirmed = o.leaves(file, o.key)
		noError(t, delivered)
		noError(t, confirmed)
	}
	if _, err := o.asks(o.key); connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("once wiped it is told: %v", err)
	}
	mustBe(t, "an order after that", connect.CodeOf(o.orders(o.wipeKey)), connect.CodeInvalidArgument)
	by := o.keeper.String()
	o.mustBeKept(
		audit.Event{Action: deviceWipe, By: by}, audit.Event{Action: deviceWiped, Outcome: "unauthenticated"},
		audit.Event{Action: deviceWiped}, audit.Event{Action: deviceWiped}, audit.Event{Action: deviceWipe, By: by, Outcome: "invalid"},
	)
}
