// Package keyring keeps the keys by which a store is sealed. They stand on three
// steps, so that the first can be kept elsewhere and changed without touching
// what the last has sealed:
//
//   - the master key lies in a file outside of the store's directory, or in a
//     service that never gives it away: see [Master];
//   - root keys lie in the file KEYRING of the store's directory, each wrapped by
//     the master key. There is one, and while the master key is changed two;
//   - data keys, one for each space, lie in the store, each wrapped by a root
//     key. They seal rows; package store does that.
//
// The package knows nothing of rows. All keys are 256 bits from the operating
// system's generator, and all wrapping is AES-256-GCM with random nonces: keys
// are few, so that no two of 2^96 nonces are ever alike.
package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// Master is a master key, wherever it is kept: a [Key], or one in a key
// management service, of which nothing but wrapping and unwrapping is asked,
// once each time that a store is opened.
type Master interface {
	// ID tells the key from others, and never changes. It is written down in
	// clear and in errors.
	ID() string
	// Wrap seals a key. What it is bound to is not secret, and has to be given to
	// Unwrap again.
	Wrap(key, bound []byte) (wrapped []byte, err error)
	// Unwrap returns an error for what was altered, or wrapped by another key or
	// bound to something else.
	Unwrap(wrapped, bound []byte) (key []byte, err error)
}

// keyBytes is the length of every key.
const keyBytes = 32

// Key is a master key that is held in memory. It prints as its ID.
type Key struct{ secret [keyBytes]byte }

// NewKey returns a master key of 32 unguessable bytes.
func NewKey(secret [keyBytes]byte) Key { return Key{secret} }

// Generate makes a master key.
func Generate() Key {
	var key Key
	rand.Read(key.secret[:]) // cannot fail
	return key
}

// ID is the beginning of a hash of the key.
func (k Key) ID() string {
	sum := sha256.Sum256(append([]byte("zhurnal master key id\x00"), k.secret[:]...))
	return fmt.Sprintf("%x", sum[:8])
}

// String returns the ID.
func (k Key) String() string { return k.ID() }

// GoString returns the ID.
func (k Key) GoString() string { return k.ID() }

// Wrap implements [Master].
func (k Key) Wrap(key, bound []byte) ([]byte, error) {
	return seal(newCipher(k.secret), key, bound), nil
}

// Unwrap implements [Master].
func (k Key) Unwrap(wrapped, bound []byte) ([]byte, error) {
	return open(newCipher(k.secret), wrapped, bound)
}

func newCipher(key [keyBytes]byte) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // the block is AES's own
	}
	return gcm
}

func seal(c cipher.AEAD, key, bound []byte) []byte { return c.Seal(nil, nil, key, bound) }

var errNotWrapped = errors.New("altered, or wrapped by another key")

func open(c cipher.AEAD, sealed, bound []byte) ([]byte, error) {
	key, err := c.Open(nil, nil, sealed, bound)
	if err != nil {
		return nil, errNotWrapped
	}
	return key, nil
}
