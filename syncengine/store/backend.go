package store

import "github.com/zhurnal/zhurnal/syncengine/fault"

// backend keeps rows in the order of their keys, and everything else in this
// package stands on it. Badger is one, on a disk; a [Memory] is another, which
// can be made to fail.
type backend interface {
	// view begins reading the rows as they are now, whatever is committed later.
	view() view
	// update begins a transaction. There is one at a time.
	update() update
	// updateBytes is how much one transaction may hold.
	updateBytes() int
	// scrub takes out of the files what rows held before. Nothing is committed
	// meanwhile.
	scrub() error
	// close makes what was committed durable.
	close() error
}

// getter returns the value of a row, which the caller owns; nil if there is no
// such row, not nil for an empty one.
type getter interface {
	get(key []byte) ([]byte, error)
}

type view interface {
	getter
	has(key []byte) (bool, error)
	// iterate walks over the rows whose keys begin with prefix. It begins with
	// seek.
	iterate(prefix []byte) iterator
	// last returns the last row whose key begins with prefix and is not above
	// the bound. The caller owns key and value; the key is nil if there is none.
	last(prefix, bound []byte) (key, value []byte, err error)
	discard()
}

type iterator interface {
	// seek moves to the row with the key, or else to the next one.
	seek(key []byte)
	next()
	// valid is false beyond the last row with the prefix.
	valid() bool
	// key is good until the iterator moves; the caller owns the value.
	key() []byte
	value() ([]byte, error)
	close()
}

type update interface {
	getter // sees what was set
	// set keeps key and value. It returns ErrFoldTooBig if no more fits.
	set(key, value []byte) error
	// commit stores all that was set, or nothing.
	commit() error
	// discard ends the transaction; after commit it does nothing.
	discard()
}

var errClosing = fault.New(fault.Unavailable, "the store is closing; try again later")
