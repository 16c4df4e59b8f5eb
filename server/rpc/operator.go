package rpc

import (
	"net/http"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1/adminv1connect"
	"github.com/zhurnal/zhurnal/server/auth"
)

// newOperatorHandler returns everything that is served on the operator's socket.
// Who can open that is asked nothing, and held to no rate.
func newOperatorHandler(o Options, t timeouts) http.Handler {
	rim := edge{log: o.Log}
	options := []connect.HandlerOption{
		codecs(),
		compression(messageBytes),
		connect.WithReadMaxBytes(messageBytes),
		connect.WithInterceptors(rim, keeping{o.Audit}, auth.NewGuard(o.Directory, o.Now)),
		connect.WithRecover(recovered), // inside of the rim, which logs it
	}
	mux := http.NewServeMux()
	mux.Handle(adminv1connect.NewBackupServiceHandler(&backupService{engine: o.Engine, recipients: o.Recipients, send: t.send}, options...))
	mux.Handle(adminv1connect.NewLogServiceHandler(&logService{engine: o.Engine}, options...))
	mux.Handle(adminv1connect.NewExpiryServiceHandler(&expiryService{engine: o.Engine, persons: o.Persons, now: o.Now}, options...))
	mux.Handle(adminv1connect.NewSchemaServiceHandler(&schemaService{engine: o.Engine}, options...))
	mux.Handle(adminv1connect.NewInvitationServiceHandler(&invitationService{o.Enrol}, options...))
	if o.SignIn != nil {
		mux.Handle(adminv1connect.NewSignInServiceHandler(&linkService{o.SignIn}, options...))
	}
	mux.Handle(grpchealth.NewHandler(o.Health, options...))
	// Tools that make requests by hand ask here for the language of the port, too.
	names := append([]string{grpchealth.HealthV1ServiceName}, Services...)
	reflector := grpcreflect.NewStaticReflector(append(names, OperatorServices...)...)
	mux.Handle(grpcreflect.NewHandlerV1(reflector, options...))
	mux.Handle(grpcreflect.NewHandlerV1Alpha(reflector, options...))
	return named(o.Log, auth.AsOperator(reachable(mux)))
}
