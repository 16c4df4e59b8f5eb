package auth

import "github.com/zhurnal/zhurnal/syncengine/fault"

// ErrProve is why something is refused to a session that has not been proven
// anew; a page of package signin leads there, and comes back.
var ErrProve = fault.New(fault.Unauthenticated, "this needs a new proof of who you are: give your password, your passkey or your provider's again, and ask once more within 5 minutes")

// Fresh is [ErrProve] unless the person has proven within the last five minutes
// who it is. It belongs before what revokes, wipes, exports and erases: whoever
// finds an office with a browser open does not get that far. A device has proven
// itself by its key, and the operator by the socket.
func (p Principal) Fresh() error {
	if p.Session != (SessionID{}) && !p.Proven {
		return ErrProve
	}
	return nil
}
