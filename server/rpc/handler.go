package rpc

import (
	"context"
	"log/slog"
	"net"
	"net/http"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1/adminv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/directory"
)

// Engine is all that the services ask of the engine.
type Engine interface {
	SyncEngine
	DeskEngine
	BackupEngine
	AudienceEngine
	HubEngine
	LogEngine
	SchemaEngine
}

// Options say what a server serves.
type Options struct {
	Engine   Engine
	Reporter Reporter
	// Directory knows callers, and what they may ask for; a hub has none.
	Directory *directory.Directory
	// Authenticate finds out whom a request comes from.
	Authenticate auth.Authenticator
	// Health answers health checks; see package ops.
	Health grpchealth.Checker
	Log    *slog.Logger
	// Now is the clock, in milliseconds since 1970; told to tablets only.
	Now func() int64
	// Operator is the listener of the operator's socket; nil for none. See
	// package operator.
	Operator net.Listener
	// Brought makes the server a hub, which serves tablets alone: it is called
	// when one of them has brought something.
	Brought func()
}

// Services are the full names of what the home server serves on its port,
// HubServices of what a hub does, OperatorServices of what is served on the
// operator's socket alone; for health and reflection.
var (
	Services = []string{
		syncv1connect.SyncServiceName,
		syncv1connect.DeskServiceName,
		syncv1connect.AudienceServiceName,
		reportv1connect.ReportServiceName,
		directoryv1connect.DirectoryServiceName,
	}
	HubServices      = []string{syncv1connect.SyncServiceName}
	OperatorServices = []string{
		adminv1connect.BackupServiceName,
		adminv1connect.LogServiceName,
		adminv1connect.SchemaServiceName,
		adminv1connect.OrganisationServiceName,
	}
)

// newHandler returns everything that is served on the port. Watches end when
// stopping does. Extra options come after our own and win.
func newHandler(o Options, t timeouts, stopping context.Context, extra ...connect.HandlerOption) http.Handler {
	rim := edge{log: o.Log}
	options := append([]connect.HandlerOption{
		compression(),
		connect.WithReadMaxBytes(messageBytes),
		connect.WithInterceptors(rim, auth.NewGuard(o.Directory, o.Now)),
		connect.WithRecover(recovered), // inside of the rim, which logs it
	}, extra...)
	claimed := auth.Middleware(o.Authenticate, func(err error) *connect.Error { return encodeFault(err, "") }, options...)

	mux := http.NewServeMux()
	handle := func(wrap func(http.Handler) http.Handler) func(string, http.Handler) {
		return func(path string, h http.Handler) { mux.Handle(path, wrap(h)) }
	}
	private, open := handle(claimed), handle(func(h http.Handler) http.Handler { return h })

	if o.Brought != nil {
		private(syncv1connect.NewSyncServiceHandler(&hubService{engine: o.Engine, now: o.Now, edge: rim, brought: o.Brought}, options...))
	} else {
		private(syncv1connect.NewSyncServiceHandler(&syncService{
			engine: o.Engine, directory: o.Directory, now: o.Now, edge: rim,
			watch: watchTimes{send: t.send, whole: t.watch, stopping: stopping},
		}, options...))
		private(syncv1connect.NewDeskServiceHandler(&deskService{engine: o.Engine}, options...))
		private(syncv1connect.NewAudienceServiceHandler(&audienceService{engine: o.Engine}, options...))
		private(reportv1connect.NewReportServiceHandler(&reportService{reporter: o.Reporter, directory: o.Directory, now: o.Now}, options...))
		private(directoryv1connect.NewDirectoryServiceHandler(&directoryService{directory: o.Directory}, options...))
	}
	open(grpchealth.NewHandler(o.Health, options...)) // probes carry no identity
	return named(auth.LocalOnly(http.MaxBytesHandler(reachable(mux), wireBytes)))
}
