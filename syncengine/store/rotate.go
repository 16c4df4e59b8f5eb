package store

import (
	"errors"
	"fmt"

	"github.com/zhurnal/zhurnal/syncengine/keyring"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Rotate puts the store in o.Dir, which nobody may have open, under another
// master key: a new root key wraps the keys of all spaces and of Badger's files,
// and the new master key alone wraps the root. Rows are not sealed again. moved
// is called once everything stands under the new key and the present one still
// opens the store too: whoever keeps the keys then puts the new one in the place
// of the present one, if they share a place.
//
// After an error, or a crash, the store opens by the present key as long as moved
// was not called, and by the new one once it was; and Rotate may be called again.
func Rotate(o Options, to keyring.Master, moved func() error) error {
	return rotate(o, to, moved, func(string) error { return nil })
}

// rotate tells reached what it has done, and goes no further after an error of
// it: a crash, to a test.
func rotate(o Options, to keyring.Master, moved func() error, reached func(string) error) (err error) {
	o.Existing = true
	b, err := openBadger(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	ring := b.keys.ring
	for _, step := range []struct {
		done string
		do   func() error
	}{
		{"opened", func() error { return nil }},
		{"two roots", func() error { return ring.BeginRotation(to) }},
		{"wrapped anew", func() error { return rewrap(b.backend, ring, reached) }},
		{"moved", moved},
		{"one root", func() error { return ring.EndRotation(to) }},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("change of the master key: %w", err)
		}
		if err := reached(step.done); err != nil {
			return err
		}
	}
	return nil
}

// rewrapRows is how many spaces' keys are wrapped again in one transaction.
const rewrapRows = 1000

// rewrap wraps all data keys by the newest root.
func rewrap(b backend, ring *keyring.Ring, reached func(string) error) error {
	view := b.view()
	defer view.discard()
	it := view.iterate([]byte{classDataKey})
	defer it.close()
	it.seek([]byte{classDataKey})
	for it.valid() {
		u := b.update()
		for rows := 0; rows < rewrapRows && it.valid(); rows++ {
			if err := rewrapRow(it, u, ring); err != nil {
				u.discard()
				return err
			}
			it.next()
		}
		if err := u.commit(); err != nil {
			return err
		}
		if err := reached("some wrapped anew"); err != nil {
			return err
		}
	}
	return nil
}

func rewrapRow(it iterator, u update, ring *keyring.Ring) error {
	space := merge.SpaceID(it.key()[1:])
	row, err := it.value()
	if err != nil {
		return err
	}
	secrets, err := unwrapRow(ring, space, row)
	if err != nil {
		return err
	}
	row = row[:0]
	for version, secret := range secrets {
		row = append(row, ring.Seal(secret, bound(space, version))...)
	}
	return u.set(dataKeyRow(space), row)
}
