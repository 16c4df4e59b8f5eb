package rpc

import (
	"context"
	"errors"

	"connectrpc.com/connect"

	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"
	"github.com/zhurnal/zhurnal/server/contact"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// enrolService implements enrolv1connect.EnrolServiceHandler.
type enrolService struct {
	enrol    *enrol.Service
	now      func() int64
	contacts *contact.Book
}

func (s *enrolService) Enrol(ctx context.Context, req *connect.Request[enrolv1.EnrolRequest]) (*connect.Response[enrolv1.EnrolResponse], error) {
	m := req.Msg
	ask := &enrol.Ask{Label: m.Label, Signature: m.Signature}
	var err error
	if ask.Organisation, err = wire.ID16[credential.OrganisationID](m.OrganisationId, "organisation_id"); err != nil {
		return nil, err
	}
	if len(m.Secret) != len(ask.Secret) {
		return nil, fault.New(fault.Malformed, "secret: %d bytes where %d are due", len(m.Secret), len(ask.Secret))
	}
	ask.Secret = credential.Secret(m.Secret)
	if ask.Key, err = credential.ParsePublicKey(m.Algorithm, m.PublicKey); err != nil {
		return nil, err
	}
	device, person, err := s.enrol.Enrol(ctx, ask)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&enrolv1.EnrolResponse{DeviceId: device[:], PersonId: person[:], ServerMillis: s.now()}), nil
}

func (s *enrolService) Challenge(_ context.Context, req *connect.Request[enrolv1.ChallengeRequest]) (*connect.Response[enrolv1.ChallengeResponse], error) {
	device, err := wire.ID16[credential.DeviceID](req.Msg.DeviceId, "device_id")
	if err != nil {
		return nil, err
	}
	nonce, err := s.enrol.Challenge(device)
	if err != nil {
		return nil, err
	}
	resp := &enrolv1.ChallengeResponse{Nonce: nonce[:]}
	if hub := s.enrol.Hub(); hub != (credential.HubID{}) {
		resp.HubId = hub[:]
	}
	return connect.NewResponse(resp), nil
}

func (s *enrolService) Token(ctx context.Context, req *connect.Request[enrolv1.TokenRequest]) (*connect.Response[enrolv1.TokenResponse], error) {
	device, err := wire.ID16[credential.DeviceID](req.Msg.DeviceId, "device_id")
	if err != nil {
		return nil, err
	}
	if len(req.Msg.Nonce) != len(credential.Nonce{}) {
		return nil, fault.New(fault.Malformed, "nonce: %d bytes where %d are due", len(req.Msg.Nonce), len(credential.Nonce{}))
	}
	token, err := s.enrol.Token(ctx, device, credential.Nonce(req.Msg.Nonce), req.Msg.Signature)
	var ordered *enrol.WipeOrdered
	if errors.As(err, &ordered) {
		s.contacts.Told(device, s.now())
		return connect.NewResponse(&enrolv1.TokenResponse{WipeOrder: ordered.Order}), nil
	}
	return answered(&enrolv1.TokenResponse{Token: token, ValidMillis: enrol.TokenMillis}, err)
}
