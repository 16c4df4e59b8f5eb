package credential_test

import (
	"crypto/rand"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/credential"
)

// What a run of changes costs its device and the server, beside hashing.
func BenchmarkKey(b *testing.B) {
	ed25519, err := credential.NewSoftwareKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	es256, err := credential.NewES256Key()
	if err != nil {
		b.Fatal(err)
	}
	message := make([]byte, 110)
	for name, key := range map[string]*credential.SoftwareKey{"Ed25519": ed25519, "ES256": es256} {
		signature, err := key.Sign(message)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/sign", func(b *testing.B) {
			for b.Loop() {
				_, _ = key.Sign(message)
			}
		})
		b.Run(name+"/verify", func(b *testing.B) {
			for b.Loop() {
				if !key.Public().Verify(message, signature) {
					b.Fatal("it does not verify")
				}
			}
		})
	}
}
