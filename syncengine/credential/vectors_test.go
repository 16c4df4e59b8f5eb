package credential_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/credential"
)

const vectorsPath = "../testdata/vectors/credential.json"

var update = flag.Bool("update", false, "write the golden vectors anew")

// vectors are an invitation and what a device with an Ed25519 key signs; bytes
// are in hexadecimal.
type vectors struct {
	Invitation string            `json:"invitation"`
	Seed       string            `json:"ed25519_seed"`
	PublicKey  string            `json:"public_key"`
	Label      string            `json:"label"`
	Device     string            `json:"device"`
	Hub        string            `json:"hub"`
	Nonce      string            `json:"nonce"`
	Signed     map[string]signed `json:"signed"`
}

type signed struct {
	Message   string `json:"message"`
	Signature string `json:"signature"`
}

func compute(t *testing.T) *vectors {
	t.Helper()
	seed := bytes.Repeat([]byte{0x5e, 0xed}, 16)
	key, err := credential.NewSoftwareKey(bytes.NewReader(seed))
	if err != nil {
		t.Fatal(err)
	}
	i := invitations()[1]
	label, device, hub, nonce := "Планшет 7", credential.DeviceID{0xde, 15: 1}, credential.HubID{0x4b, 15: 2}, credential.Nonce{0x0c, 31: 3}
	v := &vectors{
		Invitation: i.Text(), Seed: hex.EncodeToString(seed), PublicKey: hex.EncodeToString(key.Public().Bytes()),
		Label: label, Device: device.String(), Hub: hex.EncodeToString(hub[:]), Nonce: hex.EncodeToString(nonce[:]),
		Signed: map[string]signed{},
	}
	order := credential.WipeOrder{Organisation: i.Organisation, Device: device, Nonce: nonce, IssuedMillis: 1_798_000_000_000}
	receipt := credential.WipeReceipt{
		Organisation: i.Organisation, Device: device, Nonce: nonce, PackageHash: [32]byte{0x9a, 31: 4}, PackageBytes: 4321, SignedMillis: 1_798_000_060_000,
	}
	for name, message := range map[string][]byte{
		"wipe":      order.Message(),
		"wiped":     receipt.Message(),
		"enrol":     credential.EnrolMessage(i.Organisation, i.Secret, key.Public(), label),
		"token":     credential.TokenMessage(i.Organisation, device, nonce),
		"hub_token": credential.HubTokenMessage(hub, device, nonce),
	} {
		signature, err := key.Sign(message)
		if err != nil {
			t.Fatal(err)
		}
		v.Signed[name] = signed{hex.EncodeToString(message), hex.EncodeToString(signature)}
	}
	return v
}

func TestVectorsAreAsPromised(t *testing.T) {
	data, err := json.MarshalIndent(compute(t), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, '\n')
	if *update {
		if err := os.WriteFile(vectorsPath, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	promised, err := os.ReadFile(vectorsPath)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, promised) {
		t.Errorf("%s is not what this program computes", vectorsPath)
	}
}
