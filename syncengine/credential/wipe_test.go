package credential_test

import (
	"bytes"
	"crypto/rand"
	"reflect"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// obeyed is an order, its receipt, and the keys of both.
func obeyed(t *testing.T, device credential.Signer) (w credential.Wiped, wipeKey []byte) {
	t.Helper()
	key, err := credential.NewSoftwareKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w.Order = credential.WipeOrder{Organisation: credential.OrganisationID{1}, Device: credential.DeviceID{2}, Nonce: credential.Nonce{3}, IssuedMillis: 4}
	w.Receipt = credential.WipeReceipt{
		Organisation: credential.OrganisationID{1}, Device: credential.DeviceID{2}, Nonce: credential.Nonce{3},
		PackageHash: [32]byte{5}, PackageBytes: 6, SignedMillis: 7,
	}
	if err := w.Order.Sign(key); err != nil {
		t.Fatal(err)
	}
	if err := w.Receipt.Sign(device); err != nil {
		t.Fatal(err)
	}
	return w, key.Public().Bytes()
}

func TestAReceiptProvesOneOrderOfOneDevice(t *testing.T) {
	for name, device := range keys(t) {
		w, wipeKey := obeyed(t, device)
		if !w.Proves(wipeKey, device.Public()) {
			t.Fatalf("%s: its own receipt proves nothing", name)
		}
		other, otherKey := obeyed(t, device)
		if w.Proves(otherKey, device.Public()) || w.Proves(nil, device.Public()) || w.Proves(wipeKey, keys(t)[name].Public()) {
			t.Errorf("%s: it proves under another key", name)
		}
		other.Order.Nonce[0]++
		for what, alter := range map[string]func(*credential.Wiped){
			"another organisation": func(w *credential.Wiped) { w.Order.Organisation[0]++; w.Receipt.Organisation[0]++ },
			"another device":       func(w *credential.Wiped) { w.Order.Device[0]++; w.Receipt.Device[0]++ },
			"another nonce":        func(w *credential.Wiped) { w.Order.Nonce[0]++; w.Receipt.Nonce[0]++ },
			"another order":        func(w *credential.Wiped) { w.Order = other.Order },
			"another time":         func(w *credential.Wiped) { w.Order.IssuedMillis++ },
			"another file":         func(w *credential.Wiped) { w.Receipt.PackageHash[31]++ },
			"another length":       func(w *credential.Wiped) { w.Receipt.PackageBytes++ },
			"signed later":         func(w *credential.Wiped) { w.Receipt.SignedMillis++ },
			"no signature":         func(w *credential.Wiped) { w.Receipt.Signature = nil },
			"no order":             func(w *credential.Wiped) { w.Order.Signature = nil },
		} {
			altered := w
			alter(&altered)
			if altered.Proves(wipeKey, device.Public()) {
				t.Errorf("%s: it proves with %s", name, what)
			}
		}
	}
}

func TestAnOrderIsSignedByAKeyOfEd25519(t *testing.T) {
	var o credential.WipeOrder
	if err := o.Sign(keys(t)["ES256"]); fault.KindOf(err) != fault.Invalid {
		t.Errorf("ES256 signs: %v", err)
	}
	// Anybody can sign for this point, of order one.
	small := append([]byte{1}, make([]byte, 31)...)
	o.Signature = append(bytes.Clone(small), make([]byte, 32)...)
	if o.IsSignedBy(small) {
		t.Error("a key of small order orders")
	}
}

func TestAReceiptIsReadAsItWasWritten(t *testing.T) {
	w, _ := obeyed(t, keys(t)["Ed25519"])
	read, err := credential.WipedFromProto(w.ToProto())
	if err != nil || !reflect.DeepEqual(read, w) {
		t.Errorf("%+v, %v", read, err)
	}
	m := w.ToProto()
	m.Receipt.PackageHash = m.Receipt.PackageHash[1:]
	if _, err := credential.WipedFromProto(m); fault.KindOf(err) != fault.Malformed {
		t.Errorf("a short hash: %v", err)
	}
	if _, err := credential.WipedFromProto(nil); fault.KindOf(err) != fault.Malformed {
		t.Errorf("nothing: %v", err)
	}
}

// A person carries an order over as a line, which may be cut short on the way.
func TestAnOrderIsReadFromItsLine(t *testing.T) {
	w, wipeKey := obeyed(t, keys(t)["Ed25519"])
	line := w.Order.Text()
	read, err := credential.ParseWipeOrder("\n " + line + "\n")
	if err != nil || !reflect.DeepEqual(read, w.Order) || !read.IsSignedBy(wipeKey) {
		t.Errorf("%s\nis read as %+v, %v", line, read, err)
	}
	for _, text := range []string{
		"", line[:len(line)-1], line + "A", line[1:], line + "&secret=AAAA", line + "&device=" + w.Order.Device.String(),
		strings.Replace(line, "issued=4", "issued=x", 1), strings.Replace(line, "nonce=", "nonce=A", 1), strings.Replace(line, ":wipe?", ":device?", 1),
	} {
		if read, err := credential.ParseWipeOrder(text); fault.KindOf(err) != fault.Malformed || !strings.Contains(err.Error(), "--print") {
			t.Errorf("%q is read as %+v, %v", text, read, err)
		}
	}
}
