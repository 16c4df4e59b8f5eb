package sealing

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/sealed"
)

// Identity is the private half of a person's key, or a way to use it where it
// is kept. An *age.X25519Identity is one. It must be safe for concurrent use.
type Identity interface {
	age.Identity
	// Recipient is the public half.
	Recipient() *age.X25519Recipient
}

// Keys are what the person who uses the tablet seals and opens with. A register
// that was opened with them reads them from then on: do not alter them.
type Keys struct {
	Identity Identity
	// Rooms are the pins of the rooms in which the person writes.
	Rooms map[merge.SpaceID]Pins
}

// What may keep a value from being opened, beside [sealed.ErrMoved] and
// [sealed.ErrFrame]; compare with errors.Is.
var (
	// ErrNoIdentity says that the register was opened without keys.
	ErrNoIdentity = errors.New("there is no identity to open it with")
	// ErrNotARecipient says that it was sealed to others.
	ErrNotARecipient = errors.New("it was sealed to others")
	// ErrDamaged says that it is not what was sealed: a byte of it is another, or
	// its end is missing.
	ErrDamaged = errors.New("it is damaged, or somebody has altered it")
)

// Seal returns the age file that holds the content for its place.
func Seal(place sealed.Place, content []byte, to []age.Recipient) ([]byte, error) {
	frame, err := sealed.Frame(place, content)
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	w, err := age.Encrypt(&file, to...)
	if err == nil {
		_, err = w.Write(frame)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fault.New(fault.Internal, "seal: %w", err)
	}
	return file.Bytes(), nil
}

// Open returns the content of an age file that was found in a place.
func (k *Keys) Open(found sealed.Place, file []byte) ([]byte, error) {
	if k == nil {
		return nil, fault.New(fault.NoAccess, "sealed: %w", ErrNoIdentity)
	}
	r, err := age.Decrypt(bytes.NewReader(file), k.Identity)
	var others *age.NoIdentityMatchError
	if errors.As(err, &others) {
		return nil, fault.New(fault.NoAccess, "sealed: %w", ErrNotARecipient)
	}
	if err != nil {
		return nil, damaged(err)
	}
	frame, err := io.ReadAll(io.LimitReader(r, int64(sealed.Sizes[len(sealed.Sizes)-1])+1))
	if err != nil {
		return nil, damaged(err)
	}
	content, err := sealed.Content(found, frame)
	if err != nil {
		return nil, fmt.Errorf("sealed: %w", err)
	}
	return content, nil
}

func damaged(err error) error { return fault.New(fault.Damaged, "sealed: %w: %w", ErrDamaged, err) }
