package rpc

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

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

// The order goes to the device that proves itself, once it has a signature of the
// wipe key, and to nobody else. What the device leaves is taken for what it shows.
func TestAWipeIsOrderedToldAndConfirmed(t *testing.T) {
	keeper := merge.PersonID{0xad, 15: 9}
	office.AssignEverywhere(keeper, directory.Administrator)
	log := &kept{}
	server := startWith(t, &scripted{}, usual, func(o *Options) {
		o.Audit, o.Now = log, func() int64 { return time.Now().UnixMilli() } // the directory's
	})
	client := httpClient(t, 1)
	wipeKey, err := credential.NewSoftwareKey(rand.Reader)
	noError(t, err)
	identity, key := obedient(t, wipeKey, merge.PersonID{0xe9, 15: 9})
	device := identity.Device

	order := credential.WipeOrder{Organisation: identity.Organisation, Device: device, Nonce: credential.Nonce{9}, IssuedMillis: received}
	noError(t, order.Sign(key)) // not by the wipe key
	desk := directoryv1connect.NewDirectoryServiceClient(client, server.url)
	wipe := func() error {
		req := connect.NewRequest(&directoryv1.WipeDeviceRequest{DeviceId: device[:], Order: order.ToProto()})
		req.Header().Set("Authorization", office.Header(keeper))
		_, err := desk.WipeDevice(t.Context(), req)
		return err
	}
	mustBe(t, "an order by another key", connect.CodeOf(wipe()), connect.CodeInvalidArgument)
	noError(t, order.Sign(wipeKey))
	noError(t, wipe())

	door := enrolv1connect.NewEnrolServiceClient(client, server.url)
	token := func(signer *credential.SoftwareKey) (*enrolv1.TokenResponse, error) {
		challenge, err := door.Challenge(t.Context(), connect.NewRequest(&enrolv1.ChallengeRequest{DeviceId: device[:]}))
		noError(t, err)
		signature, err := signer.Sign(credential.TokenMessage(identity.Organisation, device, credential.Nonce(challenge.Msg.Nonce)))
		noError(t, err)
		resp, err := door.Token(t.Context(), connect.NewRequest(&enrolv1.TokenRequest{DeviceId: device[:], Nonce: challenge.Msg.Nonce, Signature: signature}))
		if err != nil {
			return nil, err
		}
		return resp.Msg, nil
	}
	listed := func() *directoryv1.ListedDevice {
		req := connect.NewRequest(&directoryv1.ListDevicesRequest{})
		req.Header().Set("Authorization", office.Header(keeper))
		resp, err := desk.ListDevices(t.Context(), req)
		noError(t, err)
		return resp.Msg.Devices[slices.IndexFunc(resp.Msg.Devices, func(d *directoryv1.ListedDevice) bool { return bytes.Equal(d.DeviceId, device[:]) })]
	}
	if told, err := token(wipeKey); connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("a stranger hears of it: %v, %v", told, err)
	}
	mustBe(t, "when it was told, before", listed().WipeToldMillis, 0)
	told, err := token(key)
	noError(t, err)
	if told.Token != "" || !bytes.Equal(told.WipeOrder.GetSignature(), order.Signature) {
		t.Errorf("the device hears %v", told)
	}
	if d := listed(); d.WipeToldMillis < d.StatusMillis || d.Contact != nil {
		t.Errorf("it was told, and is listed as %v", d)
	}

	file := []byte("what was sealed")
	w := credential.Wiped{Order: order, Receipt: credential.WipeReceipt{
		Organisation: identity.Organisation, Device: device, Nonce: order.Nonce, PackageHash: sha256.Sum256(file), PackageBytes: uint64(len(file)),
	}}
	noError(t, w.Receipt.Sign(wipeKey)) // not by the device
	leaving := enrolv1connect.NewWipeServiceClient(client, server.url)
	deliver := func() error {
		return w.Deliver(file, func(req *enrolv1.DeliverRequest) (*enrolv1.DeliverResponse, error) {
			resp, err := leaving.Deliver(t.Context(), connect.NewRequest(req))
			if err != nil {
				return nil, err
			}
			return resp.Msg, nil
		})
	}
	confirm := func() error {
		_, err := leaving.Confirm(t.Context(), connect.NewRequest(&enrolv1.ConfirmRequest{Wiped: w.ToProto()}))
		return err
	}
	mustBe(t, "a forged delivery", connect.CodeOf(deliver()), connect.CodeUnauthenticated)
	mustBe(t, "a forged receipt", connect.CodeOf(confirm()), connect.CodeUnauthenticated)
	noError(t, w.Receipt.Sign(key))
	noError(t, deliver())
	noError(t, deliver())
	noError(t, confirm())
	noError(t, confirm())
	if _, err := token(key); connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("once wiped it is told: %v", err)
	}
	mustBe(t, "an order after that", connect.CodeOf(wipe()), connect.CodeInvalidArgument)

	var got []audit.Event
	for _, e := range log.taken() {
		if e.Action == directoryRead {
			continue
		}
		got = append(got, audit.Event{Action: e.Action, By: e.By, Target: e.Target, Outcome: e.Outcome})
	}
	by, target := keeper.String(), device.String()
	want := []audit.Event{
		{Action: "device.wipe", By: by, Target: target, Outcome: "invalid"},
		{Action: "device.wipe", By: by, Target: target},
		{Action: "device.wiped", Target: target, Outcome: "unauthenticated"},
		{Action: "device.wiped", Target: target},
		{Action: "device.wiped", Target: target},
		{Action: "device.wipe", By: by, Target: target, Outcome: "invalid"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("kept %+v,\nwant %+v", got, want)
	}
}
