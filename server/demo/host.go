package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/ops"
	"github.com/zhurnal/zhurnal/server/report"
	"github.com/zhurnal/zhurnal/server/rpc"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// host is the home server of the season: the engine and the edge that `serve`
// runs, on a free port of loopback.
type host struct {
	engine    *syncengine.Engine
	directory *directory.Directory
	url       string
	stop      context.CancelFunc
	ended     chan error
}

// hostFreeBytes is the room below which the server takes nothing new.
const hostFreeBytes = 64 << 20

func startHost(ctx context.Context, dir string, types *schema.Schema, logTo io.Writer) (*host, error) {
	if err := ops.PrepareDataDir(dir); err != nil {
		return nil, err
	}
	disk := ops.NewDisk(dir, hostFreeBytes)
	engine, err := syncengine.Open(syncengine.Options{
		Dir: dir, Schema: types, Now: nowMillis, Random: rand.Reader,
		FreeBytes: disk.FreeBytes, FreeBytesMin: disk.MinFreeBytes(),
	})
	if err != nil {
		return nil, fmt.Errorf("open the register in %s: %w", dir, err)
	}
	known, err := directory.Open(engine, nowMillis, rand.Reader)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	listener, err := auth.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	h := &host{engine: engine, directory: known, url: "http://" + listener.Addr().String(), stop: stop, ended: make(chan error, 1)}
	log := ops.NewLogger(logTo, ops.LogText)
	health := ops.NewHealth(disk.Room, log, rpc.Services...)
	go func() {
		h.ended <- rpc.Serve(serving, listener, h.options(health, log))
	}()
	return h, nil
}

func (h *host) options(health *ops.Health, log *slog.Logger) rpc.Options {
	return rpc.Options{
		Engine: h.engine, Directory: h.directory, Authenticate: auth.Claimed(h.directory),
		Reporter: report.New(h.engine, nowMillis), Health: health, Log: log, Now: nowMillis,
	}
}

// close lets requests finish and closes the store.
func (h *host) close() error {
	h.stop()
	return errors.Join(<-h.ended, h.engine.Close())
}

func nowMillis() int64 { return time.Now().UnixMilli() }
