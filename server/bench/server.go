package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/ops"
	"github.com/zhurnal/zhurnal/server/report"
	"github.com/zhurnal/zhurnal/server/rpc"
	"github.com/zhurnal/zhurnal/syncengine"
)

// server is the role of the measured server: the engine and the edge that
// `serve` runs, on a free port of loopback.
type server struct {
	engine    *syncengine.Engine
	directory *directory.Directory
	stop      context.CancelFunc
	ended     chan error
	closed    bool
}

// serverFreeBytes is the room below which the measured server refuses changes.
const serverFreeBytes = 64 << 20

func beginServer(ctx context.Context, j job) (role, answer, error) {
	types, err := catalogue.Types()
	if err != nil {
		return nil, answer{}, err
	}
	disk := ops.NewDisk(j.Dir, serverFreeBytes)
	engine, err := syncengine.Open(syncengine.Options{
		Dir: j.Dir, Schema: types, Now: nowMillis, Random: rand.Reader,
		FreeBytes: disk.FreeBytes, FreeBytesMin: disk.MinFreeBytes(),
	})
	if err != nil {
		return nil, answer{}, err
	}
	s := &server{engine: engine}
	if err := s.letIn(ctx, j.Load.Devices); err != nil {
		return nil, answer{}, errors.Join(fmt.Errorf("grants: %w", err), engine.Close())
	}
	address, err := s.serve(ctx, disk)
	if err != nil {
		return nil, answer{}, errors.Join(err, engine.Close())
	}
	return s, answer{Address: address}, nil
}

// letIn makes an organisation with the space, in which every device's person is
// a facilitator.
func (s *server) letIn(ctx context.Context, devices int) (err error) {
	if s.directory, err = directory.Open(s.engine, nowMillis, rand.Reader); err != nil {
		return err
	}
	organisation, by, err := s.directory.Found(ctx, "Bench", "Administrator")
	if err != nil {
		return err
	}
	tenant := s.directory.In(organisation)
	programme, err := tenant.AddProgramme(ctx, by, "Bench")
	if err != nil {
		return err
	}
	community := directory.NewSpace{Programme: programme, Kind: schemav1.SpaceKind_SPACE_KIND_COMMUNITY, Name: "Community"}
	if _, err := tenant.AddSpace(ctx, by, space, community); err != nil {
		return err
	}
	facilitator := directory.NewAssignment{Role: directory.Facilitator, Scope: directory.InSpace(space)}
	for device := coordinator; device < devices; device++ {
		if _, err := tenant.AddUser(ctx, by, personOf(device), fmt.Sprint("Device ", device)); err != nil {
			return err
		}
		if _, err := tenant.Assign(ctx, by, personOf(device), facilitator); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) serve(ctx context.Context, disk *ops.Disk) (address string, err error) {
	listener, err := auth.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	ctx, s.stop = context.WithCancel(ctx)
	s.ended = make(chan error, 1)
	log := ops.NewLogger(os.Stderr, ops.LogText)
	go func() {
		s.ended <- rpc.Serve(ctx, listener, rpc.Options{
			Engine: s.engine, Directory: s.directory, Authenticate: auth.Claimed(s.directory), Reporter: report.New(s.engine, nowMillis), Health: ops.NewHealth(disk.Room, log, rpc.Services...), Log: log, Now: nowMillis,
		})
	}()
	return listener.Addr().String(), nil
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
