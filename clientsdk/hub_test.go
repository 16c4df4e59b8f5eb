package clientsdk_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"connectrpc.com/connect"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/server/hub"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

const laptop = "the laptop in the hall"

// hall is a hub in the same process, with its way to home.
type hall struct {
	t      testing.TB
	home   *home
	engine *syncengine.Engine
	relay  *hub.Relay
	// reached says that home can be.
	reached bool
	// pageBytes bounds the hub's pages, where it is not zero.
	pageBytes int
}

func newHall(t testing.TB, h *home) *hall {
	at := &hall{t: t, home: h, reached: true}
	engine, err := syncengine.Open(syncengine.Options{Memory: store.NewMemory(), Schema: recordTypes(), Now: h.clock.now, Random: seeded(99)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	at.engine = engine
	at.relay = hub.New(engine, hub.Home{Sync: upstream{at: at}, Audiences: audiences{at: at}}, named[merge.PersonID](laptop))
	return at
}

// relays relays all there is.
func (at *hall) relays() hub.Relayed {
	at.t.Helper()
	relayed, err := at.relay.Once(context.Background())
	if err := errors.Join(err, relayed.Err); err != nil {
		at.t.Fatal(err)
	}
	return relayed
}

// upstream is the hub's connection to home, and audiences its other half.
type upstream struct {
	syncv1connect.SyncServiceClient
	at *hall
}

func (u upstream) Sync(ctx context.Context, req *connect.Request[syncv1.SyncRequest]) (*connect.Response[syncv1.SyncResponse], error) {
	if !u.at.reached {
		return nil, connect.NewError(connect.CodeUnavailable, errCut)
	}
	return u.at.home.line(laptop).Sync(ctx, req)
}

type audiences struct{ at *hall }

func (a audiences) ListAudiences(context.Context, *connect.Request[syncv1.ListAudiencesRequest]) (*connect.Response[syncv1.ListAudiencesResponse], error) {
	if !a.at.reached {
		return nil, connect.NewError(connect.CodeUnavailable, errCut)
	}
	list, err := a.at.home.engine.Audiences(named[merge.PersonID](laptop))
	resp := &syncv1.ListAudiencesResponse{}
	for _, one := range list {
		m := &syncv1.Audience{SpaceId: one.Space[:], Kind: one.Kind}
		for _, person := range one.People {
			m.PersonIds = append(m.PersonIds, person[:])
		}
		resp.Audiences = append(resp.Audiences, m)
	}
	return connect.NewResponse(resp), err
}

// cable is a tablet's connection to the hub.
type cable struct {
	syncv1connect.SyncServiceClient
	at     *hall
	person merge.PersonID
}

func (c cable) Sync(ctx context.Context, req *connect.Request[syncv1.SyncRequest]) (*connect.Response[syncv1.SyncResponse], error) {
	up, err := wire.SpacesUpFromProto(overTheWire(c.at.t, req.Msg).Spaces)
	if err != nil {
		return nil, err
	}
	down, err := c.at.engine.SyncAsHub(ctx, c.person, up, c.at.pageBytes)
	if err != nil {
		return nil, err
	}
	resp := wire.HubResponse(down, c.at.engine.Epoch(), 0, func(err error) *syncv1.Fault {
		return &syncv1.Fault{Kind: syncv1.FaultKind(fault.KindOf(err)), Message: err.Error()}
	})
	return connect.NewResponse(overTheWire(c.at.t, resp)), nil
}

// visits syncs with the hub, and nothing may be left undone.
func (tab *tablet) visits(at *hall) clientsdk.SyncResult {
	tab.t.Helper()
	result, err := tab.Sync(context.Background(), cable{at: at, person: tab.line.person})
	if err := errors.Join(err, result.Err()); err != nil {
		tab.t.Fatal(err)
	}
	if !result.Hub {
		tab.t.Fatal("the hub does not say that it is one")
	}
	return result
}

// twoAndAHall are two facilitators of one community and a hub that has been set
// up while home could be reached.
func twoAndAHall(t testing.TB) (h *home, at *hall, nadia, petro *tablet) {
	h = newHome(t)
	h.access(named[clientsdk.SpaceID]("liman"), community, true, "nadia", "petro", laptop)
	at = newHall(t, h)
	at.relays()
	at.reached = false
	return h, at, newTablet(t, h, "nadia", "liman"), newTablet(t, h, "petro", "liman")
}

func TestTabletsMeetAtAHub(t *testing.T) {
	h, at, nadia, petro := twoAndAHall(t)
	olena := nadia.register("Коваль")
	if got := nadia.visits(at); got.Handed != 1 || got.Relayed != 0 {
		t.Fatalf("%+v", got)
	}
	if s := nadia.status(); s.Waiting != 1 || s.Handed != 1 || s.Confirmed != 0 {
		t.Fatalf("a receipt is taken for a verdict: %+v", s)
	}
	if got := petro.visits(at); got.Relayed != 1 {
		t.Fatalf("%+v", got)
	}
	row := petro.person(olena)
	if row.Message.FamilyName != "Коваль" || !row.Provisional {
		t.Fatalf("%q, provisional %t", row.Message.FamilyName, row.Provisional)
	}
	petro.update(olena, &recordsv1.Participant{FamilyName: "Коваленко"}, "family_name")
	petro.visits(at)
	nadia.visits(at)
	if got := nadia.person(olena); got.Message.FamilyName != "Коваленко" || !got.Provisional {
		t.Fatalf("%q", got.Message.FamilyName)
	}
	at.reached = true
	if got := at.relays(); got.Up != 2 {
		t.Fatalf("%+v", got)
	}
	for _, tab := range []*tablet{nadia, petro} {
		tab.sync()
		tab.mustEqual(h)
		if got := tab.person(olena); got.Message.FamilyName != "Коваленко" || got.Provisional {
			t.Fatalf("%q, provisional %t", got.Message.FamilyName, got.Provisional)
		}
		if s := tab.status(); s.Relayed != 0 || s.Waiting != 0 {
			t.Fatalf("%+v", s)
		}
	}
	if _, position := h.digest(nadia.space); position != 2 {
		t.Fatalf("two changes take %d positions", position)
	}
	// Once more all around brings nothing anywhere.
	if got := at.relays(); got.Up != 0 {
		t.Fatalf("%+v", got)
	}
	if got := petro.visits(at); got.Relayed+got.Handed != 0 {
		t.Fatalf("%+v", got)
	}
	petro.mustEqual(h)
}

// Whoever reaches home first brings what the hub had from others.
func TestATabletBringsHomeWhatCameByTheHub(t *testing.T) {
	h, at, nadia, petro := twoAndAHall(t)
	olena := nadia.register("Коваль")
	nadia.update(olena, &recordsv1.Participant{FamilyName: "Коваленко"}, "family_name")
	nadia.visits(at)
	petro.visits(at)
	if got := petro.sync(); got.Carried != 2 {
		t.Fatalf("%+v", got)
	}
	petro.mustEqual(h)
	at.reached = true
	at.relays()
	nadia.sync()
	nadia.mustEqual(h)
	if _, position := h.digest(nadia.space); position != 2 {
		t.Fatalf("two changes take %d positions", position)
	}
}

// A value comes by the hub after what replaces it, and stays replaced.
func TestAHubPassesOnInAnyOrder(t *testing.T) {
	h, at, nadia, petro := twoAndAHall(t)
	other := newHall(t, h)
	other.relays()
	other.reached = false
	olena := nadia.register("Коваль")
	nadia.visits(at)
	petro.visits(at)
	petro.update(olena, &recordsv1.Participant{FamilyName: "Коваленко"}, "family_name")
	petro.visits(other) // the other hub has the second change alone
	h.access(nadia.space, community, true, "oksana", "ivan")
	at.reached, other.reached = true, true
	other.relays() // so that they hear of the two
	at.relays()
	oksana, ivan := newTablet(t, h, "oksana", "liman"), newTablet(t, h, "ivan", "liman")
	oksana.visits(other)
	oksana.visits(at)
	ivan.visits(at)
	ivan.visits(other)
	for _, tab := range []*tablet{oksana, ivan} {
		if got := tab.person(olena); got.Message.FamilyName != "Коваленко" || len(got.Disagreements) != 0 {
			t.Fatalf("%q, %d disagreements", got.Message.FamilyName, len(got.Disagreements))
		}
	}
}

// What home has delivered and replaced since does not come back by a hub, also
// where rows came in place of the log.
func TestAHubBringsNothingBack(t *testing.T) {
	h, at, nadia, petro := twoAndAHall(t)
	olena := nadia.register("Коваль")
	nadia.visits(at)
	for range 40 { // so often that rows are shorter
		nadia.update(olena, &recordsv1.Participant{FamilyName: "Коваленко", NameLatin: long()}, "family_name", "name_latin")
		nadia.update(olena, &recordsv1.Participant{FamilyName: "Ковальчук", NameLatin: long()}, "family_name", "name_latin")
	}
	nadia.sync()
	if got := petro.sync(); got.Rows == 0 {
		t.Fatalf("%+v: the log was served", got)
	}
	if got := petro.visits(at); got.Relayed != 0 {
		t.Fatalf("%+v: it is in the base", got)
	}
	petro.mustEqual(h)
}

// Who may not read a space at home is shown none of it by the hub; what they
// bring goes home all the same, and the hub's refusal takes nothing from a tablet.
func TestAHubShowsASpaceToItsPeopleAlone(t *testing.T) {
	h, at, nadia, petro := twoAndAHall(t)
	olena := nadia.register("Коваль")
	nadia.sync()
	nadia.visits(at)
	h.access(nadia.space, community, false, "nadia")
	at.reached = true
	at.relays()
	petro.register("Мельник")
	petro.visits(at)
	nadia.register("Бондар")
	result, err := nadia.Sync(context.Background(), cable{at: at, person: nadia.line.person})
	if err != nil || fault.KindOf(result.Err()) != fault.NoAccess || result.Handed != 1 || result.Relayed != 0 {
		t.Fatalf("%+v, %v", result, err)
	}
	if got := nadia.person(olena); got.Provisional || got.Message.FamilyName != "Коваль" {
		t.Fatal("the hub's refusal has taken the base")
	}
	at.relays()
	h.access(nadia.space, community, true, "nadia", laptop)
	at.relays()
	nadia.sync()
	petro.sync()
	nadia.mustEqual(h)
	petro.mustEqual(h)
	if len(petro.people()) != 3 {
		t.Fatalf("%d people", len(petro.people()))
	}
}

// The hub burns down: each tablet still has its own.
func TestALostHubLosesNothing(t *testing.T) {
	h, at, nadia, petro := twoAndAHall(t)
	nadia.register("Коваль")
	nadia.visits(at)
	another := newHall(t, h)
	another.relays()
	petro.visits(another) // with a cursor of the first
	petro.visits(at)
	petro.visits(another)
	nadia.visits(another)
	nadia.sync()
	petro.sync()
	nadia.mustEqual(h)
	petro.mustEqual(h)
}

// Home gives a change back that the hub had shown to others.
func TestWhatHomeGivesBackLeavesTheViewsOfOthers(t *testing.T) {
	h, at, nadia, petro := twoAndAHall(t)
	h.access(nadia.space, community, false, "nadia")
	olena := nadia.register("Коваль") // the hub has not heard of it
	nadia.visits(at)
	petro.visits(at)
	if !petro.person(olena).Provisional {
		t.Fatal("petro does not see it")
	}
	if err := nadiaSends(nadia); err != nil {
		t.Fatal(err)
	}
	list, _, err := h.engine.Quarantined(context.Background(), named[merge.PersonID]("petro"), nadia.space, "")
	if err != nil || len(list) != 1 {
		t.Fatalf("%d, %v", len(list), err)
	}
	if err := h.engine.Dismiss(context.Background(), named[merge.PersonID]("petro"), nadia.space, []merge.ID{list[0].Change}, "not.ours"); err != nil {
		t.Fatal(err)
	}
	petro.sync()
	petro.mustEqual(h)
	if len(petro.people()) != 0 {
		t.Fatal("it is still there")
	}
}

// nadiaSends sends to home without access; that it says so is no matter.
func nadiaSends(nadia *tablet) error {
	_, err := nadia.Sync(context.Background(), nadia.line)
	return err
}

// Home is restored from a backup older than all of it: the hub gives back what
// came by it, in both directions.
func TestAHubGivesARestoredHomeWhatItHas(t *testing.T) {
	h, at, nadia, petro := twoAndAHall(t)
	at.reached = true
	file := h.backup()
	nadia.register("Коваль")
	nadia.visits(at)
	petro.register("Мельник")
	petro.sync() // which the hub gets from home
	at.relays()
	again := restored(t, file, 2)
	at.home = again
	at.relays()
	for _, tab := range []*tablet{nadia, petro} {
		tab.line.home = again
	}
	if _, position := again.digest(nadia.space); position != 2 {
		t.Fatalf("position %d", position)
	}
	nadia.sync()
	nadia.mustEqual(again)
	petro.sync()
	petro.mustEqual(again)
}

// long is a name that no register has, and that is hard to pack.
func long() string {
	name := make([]byte, 2000)
	for i := range name {
		name[i] = 'A' + byte(rand.IntN(26))
	}
	return string(name)
}
