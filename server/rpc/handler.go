package rpc

import (
	"context"
	"log/slog"
	"net/http"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1/adminv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/auth"
)

// Engine is all that the services ask of the engine.
type Engine interface {
	SyncEngine
	DeskEngine
	BackupEngine
	AudienceEngine
	HubEngine
	LogEngine
	RightsEngine
}

// Options say what a server serves.
type Options struct {
	Engine   Engine
	Reporter Reporter
	// Health answers health checks; see package ops.
	Health grpchealth.Checker
	Log    *slog.Logger
	// Now is the clock, in milliseconds since 1970; told to tablets only.
	Now func() int64
	// Brought makes the server a hub, which serves tablets alone: it is called
	// when one of them has brought something.
	Brought func()
}

// Services are the full names of what the home server serves, HubServices of what
// a hub does, for health and reflection.
var (
	Services = []string{
		syncv1connect.SyncServiceName,
		syncv1connect.DeskServiceName,
		syncv1connect.RightsServiceName,
		syncv1connect.AudienceServiceName,
		reportv1connect.ReportServiceName,
		adminv1connect.BackupServiceName,
		adminv1connect.LogServiceName,
	}
	HubServices = []string{syncv1connect.SyncServiceName}
)

// newHandler returns everything that is served on the port. Watches end when
// stopping does. Extra options come after our own and win.
func newHandler(o Options, t timeouts, stopping context.Context, extra ...connect.HandlerOption) http.Handler {
	rim := edge{log: o.Log}
	options := append([]connect.HandlerOption{
		compression(),
		connect.WithReadMaxBytes(messageBytes),
		connect.WithInterceptors(rim),
		connect.WithRecover(recovered), // inside of the rim, which logs it
	}, extra...)
	claimed := auth.Claimed(func(err error) *connect.Error { return encodeFault(err, "") }, options...)

	mux := http.NewServeMux()
	handle := func(wrap func(http.Handler) http.Handler) func(string, http.Handler) {
		return func(path string, h http.Handler) { mux.Handle(path, wrap(h)) }
	}
	private, open := handle(claimed), handle(func(h http.Handler) http.Handler { return h })

	services := Services
	if o.Brought != nil {
		services = HubServices
		private(syncv1connect.NewSyncServiceHandler(&hubService{engine: o.Engine, now: o.Now, edge: rim, brought: o.Brought}, options...))
	} else {
		private(syncv1connect.NewSyncServiceHandler(&syncService{
			engine: o.Engine, now: o.Now, edge: rim,
			watch: watchTimes{send: t.send, whole: t.watch, stopping: stopping},
		}, options...))
		private(syncv1connect.NewDeskServiceHandler(&deskService{engine: o.Engine}, options...))
		private(syncv1connect.NewRightsServiceHandler(&rightsService{engine: o.Engine}, options...))
		private(syncv1connect.NewAudienceServiceHandler(&audienceService{engine: o.Engine}, options...))
		private(reportv1connect.NewReportServiceHandler(&reportService{reporter: o.Reporter}, options...))
		private(adminv1connect.NewBackupServiceHandler(&backupService{engine: o.Engine, send: t.send}, options...))
		private(adminv1connect.NewLogServiceHandler(&logService{engine: o.Engine}, options...))
	}
	// Probes carry no identity, and the names of the services are no secret.
	open(grpchealth.NewHandler(o.Health, options...))
	reflector := grpcreflect.NewStaticReflector(append([]string{grpchealth.HealthV1ServiceName}, services...)...)
	open(grpcreflect.NewHandlerV1(reflector, options...))
	open(grpcreflect.NewHandlerV1Alpha(reflector, options...))

	return named(auth.LocalOnly(http.MaxBytesHandler(reachable(mux), wireBytes)))
}
