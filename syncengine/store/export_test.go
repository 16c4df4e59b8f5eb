package store

import (
	"errors"

	"github.com/zhurnal/zhurnal/syncengine/keyring"
)

// testMaster is the key under which stores of tests are sealed.
var testMaster = keyring.NewKey([32]byte{1})

// Rewrite gives a row another value, sealed as it should be, while no store is
// open.
func Rewrite(o Options, key, value []byte) error {
	b, err := openBadger(o)
	if err != nil {
		return err
	}
	u := b.update()
	return errors.Join(u.set(key, value), u.commit(), b.close())
}
