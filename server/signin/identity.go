package signin

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// SessionID names a session in logs. It is no secret, and opens nothing.
type SessionID [16]byte

// String is in hexadecimal digits.
func (id SessionID) String() string { return hex.EncodeToString(id[:]) }

// Identity is whom a request comes from.
type Identity struct {
	User         merge.PersonID
	Organisation directory.OrganisationID
	Session      SessionID
	// Proven says that the person has shown within the last minutes who it is, as
	// the request came; see [Fresh].
	Proven bool
}

// Identifier tells whom a request comes from, or is a fault.Unauthenticated.
type Identifier interface {
	Identify(*http.Request) (Identity, error)
}

type identityKey struct{}

// With returns the context of a request of this identity.
func With(ctx context.Context, who Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, who)
}

// From returns whom a request comes from; false without a session.
func From(ctx context.Context) (Identity, bool) {
	who, ok := ctx.Value(identityKey{}).(Identity)
	return who, ok
}

// ErrProve is why something is refused to a session that has not been proven
// anew: a page leads to [ProvePath], and comes back.
var ErrProve = fault.New(fault.Unauthenticated, "this needs a new proof of who you are: give your password, your passkey or your provider's again, and ask once more within 5 minutes")

var errNoSession = fault.New(fault.Unauthenticated, "you are not signed in, or no longer: sign in (`zhurnal sign-in`, or /sign-in in a browser)")

// Fresh is [ErrProve] unless the person has proven within the last five minutes
// who it is. It belongs before what revokes, wipes, exports and erases: whoever
// finds an office with a browser open does not get that far.
func Fresh(ctx context.Context) error {
	switch who, ok := From(ctx); {
	case !ok:
		return errNoSession
	case !who.Proven:
		return ErrProve
	}
	return nil
}

// Identify implements [Identifier]: it looks for the token of a program, then for
// the cookie of a browser. What a browser sends from a page of another site is
// refused, whatever cookie comes with it.
func (s *Service) Identify(r *http.Request) (Identity, error) {
	token, err := s.tokenOf(r)
	if err != nil {
		return Identity{}, err
	}
	return s.sessions.find(token)
}

// IsToken tells whether what follows "Bearer" is a token of this package, good or
// not.
func IsToken(text string) bool { return strings.HasPrefix(text, tokenPrefix) }

func (s *Service) tokenOf(r *http.Request) (Token, error) {
	if authorization := r.Header.Get("Authorization"); authorization != "" {
		scheme, text, _ := strings.Cut(authorization, " ")
		token, err := parseToken(text)
		if err != nil || !strings.EqualFold(scheme, "Bearer") {
			return Token{}, errNoSession
		}
		return token, nil
	}
	cookie, err := r.Cookie(s.cookies.session)
	if err != nil {
		return Token{}, errNoSession
	}
	if err := s.crossOrigin.Check(r); err != nil {
		return Token{}, fault.New(fault.Unauthenticated, "a page of another site asked in your name: %w", err)
	}
	token, err := parseToken(cookie.Value)
	if err != nil {
		return Token{}, errNoSession
	}
	return token, nil
}

var errNoToken = errors.New("no token of a session")
