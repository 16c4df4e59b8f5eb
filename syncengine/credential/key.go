package credential

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"

	"filippo.io/edwards25519"

	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Algorithm is how a key signs.
type Algorithm = enrolv1.Algorithm

// The algorithms. What keys and signatures look like is in the .proto file.
const (
	Ed25519 = enrolv1.Algorithm_ALGORITHM_ED25519
	ES256   = enrolv1.Algorithm_ALGORITHM_ES256
)

// signatureBytes bounds a signature: one of ES256 in DER takes at most 72 bytes.
const signatureBytes = 72

// pointBytes is the length of an uncompressed point of P-256.
const pointBytes = 65

// Signer signs with a device's key. The key store of a platform is one, so that
// the key never leaves it; [SoftwareKey] is another. It is safe for concurrent
// use.
type Signer interface {
	// Public returns the public half of the key.
	Public() PublicKey
	// Sign signs the message, which it hashes itself as the algorithm says. A key
	// store may refuse, while the screen is locked for one.
	Sign(message []byte) (signature []byte, error error)
}

// PublicKey verifies what a device has signed. The zero value verifies nothing.
type PublicKey struct {
	algorithm Algorithm
	// encoded are the bytes of the key; a string makes keys comparable.
	encoded string
}

// ParsePublicKey checks that the bytes are a key of this algorithm. Each key has
// one encoding, so equal keys are equal values.
func ParsePublicKey(algorithm Algorithm, key []byte) (PublicKey, error) {
	switch algorithm {
	case Ed25519:
		if len(key) != ed25519.PublicKeySize {
			return PublicKey{}, fault.New(fault.Malformed, "public key: %d bytes where an Ed25519 key has %d", len(key), ed25519.PublicKeySize)
		}
		if !isEd25519(key) {
			return PublicKey{}, fault.New(fault.Malformed, "public key: it is none of Ed25519 that anybody has the private half of")
		}
	case ES256:
		if len(key) != pointBytes {
			return PublicKey{}, fault.New(fault.Malformed, "public key: %d bytes where an uncompressed point of P-256 has %d", len(key), pointBytes)
		}
		if _, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), key); err != nil {
			return PublicKey{}, fault.New(fault.Malformed, "public key: %w", err)
		}
	default:
		return PublicKey{}, fault.New(fault.Malformed, "public key: algorithm %d is not known: Ed25519 (1) and ES256 (2) are", algorithm)
	}
	return PublicKey{algorithm, string(key)}, nil
}

// isEd25519 tells whether the bytes are a point in its one encoding, and none of
// the few points of small order, for which anybody can make signatures that
// verify (Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs", 2020).
func isEd25519(key []byte) bool {
	point, err := new(edwards25519.Point).SetBytes(key)
	if err != nil || !bytes.Equal(point.Bytes(), key) {
		return false
	}
	return new(edwards25519.Point).MultByCofactor(point).Equal(edwards25519.NewIdentityPoint()) == 0
}

// DeviceOf is the id of the device that has a key: a hash of it, so that a tablet
// which enrols again, at a server that was restored from before it had, is the
// device that signed what it wrote, and nobody else is.
func DeviceOf(algorithm Algorithm, key []byte) DeviceID {
	hash := sha256.Sum256(append(append(begin("zhurnal/device/1"), byte(algorithm)), key...))
	return DeviceID(hash[:])
}

// Algorithm returns how the key signs.
func (k PublicKey) Algorithm() Algorithm { return k.algorithm }

// Bytes returns the key as the protocol has it.
func (k PublicKey) Bytes() []byte { return []byte(k.encoded) }

// Verify tells whether the signature is the key's, over the message.
func (k PublicKey) Verify(message, signature []byte) bool {
	if len(signature) == 0 || len(signature) > signatureBytes {
		return false
	}
	switch k.algorithm {
	case Ed25519:
		return ed25519.Verify(ed25519.PublicKey(k.encoded), message, signature)
	case ES256:
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), []byte(k.encoded))
		if err != nil {
			return false
		}
		digest := sha256.Sum256(message)
		return ecdsa.VerifyASN1(key, digest[:], signature)
	}
	return false
}
