package rpc

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1/adminv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1/enrolv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1/personsv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/signin/v1/signinv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/contact"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/server/guard"
	"github.com/zhurnal/zhurnal/server/signin"
	"github.com/zhurnal/zhurnal/server/survey"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/credential"
)

// Engine is all that the services ask of the engine.
type Engine interface {
	SyncEngine
	UnlockEngine
	DeskEngine
	BackupEngine
	AudienceEngine
	HubEngine
	LogEngine
	ExpiryEngine
	RightsEngine
	SchemaEngine
	Surveyed
}

// Surveyed is what surveys read.
type Surveyed interface{ survey.Registers }

// Options say what a server serves.
type Options struct {
	Engine   Engine
	Reporter Reporter
	// Persons finds who may be registered twice.
	Persons Persons
	// Recipients are whom backups are sealed to if a request names nobody; nil for
	// nobody.
	Recipients func() ([]backup.Recipient, error)
	// Enrol lets devices in, and Directory says who they are.
	Enrol     *enrol.Service
	Directory *directory.Directory
	// SignIn lets people in who are at a desk; nil for nobody.
	SignIn *signin.Service
	// Console has the pages for who is signed in; nil for none.
	Console Console
	// Health answers health checks; see package ops.
	Health grpchealth.Checker
	Log    *slog.Logger
	// Now is the clock, in milliseconds since 1970; told to tablets only.
	Now func() int64
	// OfflineLease is for how long tablets may be used without contact; zero for
	// ever.
	OfflineLease time.Duration
	// Exposure says how callers reach the server, TLS what certificate it shows
	// them; nil for none.
	Exposure guard.Exposure
	TLS      *tls.Config
	// Limits are what callers may do; the zero value is guard.Usual.
	Limits guard.Limits
	// Audit keeps who did what; nil for nowhere. Trail reads it again, nil if it is
	// read nowhere.
	Audit Auditor
	Trail Trail
	// Contacts remembers when devices were heard from; nil for one in memory.
	Contacts *contact.Book
	// Home is what tablets are to know that are invited from a desk; the
	// organisation is the caller's. Without a server nobody is invited so.
	Home credential.Home
	// Operator is the listener of the operator's socket; nil for none. See
	// package operator.
	Operator net.Listener
	// Manifest says what a device holds; nil where nothing is kept of that.
	Manifest Manifest
	// Sealed keeps what devices have sealed before they were wiped.
	Sealed Sealed
	// Brought makes the server a hub, which serves tablets alone: it is called
	// when one of them has brought something.
	Brought func()
}

// Console has the pages for people at a desk; see package console.
type Console interface {
	signin.Console
	// Ask gives it the client by which it calls the services as whoever the context
	// names, once, before anybody asks for a page.
	Ask(services connect.HTTPClient)
}

// Services are the full names of what the home server serves on its port,
// HubServices of what a hub does, OperatorServices of what is served on the
// operator's socket alone; for health and reflection.
var (
	Services = []string{
		enrolv1connect.EnrolServiceName,
		enrolv1connect.WipeServiceName,
		syncv1connect.SyncServiceName,
		syncv1connect.DeskServiceName,
		syncv1connect.RightsServiceName,
		syncv1connect.AudienceServiceName,
		reportv1connect.ReportServiceName,
		personsv1connect.PersonsServiceName,
		signinv1connect.SignInServiceName,
		directoryv1connect.DirectoryServiceName,
	}
	HubServices      = []string{enrolv1connect.EnrolServiceName, enrolv1connect.WipeServiceName, syncv1connect.SyncServiceName}
	OperatorServices = []string{
		adminv1connect.BackupServiceName,
		adminv1connect.LogServiceName,
		adminv1connect.ExpiryServiceName,
		adminv1connect.SchemaServiceName,
		adminv1connect.InvitationServiceName,
		adminv1connect.SignInServiceName,
	}
)

// guarded is the directory that says who may ask for what; a hub has no say.
func (o *Options) guarded() *directory.Directory {
	if o.Brought != nil {
		return nil
	}
	return o.Directory
}

