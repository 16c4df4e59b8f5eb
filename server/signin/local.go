package signin

import (
	"context"
	"net/netip"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/guard"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// errWrong is the same whatever of both is wrong: who guesses does not learn who
// has an account.
var errWrong = fault.New(fault.Unauthenticated, "the login or the password is wrong: both are compared as they were given; after a change of keyboard, look at its language")

// SignedInUser is who has signed in, and by which token a program says so.
type SignedInUser struct {
	Token Token
	User  merge.PersonID
	Name  string
}

// SignIn begins a session of who has this login and password.
func (s *Service) SignIn(ctx context.Context, from netip.Addr, login, password string) (SignedInUser, error) {
	user, row, err := s.byPassword(ctx, from, login, password)
	if err != nil {
		return SignedInUser{}, err
	}
	token, err := s.begin(ctx, user, row, byPassword)
	return SignedInUser{Token: token, User: user, Name: row.Name}, err
}

// SignOut ends a session.
func (s *Service) SignOut(ctx context.Context, token Token) error {
	who, err := s.sessions.find(token)
	if err != nil {
		return err
	}
	s.sessions.end(token)
	row, err := s.user(who)
	if err != nil {
		return err
	}
	return s.note(ctx, SignedOut, who.Person, row, "")
}

// byPassword returns whose login and password these are. What it does is the
// same, and as much work, whether there is such a login or not.
func (s *Service) byPassword(ctx context.Context, from netip.Addr, login, password string) (user merge.PersonID, row *directoryv1.User, err error) {
	if len(login) > passwordBytes || len(password) > passwordBytes {
		login, password = "", ""
	}
	succeeded, err := s.tryPassword(from, login)
	if err != nil {
		return user, nil, err
	}
	view, err := s.o.Directory.View()
	if err != nil {
		return user, nil, err
	}
	user, row = view.UserByLogin(login)
	hash := ""
	if isActive(row) {
		hash = directory.Local(row).GetPasswordHash()
	}
	fits, err := s.passwords.fits(ctx, password, hash)
	if err != nil {
		return user, nil, err
	}
	if !fits {
		if err := s.noteFailure(ctx, user, row, byPassword); err != nil {
			return user, nil, err
		}
		return user, nil, errWrong
	}
	succeeded()
	return user, row, nil
}

// passwordBytes bounds what is looked at of a login and a password.
const passwordBytes = 4 * passwordMax

// tryPassword counts an attempt, until it has succeeded.
func (s *Service) tryPassword(from netip.Addr, login string) (succeeded func(), err error) {
	ofAddress, err := s.ofAddress.try(guard.Network(from).String())
	if err != nil {
		return nil, err
	}
	ofLogin, err := s.ofLogin.try(directory.FoldLogin(login))
	if err != nil {
		return nil, err
	}
	return func() { ofAddress(); ofLogin() }, nil
}

// changePassword sets another password of who is signed in and knows the present
// one. All other sessions of the user end.
func (s *Service) changePassword(ctx context.Context, from netip.Addr, who auth.Principal, present, next string) error {
	row, err := s.user(who)
	if err != nil {
		return err
	}
	local := directory.Local(row)
	if local == nil {
		return errNoPassword
	}
	if _, _, err := s.byPassword(ctx, from, local.Login, present); err != nil {
		return err
	}
	if err := checkPassword(next, local.Login, row.Name); err != nil {
		return err
	}
	return s.setPassword(ctx, who.Person, who.Person, row, "", next, who.Session)
}

var errNoPassword = fault.New(fault.Invalid, "you sign in without a password, so there is none to change; an administrator can give you a link by which you set one")

// setPassword sets it, and ends the sessions of the user but one.
func (s *Service) setPassword(ctx context.Context, by, user merge.PersonID, row *directoryv1.User, login, password string, but auth.SessionID) error {
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	if err := s.note(ctx, PasswordChanged, user, row, ""); err != nil {
		return err
	}
	tenant := s.o.Directory.In(directory.OrganisationID(row.OrganisationId))
	if err := tenant.SetPassword(ctx, by, user, login, hash); err != nil {
		return err
	}
	s.sessions.endOf(user, but)
	return nil
}
