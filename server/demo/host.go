package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/server/guard"
	"github.com/zhurnal/zhurnal/server/ops"
	"github.com/zhurnal/zhurnal/server/persons"
	"github.com/zhurnal/zhurnal/server/report"
	"github.com/zhurnal/zhurnal/server/rpc"
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
	stop         context.CancelFunc
	ended        chan error
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
		Dir: dir, Master: key, Schema: types, Now: nowMillis, Random: rand.Reader,
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
	go func() {
		h.ended <- rpc.Serve(serving, listener, h.options(health, log))
	}()
	return h, nil
}

func (h *host) options(health *ops.Health, log *slog.Logger) rpc.Options {
	return rpc.Options{Engine: h.engine, Enrol: h.door, Directory: h.known, Reporter: report.New(h.engine, nowMillis), Persons: persons.New(h.engine), Health: health, Log: log, Now: nowMillis}
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
	return errors.Join(<-h.ended, h.engine.Close())
}

func nowMillis() int64 { return time.Now().UnixMilli() }
