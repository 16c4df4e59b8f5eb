package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/operator"
	"github.com/zhurnal/zhurnal/server/ops"
	"github.com/zhurnal/zhurnal/server/persons"
	"github.com/zhurnal/zhurnal/server/report"
	"github.com/zhurnal/zhurnal/server/rpc"
	"github.com/zhurnal/zhurnal/server/wiped"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/register"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

type serveCommand struct {
	keyFlag
	Dir          string        `required:"" placeholder:"PATH" help:"Directory of the register. Made if it is not there, for its owner alone."`
	Listen       string        `default:"127.0.0.1:8765" placeholder:"HOST:PORT" help:"Address to listen on (${default})."`
	Schema       []string      `type:"existingfile" placeholder:"FILE" help:"More record types: a FileDescriptorSet, as 'buf build -o file.binpb' writes it. May be repeated."`
	Register     string        `placeholder:"FILE" help:"Where dismissals and revocations are kept too, outside of the register and its backups (PATH of --dir with .register behind it)."`
	Recipients   string        `placeholder:"FILE" help:"Whom backups are sealed to, one recipient a line (PATH of --dir with .recipients behind it). Read anew for each backup."`
	Upstream     string        `placeholder:"URL" help:"Be a hub: take what tablets bring, without verdicts, and relay to and from the home server there."`
	Key          string        `placeholder:"FILE" help:"The key file of the hub, as 'zhurnal enrol' makes it: it relays the spaces that its person may read."`
	Every        time.Duration `default:"30s" help:"How often a hub looks for the home server, beside each time that a tablet has brought something (${default})."`
	MinFree      byteSize      `default:"2GiB" placeholder:"SIZE" help:"Refuse new records when the disk has less room than this (${default})."`
	Retain       days          `placeholder:"DAYS" help:"Forget daily what is in a verified backup of the log and older than this, such as 400d. Without it everything is kept."`
	Expire       string        `type:"existingfile" placeholder:"RULES" help:"Erase daily what was kept for as long as these rules say; see 'zhurnal expire --help'."`
	OfflineLease days          `default:"21d" placeholder:"DAYS" help:"A tablet that has not met this server for longer locks what it holds until it does; nothing is lost. 0d for never (${default})."`
	entrance
	desk
	Log ops.LogFormat `enum:"text,json" default:"text" help:"Write the log as text or as json (${default})."`
}

