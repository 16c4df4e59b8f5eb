// Package auth says who a caller is, before anything else of a request is looked
// at: a token that the server gave to a device that proved itself. Whom tokens
// were given to is package enrol's to know, and what a person may do the engine's
// to decide.
package auth

import (
	"context"
	"encoding/hex"
	"net/http"

	"connectrpc.com/authn"
	"connectrpc.com/connect"

	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Principal is who calls.
type Principal struct {
	// Person is the user whose device it is.
	Person merge.PersonID
	// Organisation is that of the person.
	Organisation credential.OrganisationID
	// Device is what has proved itself; zero for a session of a browser.
	Device credential.DeviceID
	// Operator is whoever runs the server, by its socket.
	Operator bool
	// Session is that of a person at a desk, who has signed in; zero for a device.
	Session SessionID
	// Proven says of a session that the person has shown within the last minutes
	// who it is; see package signin.
	Proven bool
}

// SessionID names a session in logs. It is no secret, and opens nothing.
type SessionID [16]byte

// String is in hexadecimal digits.
func (id SessionID) String() string { return hex.EncodeToString(id[:]) }

// Tokens knows whom tokens were given to.
type Tokens interface {
	// Caller returns who has the token; [fault.Unauthenticated] if it is none, or
	// no longer.
	Caller(token string) (Principal, error)
	// Attend calls cut, once at most, when the caller is no longer let in, until
	// leave is called.
	Attend(caller Principal, cut func()) (leave func())
}

// Authenticated returns middleware that refuses requests without a token, with
// [fault.Unauthenticated]. It runs on the headers alone, so a stranger cannot make
// the server decompress anything. The context of a request ends when its caller
// is no longer let in, which cuts streams.
//
// Describe turns the refusal into what the caller's protocol sends; options are
// those of the handlers behind the middleware.
func Authenticated(tokens Tokens, describe func(error) *connect.Error, options ...connect.HandlerOption) func(http.Handler) http.Handler {
	identify := func(_ context.Context, request *http.Request) (any, error) {
		token, ok := authn.BearerToken(request)
		if !ok {
			return nil, describe(fault.New(fault.Unauthenticated, "the request has no token: %s", howToSay))
		}
		caller, err := tokens.Caller(token)
		if err != nil {
			return nil, describe(err)
		}
		return caller, nil
	}
	middleware := authn.NewMiddleware(identify, options...)
	return func(next http.Handler) http.Handler { return middleware.Wrap(Attended(tokens, next)) }
}

const howToSay = "send the header `Authorization: Bearer TOKEN` with a token of EnrolService.Token"

// ErrRevoked is why the context of a request has ended whose caller is no longer
// let in.
var ErrRevoked = fault.New(fault.Unauthenticated, "the device is no longer let in")

// As says in the context of a request whom it comes from; see [Caller].
func As(ctx context.Context, who Principal) context.Context { return authn.SetInfo(ctx, who) }

// Attended ends the context of a request when its caller is no longer let in.
func Attended(tokens Tokens, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, ok := authn.GetInfo(r.Context()).(Principal)
		if !ok { // the middleware has let nobody else by
			next.ServeHTTP(w, r)
			return
		}
		ctx, cut := context.WithCancelCause(r.Context())
		defer cut(nil)
		defer tokens.Attend(caller, func() { cut(ErrRevoked) })()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// Caller returns who the request comes from. Without the middleware in front it
// is [fault.Unauthenticated].
func Caller(ctx context.Context) (Principal, error) {
	caller, ok := authn.GetInfo(ctx).(Principal)
	if !ok {
		return Principal{}, fault.New(fault.Unauthenticated, "%s", howToSay)
	}
	return caller, nil
}

// Person returns the person that the request comes from; see [Caller].
func Person(ctx context.Context) (merge.PersonID, error) {
	caller, err := Caller(ctx)
	return caller.Person, err
}
