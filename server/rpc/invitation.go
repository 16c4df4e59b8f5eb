package rpc

import (
	"context"

	"connectrpc.com/connect"

	adminv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// invitationService implements adminv1connect.InvitationServiceHandler.
type invitationService struct{ enrol *enrol.Service }

func (s *invitationService) Invite(ctx context.Context, req *connect.Request[adminv1.InviteRequest]) (*connect.Response[adminv1.InviteResponse], error) {
	by, err := auth.Person(ctx)
	if err != nil {
		return nil, err
	}
	m := req.Msg
	guest := enrol.Guest{
		OrganisationName: m.OrganisationName, PersonName: m.PersonName, Printed: m.Printed, Hub: m.Hub,
		Home: credential.Home{Server: m.Server, WipeKey: m.WipeKey, Recipients: m.Recipients},
	}
	if len(m.OrganisationId) > 0 {
		if guest.Home.Organisation, err = wire.ID16[credential.OrganisationID](m.OrganisationId, "organisation_id"); err != nil {
			return nil, err
		}
	}
	if len(m.PersonId) > 0 {
		if guest.Person, err = wire.ID16[merge.PersonID](m.PersonId, "person_id"); err != nil {
			return nil, err
		}
	}
	for _, pin := range m.Pins {
		if len(pin) != 32 {
			return nil, fault.New(fault.Malformed, "pin: %d bytes where 32 are due", len(pin))
		}
		guest.Home.Pins = append(guest.Home.Pins, [32]byte(pin))
	}
	invitation, person, err := s.enrol.InviteGuest(ctx, by, guest)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.InviteResponse{
		Invitation: invitation.Text(), OrganisationId: invitation.Organisation[:], PersonId: person[:],
	}), nil
}
