package credential

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// A code that unlocks a tablet goes from mouth to ear, so it must be short. A
// signature is not: 64 bytes are 32 groups of digits. What is short is a MAC, under
// a key that the two have agreed on before (RFC 6287 does it so): home gives each
// tablet a key of its own together with the lease that the code lengthens. Whoever
// reads that key out of the tablet has opened its register, and needs no code; who
// has it from home's register can make codes, and could as well let the tablet in.

// UnlockKey is what one device and its home have in common to unlock the device
// without a network. It shows nowhere.
type UnlockKey [32]byte

// Format implements fmt.Formatter, so that no log ever has a key.
func (UnlockKey) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, "(secret)") }

// UnlockKeyOf is a device's key, of a secret that home alone has.
func UnlockKeyOf(secret []byte, device DeviceID) (UnlockKey, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, string(append(begin("zhurnal/unlock-key/1"), device[:]...)), len(UnlockKey{}))
	if err != nil {
		return UnlockKey{}, fault.New(fault.Internal, "unlock key: %w", err)
	}
	return UnlockKey(key), nil
}

// UnlockDaysMost is for how many days one code unlocks at most.
const UnlockDaysMost = 30

// UnlockChallenge is what a tablet shows that is to be unlocked: 18 digits. It is
// good for one code.
type UnlockChallenge struct {
	// device is a part of the hash of whose it is, so that who names another one is
	// told.
	device [2]byte
	nonce  [4]byte
}

// NewUnlockChallenge makes the challenge of a device, of random bytes.
func NewUnlockChallenge(device DeviceID, nonce [4]byte) UnlockChallenge {
	hash := sha256.Sum256(append(begin("zhurnal/unlock-device/1"), device[:]...))
	return UnlockChallenge{[2]byte(hash[:]), nonce}
}

// String is what the tablet shows.
func (c UnlockChallenge) String() string { return groupsText(append(c.device[:], c.nonce[:]...)) }

// ParseUnlockChallenge reads what somebody has typed.
func ParseUnlockChallenge(text string) (c UnlockChallenge, err error) {
	var data [6]byte
	err = parseGroups("challenge", text, data[:])
	return UnlockChallenge{[2]byte(data[:]), [4]byte(data[2:])}, err
}

// IsOf tells whether a device may have shown the challenge. One of 65,536 others
// may have, too; the code is good for one alone.
func (c UnlockChallenge) IsOf(device DeviceID) bool {
	return c == NewUnlockChallenge(device, c.nonce)
}

// UnlockCode is what unlocks a tablet, once and for a number of days: 24 digits.
type UnlockCode struct {
	// Days is for how long it unlocks.
	Days int
	mac  [7]byte
}

// Code returns the code that answers a challenge of the key's device.
func (k *UnlockKey) Code(c UnlockChallenge, days int) (UnlockCode, error) {
	if days < 1 || days > UnlockDaysMost {
		return UnlockCode{}, fault.New(fault.Invalid, "a code unlocks for 1 to %d days", UnlockDaysMost)
	}
	return UnlockCode{days, k.mac(c, days)}, nil
}

func (k *UnlockKey) mac(c UnlockChallenge, days int) [7]byte {
	h := hmac.New(sha256.New, k[:])
	_, _ = h.Write(append(append(begin("zhurnal/unlock/1"), c.nonce[:]...), byte(days)))
	return [7]byte(h.Sum(nil))
}

// Unlocks tells whether a code answers a challenge of the key's device.
func (k *UnlockKey) Unlocks(c UnlockChallenge, code UnlockCode) bool {
	want := k.mac(c, code.Days)
	return code.Days >= 1 && code.Days <= UnlockDaysMost && hmac.Equal(want[:], code.mac[:])
}

// String is what is read to whoever has the tablet.
func (c UnlockCode) String() string { return groupsText(append([]byte{byte(c.Days)}, c.mac[:]...)) }

// ParseUnlockCode reads what somebody has typed.
func ParseUnlockCode(text string) (c UnlockCode, err error) {
	var data [8]byte
	err = parseGroups("code", text, data[:])
	return UnlockCode{int(data[0]), [7]byte(data[1:])}, err
}
