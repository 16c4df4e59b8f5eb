package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"sync"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

const (
	dataKeyBytes = 32
	// wrappedBytes is what a data key takes as a keyring wraps it.
	wrappedBytes = 8 + nonceBytes + dataKeyBytes + tagBytes
)

// dataKey is the key of a space: the one that seals what is written now, last,
// and those that have sealed what was written before.
type dataKey []cipher.AEAD

func (k dataKey) newest() int { return len(k) - 1 }

// dataKeyRow has the keys of a space as the keyring has wrapped them, one behind
// the other. The row is no part of what the store holds: other rows are sealed,
// this one is not, and no backup has it.
func dataKeyRow(space merge.SpaceID) []byte { return append([]byte{classDataKey}, space[:]...) }

// bound is what a data key is wrapped with: whose it is, and which.
func bound(space merge.SpaceID, version int) []byte {
	return binary.BigEndian.AppendUint32(dataKeyRow(space), uint32(version))
}

// dataKeysMax is how many spaces' keys are held in memory.
const dataKeysMax = 4096

// dataKeys finds keys of spaces. It is safe for concurrent use.
type dataKeys struct {
	ring *keyring.Ring
	mu   sync.RWMutex
	held map[merge.SpaceID]dataKey
}

func newDataKeys(ring *keyring.Ring) *dataKeys {
	return &dataKeys{ring: ring, held: map[merge.SpaceID]dataKey{}}
}

// find returns the key of a space, with this version at least; nil if there is
// none in what g sees.
func (d *dataKeys) find(space merge.SpaceID, version int, g getter) (dataKey, error) {
	d.mu.RLock()
	k := d.held[space]
	d.mu.RUnlock()
	if len(k) > version {
		return k, nil
	}
	row, err := g.get(dataKeyRow(space))
	if err != nil || row == nil {
		return nil, err
	}
	if k, err = d.unwrap(space, row); err != nil {
		return nil, err
	}
	d.keep(map[merge.SpaceID]dataKey{space: k})
	return k, nil
}

// keep holds keys that are stored.
func (d *dataKeys) keep(stored map[merge.SpaceID]dataKey) {
	if len(stored) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.held)+len(stored) > dataKeysMax {
		clear(d.held)
	}
	for space, k := range stored {
		if len(k) > len(d.held[space]) { // an old snapshot may know fewer
			d.held[space] = k
		}
	}
}

// add makes one more key of a space, and has u store it.
func (d *dataKeys) add(space merge.SpaceID, before dataKey, u update) (dataKey, error) {
	row, err := u.get(dataKeyRow(space))
	if err != nil {
		return nil, err
	}
	secret := make([]byte, dataKeyBytes)
	rand.Read(secret) // cannot fail
	row = append(row, d.ring.Seal(secret, bound(space, len(before)))...)
	if err := u.set(dataKeyRow(space), row); err != nil {
		return nil, err
	}
	return append(before[:len(before):len(before)], newCipher(secret)), nil
}

func (d *dataKeys) unwrap(space merge.SpaceID, row []byte) (dataKey, error) {
	secrets, err := unwrapRow(d.ring, space, row)
	k := make(dataKey, len(secrets))
	for i := range secrets {
		k[i] = newCipher(secrets[i])
	}
	return k, err
}

func unwrapRow(ring *keyring.Ring, space merge.SpaceID, row []byte) ([][]byte, error) {
	if len(row) == 0 || len(row)%wrappedBytes != 0 {
		return nil, errNoDataKey(space)
	}
	secrets := make([][]byte, len(row)/wrappedBytes)
	for i := range secrets {
		secret, err := ring.Open(row[i*wrappedBytes:][:wrappedBytes], bound(space, i))
		if err != nil || len(secret) != dataKeyBytes {
			return nil, errNoDataKey(space)
		}
		secrets[i] = secret
	}
	return secrets, nil
}

func errNoDataKey(space merge.SpaceID) error {
	return fault.New(fault.Damaged, "the key of space %s is not there or was altered: nothing of the space can be read; restore the store from a backup", space)
}

func newCipher(secret []byte) cipher.AEAD {
	block, err := aes.NewCipher(secret)
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // the block is AES's own
	}
	return gcm
}

// open returns the value of a sealed row, in the place of the row. made are keys
// that are not stored yet.
func (d *dataKeys) open(key, row []byte, g getter, made map[merge.SpaceID]dataKey) ([]byte, error) {
	space, version, sealed, ok := cutHeader(key, row)
	if !ok || len(sealed) < nonceBytes+tagBytes {
		return nil, errAltered(key)
	}
	k, ok := made[space]
	if !ok {
		var err error
		if k, err = d.find(space, version, g); err != nil {
			return nil, err
		}
	}
	if k == nil {
		return nil, errNoDataKey(space)
	}
	if version > k.newest() {
		return nil, errAltered(key)
	}
	nonce, sealed := sealed[:nonceBytes], sealed[nonceBytes:]
	value, err := k[version].Open(sealed[:0], nonce, sealed, key)
	if err != nil {
		return nil, errAltered(key)
	}
	if value == nil {
		value = []byte{} // an empty row is there
	}
	return value, nil
}

// cutHeader reads which key a row is sealed by.
func cutHeader(key, row []byte) (space merge.SpaceID, version int, sealed []byte, ok bool) {
	header, n := binary.Uvarint(row)
	if n <= 0 || header>>1 > 1<<20 {
		return space, 0, nil, false
	}
	sealed = row[n:]
	space, inKey := owner(key, nil)
	if header&1 == 1 {
		if inKey || len(sealed) < len(space) {
			return space, 0, nil, false
		}
		space, sealed = merge.SpaceID(sealed), sealed[len(space):]
	}
	return space, int(header >> 1), sealed, true
}
