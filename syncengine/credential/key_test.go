package credential_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

func keys(t testing.TB) map[string]*credential.SoftwareKey {
	t.Helper()
	first, err := credential.NewSoftwareKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	second, err := credential.NewES256Key()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*credential.SoftwareKey{"Ed25519": first, "ES256": second}
}

func TestASignatureIsForOneKeyAndOneMessage(t *testing.T) {
	others := keys(t)
	for name, key := range keys(t) {
		message := []byte("what is signed")
		signature, err := key.Sign(message)
		if err != nil || !key.Public().Verify(message, signature) {
			t.Fatalf("%s: its own signature is refused: %v", name, err)
		}
		for what, refused := range map[string]bool{
			"another message":     key.Public().Verify([]byte("what is signeD"), signature),
			"another key":         others[name].Public().Verify(message, signature),
			"no key":              credential.PublicKey{}.Verify(message, signature),
			"no signature":        key.Public().Verify(message, nil),
			"a longer signature":  key.Public().Verify(message, append(bytes.Clone(signature), 0)),
			"a shorter signature": key.Public().Verify(message, signature[:len(signature)-1]),
		} {
			if refused {
				t.Errorf("%s: verified with %s", name, what)
			}
		}
		for i := range signature {
			flipped := bytes.Clone(signature)
			flipped[i] ^= 1
			if key.Public().Verify(message, flipped) {
				t.Errorf("%s: verified with byte %d flipped", name, i)
			}
		}
	}
}

func TestAKeptKeyIsTheSameKey(t *testing.T) {
	for name, key := range keys(t) {
		kept, err := key.Private()
		if err != nil {
			t.Fatal(err)
		}
		again, err := credential.ParseSoftwareKey(kept)
		if err != nil || again.Public() != key.Public() {
			t.Errorf("%s: another key: %v", name, err)
		}
		signature, err := again.Sign([]byte("m"))
		if err != nil || !key.Public().Verify([]byte("m"), signature) {
			t.Errorf("%s: it signs otherwise: %v", name, err)
		}
	}
	if _, err := credential.ParseSoftwareKey([]byte("no key")); fault.KindOf(err) != fault.Malformed {
		t.Errorf("what is no key: %v", err)
	}
}

func TestWhatIsNoPublicKeyIsRefused(t *testing.T) {
	point := keys(t)["ES256"].Public().Bytes()
	off := bytes.Clone(point)
	off[64] ^= 1
	for what, c := range map[string]struct {
		algorithm credential.Algorithm
		key       []byte
	}{
		"no algorithm":         {0, make([]byte, 32)},
		"an unknown algorithm": {3, make([]byte, 32)},
		"a short Ed25519 key":  {credential.Ed25519, make([]byte, 31)},
		"a long Ed25519 key":   {credential.Ed25519, make([]byte, 33)},
		"a compressed point":   {credential.ES256, append([]byte{2}, point[1:33]...)},
		"off the curve":        {credential.ES256, off},
		"the point at infinity": {
			credential.ES256, append([]byte{4}, make([]byte, 64)...),
		},
		"nothing": {credential.ES256, nil},
	} {
		if _, err := credential.ParsePublicKey(c.algorithm, c.key); fault.KindOf(err) != fault.Malformed {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A signature for one purpose must never be good for another, whatever the ids.
func TestNoTwoPurposesSignTheSameBytes(t *testing.T) {
	key := keys(t)["Ed25519"].Public()
	seen := map[string]string{}
	for name, message := range map[string][]byte{
		"enrol":            credential.EnrolMessage(credential.OrganisationID{1}, credential.Secret{1}, key, "a"),
		"another label":    credential.EnrolMessage(credential.OrganisationID{1}, credential.Secret{1}, key, "b"),
		"another secret":   credential.EnrolMessage(credential.OrganisationID{1}, credential.Secret{2}, key, "a"),
		"another server":   credential.EnrolMessage(credential.OrganisationID{2}, credential.Secret{1}, key, "a"),
		"a token":          credential.TokenMessage(credential.OrganisationID{1}, credential.DeviceID{1}, credential.Nonce{1}),
		"a token of a hub": credential.HubTokenMessage(credential.HubID{1}, credential.DeviceID{1}, credential.Nonce{1}),
		"another device":   credential.TokenMessage(credential.OrganisationID{1}, credential.DeviceID{2}, credential.Nonce{1}),
		"another nonce":    credential.TokenMessage(credential.OrganisationID{1}, credential.DeviceID{1}, credential.Nonce{2}),
		"an order to wipe": (&credential.WipeOrder{Organisation: credential.OrganisationID{1}, Device: credential.DeviceID{1}, Nonce: credential.Nonce{1}}).Message(),
		"a receipt for it": (&credential.WipeReceipt{Organisation: credential.OrganisationID{1}, Device: credential.DeviceID{1}, Nonce: credential.Nonce{1}}).Message(),
	} {
		if other, there := seen[string(message)]; there {
			t.Errorf("%s and %s sign the same", name, other)
		}
		seen[string(message)] = name
		if name, _, ok := bytes.Cut(message, []byte{0}); !ok || !bytes.HasPrefix(name, []byte("zhurnal/")) {
			t.Errorf("a message begins without the name of its purpose: %q", message)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	for name, key := range keys(b) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := key.Sign([]byte("m")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for name, key := range keys(b) {
		signature, err := key.Sign([]byte("m"))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if !key.Public().Verify([]byte("m"), signature) {
					b.Fatal("refused")
				}
			}
		})
	}
}

// A key of small order has signatures that anybody can make, and one with two
// encodings would be two devices.
func TestAKeyThatIsNobodysIsRefused(t *testing.T) {
	for name, key := range map[string]string{
		"the neutral point":       "0100000000000000000000000000000000000000000000000000000000000000",
		"of order four":           "0000000000000000000000000000000000000000000000000000000000000000",
		"of order two":            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"of order eight":          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"another way to write it": "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"no point":                "0200000000000000000000000000000000000000000000000000000000000000",
	} {
		data, err := hex.DecodeString(key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := credential.ParsePublicKey(credential.Ed25519, data); fault.KindOf(err) != fault.Malformed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Worked out by another program from what zhurnal/enrol/v1/enrol.proto says.
func TestADevicesIDFollowsFromItsKey(t *testing.T) {
	key := make([]byte, 65)
	for i := range key {
		key[i] = byte(i)
	}
	if id := credential.DeviceOf(credential.Ed25519, key[:32]); id.String() != "93ae1bcc7130b37323afe193a03f4179" {
		t.Errorf("Ed25519: %s", id)
	}
	if id := credential.DeviceOf(credential.ES256, key); id.String() != "9fe744d669f9588d120a068ea3f824a9" {
		t.Errorf("ES256: %s", id)
	}
}
