// Package auth says who a caller is, before anything else of a request is
// looked at. It knows nothing of spaces and rights: what a person may do is the
// engine's to decide.
//
// Until tablets enrol with keys of their own, an identity is claimed and not
// proven, and package guard keeps the server where only programs of the same
// machine reach it.
package auth

import (
	"context"
	"encoding/hex"
	"net/http"

	"connectrpc.com/authn"
	"connectrpc.com/connect"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Claimed returns middleware that finds out whom a request claims to come from
// and refuses it with [fault.Unauthenticated] if it does not say. It runs on the
// headers alone, so a stranger cannot make the server decompress anything.
//
// Describe turns the refusal into what the caller's protocol sends; options are
// those of the handlers behind the middleware.
func Claimed(describe func(error) *connect.Error, options ...connect.HandlerOption) func(http.Handler) http.Handler {
	identify := func(_ context.Context, request *http.Request) (any, error) {
		person, err := claimOf(request)
		if err != nil {
			return nil, describe(err)
		}
		return person, nil
	}
	return authn.NewMiddleware(identify, options...).Wrap
}

// Person returns who the request claims to come from. Without the middleware in
// front it is [fault.Unauthenticated].
func Person(ctx context.Context) (merge.PersonID, error) {
	person, ok := authn.GetInfo(ctx).(merge.PersonID)
	if !ok {
		return merge.PersonID{}, fault.New(fault.Unauthenticated, "%s", howToSay)
	}
	return person, nil
}

// Header returns the value of the Authorization header by which a client claims
// to be this person.
func Header(person merge.PersonID) string { return "Bearer " + person.String() }

const howToSay = "send the header `Authorization: Bearer ` followed by the 32 hexadecimal digits of your person id"

func claimOf(request *http.Request) (merge.PersonID, error) {
	var person merge.PersonID
	token, ok := authn.BearerToken(request)
	if !ok {
		return person, fault.New(fault.Unauthenticated, "the request does not say who sends it: %s", howToSay)
	}
	if len(token) != hex.EncodedLen(len(person)) {
		return person, fault.New(fault.Unauthenticated, "the token is %d characters long: %s", len(token), howToSay)
	}
	if _, err := hex.Decode(person[:], []byte(token)); err != nil {
		return person, fault.New(fault.Unauthenticated, "the token is not hexadecimal: %s", howToSay)
	}
	if person == Operator {
		return person, fault.New(fault.Unauthenticated, "that person id is the operator's, who calls through the socket in the register's directory: %s", howToSay)
	}
	if person == (merge.PersonID{}) {
		return person, fault.New(fault.Unauthenticated, "the person id is all zeros, which is nobody: %s", howToSay)
	}
	return person, nil
}