// Help is shown by `zhurnal serve --help`.
func (serveCommand) Help() string {
	return `Answers Connect, gRPC and gRPC-Web on one port. Who calls proves it with a key: 'zhurnal invite' lets the first
device in. TLS is 1.3 alone, with a certificate of yours, which is read again when its files change, or one of
an ACME authority; without it the server listens on the loopback interface.

Examples:
  zhurnal serve --dir ./register
  zhurnal serve --dir /var/lib/zhurnal --listen 127.0.0.1:9000 --min-free 10GiB --log json
  zhurnal serve --dir ./register --schema clinic.binpb
  zhurnal serve --dir ./hub --listen 127.0.0.1:8766 --upstream http://127.0.0.1:8765 --key hub.key

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
	way, err := c.entrance.open(ctx, c.Listen, c.Dir, log)
	if err != nil {
		return err
	}
	defer way.close()
	disk := ops.NewDisk(c.Dir, uint64(c.MinFree))
	sealed := wiped.New(wiped.DirOf(c.Dir), disk.Room)
	engine, kept, err := c.open(types, disk, sealed, log)
	if err != nil {
		return errors.Join(err, way.listener.Close())
	}
	defer func() { err = errors.Join(err, engine.Close(), kept.Close()) }()
	known := persons.New(engine)
	defer c.keepDaily(ctx, engine, known, log)()
	options := rpc.Options{
		Engine: engine, Reporter: report.New(engine, nowMillis), Persons: known, Log: log, Now: nowMillis, Recipients: c.recipients,
		Exposure: way.exposure, TLS: way.tls, Limits: c.limits(), OfflineLease: time.Duration(c.OfflineLease) * 24 * time.Hour,
		Sealed: sealed,
	}
	id := credential.HubID{}
	if c.Upstream != "" {
		id = credential.HubID(engine.Epoch())
	}
	if options.Directory, options.Enrol, err = openDoor(engine, id); err != nil {
		return errors.Join(err, way.listener.Close())
	}
	if c.Upstream != "" {
		err = c.serveHub(ctx, way, options, engine, disk, sealed)
	} else {
		err = c.serveHome(ctx, way, options, engine, disk, to)
	}
	log.Info("stopped")
	return err
}

// serveHome serves tablets, coordinators and the operator, until the context
// ends.
func (c *serveCommand) serveHome(ctx context.Context, way *opened, o rpc.Options, engine *syncengine.Engine, disk *ops.Disk, to streams) (err error) {
	o.Health = ops.NewHealth(disk.Room, o.Log, slices.Concat(rpc.Services, rpc.OperatorServices)...)
	end, err := c.desk.open(ctx, way, c.Dir, engine, &o)
	if err != nil {
		return errors.Join(err, way.listener.Close())
	}
	defer func() { err = errors.Join(err, end()) }()
	if o.Operator, err = operator.Listen(ctx, c.Dir); err != nil {
		return errors.Join(err, way.listener.Close())
	}
	if err := welcomeFirst(ctx, o.SignIn, to.out); err != nil {
		return errors.Join(err, way.listener.Close(), o.Operator.Close())
	}
	way.announce(o.Log, c.Dir) // the socket too can be called from now on
	ctx, stop := context.WithCancel(ctx)
	var settling sync.WaitGroup
	settling.Go(func() { settle(ctx, o.Directory, o.Log) })
	defer settling.Wait()
	defer stop()
	return rpc.Serve(ctx, way.listener, o)
}

// settleEvery is how often access is looked at when nobody asks for anything:
// who only listens is to hear no more once a role has ended.
const settleEvery = time.Minute

// settle holds access to what roles say, until the context ends.
func settle(ctx context.Context, d *directory.Directory, log *slog.Logger) {
	every(ctx, settleEvery, func() {
		if err := d.Settle(ctx); err != nil {
			log.Error("access is not what roles say; it is tried again", "error", err)
		}
	})
}

// keepDaily cuts the log and erases what is due in the background, where that is
// asked for. What it returns waits until it has ended.
func (c *serveCommand) keepDaily(ctx context.Context, engine *syncengine.Engine, known *persons.Finder, log *slog.Logger) (wait func()) {
	ctx, stop := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	if c.Retain > 0 {
		keeping.Go(func() { cutDaily(ctx, engine, c.Retain, log) })
	}
	if c.Expire != "" {
		keeping.Go(func() { expireDaily(ctx, engine, known, c.Expire, log) })
	}
	return func() {
		stop()
		keeping.Wait()
	}
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

// recipients are whom backups are sealed to.
func (c *serveCommand) recipients() ([]backup.Recipient, error) {
	return ops.ReadRecipients(c.Dir, c.Recipients)
}

// open opens the register, and the file that outlives it.
func (c *serveCommand) open(types *schema.Schema, disk *ops.Disk, sealed *wiped.Store, log *slog.Logger) (*syncengine.Engine, *register.File, error) {
	key, beside, err := ops.ReadOrMakeKey(c.Dir, c.MasterKey)
	if err != nil {
		return nil, nil, err
	}
	if beside {
		log.Warn("the master key lies beside the register: whoever takes the disk has both; `zhurnal key --help` says how to keep it elsewhere", "key", ops.KeyFileOf(c.Dir))
	}
	name := c.Register
	if name == "" {
		name = filepath.Clean(c.Dir) + ".register"
	}
	kept, err := register.Open(name)
	if err != nil {
		return nil, nil, err
	}
	engine, err := syncengine.Open(syncengine.Options{
		Dir: c.Dir, Master: key, Schema: types, Now: nowMillis, Random: rand.Reader, Device: directory.Signer,
		FreeBytes: disk.FreeBytes, FreeBytesMin: disk.MinFreeBytes(), Register: kept,
		Beside: sealed,
	})
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open the register in %s: %w", c.Dir, err), kept.Close())
	}
	return engine, kept, nil
}

func nowMillis() int64 { return time.Now().UnixMilli() }
