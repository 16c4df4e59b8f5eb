package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"time"

	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/server/console"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/server/guard"
	"github.com/zhurnal/zhurnal/server/ops"
	"github.com/zhurnal/zhurnal/server/persons"
	"github.com/zhurnal/zhurnal/server/report"
	"github.com/zhurnal/zhurnal/server/rpc"
	"github.com/zhurnal/zhurnal/server/signin"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// host is the home server of the season: the engine and the edge that `serve`
// runs, on a free port of loopback.
type host struct {
	engine *syncengine.Engine
	known  *directory.Directory
	door   *enrol.Service
	// organisation is whose season it is; zero before the first is invited.
	organisation credential.OrganisationID
	url          string
	// browse is where browsers find it.
	browse string
	signIn *signin.Service
	audit  *audit.Log
	stop   context.CancelFunc
	ended  chan error
}

// hostFreeBytes is the room below which the server takes nothing new.
const hostFreeBytes = 64 << 20

func startHost(ctx context.Context, dir string, types *schema.Schema, logTo io.Writer) (*host, error) {
	if err := ops.PrepareDataDir(dir); err != nil {
		return nil, err
	}
	key, _, err := ops.ReadOrMakeKey(dir, "")
	if err != nil {
		return nil, err
	}
	disk := ops.NewDisk(dir, hostFreeBytes)
	engine, err := syncengine.Open(syncengine.Options{
		Dir: dir, Master: key, Schema: types, Now: nowMillis, Random: rand.Reader, Device: directory.Signer,
		FreeBytes: disk.FreeBytes, FreeBytesMin: disk.MinFreeBytes(),
	})
	if err != nil {
		return nil, fmt.Errorf("open the register in %s: %w", dir, err)
	}
	known, err := directory.Open(engine, nowMillis, rand.Reader)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	door, err := enrol.New(enrol.Options{Directory: known, Now: nowMillis, Random: rand.Reader})
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	listener, err := guard.Exposure{}.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	h := &host{engine: engine, known: known, door: door, url: "http://" + listener.Addr().String(), stop: stop, ended: make(chan error, 1)}
	log := ops.NewLogger(logTo, ops.LogText)
	health := ops.NewHealth(disk.Room, log, rpc.Services...)
	options := rpc.Options{Engine: engine, Enrol: door, Directory: known, Reporter: report.New(engine, nowMillis), Persons: persons.New(engine), Health: health, Log: log, Now: nowMillis}
	if err := h.openDesk(dir, listener, &options); err != nil {
		stop()
		return nil, errors.Join(err, listener.Close(), engine.Close())
	}
	go func() { h.ended <- rpc.Serve(serving, listener, options) }()
	return h, nil
}

// openDesk lets people sign in, and shows them pages.
func (h *host) openDesk(dir string, listener net.Listener, o *rpc.Options) (err error) {
	if h.audit, err = audit.Open(filepath.Clean(dir)+".audit", nowMillis); err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String()) // it is one of TCP
	h.browse = "http://" + net.JoinHostPort("localhost", port)
	trouble := func(err error) { o.Log.Error("a page could not be shown", "error", err) }
	if h.signIn, err = signin.New(signin.Options{Directory: h.known, Audit: h.audit, Now: nowMillis, Random: rand.Reader, URL: h.browse, Trouble: trouble}); err != nil {
		return err
	}
	pages, err := console.New(console.Options{Directory: h.known, Schema: h.engine.Schema, Now: nowMillis, Trouble: trouble})
	o.SignIn, o.Console, o.Audit, o.Trail, o.Home = h.signIn, pages, h.audit, h.audit, credential.Home{Server: h.url}
	return err
}

// invite makes an invitation for one device of a person, who is made if need be.
func (h *host) invite(ctx context.Context, implementer string, person merge.PersonID, name string) (string, error) {
	guest := enrol.Guest{Home: credential.Home{Server: h.url, Organisation: h.organisation}, Person: person}
	if h.organisation == (credential.OrganisationID{}) {
		guest.OrganisationName = implementer
	}
	view, err := h.known.View()
	if err != nil {
		return "", err
	}
	if view.User(person) == nil {
		guest.PersonName = name
	}
	invitation, _, err := h.door.InviteGuest(ctx, person, guest)
	if err != nil {
		return "", fmt.Errorf("invite %s: %w", name, err)
	}
	h.organisation = invitation.Organisation
	return invitation.Text(), nil
}

// close lets requests finish and closes the store.
func (h *host) close() error {
	h.stop()
	return errors.Join(<-h.ended, h.engine.Close(), h.audit.Close())
}

func nowMillis() int64 { return time.Now().UnixMilli() }
