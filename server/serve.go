package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/hub"
	"github.com/zhurnal/zhurnal/server/operator"
	"github.com/zhurnal/zhurnal/server/ops"
	"github.com/zhurnal/zhurnal/server/report"
	"github.com/zhurnal/zhurnal/server/rpc"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/register"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

type serveCommand struct {
	Dir      string        `required:"" placeholder:"PATH" help:"Directory of the register. Made if it is not there, for its owner alone."`
	Listen   string        `default:"127.0.0.1:8765" placeholder:"HOST:PORT" help:"Loopback address to listen on (${default})."`
	Schema   []string      `type:"existingfile" placeholder:"FILE" help:"More record types: a FileDescriptorSet, as 'buf build -o file.binpb' writes it. May be repeated."`
	Register string        `placeholder:"FILE" help:"Where dismissals and revocations are kept too, outside of the register and its backups (PATH of --dir with .register behind it)."`
	Upstream string        `placeholder:"URL" help:"Be a hub: take what tablets bring, without verdicts, and relay to and from the home server there."`
	As       id            `placeholder:"PERSON" help:"Who the hub is to the home server, which relays the spaces that this person may read: 32 hexadecimal digits."`
	Every    time.Duration `default:"30s" help:"How often a hub looks for the home server, beside each time that a tablet has brought something (${default})."`
	MinFree  byteSize      `default:"2GiB" placeholder:"SIZE" help:"Refuse new records when the disk has less room than this (${default})."`
	Retain   days          `placeholder:"DAYS" help:"Forget daily what is in a verified backup of the log and older than this, such as 400d. Without it everything is kept."`
	Log      ops.LogFormat `enum:"text,json" default:"text" help:"Write the log as text or as json (${default})."`
}

// Help is shown by `zhurnal serve --help`.
func (serveCommand) Help() string {
	return `Until tablets can enrol with keys of their own, a caller's identity is claimed and not proven:
the header "Authorization: Bearer <32 hexadecimal digits of a person id>". So the server listens on
loopback only, and answers Connect, gRPC and gRPC-Web there on one port.

Examples:
  zhurnal serve --dir ./register
  zhurnal serve --dir /var/lib/zhurnal --listen 127.0.0.1:9000 --min-free 10GiB --log json
  zhurnal serve --dir ./register --schema clinic.binpb
  zhurnal serve --dir ./hub --listen 127.0.0.1:8766 --upstream http://127.0.0.1:8765 --as <person id>

Stop it with Ctrl-C or SIGTERM: requests that are under way are finished first.`
}

// Run serves until the context ends.
func (c *serveCommand) Run(ctx context.Context, to streams) (err error) {
	log := ops.NewLogger(to.log, c.Log)
	if err := c.checkHub(); err != nil {
		return err
	}
	if err := ops.PrepareDataDir(c.Dir); err != nil {
		return err
	}
	types, err := c.types()
	if err != nil {
		return err
	}
	listener, err := auth.Listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	disk := ops.NewDisk(c.Dir, uint64(c.MinFree))
	engine, kept, err := c.open(types, disk)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, engine.Close(), kept.Close()) }()
	announce(log, listener.Addr().String(), c.Dir)
	defer c.cutDaily(ctx, engine, log)()
	options := rpc.Options{Engine: engine, Reporter: report.New(engine, nowMillis), Log: log, Now: nowMillis}
	if c.Upstream != "" {
		options.Authenticate = auth.ClaimedAtHub
		err = c.serveHub(ctx, listener, options, hub.New(engine, homeClients(c.Upstream, merge.PersonID(c.As)), merge.PersonID(c.As)), disk)
	} else {
		err = c.serveHome(ctx, listener, options, engine, disk)
	}
	log.Info("stopped")
	return err
}

// serveHome serves tablets, coordinators and the operator, until the context
// ends.
func (c *serveCommand) serveHome(ctx context.Context, listener net.Listener, o rpc.Options, engine *syncengine.Engine, disk *ops.Disk) (err error) {
	o.Health = ops.NewHealth(disk.Room, o.Log, slices.Concat(rpc.Services, rpc.OperatorServices)...)
	if o.Directory, err = directory.Open(engine, nowMillis, rand.Reader); err != nil {
		return errors.Join(err, listener.Close())
	}
	o.Authenticate = auth.Claimed(o.Directory)
	if o.Operator, err = operator.Listen(ctx, c.Dir); err != nil {
		return errors.Join(err, listener.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	var settling sync.WaitGroup
	settling.Go(func() { settle(ctx, o.Directory, o.Log) })
	defer settling.Wait()
	defer stop()
	return rpc.Serve(ctx, listener, o)
}

// settleEvery is how often access is looked at when nobody asks for anything:
// who only listens is to hear no more once a role has ended.
const settleEvery = time.Minute

// settle holds access to what roles say, until the context ends.
func settle(ctx context.Context, d *directory.Directory, log *slog.Logger) {
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := d.Settle(ctx); err != nil {
			log.Error("access is not what roles say; it is tried again", "error", err)
		}
	}
}

// cutDaily cuts the log in the background, if that is asked for. What it returns
// waits until it has ended.
func (c *serveCommand) cutDaily(ctx context.Context, engine *syncengine.Engine, log *slog.Logger) (wait func()) {
	if c.Retain == 0 {
		return func() {}
	}
	ctx, stop := context.WithCancel(ctx)
	var cutting sync.WaitGroup
	cutting.Go(func() { cutDaily(ctx, engine, c.Retain, log) })
	return func() {
		stop()
		cutting.Wait()
	}
}

func announce(log *slog.Logger, address, dir string) {
	log.Info("listening", "url", "http://"+address, "dir", dir, "version", version())
	log.Warn("only programs of this machine can reach the server: until tablets enrol, identities are claimed, not proven")
}

// types are those the program was built with and those of the --schema files.
func (c *serveCommand) types() (*schema.Schema, error) {
	types, err := catalogue.Types()
	if err != nil {
		return nil, err
	}
	for _, name := range c.Schema {
		set, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("schema: %w", err)
		}
		if types, _, err = types.With(set); err != nil {
			return nil, fmt.Errorf("schema: %s: %w", name, err)
		}
	}
	return types, nil
}

// open opens the register, and the file that outlives it.
func (c *serveCommand) open(types *schema.Schema, disk *ops.Disk) (*syncengine.Engine, *register.File, error) {
	name := c.Register
	if name == "" {
		name = filepath.Clean(c.Dir) + ".register"
	}
	kept, err := register.Open(name)
	if err != nil {
		return nil, nil, err
	}
	engine, err := syncengine.Open(syncengine.Options{
		Dir: c.Dir, Schema: types, Now: nowMillis, Random: rand.Reader,
		FreeBytes: disk.FreeBytes, FreeBytesMin: disk.MinFreeBytes(), Register: kept,
	})
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open the register in %s: %w", c.Dir, err), kept.Close())
	}
	return engine, kept, nil
}

func nowMillis() int64 { return time.Now().UnixMilli() }
