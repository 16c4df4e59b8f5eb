package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/server/guard"
	"github.com/zhurnal/zhurnal/server/ops"
	"github.com/zhurnal/zhurnal/server/persons"
	"github.com/zhurnal/zhurnal/server/report"
	"github.com/zhurnal/zhurnal/server/rpc"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
)

// server is the role of the measured server: the engine and the edge that
// `serve` runs, on a free port of loopback.
type server struct {
	engine *syncengine.Engine
	stop   context.CancelFunc
	ended  chan error
	closed bool
}

// serverFreeBytes is the room below which the measured server refuses changes.
const serverFreeBytes = 64 << 20

func beginServer(ctx context.Context, j job) (role, answer, error) {
	types, err := catalogue.Types()
	if err != nil {
		return nil, answer{}, err
	}
	key, _, err := ops.ReadOrMakeKey(j.Dir, "")
	if err != nil {
		return nil, answer{}, err
	}
	disk := ops.NewDisk(j.Dir, serverFreeBytes)
	engine, err := syncengine.Open(syncengine.Options{
		Dir: j.Dir, Master: key, Schema: types, Now: nowMillis, Random: rand.Reader, Device: directory.Signer,
		FreeBytes: disk.FreeBytes, FreeBytesMin: disk.MinFreeBytes(),
	})
	if err != nil {
		return nil, answer{}, err
	}
	s := &server{engine: engine}
	first, err := s.serve(ctx, disk, j.Load.Devices)
	if err != nil {
		return nil, answer{}, errors.Join(err, engine.Close())
	}
	return s, first, nil
}

// letIn makes the space, in which every device's person is a facilitator.
func letIn(ctx context.Context, known *directory.Directory, devices int) error {
	view, err := known.View()
	if err != nil {
		return err
	}
	by, tenant := personOf(coordinator), known.In(view.Organisations()[0])
	programme, err := tenant.AddProgramme(ctx, by, "bench")
	if err != nil {
		return err
	}
	community := directory.NewSpace{Programme: programme, Kind: schemav1.SpaceKind_SPACE_KIND_COMMUNITY, Name: "bench"}
	if _, err := tenant.AddSpace(ctx, by, space, community); err != nil {
		return err
	}
	facilitator := directory.NewAssignment{Role: directory.Facilitator, Scope: directory.InSpace(space)}
	for device := coordinator; device < devices; device++ {
		if _, err := tenant.Assign(ctx, by, personOf(device), facilitator); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) serve(ctx context.Context, disk *ops.Disk, devices int) (first answer, err error) {
	known, err := directory.Open(s.engine, nowMillis, rand.Reader)
	if err != nil {
		return first, err
	}
	door, err := enrol.New(enrol.Options{Directory: known, Now: nowMillis, Random: rand.Reader})
	if err != nil {
		return first, err
	}
	listener, err := guard.Exposure{}.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return first, err
	}
	first.Address = listener.Addr().String()
	if first.Invitations, err = invite(ctx, door, "http://"+first.Address, devices); err != nil {
		return first, errors.Join(err, listener.Close())
	}
	if err := letIn(ctx, known, devices); err != nil {
		return first, errors.Join(fmt.Errorf("roles: %w", err), listener.Close())
	}
	ctx, s.stop = context.WithCancel(ctx)
	s.ended = make(chan error, 1)
	log := ops.NewLogger(os.Stderr, ops.LogText)
	go func() {
		s.ended <- rpc.Serve(ctx, listener, rpc.Options{
			Engine: s.engine, Enrol: door, Directory: known, Reporter: report.New(s.engine, nowMillis), Persons: persons.New(s.engine), Health: ops.NewHealth(disk.Room, log, rpc.Services...), Log: log, Now: nowMillis,
			Limits: unhurried(),
		})
	}()
	return first, nil
}

// invite makes an invitation for every device's person, the coordinator first.
func invite(ctx context.Context, door *enrol.Service, address string, devices int) (lines []string, err error) {
	guest := enrol.Guest{Home: credential.Home{Server: address}, OrganisationName: "bench"}
	for device := coordinator; device < devices; device++ {
		guest.Person, guest.PersonName = personOf(device), fmt.Sprint("person ", device)
		invitation, _, err := door.InviteGuest(ctx, personOf(coordinator), guest)
		if err != nil {
			return nil, fmt.Errorf("invite: %w", err)
		}
		lines = append(lines, invitation.Text())
		guest.OrganisationName, guest.Home.Organisation = "", invitation.Organisation
	}
	return lines, nil
}

// unhurried are the usual limits, but for those that would slow a device down
// that does more in a minute than a tablet in a year.
func unhurried() guard.Limits {
	l := guard.Usual
	l.AddressPerSecond, l.CallerPerSecond = 1e6, 1e6
	l.AddressBurst, l.CallerBurst = 1e6, 1e6
	l.DayBytes, l.DayChanges = math.MaxInt64, math.MaxInt64
	return l
}

func nowMillis() int64 { return time.Now().UnixMilli() }

func (s *server) do(o order) (answer, error) {
	if o.Do != doDigest {
		return answer{}, fmt.Errorf("a server cannot %q", o.Do)
	}
	digest, position, err := s.engine.Digest(space)
	return answer{Digest: fmt.Sprintf("%x", digest), Position: position}, err
}

func (s *server) close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	s.stop()
	return errors.Join(<-s.ended, s.engine.Close())
}
