// Package auth says who a caller is, before anything else of a request is looked
// at, and whether a caller may ask for what a request asks for. Who somebody is
// to an organisation it finds in package directory; who may read a space follows
// from that, and is the engine's to hold.
//
// Until tablets enrol with keys of their own, an identity is claimed and not
// proven. So the package also keeps the server where only programs of the same
// machine reach it; see [Listen] and [LocalOnly].
package auth

import (
	"context"
	"net/http"

	"connectrpc.com/authn"
	"connectrpc.com/connect"

	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Principal is who makes a request.
type Principal struct {
	Person       merge.PersonID
	Organisation directory.OrganisationID
	// Device is the tablet that it comes from; zero for a session at a desk.
	Device directory.DeviceID
	// Operator runs the server, and is nobody of an organisation.
	Operator bool
}

// Authenticator finds out from the headers of a request whom it comes from. Its
// errors have a kind of package fault.
type Authenticator func(*http.Request) (Principal, error)

// Middleware refuses requests of which it cannot be said whom they come from. It
// runs on the headers alone, so a stranger cannot make the server decompress
// anything.
//
// Describe turns a refusal into what the caller's protocol sends; options are
// those of the handlers behind the middleware.
func Middleware(authenticate Authenticator, describe func(error) *connect.Error, options ...connect.HandlerOption) func(http.Handler) http.Handler {
	identify := func(_ context.Context, request *http.Request) (any, error) {
		principal, err := authenticate(request)
		if err != nil {
			return nil, describe(err)
		}
		return principal, nil
	}
	return authn.NewMiddleware(identify, options...).Wrap
}

// PrincipalOf returns who makes the request. Without the middleware in front it
// is [fault.Unauthenticated].
func PrincipalOf(ctx context.Context) (Principal, error) {
	principal, ok := authn.GetInfo(ctx).(Principal)
	if !ok {
		return Principal{}, fault.New(fault.Unauthenticated, "%s", howToSay)
	}
	return principal, nil
}

// Person returns the person who makes the request.
func Person(ctx context.Context) (merge.PersonID, error) {
	principal, err := PrincipalOf(ctx)
	return principal.Person, err
}
