package signin

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// script answers the script of a page in JSON: what it asked for, where to go
// next, or what went wrong, as a text for people.
func (s *Service) script(handle func(http.ResponseWriter, *http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page.Protect(w)
		w.Header().Set("Content-Type", "application/json")
		answer, err := handle(w, r)
		if err != nil {
			answer = s.scriptProblem(w, r, err)
		}
		_ = json.NewEncoder(w).Encode(answer) // the browser has gone
	})
}

// next tells the script where to go.
type next struct {
	To string `json:"to"`
}

func (s *Service) scriptProblem(w http.ResponseWriter, r *http.Request, err error) any {
	if errors.Is(err, auth.ErrProve) {
		return next{ProvePath + "?to=" + accountPath}
	}
	p := page.Page{}
	s.explain(&p, err)
	s.waitHeader(w, err)
	w.WriteHeader(p.Status)
	text := page.Text(r, p.Problem)
	if p.Detail != "" {
		text += " " + p.Detail
	}
	return struct {
		Problem string `json:"problem"`
	}{text}
}

// beginKey says what the browser is to ask the keeper of the person's passkeys.
func (s *Service) beginKey(w http.ResponseWriter, r *http.Request) (ask any, err error) {
	begun := proof{purpose: purpose(r.PathValue("purpose")), to: r.PostFormValue("to")}
	switch begun.purpose {
	case toSignIn:
		ask, begun.passkey, err = s.askForKey(merge.PersonID{}, nil)
	case toProve:
		var row *directoryv1.User
		if begun.who, row, err = s.who(r); err == nil {
			ask, begun.passkey, err = s.askForKey(begun.who.Person, row)
		}
	case toAdd:
		ask, err = s.beginAddKey(r, &begun)
	case toUse:
		ask, err = s.beginLinkKey(r, &begun)
	default:
		return nil, errNotBegun
	}
	if err != nil {
		return nil, err
	}
	return ask, s.beginProof(w, r, begun)
}

// beginAddKey is for who has signed in, and proven that of late.
func (s *Service) beginAddKey(r *http.Request, begun *proof) (ask any, err error) {
	who, row, err := s.who(r)
	if err != nil {
		return nil, err
	}
	if err := who.Fresh(); err != nil {
		return nil, err
	}
	begun.who, begun.user = who, who.Person
	ask, begun.passkey, err = s.askForNewKey(who.Person, row)
	return ask, err
}

// beginLinkKey is for who has a link. A user who is made by it has an id from
// here on, for the passkey to hold.
func (s *Service) beginLinkKey(r *http.Request, begun *proof) (ask any, err error) {
	begun.welcome = welcomeOf(r)
	user, row, err := s.linked(begun.welcome)
	if err != nil {
		return nil, err
	}
	if user == (merge.PersonID{}) {
		if err := secret(s.o.Random, user[:]); err != nil {
			return nil, err
		}
	}
	begun.user = user
	ask, begun.passkey, err = s.askForNewKey(user, row)
	return ask, err
}

// finishKey takes what the browser came back with.
func (s *Service) finishKey(w http.ResponseWriter, r *http.Request) (any, error) {
	begun, err := s.takeProof(w, r)
	if err != nil {
		return nil, err
	}
	if begun.passkey == nil || begun.purpose != purpose(r.PathValue("purpose")) {
		return nil, errNotBegun
	}
	answer, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fault.New(fault.TooLarge, "passkey: %w", err)
	}
	switch begun.purpose {
	case toAdd:
		return s.addKey(r, begun, answer)
	case toUse:
		return s.linkKey(w, r, begun, answer)
	}
	user, row, err := s.byKey(r.Context(), begun, answer)
	if err != nil {
		return nil, err
	}
	if begun.purpose == toProve {
		return next{page.Within(begun.to, accountPath)}, s.proveSession(w, r, begun, user, row, byPasskey)
	}
	token, err := s.begin(r.Context(), user, row, byPasskey)
	if err != nil {
		return nil, err
	}
	s.keep(w, r, token)
	return next{page.Within(begun.to, accountPath)}, nil
}

func (s *Service) addKey(r *http.Request, begun proof, answer []byte) (any, error) {
	who, row, err := s.who(r)
	if err != nil {
		return nil, err
	}
	if who.Session != begun.who.Session {
		return nil, errNotBegun
	}
	account, err := s.newKey(begun, row, answer)
	if err != nil {
		return nil, err
	}
	if err := s.note(r.Context(), PasskeyAdded, who.Person, row, ""); err != nil {
		return nil, err
	}
	if err := s.o.Directory.In(who.Organisation).AddAccount(r.Context(), who.Person, who.Person, account); err != nil {
		return nil, err
	}
	return next{accountPath}, nil
}

func (s *Service) linkKey(w http.ResponseWriter, r *http.Request, begun proof, answer []byte) (any, error) {
	_, row, err := s.linked(begun.welcome)
	if err != nil {
		return nil, err
	}
	account, err := s.newKey(begun, row, answer)
	if err != nil {
		return nil, err
	}
	token, err := s.useLink(r.Context(), begun.welcome, begun.user, account)
	if err != nil {
		return nil, err
	}
	s.keep(w, r, token)
	return next{accountPath}, nil
}
