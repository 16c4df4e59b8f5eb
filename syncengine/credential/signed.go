package credential

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// The ids, 16 bytes each, drawn at random and never reused; but a device's, which
// its key gives it.
type (
	// DeviceID names a device: one key, of one person. See [DeviceOf].
	DeviceID = merge.DeviceID
	// OrganisationID names an organisation, which has its people and spaces for
	// itself.
	OrganisationID [16]byte
	// HubID names the store of a hub.
	HubID [16]byte
)

// String is the whole id in hexadecimal.
func (id OrganisationID) String() string { return hex.EncodeToString(id[:]) }

// Secret is what an invitation is good by, once: 16 random bytes. It shows
// nowhere but in the invitation's text.
type Secret [16]byte

// Format implements fmt.Formatter, so that no log ever has a secret.
func (Secret) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, "(secret)") }

// Hash is what the server keeps of a secret. Who reads it cannot enrol with it.
func (s Secret) Hash() [32]byte { return sha256.Sum256(s[:]) }

// Nonce is what a device signs to get a token.
type Nonce [32]byte

// EnrolMessage is what a device signs to enrol: that it has the key, for this
// invitation and no other.
func EnrolMessage(organisation OrganisationID, secret Secret, key PublicKey, label string) []byte {
	m := begin("zhurnal/enrol/1")
	m = append(m, organisation[:]...)
	hash := secret.Hash()
	m = append(m, hash[:]...)
	m = append(m, byte(key.algorithm))
	m = appendText(m, key.encoded)
	return appendText(m, label)
}

// TokenMessage is what a device signs to get a token from its home server.
func TokenMessage(organisation OrganisationID, device DeviceID, nonce Nonce) []byte {
	return tokenMessage("zhurnal/token/1", organisation, device, nonce)
}

// HubTokenMessage is what a device signs to get a token from a hub. A hub that
// passes on a challenge of home's gets nothing by it.
func HubTokenMessage(hub HubID, device DeviceID, nonce Nonce) []byte {
	return tokenMessage("zhurnal/hub-token/1", hub, device, nonce)
}

func tokenMessage(name string, server [16]byte, device DeviceID, nonce Nonce) []byte {
	m := append(begin(name), server[:]...)
	m = append(m, device[:]...)
	return append(m, nonce[:]...)
}

func begin(name string) []byte { return append([]byte(name), 0) }

func appendText(m []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint32(m, uint32(len(text))), text...)
}
