package console

import (
	"embed"
	"net/http"

	"connectrpc.com/connect"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1/personsv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

//go:embed templates
var templates embed.FS

// Options say what the console shows.
type Options struct {
	// Directory has the names of spaces and people.
	Directory *directory.Directory
	// Schema returns the types of the records.
	Schema func() *schema.Schema
	Now    func() int64 // milliseconds since 1970
	// Trouble is told of what somebody at the server has to look at.
	Trouble func(error)
}

// Console serves the pages.
type Console struct {
	o      Options
	pages  *page.Renderer
	mux    *http.ServeMux
	routes []route
	calls  calls
	undos  undos
	// invitations are those that are being shown.
	invitations invitations
}

// calls are the services. Each is asked as whoever the context names.
type calls struct {
	sync      syncv1connect.SyncServiceClient
	desk      syncv1connect.DeskServiceClient
	rights    syncv1connect.RightsServiceClient
	directory directoryv1connect.DirectoryServiceClient
	report    reportv1connect.ReportServiceClient
	persons   personsv1connect.PersonsServiceClient
}

// within is where the services are to the client, which looks at no more of it
// than that it is an address.
const within = "http://within"

// New returns the console.
func New(o Options) (*Console, error) {
	c := &Console{o: o, mux: http.NewServeMux()}
	var err error
	if c.pages, err = page.New(o.Now, templates); err != nil {
		return nil, err
	}
	for _, group := range groups {
		c.routes = append(c.routes, group...)
	}
	for _, r := range c.routes {
		c.mux.Handle(r.pattern, c.serve(r))
	}
	c.mux.Handle("GET "+livePath, c.serve(route{handle: live}))
	c.mux.Handle("GET /{$}", c.serve(route{handle: home}))
	c.mux.Handle("/", c.serve(route{handle: func(*visit) error { return errNoPage }}))
	return c, nil
}

// Ask implements rpc.Console.
func (c *Console) Ask(services connect.HTTPClient) {
	c.calls = calls{
		sync:      syncv1connect.NewSyncServiceClient(services, within),
		desk:      syncv1connect.NewDeskServiceClient(services, within),
		rights:    syncv1connect.NewRightsServiceClient(services, within),
		directory: directoryv1connect.NewDirectoryServiceClient(services, within),
		report:    reportv1connect.NewReportServiceClient(services, within),
		persons:   personsv1connect.NewPersonsServiceClient(services, within),
	}
}

// ServeHTTP answers a request whose context says whom it comes from.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.mux.ServeHTTP(w, r) }

// Places are the sections that somebody may open.
func (c *Console) Places(who auth.Principal) (places []page.Place) {
	view, err := c.o.Directory.View()
	if err != nil {
		return nil // the page itself says that something is wrong
	}
	for _, r := range c.routes {
		if r.text != "" && r.openTo(view, who, c.o.Now()) {
			places = append(places, page.Place{Path: r.path(), Text: r.text})
		}
	}
	return places
}
