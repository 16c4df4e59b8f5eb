package store

import (
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/zhurnal/zhurnal/syncengine/keyring"
)

// The sizes of a head or a block's beginning, of a record, and of an entry of the
// log with a few changes.
var sealedSizes = []int{40, 160, 1500}

// BenchmarkSeal is what a row costs that is written, and one that is read, above
// what lies beneath the seal.
func BenchmarkSeal(b *testing.B) {
	ring, err := keyring.Create(b.TempDir(), testMaster)
	if err != nil {
		b.Fatal(err)
	}
	keys := newDataKeys(ring)
	rows := oneRow{}
	u := &sealedUpdate{update: rows, backend: &sealedBackend{keys: keys, renewalBits: renewalBits}}
	key := spaceKey(lyman, kindHead)
	for _, sizeBytes := range sealedSizes {
		value := make([]byte, sizeBytes)
		b.Run(fmt.Sprintf("write/%d", sizeBytes), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := u.set(key, value); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("read/%d", sizeBytes), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := u.get(key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// oneRow has the rows that were set last, in memory.
type oneRow map[string][]byte

func (r oneRow) get(key []byte) ([]byte, error) { return append([]byte(nil), r[string(key)]...), nil }

func (r oneRow) set(key, value []byte) error {
	r[string(key)] = value
	return nil
}

func (oneRow) commit() error { return nil }
func (oneRow) discard()      {}

// BenchmarkAEAD is what was weighed: a seal whose random nonces are long enough
// for ever, and one whose keys have to be renewed.
func BenchmarkAEAD(b *testing.B) {
	x, err := chacha20poly1305.NewX(make([]byte, dataKeyBytes))
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		aead cipher.AEAD
	}{{"AES-256-GCM", newCipher(make([]byte, dataKeyBytes))}, {"XChaCha20-Poly1305", x}} {
		for _, sizeBytes := range sealedSizes {
			value, key := make([]byte, sizeBytes), spaceKey(lyman, kindHead)
			b.Run(fmt.Sprintf("%s/%d", c.name, sizeBytes), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					row := make([]byte, c.aead.NonceSize(), c.aead.NonceSize()+sizeBytes+tagBytes)
					rand.Read(row)
					c.aead.Seal(row, row, value, key)
				}
			})
		}
	}
}
