package keyring

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// FileName is the name of a keyring's file, in the directory of its store.
const FileName = "KEYRING"

// Ring is a keyring that the master key has opened. It may be read by many at
// once; BeginRotation and EndRotation want it alone.
type Ring struct {
	name     string
	data     []byte // of the file
	master   Master
	roots    []root // the newest last
	filesKey [keyBytes]byte
}

// rootID tells root keys from each other.
type rootID [8]byte

type root struct {
	id     rootID
	secret [keyBytes]byte
	cipher cipher.AEAD
	wraps  []wrap
}

// wrap is a root key as a master key has wrapped it.
type wrap struct {
	Master string `json:"master"` // its ID
	Key    []byte `json:"key"`
}

// Exists tells whether a directory has a keyring.
func Exists(dir string) (bool, error) {
	_, err := os.Lstat(filepath.Join(dir, FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Create makes a keyring in a directory that has none. If another process makes
// one at the same time, that is opened.
func Create(dir string, master Master) (*Ring, error) {
	r := &Ring{name: filepath.Join(dir, FileName), master: master}
	rand.Read(r.filesKey[:]) // cannot fail
	made, err := newRoot(master)
	if err != nil {
		return nil, err
	}
	r.roots = []root{made}
	r.data = r.encode()
	err = atomicfile.Create(r.name, r.data)
	switch {
	case errors.Is(err, fs.ErrExist):
		return Open(dir, master)
	case err != nil:
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return r, nil
}

// Open opens the keyring of a directory.
func Open(dir string, master Master) (*Ring, error) {
	r := &Ring{name: filepath.Join(dir, FileName), master: master}
	var err error
	r.data, err = os.ReadFile(r.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.Damaged, "%s is missing: without it nothing in the store can be read; put a copy of it back, or restore a backup", r.name)
	case err != nil:
		return nil, fmt.Errorf("keyring: %w", err)
	}
	if err := r.decode(r.data); err != nil {
		return nil, fault.New(fault.KindOf(err), "%s: %w", r.name, err)
	}
	return r, nil
}

// Unchanged returns an error if the file is another one since the ring was
// opened. Whoever has locked the store asks it, since a rotation may have ended
// in between.
func (r *Ring) Unchanged() error {
	data, err := os.ReadFile(r.name)
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	if !bytes.Equal(data, r.data) {
		return fault.New(fault.Unavailable, "the keys of the store were changed just now; try again")
	}
	return nil
}

func newRoot(masters ...Master) (root, error) {
	var made root
	rand.Read(made.id[:]) // cannot fail
	rand.Read(made.secret[:])
	made.cipher = newCipher(made.secret)
	for _, m := range masters {
		if err := made.wrap(m); err != nil {
			return root{}, err
		}
	}
	return made, nil
}

func (id rootID) bound() []byte { return append([]byte("zhurnal root key "), id[:]...) }

// wrap has a master key wrap the root, once.
func (r *root) wrap(master Master) error {
	id := master.ID()
	for i := range r.wraps {
		if r.wraps[i].Master == id {
			return nil
		}
	}
	wrapped, err := master.Wrap(r.secret[:], r.id.bound())
	if err != nil {
		return fmt.Errorf("master key %s: wrap: %w", id, err)
	}
	r.wraps = append(r.wraps, wrap{id, wrapped})
	return nil
}

// FilesKey is the key by which the database encrypts its files, beneath what is
// sealed row by row. It stays the same when the master key is changed.
func (r *Ring) FilesKey() []byte { return bytes.Clone(r.filesKey[:]) }

func (r *Ring) newest() *root { return &r.roots[len(r.roots)-1] }

// Seal wraps a data key by the newest root. What it is bound to is to be given
// to Open again.
func (r *Ring) Seal(key, bound []byte) []byte {
	newest := r.newest()
	return append(newest.id[:], seal(newest.cipher, key, bound)...)
}

// Open unwraps what Seal has wrapped.
func (r *Ring) Open(sealed, bound []byte) ([]byte, error) {
	if len(sealed) < len(rootID{}) {
		return nil, errNotWrapped
	}
	for i := range r.roots {
		if id := r.roots[i].id; bytes.HasPrefix(sealed, id[:]) {
			return open(r.roots[i].cipher, sealed[len(id):], bound)
		}
	}
	return nil, errNotWrapped
}

// SealedNewest tells whether the newest root has wrapped it.
func (r *Ring) SealedNewest(sealed []byte) bool {
	id := r.newest().id
	return bytes.HasPrefix(sealed, id[:])
}