// newHandler returns everything that is served on the port. Watches end when
// stopping does. Extra options come after our own and win.
//
// A request passes, in this order, and each step costs more than the one before:
//
//	connections   so many in all and from one address           guard.Connections
//	named         a request id, a last resort against panics
//	Hosts         a name under which the server may be called   guard.Exposure
//	Browsers      no page of another site                       guard.Exposure
//	byAddress     not too often from one address                guard.Addresses
//	listed        a procedure that is served; everything else is a page, which
//	              package signin has on its own: what such a page asks comes
//	              from inside, and goes on at keeping
//	authenticate  who calls, by the headers alone               package auth
//	byCaller      not too often, not too much at once           guard.Callers
//	inTurn        the body read whole, then the caller's turn   guard.Bodies, Turns
//	Connect       decompression and decoding, both capped
//	edge, pace    errors become answers; the handler's time
//	keeping       who did what, before the answer goes out      package audit
//	auth.Guard    whether the caller may ask for what is asked
//	handlers      a day's quota where something is brought      guard.Quota
func newHandler(o Options, t timeouts, stopping context.Context, extra ...connect.HandlerOption) http.Handler {
	if o.Contacts == nil {
		o.Contacts = contact.New()
	}
	rim := edge{log: o.Log}
	options := append([]connect.HandlerOption{
		codecs(),
		connect.WithConditionalHandlerOptions(bounded),
		connect.WithInterceptors(rim, keeping{o.Audit}, pace{}, auth.NewGuard(o.guarded(), o.Now)),
		connect.WithRecover(recovered), // inside of the rim, which logs it
	}, extra...)
	tokens := auth.Tokens(o.Enrol)
	if o.SignIn != nil {
		tokens = signin.Beside(o.Enrol, o.SignIn)
	}
	authenticate := auth.Authenticated(tokens, func(err error) *connect.Error { return encodeFault(err, "") }, options...)
	admit := newAdmission(o, options...)

	mux, within := http.NewServeMux(), http.NewServeMux()
	private := func(path string, h http.Handler) {
		mux.Handle(path, authenticate(admit.byCaller(admit.inTurn(h))))
		within.Handle(path, h)
	}
	open := func(path string, h http.Handler) { mux.Handle(path, admit.inTurn(h)) }

	daily := quota{guard.NewQuota(o.Limits), o.Now}
	if o.Brought != nil {
		private(syncv1connect.NewSyncServiceHandler(&hubService{engine: o.Engine, now: o.Now, edge: rim, quota: daily, brought: o.Brought}, options...))
	} else {
		private(syncv1connect.NewSyncServiceHandler(&syncService{
			engine: o.Engine, directory: o.Directory, now: o.Now, lease: o.OfflineLease, edge: rim, quota: daily,
			watch: watchTimes{send: t.send, whole: t.watch, stopping: stopping}, contacts: o.Contacts,
		}, options...))
		private(syncv1connect.NewDeskServiceHandler(&deskService{engine: o.Engine, surveyor: survey.New(o.Engine, o.Now), directory: o.Directory}, options...))
		private(syncv1connect.NewRightsServiceHandler(&rightsService{engine: o.Engine, persons: o.Persons}, options...))
		private(syncv1connect.NewAudienceServiceHandler(&audienceService{o.Engine, o.Directory}, options...))
		private(reportv1connect.NewReportServiceHandler(&reportService{reporter: o.Reporter, directory: o.Directory, now: o.Now}, options...))
		private(personsv1connect.NewPersonsServiceHandler(&personsService{o.Persons, o.Directory}, options...))
		private(directoryv1connect.NewDirectoryServiceHandler(&directoryService{
			engine: o.Engine, directory: o.Directory, manifest: o.Manifest, contacts: o.Contacts, door: o.Enrol, home: o.Home, trail: o.Trail,
		}, options...))
	}
	open(enrolv1connect.NewEnrolServiceHandler(&enrolService{o.Enrol, o.Now, o.Contacts}, options...))
	if o.Sealed != nil {
		open(enrolv1connect.NewWipeServiceHandler(&wipeService{o.Directory, o.Sealed, o.Brought}, options...))
	}
	pages := http.Handler(http.NotFoundHandler())
	if o.SignIn != nil {
		path, h := signinv1connect.NewSignInServiceHandler(&signInService{o.SignIn}, options...)
		open(path, admit.fromClient(h))
		pages = o.SignIn.Handler(nil, nil)
		if o.Console != nil {
			o.Console.Ask(inside{reachable(within)})
			pages = o.SignIn.Handler(o.Console, admit.page)
		}
	}
	open(grpchealth.NewHandler(o.Health, options...)) // probes carry no identity

	return named(o.Log, o.Exposure.Hosts(o.Exposure.Browsers(admit.byAddress(admit.listed(reachable(mux), pages)))))
}
