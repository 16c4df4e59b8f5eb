package localstore

import (
	"errors"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// What may be wrong with a store as a whole; compare with errors.Is.
var (
	// ErrKey says that the key does not open the register, or that the file is
	// none: encrypted, the two look alike.
	ErrKey = errors.New("the key does not open this register, or the file is not one; nothing was altered: hand in the key that it was created with")
	// ErrVersion says that a newer version of this package made the register.
	ErrVersion = errors.New("the register was made by a newer version of the app; nothing was altered: update the app")
	// ErrFull says that the device has no room left.
	ErrFull = errors.New("the storage of the device is full, and nothing of this was kept: free some and try again")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("the register is closed")
)

// explain gives an error of SQLite its kind, and says what to do. It leaves an
// interruption as it is, which is the caller's own doing.
func explain(err error) error {
	var code sqlite3.ErrorCode
	var known *fault.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, syscall.ENOSPC):
		return fault.New(fault.NoRoom, "%w", ErrFull)
	case !errors.As(err, &code):
		return err
	}
	if errors.Is(err, sqlite3.IOERR_SHMSIZE) { // no room for the index of the log
		code = sqlite3.FULL
	}
	switch code {
	case sqlite3.INTERRUPT:
		return err
	case sqlite3.FULL:
		return fault.New(fault.NoRoom, "%w", ErrFull)
	case sqlite3.NOTADB:
		return fault.New(fault.Damaged, "%w", ErrKey)
	case sqlite3.BUSY, sqlite3.LOCKED:
		return fault.New(fault.Unavailable, "another process keeps the register busy; try again: %w", err)
	case sqlite3.CORRUPT:
		return fault.New(fault.Damaged, "the register is damaged; keep its files and start a new one beside them: %w", err)
	case sqlite3.READONLY, sqlite3.PERM, sqlite3.CANTOPEN:
		return fault.New(fault.Unavailable, "the files of the register cannot be opened for writing: %w", err)
	}
	return fault.New(fault.Internal, "register: %w", err)
}

// errStop ends a query early and goes no further.
var errStop = errors.New("stop")
