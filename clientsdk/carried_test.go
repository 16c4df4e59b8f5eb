package clientsdk_test

import (
	"testing"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// What is in a verified backup is not kept on tablets, and what is not is, also
// across pages that came in parts.
func TestTabletsCarryUntilABackup(t *testing.T) {
	h := newHome(t)
	v := newNeighbours(h)
	h.pageBytes = 1
	if n := v.petro.carried(); n != 1 {
		t.Fatalf("%d batches", n)
	}
	if n := v.oksana.carried(); n != 0 {
		t.Fatalf("%d batches of her own", n)
	}
	v.oksana.register("Бондар")
	v.oksana.register("Мельник")
	meet(h, v.oksana, v.petro)
	if n := v.petro.carried(); n != 2 {
		t.Fatalf("%d batches", n)
	}
	h.backup()
	v.oksana.register("Ткач")
	meet(h, v.oksana, v.petro)
	if n := v.petro.carried(); n != 1 {
		t.Fatalf("%d batches, of which one is in no backup", n)
	}
	h.backup()
	if v.petro.sync(); v.petro.carried() != 0 {
		t.Fatal("a sync that brings nothing else must tell it too")
	}
}

func (tab *tablet) carried() int {
	tab.t.Helper()
	n, err := tab.CarriedCount(tab.t.Context(), tab.space)
	if err != nil {
		tab.t.Fatal(err)
	}
	return n
}

// Who lost access keeps nothing of others; but what a restored server lacks is
// offered first, since the backup may be older than the access.
func TestCarriedAndAccess(t *testing.T) {
	h := newHome(t)
	v := newNeighbours(h)
	file := h.backup()
	hanna := newTablet(t, h, "hanna", "lyman")
	h.access(v.oksana.space, community, true, "hanna")
	v.oksana.register("Бондар")
	meet(h, v.oksana, hanna)

	home := restored(t, file, 8) // before hanna had access, and oksana's tablet is broken
	hanna.line.home = home
	hanna.syncWithFault(fault.NoAccess)
	if n := hanna.carried(); n != 0 {
		t.Fatalf("%d batches", n)
	}
	v.petro.line.home = home
	if v.petro.sync(); len(v.petro.people()) != 1 {
		t.Fatal("what comes from whoever has no access is not merged")
	}
	home.access(v.oksana.space, community, true, "hanna")
	meet(home, v.petro, hanna)
	if len(v.petro.people()) != 2 {
		t.Fatal("what hanna held is lost")
	}
	home.check()
}

// A tablet was cut off in the midst of rows, with an entry of the log behind
// them that is no part of its base yet. The server is lost before the tablet
// comes back, and nobody else had pulled that entry.
func TestWhatIsStagedIsOfferedToo(t *testing.T) {
	h := newHome(t)
	v := newNeighbours(h)
	h.access(v.oksana.space, community, true, "hanna")
	file := h.backup()
	v.oksana.edit([]clientsdk.RecordID{v.olena, v.oksana.register("Бондар")}, 300)
	v.oksana.sync()

	hanna := newTablet(t, h, "hanna", "lyman")
	h.pageBytes = 1
	hanna.cutAfter(1) // of two rows
	v.settle(h, "+380500000001")
	v.settle(h, "+380500000002")
	hanna.cutAfter(2) // the other, and the first of the two entries
	if len(hanna.people()) != 0 || hanna.carried() != 0 {
		t.Fatal("the test needs pages that have not taken effect")
	}

	home := restored(t, file, 9)
	meet(home, hanna, v.oksana, v.petro)
	meet(home, hanna, v.oksana, v.petro)
	v.mustHavePhone("+380500000001")
	home.check()
}

// A change was confirmed, and the page with it had not come when the server was
// lost. The tablet is where the backup is, and has nothing new: it must offer
// the change all the same.
func TestAConfirmedChangeThatIsNotInTheBase(t *testing.T) {
	h := newHome(t)
	v := newNeighbours(h)
	file := h.backup()
	id := v.oksana.register("Бондар")
	h.alter = func(resp *syncv1.SyncResponse) { // put off
		sent := h.last().Spaces[0].Cursor
		resp.Spaces[0].Page = &syncv1.Page{Cursor: sent, Position: resp.Spaces[0].Page.Position, More: true}
	}
	if _, err := v.oksana.Sync(t.Context(), v.oksana.line); err != nil || v.oksana.status().Waiting != 0 {
		t.Fatalf("%+v, %v", v.oksana.status(), err)
	}
	home := restored(t, file, 10)
	meet(home, v.oksana, v.petro)
	v.petro.person(id)
	home.check()
}

// The author is back first, and has packed her changes otherwise than they came
// to others. What others offer is there already, and is not offered for ever.
func TestABatchThatIsThereAlreadyIsSettled(t *testing.T) {
	h := newHome(t)
	v := newNeighbours(h)
	file := h.backup()
	for _, family := range []string{"Бондар", "Мельник"} {
		v.oksana.register(family)
		meet(h, v.oksana, v.petro)
	}
	home := restored(t, file, 11)
	v.oksana.line.home, v.petro.line.home = home, home
	v.oksana.sync()
	if first := v.petro.sync(); first.Carried != 2 {
		t.Fatalf("%+v", first)
	}
	if again := v.petro.sync(); again.Carried != 0 {
		t.Fatalf("%+v", again)
	}
	home.backup()
	if v.petro.sync(); v.petro.carried() != 0 {
		t.Fatal("it is kept for ever")
	}
}

// A restored home that has gone on, and has a verified backup of that, means
// other changes by its positions than the lost one did: what petro keeps is not
// in it.
func TestPositionsOfAnOlderEpochMeanNothing(t *testing.T) {
	h := newHome(t)
	v := newNeighbours(h)
	file := h.backup()
	v.settle(h, "+380500000001") // position 2
	v.petro.register("Лисенко")  // of his own, which goes up first
	v.petro.sync()

	home := restored(t, file, 12)
	v.oksana.line.home = home
	for _, family := range []string{"Бондар", "Мельник", "Ткач"} {
		v.oksana.register(family)
	}
	v.oksana.sync()
	home.backup() // position 4
	meet(home, v.petro, v.oksana)
	v.mustHavePhone("+380500000001")
}

// What the lost home had in a verified backup says nothing of what the restored
// one has, if it was restored from an older one.
func TestWhatWasDurableInAnOlderEpochIsNot(t *testing.T) {
	h := newHome(t)
	v := newNeighbours(h)
	older := h.backup()
	for _, family := range []string{"Бондар", "Мельник", "Ткач"} {
		v.oksana.register(family)
	}
	meet(h, v.oksana, v.petro)
	h.backup() // position 4
	v.petro.sync()

	home := restored(t, older, 13)
	v.petro.line.home = home
	v.settle(home, "+380500000001") // position 2
	v.petro.sync()
	meet(restored(t, older, 14), v.petro, v.oksana)
	v.mustHavePhone("+380500000001")
}

// A server that says in each answer that it is another keeps no tablet busy for
// ever.
func TestANewEpochInEveryAnswer(t *testing.T) {
	h := newHome(t)
	v := newNeighbours(h)
	v.petro.register("Бондар")
	h.alter = func(resp *syncv1.SyncResponse) { resp.EpochId = []byte{15: byte(len(h.seen))} }
	if result := v.petro.sync(); result.RoundTrips > 4 {
		t.Fatalf("%+v", result)
	}
	h.alter = nil
	meet(h, v.petro, v.oksana)
}
