package rpc

import (
	"context"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// AudienceEngine is what the audience service asks of the engine.
type AudienceEngine interface {
	// Audiences lists the spaces that the person may read, and who else may.
	Audiences(person merge.PersonID) ([]syncengine.Audience, error)
}

// audienceService implements syncv1connect.AudienceServiceHandler.
type audienceService struct{ engine AudienceEngine }

func (s *audienceService) ListAudiences(ctx context.Context, _ *connect.Request[syncv1.ListAudiencesRequest]) (*connect.Response[syncv1.ListAudiencesResponse], error) {
	person, err := auth.Person(ctx)
	if err != nil {
		return nil, err
	}
	audiences, err := s.engine.Audiences(person)
	if err != nil {
		return nil, err
	}
	resp := &syncv1.ListAudiencesResponse{Audiences: make([]*syncv1.Audience, len(audiences))}
	for i := range audiences {
		a := &audiences[i]
		m := &syncv1.Audience{SpaceId: a.Space[:], Kind: a.Kind, PersonIds: make([][]byte, len(a.People))}
		for j := range a.People {
			m.PersonIds[j] = a.People[j][:]
		}
		resp.Audiences[i] = m
	}
	return connect.NewResponse(resp), nil
}
