// Package fault has the one error type whose kind crosses the wire. A kind says
// what the caller does next; the text says what was wrong and what to do about
// it. Texts may reach another organisation's device: no personal data, no path.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what a caller does about an error. The numbers are those of
// zhurnal.sync.v1.FaultKind and never change.
type Kind uint8

// The kinds. What is not one of ours counts as Internal.
const (
	Malformed       Kind = iota + 1 // not what the protocol says: do not send it again
	FalseHash                       // a hash does not fit what it covers: do not send it again
	TooLarge                        // over a limit of the protocol: send less at a time
	NoAccess                        // no such space, or not for the caller: which is not told
	Unauthenticated                 // the caller did not say who it is
	BadCursor                       // not a cursor of this server: start again with none
	NoRoom                          // the disk is nearly full: try again later
	Unavailable                     // stopping or busy: try again later
	Damaged                         // the stored data is damaged or of another version
	Invalid                         // does not fit the schema or the record
	NotFound                        // what was asked for is not there
	Internal                        // a defect
	Conflict                        // somebody else changed it meanwhile: look again
	FalseSignature                  // not signed by whom it says: sign own changes anew, do not send others' again

	Throttled Kind = 16 // more often, or more in a day, than one caller may: keep it, wait, send it again
	Locked    Kind = 17 // the tablet has been without contact with home for too long: connect and sync
)

// Error is an error with a kind.
type Error struct {
	Kind Kind
	Err  error
	// Wait is how long a caller waits who was Throttled.
	Wait time.Duration
}

// Error returns the text without the kind.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error that the kind was given to.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of this kind; format and args as for fmt.Errorf.
func New(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Err: fmt.Errorf(format, args...)}
}

// Throttle returns a Throttled error that says how long to wait.
func Throttle(wait time.Duration, format string, args ...any) error {
	return &Error{Kind: Throttled, Err: fmt.Errorf(format, args...), Wait: wait}
}

// WaitOf returns how long to wait before what failed with this error is tried
// again; zero if the error does not say.
func WaitOf(err error) time.Duration {
	var e *Error
	if !errors.As(err, &e) {
		return 0
	}
	if e.Wait == 0 {
		return WaitOf(e.Err)
	}
	return e.Wait
}

// KindOf returns the kind of the error: that of the outermost Error in its
// chain, or Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}
