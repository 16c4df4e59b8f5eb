package sim

import (
	"context"
	"math/rand/v2"
	"slices"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/hub"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// hall is a hub: the real engine and the real relay, on a disk in memory.
type hall struct {
	*fleet
	person merge.PersonID
	random *seededBytes
	disk   *store.Memory
	engine *syncengine.Engine
	relay  *hub.Relay
	draws  *rand.Rand // of the relaying that is under way
	// busy says that it relays, and doomed that it loses power meanwhile.
	busy, doomed bool
	// receipts are the changes that this hub has said it has, by space.
	receipts map[merge.SpaceID]map[merge.ID]bool
}

func newHall(f *fleet) *hall {
	h := &hall{fleet: f, person: mergetest.ID16("the hub"), random: newSeededBytes(f.Seed, "hub")}
	h.startEmpty()
	return h
}

// startEmpty is a hub that has met nobody.
func (h *hall) startEmpty() {
	h.receipts = map[merge.SpaceID]map[merge.ID]bool{}
	for _, space := range h.spaces {
		h.receipts[space] = map[merge.ID]bool{}
	}
	h.start(store.NewMemory())
}

// start opens the hub's engine on a disk.
func (h *hall) start(disk *store.Memory) {
	engine, err := syncengine.Open(syncengine.Options{
		Memory: disk, Schema: recordTypes(!h.HomeBehind || h.calm), Random: h.random, Now: func() int64 { return h.now }, Device: h.device,
	})
	h.must(err, "open the hub")
	h.disk, h.engine = disk, engine
	h.relay = hub.New(engine, hub.Home{Sync: upstream{hall: h}, Audiences: audiences{hall: h}}, h.person)
}

func (h *hall) close() {
	if h.engine != nil {
		h.must(h.engine.Close(), "close the hub")
	}
}

// crash ends the hub as a power cut does.
func (h *hall) crash() {
	h.disk.Crash()
	_ = h.engine.Close()
	h.start(h.disk)
}

// serve answers a tablet, and holds the answer to what a hub may say: no verdict,
// and nothing to whom the home server has not named.
func (h *hall) serve(person merge.PersonID, req *syncv1.SyncRequest) (*syncv1.SyncResponse, error) {
	if h.failed != nil {
		return nil, errSeasonOver
	}
	ups, err := wire.SpacesUpFromProto(req.Spaces)
	if err != nil {
		return nil, err
	}
	downs, err := oneByOne(h.engine.SyncAsHub, person, ups, int(req.PageBytes))
	if err != nil {
		return nil, err
	}
	named, err := h.engine.Audiences(person)
	h.must(err, "list audiences at the hub")
	for i := range downs {
		down := &downs[i]
		if down.Page != nil && !slices.ContainsFunc(named, func(a syncengine.Audience) bool { return a.Space == down.Space }) {
			h.fail("the hub shows %s to someone whom the home server has not named", h.names[down.Space])
		}
		for _, o := range down.Outcomes {
			if o.Verdict != wire.Received {
				h.fail("the hub gives a verdict over %s: %s", o.Last(), o.Verdict)
			}
		}
		h.note(&ups[i], down)
	}
	return wire.HubResponse(downs, h.engine.Epoch(), h.now, func(err error) *syncv1.Fault {
		return &syncv1.Fault{Kind: syncv1.FaultKind(fault.KindOf(err)), Message: err.Error()}
	}), nil
}

// note takes note of the changes that the hub has taken, and of those that
// tablets are given.
func (h *hall) note(up *wire.SpaceUp, down *wire.SpaceDown) {
	if len(down.Outcomes) > 0 {
		for _, batch := range up.Batches {
			changes, err := wire.DecodeBatch(up.Space, batch)
			h.must(err, "the hub takes a batch")
			for _, c := range changes {
				h.receipts[up.Space][c.ID] = true
			}
		}
	}
	if down.Page == nil {
		return
	}
	for _, e := range down.Page.Entries {
		if len(e.Batch) == 0 {
			continue
		}
		changes, err := wire.DecodeBatch(down.Space, e.Batch)
		h.must(err, "the hub gives a batch")
		for _, c := range changes {
			h.sent[c.ID] = c
		}
	}
}

// relays lets the hub relay, through the same network as tablets have.
func (h *hall) relays(draws *rand.Rand) (hub.Relayed, error) {
	h.busy, h.doomed, h.draws = true, false, draws
	relayed, err := h.relay.Once(noCut)
	h.busy = false
	h.tally.Relays++
	if h.doomed {
		h.say("the hub lost power meanwhile")
		h.crash()
	}
	return relayed, err
}

// upstream is the hub's network to the home server.
type upstream struct {
	syncv1connect.SyncServiceClient
	*hall
}

func (u upstream) Sync(_ context.Context, req *connect.Request[syncv1.SyncRequest]) (*connect.Response[syncv1.SyncResponse], error) {
	if !u.passes() {
		return nil, errNoNetwork
	}
	resp, err := u.home.serve(u.person, req.Msg)
	if err != nil {
		return nil, connect.NewError(connect.CodeUnavailable, err)
	}
	if !u.passes() {
		return nil, errNoNetwork
	}
	return connect.NewResponse(resp), nil
}

// passes tells whether a message arrives. What is due meanwhile happens.
func (h *hall) passes() bool {
	if h.calm || h.draws.IntN(100) >= h.Faulty {
		return true
	}
	if h.draws.IntN(2) == 0 {
		return false
	}
	h.tally.Delayed++
	h.pass(h.now + h.draws.Int64N(90*minute))
	return !h.doomed
}

// audiences is what the hub is told by the home server to whom it may show what.
type audiences struct{ *hall }

func (a audiences) ListAudiences(context.Context, *connect.Request[syncv1.ListAudiencesRequest]) (*connect.Response[syncv1.ListAudiencesResponse], error) {
	if a.failed != nil {
		return nil, errSeasonOver
	}
	if !a.passes() {
		return nil, errNoNetwork
	}
	list, err := a.home.engine.Audiences(a.person)
	if err != nil {
		return nil, err
	}
	resp := &syncv1.ListAudiencesResponse{}
	for _, one := range list {
		m := &syncv1.Audience{SpaceId: one.Space[:], Kind: one.Kind}
		for _, person := range one.People {
			m.PersonIds = append(m.PersonIds, person[:])
		}
		resp.Audiences = append(resp.Audiences, m)
	}
	return connect.NewResponse(resp), nil
}

func (d *doing) syncsWithTheHub() {
	t := d.tablet
	if t.busy {
		return
	}
	d.say("%s meets the hub", t)
	l := &link{tablet: t, draws: d.Rand, hub: true, pageBytes: []uint32{0, 0, 0, 1, 700}[d.IntN(5)]}
	result, err := t.sync(l)
	d.tally.Handed += result.Handed
	d.tally.ByHub += result.Relayed
	said := "all is there"
	if err != nil {
		said = "cut: " + err.Error()
	} else if result.Err() != nil {
		said = result.Err().Error()
	}
	d.say("%s: %d handed over, %d came; %s", t, result.Handed, result.Relayed, said)
}

func (d *doing) hubRelays() {
	if d.hall.busy {
		return
	}
	d.say("the hub relays")
	relayed, err := d.hall.relays(d.Rand)
	d.say("the hub: %d batches up, %d down; %v, %v", relayed.Up, relayed.Down, relayed.Err, err)
}

func (d *doing) hubCrashes() {
	if d.hall.busy {
		d.hall.doomed = true
		return
	}
	d.tally.HubCrashes++
	d.say("the hub loses power and starts again")
	d.hall.crash()
}

// hubIsLost puts an empty hub in the place of the one that was. Tablets have all
// that they ever gave it.
func (d *doing) hubIsLost() {
	if d.hall.busy {
		return
	}
	d.tally.HubsLost++
	d.say("the hub is lost, and there is another")
	d.hall.close()
	d.hall.startEmpty()
}
