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

// What is kept in the log of who did what. Detail is by what it was proven.
const (
	SignedIn        audit.Action = "signin.begin"
	SignInFailed    audit.Action = "signin.fail"
	SignedOut       audit.Action = "signin.end"
	Proven          audit.Action = "signin.prove"
	LinkMade        audit.Action = "signin.link.make"
	LinkUsed        audit.Action = "signin.link.use"
	PasswordChanged audit.Action = "signin.password.set"
	PasskeyAdded    audit.Action = "signin.passkey.add"
	PasskeyRemoved  audit.Action = "signin.passkey.remove"
	ProviderAdded   audit.Action = "signin.provider.add"
)

// by is by what somebody has proven who it is.
type by string

const (
	byPassword by = "password"
	byPasskey  by = "passkey"
	byProvider by = "provider"
	byLink     by = "link"
)

// note keeps what a user did with its own account.
func (s *Service) note(ctx context.Context, action audit.Action, user merge.PersonID, row *directoryv1.User, how by) error {
	event := audit.Event{Action: action, By: idText(user), Detail: string(how)}
	if row != nil {
		event.Organisation = directory.OrganisationID(row.OrganisationId).String()
	}
	return s.o.Audit.Append(ctx, event)
}

// noteFailure keeps that somebody was not believed to be a user; zero if it was
// nobody's name.
func (s *Service) noteFailure(ctx context.Context, user merge.PersonID, row *directoryv1.User, how by) error {
	event := audit.Event{Action: SignInFailed, Person: idText(user), Outcome: "unauthenticated", Detail: string(how)}
	if row != nil {
		event.Organisation = directory.OrganisationID(row.OrganisationId).String()
	}
	return s.o.Audit.Append(ctx, event)
}

func isActive(row *directoryv1.User) bool {
	return row.GetStatus() == directoryv1.UserStatus_USER_STATUS_ACTIVE
}

// begin makes a session of a user who has proven who it is.
func (s *Service) begin(ctx context.Context, user merge.PersonID, row *directoryv1.User, how by) (Token, error) {
	if err := s.note(ctx, SignedIn, user, row, how); err != nil {
		return Token{}, err
	}
	token, _, err := s.sessions.begin(user, row)
	return token, err
}

// proveAnew notes that who has a session has proven to be its user.
func (s *Service) proveAnew(ctx context.Context, token Token, who auth.Principal, how by) (Token, error) {
	view, err := s.o.Directory.View()
	if err != nil {
		return Token{}, err
	}
	if err := s.note(ctx, Proven, who.Person, view.User(who.Person), how); err != nil {
		return Token{}, err
	}
	return s.sessions.prove(token)
}

// user returns who has signed in.
func (s *Service) user(who auth.Principal) (*directoryv1.User, error) {
	view, err := s.o.Directory.View()
	if err != nil {
		return nil, err
	}
	row := view.User(who.Person)
	if !isActive(row) {
		return nil, fault.New(fault.Unauthenticated, "%w", errNoSession)
	}
	return row, nil
}
