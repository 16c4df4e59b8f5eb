package shared

import (
	"crypto/cipher"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
)

// keyBytes is the length of all keys.
const keyBytes = 32

// cost is what one try of a PIN costs. It is kept with each vault, so that another
// one may be due from some day on.
type cost struct {
	Passes    uint32 `json:"passes"`
	MemoryKiB uint32 `json:"memory_kib"`
}

// usualCost is argon2id of one lane: 0.3 s on a core of the machine where this was
// built, and 0.5 s there as a 32-bit program, which has no assembly (`go test
// ./clientsdk/shared -bench Unlock`); the core of a cheap tablet takes a few times
// that, once for each change of users. 32 MiB is what a tablet of a gigabyte can
// spare for a moment.
var usualCost = cost{Passes: 3, MemoryKiB: 32 << 10}

// vault is what the file of a user has: the key of everything that is the user's,
// wrapped by the PIN.
type vault struct {
	Name    string `json:"name"`
	Cost    cost   `json:"argon2id"`
	Salt    []byte `json:"salt"`
	Wrapped []byte `json:"wrapped_key"`
	// KeyStore is the id of the platform's key, of which Wrapped needs the help too;
	// empty for none.
	KeyStore string `json:"key_store,omitempty"`
}

const vaultFile = "vault"

// wrap makes the vault of a key.
func wrap(id UserID, name, pin string, key []byte, store keyring.Master, random io.Reader) (*vault, error) {
	v := &vault{Name: name, Cost: usualCost, Salt: make([]byte, 16)}
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	for _, drawn := range [][]byte{v.Salt, nonce} {
		if _, err := io.ReadFull(random, drawn); err != nil {
			return nil, fault.New(fault.Internal, "random bytes: %w", err)
		}
	}
	inner := key
	if store != nil {
		var err error
		if inner, err = store.Wrap(key, bound(id)); err != nil {
			return nil, fault.New(fault.Unavailable, "the key store does not wrap the key: %w", err)
		}
		v.KeyStore = store.ID()
	}
	sealer, err := v.sealer(pin)
	if err != nil {
		return nil, err
	}
	v.Wrapped = sealer.Seal(nonce, nonce, inner, bound(id))
	return v, nil
}

// bound is what a wrapped key belongs to.
func bound(id UserID) []byte { return append([]byte("zhurnal/shared/1\x00"), id[:]...) }

func (v *vault) sealer(pin string) (cipher.AEAD, error) {
	// A vault that somebody has altered must not have the tablet work for ever.
	if v.Cost.Passes < 1 || v.Cost.Passes > 64 || v.Cost.MemoryKiB < 8 || v.Cost.MemoryKiB > 1<<20 {
		return nil, fault.New(fault.Damaged, "the user's vault is damaged: restore the tablet's files, or let the user enrol anew")
	}
	sealer, err := chacha20poly1305.NewX(argon2.IDKey([]byte(pin), v.Salt, v.Cost.Passes, v.Cost.MemoryKiB, 1, keyBytes))
	if err != nil {
		return nil, fault.New(fault.Internal, "%w", err)
	}
	return sealer, nil
}

// ErrPIN says that it is another PIN. A vault that was damaged looks the same.
var ErrPIN = errors.New("this is not the PIN")

// unwrap returns the key.
func (v *vault) unwrap(id UserID, pin string, store keyring.Master) ([]byte, error) {
	if v.KeyStore != "" && (store == nil || store.ID() != v.KeyStore) {
		return nil, fault.New(fault.Invalid, "the user's key is wrapped by the key %q of the key store too: hand that in", v.KeyStore)
	}
	sealer, err := v.sealer(pin)
	if err != nil {
		return nil, err
	}
	if len(v.Wrapped) < sealer.NonceSize() {
		return nil, fault.New(fault.Damaged, "the user's vault is damaged: restore the tablet's files, or let the user enrol anew")
	}
	key, err := sealer.Open(nil, v.Wrapped[:sealer.NonceSize()], v.Wrapped[sealer.NonceSize():], bound(id))
	if err != nil {
		return nil, fault.New(fault.Unauthenticated, "%w", ErrPIN)
	}
	if v.KeyStore == "" {
		return key, nil
	}
	if key, err = store.Unwrap(key, bound(id)); err != nil {
		return nil, fault.New(fault.Unavailable, "the key store does not unwrap the key: %w", err)
	}
	return key, nil
}

func (v *vault) save(dir string, publish func(name string, data []byte) error) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fault.New(fault.Internal, "%w", err)
	}
	return kept(publish(filepath.Join(dir, vaultFile), data))
}

func readVault(dir string) (*vault, error) {
	v := new(vault)
	return v, read(dir, vaultFile, v)
}

// read reads a small file; what is not there is [fault.NotFound].
func read(dir, name string, into any) error {
	data, err := os.ReadFile(filepath.Join(dir, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.NotFound, "the tablet has no such user")
	case err != nil:
		return fault.New(fault.Unavailable, "%w", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fault.New(fault.Damaged, "the user's %s is damaged: %w", name, err)
	}
	return nil
}

// kept gives an error of the disk its kind.
func kept(err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Unavailable, "the tablet's disk keeps nothing: %w", err)
}
