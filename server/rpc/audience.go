package rpc

import (
	"bytes"
	"context"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// AudienceEngine is what the audience service asks of the engine.
type AudienceEngine interface {
	// Audiences lists the spaces that the person may read, and who else may.
	Audiences(person merge.PersonID) ([]syncengine.Audience, error)
}

// audienceService implements syncv1connect.AudienceServiceHandler.
type audienceService struct {
	engine    AudienceEngine
	directory *directory.Directory
}

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
	if resp.Devices, err = s.devices(ctx); err != nil {
		return nil, err
	}
	return connect.NewResponse(resp), nil
}

// devices are those of the caller's organisation that are let in, and those that
// are to be wiped. A hub that knows them all takes what they bring, also from
// people to whom it may not show a space.
func (s *audienceService) devices(ctx context.Context) (known []*syncv1.KnownDevice, err error) {
	caller, err := auth.Caller(ctx)
	if err != nil {
		return nil, err
	}
	view, err := s.directory.View()
	if err != nil {
		return nil, err
	}
	for _, id := range view.Devices() {
		device := view.LetIn(id)
		if device == nil {
			device = view.Doomed(id)
		}
		if device == nil || !bytes.Equal(device.OrganisationId, caller.Organisation[:]) {
			continue
		}
		known = append(known, &syncv1.KnownDevice{
			DeviceId: id[:], PersonId: device.UserId, OrganisationId: device.OrganisationId,
			Algorithm: credential.Algorithm(device.Algorithm), PublicKey: device.PublicKey,
			WipeKey: device.WipeKey, WipeOrder: device.WipeOrder,
		})
	}
	return known, nil
}
