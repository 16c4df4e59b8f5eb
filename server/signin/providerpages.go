package signin

import (
	"errors"
	"net/http"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

var errStranger = fault.New(fault.Unauthenticated, "the provider knows you, and this register does not: ask an administrator for a link")

// goToProvider sends the browser to the provider: to sign in, to prove anew who
// has signed in, or, with the form behind a link, to sign in so from now on.
func (s *Service) goToProvider(w http.ResponseWriter, r *http.Request) error {
	if s.provider == nil {
		return errNoPage
	}
	begun := proof{purpose: toSignIn, to: r.FormValue("to")}
	switch who, err := s.Identify(r); {
	case r.Method == http.MethodPost:
		begun.purpose, begun.welcome = toUse, welcomeOf(r)
		if _, _, err := s.linked(begun.welcome); err != nil {
			return err
		}
	case err == nil:
		begun.purpose, begun.who = toProve, who
	}
	found, err := s.provider.discover(s.o.Now)
	if err != nil {
		return err
	}
	for _, text := range []*string{&begun.state, &begun.nonce, &begun.verifier} {
		if *text, err = s.unguessable(); err != nil {
			return err
		}
	}
	if err := s.beginProof(w, r, begun); err != nil {
		return err
	}
	http.Redirect(w, r, found.ask(begun), http.StatusSeeOther)
	return nil
}

// unguessable is 32 bytes, as a code verifier may be written (RFC 7636, 4.1).
func (s *Service) unguessable() (string, error) {
	var bytes [32]byte
	err := secret(s.o.Random, bytes[:])
	return text64.EncodeToString(bytes[:]), err
}

// backFromProvider is where the browser comes with the provider's answer.
func (s *Service) backFromProvider(w http.ResponseWriter, r *http.Request) error {
	if s.provider == nil {
		return errNoPage
	}
	begun, err := s.takeProof(w, r)
	if err != nil {
		return err
	}
	if begun.state == "" { // of a passkey
		return errNotBegun
	}
	found, err := s.provider.discover(s.o.Now)
	if err != nil {
		return err
	}
	subject, err := s.provider.subject(r.Context(), found, begun, r.URL.Query(), s.o.Now())
	if err != nil {
		return s.notProven(r, err)
	}
	return s.isSubject(w, r, begun, subject)
}

// notProven keeps that the provider's answer was no proof.
func (s *Service) notProven(r *http.Request, why error) error {
	if errors.Is(why, errProviderSilent) {
		return why
	}
	if err := s.noteFailure(r.Context(), merge.PersonID{}, nil, byProvider); err != nil {
		return err
	}
	return why
}

// isSubject goes on with somebody whom the provider has proven to be its subject.
func (s *Service) isSubject(w http.ResponseWriter, r *http.Request, begun proof, subject string) error {
	issuer := s.provider.Issuer
	if begun.purpose == toUse {
		token, err := s.useLink(r.Context(), begun.welcome, merge.PersonID{}, directory.ByOpenID(issuer, subject))
		if err != nil {
			return err
		}
		s.enter(w, r, token, "")
		return nil
	}
	view, err := s.o.Directory.View()
	if err != nil {
		return err
	}
	user, row := view.UserByOpenID(issuer, subject)
	if !isActive(row) {
		return s.refuse(r, user, row, errStranger, byProvider)
	}
	if begun.purpose == toProve {
		if err := s.proveSession(w, r, begun, user, row, byProvider); err != nil {
			return err
		}
		http.Redirect(w, r, page.Within(begun.to, accountPath), http.StatusSeeOther)
		return nil
	}
	token, err := s.begin(r.Context(), user, row, byProvider)
	if err != nil {
		return err
	}
	s.enter(w, r, token, begun.to)
	return nil
}

func (s *Service) refuse(r *http.Request, user merge.PersonID, row *directoryv1.User, why error, how by) error {
	if err := s.noteFailure(r.Context(), user, row, how); err != nil {
		return err
	}
	return why
}

// proveSession makes a session fresh, if it is still the one that asked, and its
// user's proof.
func (s *Service) proveSession(w http.ResponseWriter, r *http.Request, begun proof, user merge.PersonID, row *directoryv1.User, how by) error {
	who, err := s.Identify(r)
	if err != nil {
		return err
	}
	if who.Session != begun.who.Session || who.Person != user {
		return s.refuse(r, user, row, errNotBegun, how)
	}
	return s.proven(w, r, who, how)
}
