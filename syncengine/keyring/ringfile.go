package keyring

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// ringFormat is that of the file.
const ringFormat = 1

// ringFile is the file. Nothing in it is secret: all keys are wrapped.
type ringFile struct {
	Format int        `json:"format"`
	Roots  []rootFile `json:"roots"`
	// FilesKey is wrapped by the last root.
	FilesKey []byte `json:"files_key"`
}

type rootFile struct {
	ID    string `json:"id"`
	Wraps []wrap `json:"wraps"`
}

var filesKeyBound = []byte("zhurnal files key")

func (r *Ring) encode() []byte {
	file := ringFile{Format: ringFormat, FilesKey: r.Seal(r.filesKey[:], filesKeyBound)}
	for i := range r.roots {
		file.Roots = append(file.Roots, rootFile{hex.EncodeToString(r.roots[i].id[:]), r.roots[i].wraps})
	}
	data, err := json.MarshalIndent(file, "", " ")
	if err != nil {
		panic(err) // strings and bytes
	}
	return append(data, '\n')
}

var errDamagedRing = fault.New(fault.Damaged, "it is not as it was written: put a copy of it back, or restore a backup")

func (r *Ring) decode(data []byte) error {
	var file ringFile
	if err := json.Unmarshal(data, &file); err != nil || len(file.Roots) == 0 {
		return errDamagedRing
	}
	if file.Format != ringFormat {
		return fault.New(fault.Damaged, "it has format %d, this program reads format %d; use the program that wrote it", file.Format, ringFormat)
	}
	for i := range file.Roots {
		opened, err := file.Roots[i].open(r.master)
		if err != nil {
			return err
		}
		r.roots = append(r.roots, opened)
	}
	key, err := r.Open(file.FilesKey, filesKeyBound)
	if err != nil || len(key) != keyBytes {
		return errDamagedRing
	}
	copy(r.filesKey[:], key)
	return nil
}

// open has the master key unwrap a root.
func (f *rootFile) open(master Master) (root, error) {
	id, err := hex.DecodeString(f.ID)
	if err != nil || len(id) != len(rootID{}) {
		return root{}, errDamagedRing
	}
	opened := root{id: rootID(id), wraps: f.Wraps}
	for i := range f.Wraps {
		if f.Wraps[i].Master != master.ID() {
			continue
		}
		secret, err := master.Unwrap(f.Wraps[i].Key, opened.id.bound())
		switch {
		case errors.Is(err, errNotWrapped) || err == nil && len(secret) != keyBytes:
			return root{}, errDamagedRing
		case err != nil:
			return root{}, fault.New(fault.Unavailable, "master key %s: unwrap: %w", master.ID(), err)
		}
		opened.secret = [keyBytes]byte(secret)
		opened.cipher = newCipher(opened.secret)
		return opened, nil
	}
	return root{}, fault.New(fault.Invalid, "the store is sealed under the master key %s, and this is the master key %s: name the file with that key", f.masters(), master.ID())
}

func (f *rootFile) masters() string {
	ids := make([]string, len(f.Wraps))
	for i := range f.Wraps {
		ids[i] = f.Wraps[i].Master
	}
	return strings.Join(ids, " or ")
}
