package clientsdk

import (
	"context"
	"errors"
	"io"

	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// ErrUnlockCode says that a code, well typed, does not answer what the tablet
// shows: it is for another tablet, it was used, or home was met since.
var ErrUnlockCode = errors.New("this code does not answer what the tablet shows now: read that out again, and ask for another")

// unlocking is by what a code is known.
type unlocking struct {
	// key came with the lease; zeros if home has given none.
	key credential.UnlockKey
	// nonce is the challenge that is shown, if isShown.
	nonce   [4]byte
	isShown bool
}

const propertyUnlocking = "unlocking"

func (u *unlocking) encode() []byte {
	data := u.key[:]
	if u.isShown {
		data = append(data, u.nonce[:]...)
	}
	return data
}

func decodeUnlocking(data []byte) (u unlocking, err error) {
	switch len(data) {
	case 0:
	case len(u.key) + len(u.nonce):
		u.isShown = true
		copy(u.nonce[:], data[len(u.key):])
		fallthrough
	case len(u.key):
		copy(u.key[:], data)
	default:
		err = fault.New(fault.Damaged, "what unlocks the register has %d bytes", len(data))
	}
	return u, err
}

// renewed is what holds after a contact: a challenge from before is void, whether
// or not there is a code for it.
func (u unlocking) renewed(key []byte) unlocking {
	if len(key) == len(u.key) {
		u.key = credential.UnlockKey(key)
	}
	return unlocking{key: u.key}
}

// UnlockChallenge returns what the app shows when the register is locked, or soon
// will be, and home cannot be reached: 18 digits, which somebody reads to a
// coordinator. They stay the same until they are answered, or home is met.
func (r *Register) UnlockChallenge(ctx context.Context) (string, error) {
	t := &r.tenure
	t.saving.Lock()
	defer t.saving.Unlock()
	u := t.unlocking
	t.mu.Lock()
	l := t.lease
	t.mu.Unlock()
	switch {
	case l.allowedMillis == 0:
		return "", fault.New(fault.Invalid, "there is no offline lease: the register does not lock")
	case u.key == (credential.UnlockKey{}):
		return "", fault.New(fault.NotFound, "home has given this tablet nothing by which it knows a code: connect it and sync")
	}
	if !u.isShown {
		if _, err := io.ReadFull(r.options.Random, u.nonce[:]); err != nil {
			return "", fault.New(fault.Internal, "random bytes: %w", err)
		}
		u.isShown = true
		if err := r.writeLease(ctx, l, u); err != nil {
			return "", err
		}
	}
	return r.challenge(&u).String(), nil
}

func (r *Register) challenge(u *unlocking) credential.UnlockChallenge {
	return credential.NewUnlockChallenge(r.options.Device, u.nonce)
}

// Unlock takes the code that answers [Register.UnlockChallenge], of 24 digits,
// however they are parted. It lengthens the lease by the days that the code says,
// from now on if the lease is over, and is then used up. What is mistyped is told
// with its group; a code that is none has the error [ErrUnlockCode].
//
// It takes as many tries as somebody makes: a code is one of 2^56, and whoever could
// try them without the app has the register's key, and reads without a code.
//
// It opens nothing that a PIN or the register's key keeps closed.
func (r *Register) Unlock(ctx context.Context, code string) (Lease, error) {
	typed, err := credential.ParseUnlockCode(code)
	if err != nil {
		return Lease{}, err
	}
	t := &r.tenure
	t.saving.Lock()
	defer t.saving.Unlock()
	u := t.unlocking
	if !u.isShown || !u.key.Unlocks(r.challenge(&u), typed) {
		return Lease{}, fault.New(fault.Unauthenticated, "%w", ErrUnlockCode)
	}
	l, _ := r.passLease()
	l.add(typed.Days)
	if err := r.writeLease(ctx, l, unlocking{key: u.key}); err != nil {
		return Lease{}, err
	}
	t.mu.Lock()
	t.lease = l
	t.mu.Unlock()
	return r.Lease(), nil
}
