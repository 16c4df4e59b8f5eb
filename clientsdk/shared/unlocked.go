package shared

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Unlocked is what is a user's, once the PIN was given. One goroutine uses it.
type Unlocked struct {
	User User

	dir    string
	key    []byte // nil once it is locked
	random io.Reader
}

// The files of a user beside the vault.
const (
	registerDir = "register"
	keptPrefix  = "kept-"
)

// Register returns the directory and the key of the user's register, for
// clientsdk.Options.
func (u *Unlocked) Register() (dir string, key []byte, err error) {
	key, err = u.derive("register")
	return filepath.Join(u.dir, registerDir), key, err
}

// Keep keeps something of the user's, sealed, under a name of lower-case letters:
// the device's key and identity, keys of counselling notes.
func (u *Unlocked) Keep(name string, data []byte) error {
	file, err := u.keptFile(name)
	if err != nil {
		return err
	}
	key, err := u.derive("kept")
	if err != nil {
		return err
	}
	sealer, err := chacha20poly1305.NewX(key)
	if err != nil {
		return fault.New(fault.Internal, "%w", err)
	}
	nonce := make([]byte, sealer.NonceSize())
	if _, err := io.ReadFull(u.random, nonce); err != nil {
		return fault.New(fault.Internal, "random bytes: %w", err)
	}
	return kept(atomicfile.Replace(file, sealer.Seal(nonce, nonce, data, []byte(name))))
}

// Kept returns what was kept under a name; [fault.NotFound] if nothing was.
func (u *Unlocked) Kept(name string) ([]byte, error) {
	file, err := u.keptFile(name)
	if err != nil {
		return nil, err
	}
	key, err := u.derive("kept")
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.NotFound, "nothing is kept as %q", name)
	case err != nil:
		return nil, fault.New(fault.Unavailable, "%w", err)
	}
	sealer, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fault.New(fault.Internal, "%w", err)
	}
	if len(data) < sealer.NonceSize() {
		return nil, fault.New(fault.Damaged, "what is kept as %q is cut short", name)
	}
	plain, err := sealer.Open(nil, data[:sealer.NonceSize()], data[sealer.NonceSize():], []byte(name))
	if err != nil {
		return nil, fault.New(fault.Damaged, "what is kept as %q was altered", name)
	}
	return plain, nil
}

func (u *Unlocked) keptFile(name string) (string, error) {
	if name == "" || len(name) > 64 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") != "" {
		return "", fault.New(fault.Invalid, "%q: a name of 1 to 64 lower-case letters is due", name)
	}
	return filepath.Join(u.dir, keptPrefix+name), nil
}

// Lock forgets the key. Close the register first: it has its own copy.
func (u *Unlocked) Lock() {
	clear(u.key)
	u.key = nil
}

// Destroy destroys the user's key and what is kept, for good; the PIN opens
// nothing any more. It is what clientsdk.Wiping calls DestroyKeys, and may be
// called again. The register's directory stays: see [Tablet.Wiped].
func (u *Unlocked) Destroy(context.Context) error {
	u.Lock()
	entries, err := os.ReadDir(u.dir)
	if err != nil {
		return fault.New(fault.Unavailable, "%w", err)
	}
	names := []string{vaultFile, triesFile} // the vault first: without it the rest is noise
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), keptPrefix) {
			names = append(names, entry.Name())
		}
	}
	for _, name := range names {
		if err := os.Remove(filepath.Join(u.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.New(fault.Unavailable, "%w", err)
		}
	}
	return kept(atomicfile.SyncDir(u.dir))
}

// derive returns a key for one purpose.
func (u *Unlocked) derive(purpose string) ([]byte, error) {
	if u.key == nil {
		return nil, fault.New(fault.Invalid, "the user is locked: unlock anew")
	}
	key, err := hkdf.Key(sha256.New, u.key, nil, "zhurnal/shared/1 "+purpose, keyBytes)
	if err != nil {
		return nil, fault.New(fault.Internal, "%w", err)
	}
	return key, nil
}
