package clientsdk

import (
	"context"
	"errors"
	"fmt"
	"io"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/clientsdk/sealing"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// The ids, each 16 bytes.
type (
	SpaceID   = merge.SpaceID
	RecordID  = merge.RecordID
	PersonID  = merge.PersonID
	ChangeID  = merge.ID
	SpaceKind = schemav1.SpaceKind
)

// Disagreement is a field or group for which a record has several values.
type Disagreement = schema.Disagreement

// What may be wrong with a register as a whole; compare with errors.Is. Every
// error of this package also has a kind, see package fault.
var (
	ErrKey     = localstore.ErrKey
	ErrVersion = localstore.ErrVersion
	ErrFull    = localstore.ErrFull
	ErrClosed  = localstore.ErrClosed
)

// Options say what a register is made of. All of them are required, but for
// Memory, Keys and Wiping.
type Options struct {
	// Dir is the directory of the register's files. It is created if it is not
	// there; its parent must be. Nothing else belongs in it.
	Dir string
	// Memory is where the register is instead of in Dir, for tests: a
	// [localstore.Memory]. An app that uses none carries none of its code.
	Memory localstore.Opener
	// Key encrypts the files: 32 random bytes, drawn once by the app and kept in
	// the key store of the device (Android Keystore, iOS Keychain). Whoever
	// loses it loses what has not been synced. The register never stores it.
	Key []byte
	// Author is the person who writes.
	Author PersonID
	// Device and Signer are what the app has from enrolling: what is sent is signed
	// by the device, once for each run of a batch, so a platform's key store is not
	// asked for each change. Without them nothing can be sent to a server that knows
	// devices.
	Device DeviceID
	Signer Signer
	// Schema knows the record types of the app.
	Schema *schema.Schema
	// Keys are those with which the person seals and opens the sealed fields of
	// counselling rooms; nil for who has none. They may be other ones, or none, at
	// every Open, as when notes are behind a PIN of their own.
	Keys *sealing.Keys
	// Wiping is how the register is wiped when its organisation orders that. Without
	// it an order is told, by [ErrWipeOrdered], and not obeyed.
	Wiping *Wiping
	// Clock gives the time in milliseconds since 1970. It may be wrong: order
	// comes from what was seen.
	Clock func() int64
	// Random gives unguessable bytes: crypto/rand.Reader.
	Random io.Reader
	// AppVersion is how the app names its version to whoever looks after tablets;
	// at most 64 bytes.
	AppVersion string
}

// Register is an open register. It is safe for concurrent use.
type Register struct {
	options Options
	store   localstore.Store
	// syncing holds a token while a Sync runs.
	syncing chan struct{}
	// requestBytes is how much a request may carry; only the Sync that runs
	// touches it. It follows what the link has proved able to carry.
	requestBytes int
	// tenure is for how long the register may be used without contact with home.
	tenure tenure
}

// Open opens the register, and creates it if it is not there. A wrong key
// ([ErrKey]) or a register of a newer version ([ErrVersion]) leaves the files as
// they are. A wipe that was cut off goes on, and the error is [ErrWiped].
func Open(ctx context.Context, o Options) (*Register, error) {
	switch {
	case o.Schema == nil, o.Clock == nil, o.Random == nil:
		return nil, fault.New(fault.Invalid, "open register: Schema, Clock and Random must be set")
	case (o.Dir == "") == (o.Memory == nil):
		return nil, fault.New(fault.Invalid, "open register: Dir must be set, or, in tests, Memory; not both")
	case (o.Signer == nil) != (o.Device == (DeviceID{})):
		return nil, fault.New(fault.Invalid, "open register: Signer and Device go together: the key that enrolled, and the Device of the Identity that came of it")
	case o.Author == (PersonID{}):
		return nil, fault.New(fault.Invalid, "open register: Author must be set: the id of the person who uses the tablet")
	}
	if err := o.Keys.Check(); err != nil {
		return nil, about(err, "open register")
	}
	if o.Memory == nil && isReceipted(o.Dir) {
		if err := destroy(ctx, o.Dir, o.Wiping, nil); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("open register: %w", errWiped())
	}
	store, err := openStore(ctx, &o)
	if err != nil {
		return nil, err
	}
	o.Key = nil
	r := &Register{options: o, store: store, syncing: make(chan struct{}, 1), requestBytes: requestBytesFirst}
	if err := r.resumeWipe(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open register: %w", err), store.Close())
	}
	if err := r.openLease(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if err := r.reindex(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open register: %w", err), store.Close())
	}
	if err := r.scrub(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open register: %w", err), store.Close())
	}
	return r, nil
}

func openStore(ctx context.Context, o *Options) (localstore.Store, error) {
	if o.Memory != nil {
		return o.Memory.Open(ctx, o.Key)
	}
	return localstore.Open(ctx, o.Dir, o.Key)
}

// Close waits for what runs and closes the register.
func (r *Register) Close() error { return r.store.Close() }

// Join adds a space to those that the tablet holds, and draws a replica for it.
// Joining again changes nothing. It needs no network: whether the server lets
// the author read the space shows at the next sync.
func (r *Register) Join(ctx context.Context, space SpaceID, kind SpaceKind) error {
	if space == (SpaceID{}) || kind == schemav1.SpaceKind_SPACE_KIND_UNSPECIFIED {
		return fault.New(fault.Invalid, "join: a space id that is not zero and the kind of the space are due")
	}
	err := r.store.Write(ctx, func(tx localstore.Tx) error {
		held, err := tx.Space(space)
		switch {
		case err != nil:
			return err
		case held != nil && SpaceKind(held.Kind) != kind:
			return fault.New(fault.Invalid, "the tablet holds it as %s, which is for ever", SpaceKind(held.Kind))
		case held != nil:
			return nil
		}
		replica, err := r.drawID()
		if err != nil {
			return err
		}
		return tx.AddSpace(space, int32(kind), merge.ReplicaID(replica))
	})
	return about(err, "join space %s", space)
}

// Spaces lists the spaces that the tablet holds, in the order in which they
// were joined.
func (r *Register) Spaces(ctx context.Context) ([]SpaceID, error) {
	var ids []SpaceID
	err := r.store.Read(ctx, func(tx localstore.Tx) error {
		spaces, err := tx.Spaces()
		for i := range spaces {
			ids = append(ids, spaces[i].ID)
		}
		return err
	})
	return ids, about(err, "list spaces")
}

// drawID returns 16 random bytes.
func (r *Register) drawID() (id [16]byte, err error) {
	if _, err := io.ReadFull(r.options.Random, id[:]); err != nil {
		return id, fault.New(fault.Internal, "random bytes: %w", err)
	}
	return id, nil
}

// spaceOf returns a space that the tablet holds.
func spaceOf(tx localstore.Tx, id SpaceID) (*localstore.Space, error) {
	space, err := tx.Space(id)
	if err != nil {
		return nil, err
	}
	if space == nil {
		return nil, fault.New(fault.NotFound, "the tablet does not hold space %s: join it first", id)
	}
	return space, nil
}

// about says what was being done when the error came, and keeps its kind.
func about(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
