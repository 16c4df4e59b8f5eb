package clientsdk_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

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
	if _, position := h.digest(nadia.space); position != 2 {
		t.Fatalf("position %d: the hub lends its access", position)
	}
	h.access(nadia.space, community, true, "nadia")
	at.relays()
	nadia.sync()
	petro.sync()
	nadia.mustEqual(h)
	petro.mustEqual(h)
	if len(petro.people()) != 3 {
		t.Fatalf("%d people", len(petro.people()))
	}
}

// A hub takes from everybody, and what it brings home is judged by who brought it.
func TestAHubLendsNobodyItsAccess(t *testing.T) {
	h, at, nadia, petro := twoAndAHall(t)
	stranger := newTablet(t, h, "stranger", "liman")
	stranger.register("Чужий")
	result, err := stranger.Sync(context.Background(), cable{at: at, person: stranger.line.person})
	if err != nil || result.Handed != 1 {
		t.Fatalf("%+v, %v", result, err)
	}
	nadia.register("Коваль")
	nadia.visits(at)
	at.reached = true
	at.relays()
	list, _, err := h.engine.Quarantined(context.Background(), named[merge.PersonID]("petro"), nadia.space, "")
	if err != nil || len(list) != 1 || list[0].Sender != stranger.line.person {
		t.Fatalf("%+v, %v", list, err)
	}
	if _, position := h.digest(nadia.space); position != 1 {
		t.Fatalf("position %d", position)
	}
	h.access(nadia.space, community, true, "stranger") // and is freed when it is given
	petro.sync()
	if len(petro.people()) != 2 {
		t.Fatalf("%d people", len(petro.people()))
	}
}

// Whoever carries the hub may have a tablet too.
func TestTheHubsOwnPersonBringsWorkToo(t *testing.T) {
	h, at, nadia, _ := twoAndAHall(t)
	own := newTablet(t, h, laptop, "liman")
	own.register("Коваль")
	own.visits(at)
	at.reached = true
	at.relays()
	nadia.sync()
	if len(nadia.people()) != 1 {
		t.Fatal("it has stayed at the hub")
	}
}

// What no tablet sends holds up nothing: neither a change over all limits, nor
// more of them than a request carries.
func TestAHubIsNotHeldUp(t *testing.T) {
	h, at, nadia, _ := twoAndAHall(t)
	at.reached = true
	for i := range 60 {
		writer := mergetest.NewWriter(nadia.space, fmt.Sprint("liar ", i), "stranger")
		var records []merge.RecordWrites
		for j := range 8 {
			records = append(records, merge.RecordWrites{
				Type: "zhurnal.records.v1.Participant", Record: merge.RecordID{byte(i), byte(j), 1},
				Writes: []merge.Write{{Cell: merge.CellKey{Field: 2}, Value: noise(30 << 10)}},
			})
		}
		batch, err := wire.EncodeBatch(nadia.space, []*merge.Change{writer.Seal(merge.Salt{1}, 1, records...)})
		if err != nil {
			t.Fatal(err)
		}
		up := []wire.SpaceUp{{Space: nadia.space, Batches: [][]byte{batch}}}
		if down, err := at.engine.SyncAsHub(t.Context(), named[merge.PersonID]("stranger"), up, 0); err != nil || len(down[0].Outcomes) != 1 {
			t.Fatalf("%+v, %v", down, err)
		}
	}
	nadia.register("Коваль")
	nadia.visits(at)
	h.seen = nil
	at.relays()
	if _, position := h.digest(nadia.space); position != 1 {
		t.Fatalf("position %d", position)
	}
	for _, req := range h.seen {
		if size := proto.Size(req); size > 2<<20 {
			t.Fatalf("a request of %d bytes", size)
		}
	}
}

func noise(sizeBytes int) []byte {
	data := make([]byte, sizeBytes)
	for i := range data {
		data[i] = byte(rand.IntN(256))
	}
	return data
}

// A link that carries little at a time carries all in the end.
func TestARelayOverALinkThatCarriesLittle(t *testing.T) {
	h, at, nadia, petro := twoAndAHall(t)
	const each = 500 // some 600 kB, packed
	for _, tab := range []*tablet{nadia, petro} {
		for range each {
			tab.write(func(tx *clientsdk.Tx) error {
				_, err := tx.Create(&recordsv1.Participant{FamilyName: "Коваль", NameLatin: long()})
				return err
			})
		}
	}
	nadia.visits(at)
	petro.sync()
	at.reached = true
	at.carriesBytes = 300 << 10
	var err error
	for range 20 {
		if _, err = at.relay.Once(context.Background()); err == nil {
			break
		}
	}
	if _, position := h.digest(nadia.space); err != nil || position != 2*each {
		t.Fatalf("position %d, %v", position, err)
	}
}

// Who forges a change on a tablet's replica makes it no clone by the word of a hub.
func TestAHubMakesNobodyAClone(t *testing.T) {
	h, at, nadia, petro := twoAndAHall(t)
	olena := nadia.register("Коваль")
	nadia.visits(at)
	petro.visits(at)
	forger := mergetest.NewWriter(nadia.space, "forger", "petro")
	page, err := at.engine.PullEntries(t.Context(), petro.line.person, nadia.space, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	changes, err := wire.DecodeBatch(nadia.space, page.Entries[0].Batch)
	if err != nil {
		t.Fatal(err)
	}
	forger.Replica, forger.Seq, forger.Previous = changes[0].ID.Replica, 1000, merge.Hash{1}
	forged := forger.Seal(merge.Salt{1}, 1, merge.RecordWrites{
		Type: "zhurnal.records.v1.Participant", Record: olena, Writes: []merge.Write{{Cell: merge.CellKey{Field: 2}, Value: []byte{0x12, 1, 'x'}}},
	})
	batch, err := wire.EncodeBatch(nadia.space, []*merge.Change{forged})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := at.engine.Push(t.Context(), petro.line.person, nadia.space, [][]byte{batch}); err != nil {
		t.Fatal(err)
	}
	if got := nadia.visits(at); got.Relayed != 0 {
		t.Fatalf("%+v", got)
	}
	if w := nadia.write(func(tx *clientsdk.Tx) error {
		return tx.Update(olena, &recordsv1.Participant{FamilyName: "Коваленко"}, "family_name")
	}); w.Change.Replica != changes[0].ID.Replica {
		t.Fatal("it has left its replica")
	}
	nadia.sync()
	petro.sync() // brings the forged one along, and home tells nadia
	nadia.sync()
	nadia.mustEqual(h)
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
