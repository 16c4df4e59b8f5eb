package store

import (
	"crypto/rand"
	"encoding/binary"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// A sealed value can be read and changed by nobody without the key of its
// space, and is good under its own key in the store alone: moved to another row
// it does not open. It is
//
//	header  unsigned varint: number of the data key, shifted left by one; the
//	        lowest bit says that the space follows, 16 bytes, since the row's key
//	        does not tell it
//	nonce   12 random bytes
//	sealed  AES-256-GCM of the value, with the row's key as associated data
//
// Nonces are random, so that nothing need be counted, and a copy of the
// directory that is opened twice repeats none. Two alike under one key would
// give away both values, so a key has to be renewed long before 2^32 rows (NIST
// SP 800-38D): it is when the first 28 bits of a nonce happen to be zero, which
// is once in 2^28 rows. A key outlives 2^32 rows once in ten million times.
const (
	nonceBytes  = 12
	tagBytes    = 16
	renewalBits = 28
	// sealedBytes is what sealing adds to a value; an entry of a space's log
	// names the space too.
	sealedBytes = 1 + nonceBytes + tagBytes
)

// sealedBackend seals the values that lie in another backend.
type sealedBackend struct {
	backend
	keys        *dataKeys
	renewalBits int
}

func newSealedBackend(under backend, ring *keyring.Ring) *sealedBackend {
	return &sealedBackend{under, newDataKeys(ring), renewalBits}
}

func (b *sealedBackend) view() view { return &sealedView{b.backend.view(), b.keys} }

func (b *sealedBackend) update() update {
	return &sealedUpdate{update: b.backend.update(), backend: b}
}

// owner returns the space whose key seals a row, and whether the row's key tells
// it. What belongs to no space has the key of the zero space.
func owner(key, value []byte) (space merge.SpaceID, inKey bool) {
	switch {
	case key[0] == classSpace && len(key) >= 2+len(space):
		return merge.SpaceID(key[2:]), true
	case key[0] == classEntry && len(key) == entryKeyBytes:
		return entrySpace(value), false
	}
	return space, true
}

// entryKeyBytes is what entryKey takes.
const entryKeyBytes = 2 + 8

// entrySpace reads the space_id of an entry of the log, and nothing else of it;
// zero if there is none, as in the head of a partition.
func entrySpace(entry []byte) (space merge.SpaceID) {
	const spaceID = 2 // of zhurnal.log.v1.Entry
	for len(entry) > 0 {
		number, kind, n := protowire.ConsumeTag(entry)
		if n < 0 {
			return merge.SpaceID{}
		}
		entry = entry[n:]
		if number == spaceID && kind == protowire.BytesType {
			if id, n := protowire.ConsumeBytes(entry); n > 0 && len(id) == len(space) {
				return merge.SpaceID(id)
			}
			return merge.SpaceID{}
		}
		if n = protowire.ConsumeFieldValue(number, kind, entry); n < 0 {
			return merge.SpaceID{}
		}
		entry = entry[n:]
	}
	return merge.SpaceID{}
}

// sealedLen is how long a value is when it is sealed, by one of the first keys of
// its space.
func sealedLen(key, value []byte) int {
	space, inKey := owner(key, value)
	if inKey || space == (merge.SpaceID{}) {
		return sealedBytes + len(value)
	}
	return sealedBytes + len(space) + len(value)
}

// sealedUpdate is a transaction that seals. Keys that it makes are its own until
// it has committed.
type sealedUpdate struct {
	update
	backend *sealedBackend
	made    map[merge.SpaceID]dataKey
}

func (u *sealedUpdate) set(key, value []byte) error {
	space, inKey := owner(key, value)
	k, err := u.key(space)
	if err != nil {
		return err
	}
	inKey = inKey || space == (merge.SpaceID{})
	row := appendHeader(make([]byte, 0, sealedBytes+len(space)+len(value)), k.newest(), space, inKey)
	nonce := row[len(row) : len(row)+nonceBytes]
	rand.Read(nonce) // cannot fail
	row = k[k.newest()].Seal(row[:len(row)+nonceBytes], nonce, value, key)
	if binary.BigEndian.Uint32(nonce)>>(32-u.backend.renewalBits) == 0 {
		if err := u.renew(space, k); err != nil {
			return err
		}
	}
	return u.update.set(key, row)
}

func appendHeader(row []byte, version int, space merge.SpaceID, inKey bool) []byte {
	if inKey {
		return binary.AppendUvarint(row, uint64(version)<<1)
	}
	return append(binary.AppendUvarint(row, uint64(version)<<1|1), space[:]...)
}

// key returns the key of a space, and makes one if it has none.
func (u *sealedUpdate) key(space merge.SpaceID) (dataKey, error) {
	if k, ok := u.made[space]; ok {
		return k, nil
	}
	k, err := u.backend.keys.find(space, 0, u.update)
	if err != nil || k != nil {
		return k, err
	}
	return u.make(space, nil)
}

// renew has rows that are written from now on sealed by another key.
func (u *sealedUpdate) renew(space merge.SpaceID, k dataKey) error {
	_, err := u.make(space, k)
	return err
}

func (u *sealedUpdate) make(space merge.SpaceID, before dataKey) (dataKey, error) {
	made, err := u.backend.keys.add(space, before, u.update)
	if err != nil {
		return nil, err
	}
	if u.made == nil {
		u.made = map[merge.SpaceID]dataKey{}
	}
	u.made[space] = made
	return made, nil
}

func (u *sealedUpdate) get(key []byte) ([]byte, error) {
	row, err := u.update.get(key)
	if err != nil || row == nil {
		return nil, err
	}
	return u.backend.keys.open(key, row, u.update, u.made)
}

func (u *sealedUpdate) commit() error {
	if err := u.update.commit(); err != nil {
		return err
	}
	u.backend.keys.keep(u.made)
	return nil
}

type sealedView struct {
	view
	keys *dataKeys
}

func (v *sealedView) get(key []byte) ([]byte, error) {
	row, err := v.view.get(key)
	if err != nil || row == nil {
		return nil, err
	}
	return v.keys.open(key, row, v.view, nil)
}

func (v *sealedView) last(prefix, bound []byte) (key, value []byte, err error) {
	key, row, err := v.view.last(prefix, bound)
	if err != nil || key == nil {
		return nil, nil, err
	}
	value, err = v.keys.open(key, row, v.view, nil)
	return key, value, err
}

func (v *sealedView) iterate(prefix []byte) iterator {
	return &sealedIterator{v.view.iterate(prefix), v}
}

// sealedIterator ends before the rows of data keys, which sort last.
type sealedIterator struct {
	iterator
	view *sealedView
}

func (i *sealedIterator) valid() bool { return i.iterator.valid() && i.key()[0] != classDataKey }

func (i *sealedIterator) value() ([]byte, error) {
	row, err := i.iterator.value()
	if err != nil {
		return nil, err
	}
	return i.view.keys.open(i.key(), row, i.view.view, nil)
}

func errAltered(key []byte) error {
	return fault.New(fault.Damaged, "%s: it was altered, or belongs elsewhere: the store is damaged; restore it from a backup", describe(key))
}
