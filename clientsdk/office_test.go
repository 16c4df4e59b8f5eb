package clientsdk_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/grpchealth"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/server/rpc"
	"github.com/zhurnal/zhurnal/server/wiped"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// office is a home server on a real socket, at which tablets enrol. What fails in
// it panics: the example uses it too.
type office struct {
	engine *syncengine.Engine
	known  *directory.Directory
	door   *enrol.Service
	home   credential.Home
	// ahead is by how much its clock is ahead, in milliseconds.
	ahead atomic.Int64
	hub   credential.HubID
	// sealed keeps what tablets seal before they are wiped; nil: it takes none.
	sealed *wiped.Store
	stop   func()
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func newOffice() *office {
	o := &office{}
	o.engine = must(syncengine.Open(syncengine.Options{Memory: store.NewMemory(), Schema: recordTypes(), Now: o.now, Random: rand.Reader, Device: directory.Signer}))
	o.known = must(directory.Open(o.engine, o.now, rand.Reader))
	o.start("127.0.0.1:0")
	return o
}

func (o *office) now() int64 { return time.Now().UnixMilli() + o.ahead.Load() }

// start serves at an address until stop is called.
func (o *office) start(address string) {
	listener := must(net.Listen("tcp", address))
	o.home.Server = "http://" + listener.Addr().String()
	o.door = must(enrol.New(enrol.Options{Directory: o.known, Now: o.now, Random: rand.Reader, Hub: o.hub}))
	options := rpc.Options{
		Engine: o.engine, Enrol: o.door, Directory: o.known, Now: o.now,
		Health: grpchealth.NewStaticChecker(), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	if o.sealed != nil {
		options.Sealed = o.sealed
	}
	if o.hub != (credential.HubID{}) {
		options.Brought = func() {}
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- rpc.Serve(ctx, listener, options) }()
	o.stop = func() {
		stop()
		check(<-ended)
	}
}

// restart is another process at the same address.
func (o *office) restart() {
	o.stop()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections() // a request on one of them would be cut
	o.start(o.home.Server[len("http://"):])
}

func (o *office) close() {
	o.stop()
	check(o.engine.Close())
}

// invite makes an invitation for a person, who is made if need be.
func (o *office) invite(person string) string {
	guest := enrol.Guest{Home: o.home, Person: named[merge.PersonID](person), Hub: person == laptop}
	view := must(o.known.View())
	if len(view.Organisations()) == 0 {
		guest.OrganisationName = "Opora"
	} else {
		guest.Home.Organisation = view.Organisations()[0]
	}
	if view.User(guest.Person) == nil {
		guest.PersonName = person
	}
	invitation, _, err := o.door.InviteGuest(context.Background(), merge.PersonID{}, guest)
	check(err)
	return invitation.Text()
}

// access makes people facilitators of a space, in the organisation that there is.
func (o *office) access(space clientsdk.SpaceID, people ...string) {
	ctx, nobody := context.Background(), merge.PersonID{}
	tenant := o.known.In(must(o.known.View()).Organisations()[0])
	if must(o.known.View()).Space(space) == nil {
		programme := must(tenant.AddProgramme(ctx, nobody, "Spilno"))
		must(tenant.AddSpace(ctx, nobody, space, directory.NewSpace{Programme: programme, Kind: community, Name: "Lyman"}))
	}
	for _, name := range people {
		person := named[merge.PersonID](name)
		if must(o.known.View()).User(person) == nil {
			must(tenant.AddUser(ctx, nobody, person, name))
		}
		must(tenant.Assign(ctx, nobody, person, directory.NewAssignment{Role: directory.Facilitator, Scope: directory.InSpace(space)}))
	}
}

// tallied is a transport that counts calls by the procedure's name, and loses an
// answer now and then.
type tallied struct {
	mu    sync.Mutex
	calls map[string]int
	// lose, if set, says whose next answer is lost.
	lose string
	// packed are how answers to Sync came packed.
	packed []string
}

func (c *tallied) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil && strings.HasSuffix(req.URL.Path, "/Sync") {
		c.packed = append(c.packed, resp.Header.Get("Content-Encoding"))
	}
	if c.calls == nil {
		c.calls = map[string]int{}
	}
	name := req.URL.Path[1:]
	for i := range name {
		if name[i] == '/' {
			name = name[i+1:]
			break
		}
	}
	c.calls[name]++
	if err == nil && c.lose == name {
		c.lose = ""
		return nil, fmt.Errorf("%w, after the server has answered; %w", errCut, resp.Body.Close())
	}
	return resp, err
}

func (c *tallied) count(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[name]
}
