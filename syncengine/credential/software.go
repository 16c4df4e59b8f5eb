package credential

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"io"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// SoftwareKey is a key in the memory of the process, for desktops, hubs and
// tests: whoever reads it is the device. A phone has a key store.
type SoftwareKey struct {
	public PublicKey
	// One of them is set.
	ed25519 ed25519.PrivateKey
	es256   *ecdsa.PrivateKey
}

var _ Signer = (*SoftwareKey)(nil)

// NewSoftwareKey draws an Ed25519 key from random, which is crypto/rand.Reader
// but in tests.
func NewSoftwareKey(random io.Reader) (*SoftwareKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, fault.New(fault.Internal, "random bytes: %w", err)
	}
	return softwareKey(ed25519.NewKeyFromSeed(seed))
}

// NewES256Key draws a key as most phones have it.
func NewES256Key() (*SoftwareKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fault.New(fault.Internal, "draw a key: %w", err)
	}
	return softwareKey(key)
}

// ParseSoftwareKey reads what [SoftwareKey.Private] has written.
func ParseSoftwareKey(private []byte) (*SoftwareKey, error) {
	key, err := x509.ParsePKCS8PrivateKey(private)
	if err != nil {
		return nil, fault.New(fault.Malformed, "not a private key: %w", err)
	}
	return softwareKey(key)
}

func softwareKey(private any) (k *SoftwareKey, err error) {
	switch private := private.(type) {
	case ed25519.PrivateKey:
		k = &SoftwareKey{ed25519: private}
		k.public, err = ParsePublicKey(Ed25519, private.Public().(ed25519.PublicKey))
	case *ecdsa.PrivateKey:
		k = &SoftwareKey{es256: private}
		var point []byte
		if point, err = private.PublicKey.Bytes(); err == nil {
			k.public, err = ParsePublicKey(ES256, point)
		}
	default:
		err = fault.New(fault.Malformed, "a private key of another kind: Ed25519 and P-256 are known")
	}
	return k, err
}

// Private returns the key to be kept, in PKCS #8. Nothing encrypts it.
func (k *SoftwareKey) Private() ([]byte, error) {
	if k.ed25519 != nil {
		return x509.MarshalPKCS8PrivateKey(k.ed25519)
	}
	return x509.MarshalPKCS8PrivateKey(k.es256)
}

// Public implements [Signer].
func (k *SoftwareKey) Public() PublicKey { return k.public }

// Sign implements [Signer].
func (k *SoftwareKey) Sign(message []byte) ([]byte, error) {
	if k.ed25519 != nil {
		return ed25519.Sign(k.ed25519, message), nil
	}
	digest := sha256.Sum256(message)
	return ecdsa.SignASN1(rand.Reader, k.es256, digest[:])
}
