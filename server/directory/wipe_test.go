package directory_test

import (
	"crypto/rand"
	"crypto/sha256"
	"testing"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// wipeKeyOf signs the orders of all offices of the tests.
var wipeKeyOf = func() *credential.SoftwareKey {
	key, err := credential.NewSoftwareKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}()

const recovery = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

func (o *office) hasWipeKey() {
	o.Helper()
	o.must(o.tenant().SetWipeKey(o.Context(), o.admin, wipeKeyOf.Public().Bytes(), []string{recovery}))
}

// wipeable enrols a tablet that obeys the wipe key.
func (o *office) wipeable(user merge.PersonID) (directory.DeviceID, *credential.SoftwareKey) {
	o.Helper()
	key := must(credential.NewSoftwareKey(rand.Reader))(o)
	secret := sha256.Sum256(key.Public().Bytes())
	must(o.tenant().Invite(o.Context(), o.admin, directory.NewInvitation{
		User: user, SecretHash: secret, ExpiresAt: o.clock.Load() + hour, Medium: directoryv1.InvitationMedium_INVITATION_MEDIUM_SCREEN,
		WipeKey: o.view().Organisation(o.org).WipeKey,
	}))(o)
	id, _, err := o.dir.UseInvitation(o.Context(), secret, directory.NewDevice{
		Organisation: o.org, TabletLabel: "tablet", Algorithm: directoryv1.KeyAlgorithm_KEY_ALGORITHM_ED25519, PublicKey: key.Public().Bytes(),
	})
	o.must(err)
	return id, key
}

func (o *office) order(device directory.DeviceID) credential.WipeOrder {
	o.Helper()
	order := credential.WipeOrder{Organisation: o.org, Device: device, Nonce: credential.Nonce{7}, IssuedMillis: o.clock.Load()}
	o.must(order.Sign(wipeKeyOf))
	return order
}

func (o *office) orderWipe(device directory.DeviceID, _ *credential.SoftwareKey) {
	o.Helper()
	o.must(o.tenant().OrderWipe(o.Context(), o.admin, device, o.order(device)))
}

func (o *office) receipt(device directory.DeviceID, key *credential.SoftwareKey) *credential.Wiped {
	o.Helper()
	w := &credential.Wiped{Order: o.order(device), Receipt: credential.WipeReceipt{Organisation: o.org, Device: device, Nonce: credential.Nonce{7}}}
	o.must(w.Receipt.Sign(key))
	return w
}

func (o *office) wiped(device directory.DeviceID, key *credential.SoftwareKey) {
	o.Helper()
	o.must(o.dir.Wiped(o.Context(), o.receipt(device, key)))
}

func TestAnOrderIsForWhoObeysItsKey(t *testing.T) {
	o := newOffice(t)
	oksana := o.user("Oksana")
	before := o.device(oksana, 1)
	o.hasWipeKey()
	device, key := o.wipeable(oksana)
	other, _ := o.wipeable(oksana)
	stranger := must(o.dir.AddOrganisation(t.Context(), merge.PersonID{}, "Another"))(t)
	forged := o.order(device)
	o.must(forged.Sign(must(credential.NewSoftwareKey(rand.Reader))(t)))
	elsewhere := o.order(device)
	elsewhere.Organisation = stranger
	o.must(elsewhere.Sign(wipeKeyOf))
	for what, c := range map[string]struct {
		device directory.DeviceID
		order  credential.WipeOrder
	}{
		"signed by another":            {device, forged},
		"for another device":           {device, o.order(other)},
		"of another organisation":      {device, elsewhere},
		"for one that enrolled before": {before, o.order(before)},
	} {
		if err := o.tenant().OrderWipe(t.Context(), o.admin, c.device, c.order); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := o.dir.In(stranger).OrderWipe(t.Context(), merge.PersonID{}, device, o.order(device)); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another organisation orders: %v", err)
	}
	if o.view().Doomed(device) != nil || o.view().LetIn(device) == nil {
		t.Fatal("it is to be wiped")
	}
	o.orderWipe(device, key)
	if o.view().Doomed(device) == nil || o.view().LetIn(device) != nil {
		t.Error("it is not to be wiped")
	}
	o.mustBeHealthy()
}

// The key is changed for tablets that enrol from then on.
func TestATabletObeysTheKeyThatItWasGiven(t *testing.T) {
	o := newOffice(t)
	oksana := o.user("Oksana")
	o.hasWipeKey()
	device, key := o.wipeable(oksana)
	next := must(credential.NewSoftwareKey(rand.Reader))(t)
	o.must(o.tenant().SetWipeKey(t.Context(), o.admin, next.Public().Bytes(), []string{recovery}))
	o.orderWipe(device, key)
	later, _ := o.wipeable(oksana)
	if err := o.tenant().OrderWipe(t.Context(), o.admin, later, o.order(later)); fault.KindOf(err) != fault.Invalid {
		t.Errorf("by the key before: %v", err)
	}
	for what, err := range map[string]error{
		"no recipient": o.tenant().SetWipeKey(t.Context(), o.admin, next.Public().Bytes(), nil),
		"no key":       o.tenant().SetWipeKey(t.Context(), o.admin, make([]byte, 31), []string{recovery}),
	} {
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A receipt is believed for what it shows, also by a server that was restored and
// has forgotten the order.
func TestAReceiptIsBelievedAfterARestore(t *testing.T) {
	o := newOffice(t)
	oksana := o.user("Oksana")
	o.hasWipeKey()
	device, key := o.wipeable(oksana)
	other, otherKey := o.wipeable(oksana)
	file := o.backedUp()
	o.orderWipe(device, key)
	o.restore(file)
	if got := o.view().Device(device).Status; got != revoked {
		t.Fatalf("after the restore it is %s", got)
	}
	for what, forge := range map[string]func(*credential.Wiped){
		"another device's key": func(w *credential.Wiped) { o.must(w.Receipt.Sign(otherKey)) },
		"for another device":   func(w *credential.Wiped) { w.Receipt.Device = other },
		"an order of nobody's": func(w *credential.Wiped) { o.must(w.Order.Sign(otherKey)) },
	} {
		w := o.receipt(device, key)
		forge(w)
		if err := o.dir.Wiped(t.Context(), w); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%s: %v", what, err)
		}
	}
	o.wiped(device, key)
	o.wiped(device, key)
	if got := o.view().Device(device).Status; got != wiped {
		t.Errorf("it is %s", got)
	}
	o.mustBeHealthy()
}
