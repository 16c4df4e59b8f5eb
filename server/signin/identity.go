package signin

import (
	"errors"
	"net/http"
	"strings"

	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

var errNoSession = fault.New(fault.Unauthenticated, "you are not signed in, or no longer: sign in (`zhurnal sign-in`, or /sign-in in a browser)")

// Identify tells whom a request comes from, or is a fault.Unauthenticated: it looks for the token of a program, then for
// the cookie of a browser. What a browser sends from a page of another site is
// refused, whatever cookie comes with it.
func (s *Service) Identify(r *http.Request) (auth.Principal, error) {
	token, err := s.tokenOf(r)
	if err != nil {
		return auth.Principal{}, err
	}
	return s.sessions.find(token)
}

// IsToken tells whether what follows "Bearer" is a token of this package, good or
// not.
func IsToken(text string) bool { return strings.HasPrefix(text, tokenPrefix) }

// Caller implements [auth.Tokens].
func (s *Service) Caller(text string) (auth.Principal, error) {
	token, err := parseToken(text)
	if err != nil {
		return auth.Principal{}, errNoSession
	}
	return s.sessions.find(token)
}

// Attend implements [auth.Tokens].
func (s *Service) Attend(caller auth.Principal, cut func()) (leave func()) {
	return s.sessions.attend(caller.Session, cut)
}

// Recheck ends the sessions that are over, and those of users who have ended, and
// cuts what they ask for. It is called after each change of the directory, and now
// and then.
func (s *Service) Recheck() { s.sessions.recheck() }

// Beside are devices' tokens and sessions together. Which of both it is shows in
// the token.
func Beside(devices auth.Tokens, sessions *Service) auth.Tokens { return beside{devices, sessions} }

type beside struct {
	devices  auth.Tokens
	sessions *Service
}

// Caller implements [auth.Tokens].
func (b beside) Caller(text string) (auth.Principal, error) {
	if IsToken(text) {
		return b.sessions.Caller(text)
	}
	return b.devices.Caller(text)
}

// Attend implements [auth.Tokens].
func (b beside) Attend(caller auth.Principal, cut func()) (leave func()) {
	if caller.Session != (auth.SessionID{}) {
		return b.sessions.Attend(caller, cut)
	}
	return b.devices.Attend(caller, cut)
}

var _ auth.Tokens = (*Service)(nil)

// TokenIn returns the token that a program sends.
func TokenIn(header http.Header) (Token, error) {
	scheme, text, _ := strings.Cut(header.Get("Authorization"), " ")
	token, err := parseToken(text)
	if err != nil || !strings.EqualFold(scheme, "Bearer") {
		return Token{}, errNoSession
	}
	return token, nil
}

func (s *Service) tokenOf(r *http.Request) (Token, error) {
	if r.Header.Get("Authorization") != "" {
		return TokenIn(r.Header)
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
