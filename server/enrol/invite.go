package enrol

import (
	"context"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// How long an invitation is good, in milliseconds: on a screen for as long as two
// people stand before it, on paper until the next day in the field.
var lifeMillis = map[directoryv1.InvitationMedium]int64{
	directoryv1.InvitationMedium_INVITATION_MEDIUM_SCREEN:  30 * 60_000,
	directoryv1.InvitationMedium_INVITATION_MEDIUM_PRINTED: 24 * 3600_000,
}

// Invite makes an invitation for a user. Home is what the tablet is to know of
// this server; the wipe key and who can open what is sealed before a wipe are the
// organisation's, unless it says them. The secret is in the answer alone.
func (s *Service) Invite(ctx context.Context, by merge.PersonID, home credential.Home, user merge.PersonID, medium directoryv1.InvitationMedium) (credential.Invitation, error) {
	invitation, _, err := s.invite(ctx, s.directory.In(home.Organisation), by, home, directory.NewInvitation{User: user, Medium: medium})
	return invitation, err
}

// InviteBy is Invite by a user, who may do so for some others, and says until when
// the invitation is good, in milliseconds since 1970.
func (s *Service) InviteBy(ctx context.Context, by merge.PersonID, home credential.Home, user merge.PersonID, medium directoryv1.InvitationMedium) (credential.Invitation, int64, error) {
	return s.invite(ctx, s.directory.In(home.Organisation).By(by), by, home, directory.NewInvitation{User: user, Medium: medium})
}

// invite makes the invitation that n says the user, the medium and the kind of
// device of.
func (s *Service) invite(ctx context.Context, in *directory.Tenant, by merge.PersonID, home credential.Home, n directory.NewInvitation) (credential.Invitation, int64, error) {
	life, known := lifeMillis[n.Medium]
	if !known {
		return credential.Invitation{}, 0, fault.New(fault.Invalid, "invitation: on a screen or printed is due")
	}
	if err := credential.CheckServer(home.Server); err != nil {
		return credential.Invitation{}, 0, err
	}
	if len(home.WipeKey) == 0 {
		view, err := s.directory.View()
		if err != nil {
			return credential.Invitation{}, 0, err
		}
		organisation := view.Organisation(home.Organisation)
		home.WipeKey, home.Recipients = organisation.GetWipeKey(), organisation.GetRecoveryRecipients()
	}
	invitation := credential.Invitation{Home: home}
	if err := s.draw(invitation.Secret[:]); err != nil {
		return credential.Invitation{}, 0, err
	}
	n.SecretHash, n.ExpiresAt, n.WipeKey = invitation.Secret.Hash(), s.now()+life, home.WipeKey
	if _, err := in.Invite(ctx, by, n); err != nil {
		return credential.Invitation{}, 0, err
	}
	return invitation, n.ExpiresAt, nil
}
