package rpc

import (
	"context"

	"connectrpc.com/connect"

	adminv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1"
	"github.com/zhurnal/zhurnal/server/directory"
)

// organisationService implements adminv1connect.OrganisationServiceHandler.
type organisationService struct{ directory *directory.Directory }

func (s *organisationService) AddOrganisation(ctx context.Context, req *connect.Request[adminv1.AddOrganisationRequest]) (*connect.Response[adminv1.AddOrganisationResponse], error) {
	organisation, administrator, err := s.directory.Found(ctx, req.Msg.Name, req.Msg.AdministratorName)
	return answered(&adminv1.AddOrganisationResponse{OrganisationId: organisation[:], UserId: administrator[:]}, err)
}
