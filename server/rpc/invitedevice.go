package rpc

import (
	"context"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// InviteDevice makes an invitation for a user whose devices the caller may change.
func (s *directoryService) InviteDevice(ctx context.Context, req *connect.Request[directoryv1.InviteDeviceRequest]) (*connect.Response[directoryv1.InviteDeviceResponse], error) {
	who, err := auth.Caller(ctx)
	if err != nil {
		return nil, err
	}
	user, err := wire.ID16[merge.PersonID](req.Msg.UserId, "user_id")
	if err != nil {
		return nil, err
	}
	if s.home.Server == "" {
		return nil, fault.New(fault.Invalid, "invite: the server does not know at which address tablets reach it: start it with --url")
	}
	medium := directoryv1.InvitationMedium_INVITATION_MEDIUM_SCREEN
	if req.Msg.Printed {
		medium = directoryv1.InvitationMedium_INVITATION_MEDIUM_PRINTED
	}
	home := s.home
	home.Organisation = who.Organisation
	invitation, expires, err := s.door.InviteBy(ctx, who.Person, home, user, medium)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&directoryv1.InviteDeviceResponse{Invitation: invitation.Text(), ExpiresMillis: expires}), nil
}
