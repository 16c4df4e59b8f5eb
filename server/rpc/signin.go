package rpc

import (
	"context"
	"net/http"
	"net/netip"

	"connectrpc.com/connect"

	adminv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1"
	signinv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/signin/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/signin"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// signInService implements signinv1connect.SignInServiceHandler.
type signInService struct{ signIn *signin.Service }

func (s *signInService) SignIn(ctx context.Context, req *connect.Request[signinv1.SignInRequest]) (*connect.Response[signinv1.SignInResponse], error) {
	from, _ := ctx.Value(clientKey{}).(netip.Addr)
	in, err := s.signIn.SignIn(ctx, from, req.Msg.Login, req.Msg.Password)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&signinv1.SignInResponse{Token: in.Token.Text(), UserId: in.User[:], Name: in.Name}), nil
}

func (s *signInService) SignOut(ctx context.Context, req *connect.Request[signinv1.SignOutRequest]) (*connect.Response[signinv1.SignOutResponse], error) {
	token, err := signin.TokenIn(req.Header())
	if err != nil {
		return nil, err
	}
	if err := s.signIn.SignOut(ctx, token); err != nil {
		return nil, err
	}
	return connect.NewResponse(&signinv1.SignOutResponse{}), nil
}

type clientKey struct{}

// fromClient lets a handler of Connect know from which address it is asked.
func (a *admission) fromClient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), clientKey{}, a.exposure.Client(r))))
	})
}

// linkService implements adminv1connect.SignInServiceHandler.
type linkService struct{ signIn *signin.Service }

func (s *linkService) MakeLink(ctx context.Context, req *connect.Request[adminv1.MakeLinkRequest]) (*connect.Response[adminv1.MakeLinkResponse], error) {
	by, err := auth.Person(ctx)
	if err != nil {
		return nil, err
	}
	var user merge.PersonID
	if len(req.Msg.UserId) > 0 {
		if user, err = wire.ID16[merge.PersonID](req.Msg.UserId, "user_id"); err != nil {
			return nil, err
		}
	}
	link, expires, err := s.signIn.MakeLink(ctx, by, user)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.MakeLinkResponse{Url: link, ExpiresMillis: expires}), nil
}
