package signin

import (
	"context"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// welcome is what somebody filled in behind a link.
type welcome struct {
	link string
	// organisation and name are the first administrator's.
	organisation, name string
	// login is empty for a user who has one.
	login string
}

// linked returns for whom a link is: zero and a row without an organisation for
// the first administrator.
func (s *Service) linked(w welcome) (user merge.PersonID, row *directoryv1.User, err error) {
	found, err := s.links.find(w.link)
	if err != nil {
		return user, nil, err
	}
	view, err := s.o.Directory.View()
	if err != nil {
		return user, nil, err
	}
	if found.user == (merge.PersonID{}) {
		if view.HasAdministrator() {
			return user, nil, directory.ErrNotFirst
		}
		return user, &directoryv1.User{Name: w.name}, nil
	}
	row = view.User(found.user)
	if !isActive(row) {
		return user, nil, errLink
	}
	return found.user, row, nil
}

// useLink lets in whoever has the link, once: it does what the link is for with
// the way to sign in that the person has chosen, and begins a session. fresh is
// the id of a user who is made by it; zero for any.
func (s *Service) useLink(ctx context.Context, w welcome, fresh merge.PersonID, account *directoryv1.SignInAccount) (token Token, err error) {
	if _, _, err := s.linked(w); err != nil {
		return token, err
	}
	err = s.links.use(w.link, func(user merge.PersonID) error {
		if user == (merge.PersonID{}) {
			token, err = s.first(ctx, w, fresh, account)
			return err
		}
		token, err = s.another(ctx, user, account)
		return err
	})
	return token, err
}

// first makes the organisation and its administrator.
func (s *Service) first(ctx context.Context, w welcome, fresh merge.PersonID, account *directoryv1.SignInAccount) (Token, error) {
	if err := s.o.Audit.Append(ctx, audit.Event{Action: LinkUsed, Detail: "first administrator"}); err != nil {
		return Token{}, err
	}
	_, user, err := s.o.Directory.AddFirst(ctx, directory.First{Organisation: w.organisation, Name: w.name, User: fresh, Account: account})
	if err != nil {
		return Token{}, s.noteUnused(ctx, audit.Event{Action: LinkUsed}, err)
	}
	return s.beginByLink(ctx, user)
}

// another gives a user another way to sign in. By a new password, what anybody
// had signed in to before ends.
func (s *Service) another(ctx context.Context, user merge.PersonID, account *directoryv1.SignInAccount) (Token, error) {
	view, err := s.o.Directory.View()
	if err != nil {
		return Token{}, err
	}
	organisation := directory.OrganisationID(view.User(user).GetOrganisationId())
	event := audit.Event{Action: LinkUsed, By: idText(user), Organisation: organisation.String()}
	if err := s.o.Audit.Append(ctx, event); err != nil {
		return Token{}, err
	}
	tenant := s.o.Directory.In(organisation)
	if local := account.GetLocal(); local != nil {
		err = tenant.SetPassword(ctx, user, user, local.Login, local.PasswordHash)
		s.sessions.endOf(user, auth.SessionID{})
	} else {
		err = tenant.AddAccount(ctx, user, user, account)
	}
	if err != nil {
		return Token{}, s.noteUnused(ctx, event, err)
	}
	return s.beginByLink(ctx, user)
}

// noteUnused keeps that a link was not used after all, and returns why.
func (s *Service) noteUnused(ctx context.Context, event audit.Event, why error) error {
	event.Outcome = "invalid"
	if fault.KindOf(why) != fault.Invalid {
		event.Outcome = "failed"
	}
	if err := s.o.Audit.Append(ctx, event); err != nil {
		return err
	}
	return why
}

func (s *Service) beginByLink(ctx context.Context, user merge.PersonID) (Token, error) {
	view, err := s.o.Directory.View()
	if err != nil {
		return Token{}, err
	}
	return s.begin(ctx, user, view.User(user), byLink)
}

// byNewPassword is the local account that somebody chose behind a link.
func (s *Service) byNewPassword(ctx context.Context, w welcome, row *directoryv1.User, password string) (*directoryv1.SignInAccount, error) {
	login := w.login
	if local := directory.Local(row); local != nil && login == "" {
		login = local.Login
	}
	if err := checkPassword(password, login, row.GetName(), w.organisation); err != nil {
		return nil, err
	}
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return nil, err
	}
	return directory.ByPassword(login, hash), nil
}
