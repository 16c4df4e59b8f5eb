package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1/enrolv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/hub"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/server/ops"
	"github.com/zhurnal/zhurnal/server/rpc"
	"github.com/zhurnal/zhurnal/server/wiped"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// checkHub refuses flags of a hub that do not make one.
func (c *serveCommand) checkHub() error {
	switch at, err := url.Parse(c.Upstream); {
	case c.Upstream == "" && c.Key == "":
		return nil
	case c.Upstream == "":
		return errors.New("--key is what a hub proves itself with to its home server: give --upstream too")
	case c.Key == "":
		return errors.New("a hub needs --key: the key file that `zhurnal enrol` made of an invitation, for a person who has access to the spaces to relay")
	case err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https":
		return fmt.Errorf("--upstream %q is no address such as http://127.0.0.1:8765", c.Upstream)
	case c.Expire != "":
		return errors.New("--expire is for the home server: a hub erases what home has erased")
	case c.Every <= 0:
		return fmt.Errorf("--every %s: more than nothing is due", c.Every)
	}
	return nil
}

// serveHub serves tablets and relays, until the context ends.
func (c *serveCommand) serveHub(ctx context.Context, way *opened, o rpc.Options, engine *syncengine.Engine, disk *ops.Disk, sealed *wiped.Store) error {
	home, wipes, person, err := homeClients(c.Key, c.Upstream)
	if err != nil {
		return errors.Join(err, way.listener.Close())
	}
	relay := hub.New(engine, home, person)
	relay.LearnDevices(o.Directory)
	relay.PassOnWiped(sealed, wipes)
	brought := make(chan struct{}, 1)
	o.Health = ops.NewHealth(disk.Room, o.Log, rpc.HubServices...)
	o.Brought = func() {
		select {
		case brought <- struct{}{}:
		default:
		}
	}
	way.announce(o.Log, c.Dir)
	o.Log.Info("a hub: what tablets bring counts when the home server has it", "upstream", c.Upstream)
	relaying, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		(&relayer{relay: relay, log: o.Log}).run(relaying, c.Every, brought)
	}()
	err = rpc.Serve(ctx, way.listener, o)
	stop()
	<-ended // before the engine is closed
	return err
}

// relayer relays and says what came of it.
type relayer struct {
	relay *hub.Relay
	log   *slog.Logger
	said  string // the error that was logged last
}

// run relays now, every so often, and whenever a tablet has brought something.
func (r *relayer) run(ctx context.Context, every time.Duration, brought <-chan struct{}) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		relayed, err := r.relay.Once(ctx)
		if ctx.Err() != nil {
			return
		}
		r.say(relayed, errors.Join(err, relayed.Err))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-brought:
		}
	}
}

// say logs what went over. That the home server cannot be reached is how a hub
// lives: it is said once.
func (r *relayer) say(relayed hub.Relayed, err error) {
	if relayed.Up > 0 || relayed.Down > 0 {
		r.log.Info("relayed", "batches_up", relayed.Up, "batches_down", relayed.Down)
	}
	now := ""
	if err != nil {
		now = err.Error()
	}
	if now != "" && now != r.said {
		r.log.Warn("not relayed, or not all; it is tried again", "error", now)
	}
	r.said = now
}

// relayTimeout bounds one request to the home server: a megabyte each way at 64
// kbit/s takes four minutes and a half.
const relayTimeout = 5 * time.Minute

// homeClients are those of a hub, which proves who it is with its key.
func homeClients(key, at string) (hub.Home, enrolv1connect.WipeServiceClient, merge.PersonID, error) {
	caller, err := keyfile.NewCaller(key, at, &http.Client{Timeout: relayTimeout})
	if err != nil {
		return hub.Home{}, nil, merge.PersonID{}, err
	}
	return hub.Home{
		Sync:      syncv1connect.NewSyncServiceClient(caller.Client, caller.Address, caller.Option),
		Audiences: syncv1connect.NewAudienceServiceClient(caller.Client, caller.Address, caller.Option),
	}, enrolv1connect.NewWipeServiceClient(caller.Client, caller.Address), caller.Identity.Person, nil
}
