package clientsdk_test

import (
	"io"
	"path/filepath"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/register"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// backup makes a backup file, verified and confirmed.
func (h *home) backup() (file string) {
	h.t.Helper()
	file = filepath.Join(h.t.TempDir(), "backup")
	summary, err := backup.WriteFile(file, func(to io.Writer) (backup.Written, error) {
		return h.engine.Backup(h.t.Context(), to)
	})
	if err == nil {
		_, err = h.engine.ConfirmBackup(h.t.Context(), named[merge.PersonID]("admin"), summary.ID, summary.FileHash)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return file
}

// restored is a home whose disk was lost and that was restored from a backup.
// No two with different seeds are the same epoch.
func restored(t testing.TB, file string, seed uint64, dismissed ...register.Dismissal) *home {
	t.Helper()
	disk, random := store.NewMemory(), seeded(seed)
	moment := func() int64 { return august2016 }
	if _, err := syncengine.Restore(syncengine.Options{Memory: disk, Now: moment, Random: random}, file, register.Contents{Dismissals: dismissed}); err != nil {
		t.Fatal(err)
	}
	return openHome(t, disk, random)
}

// check replays the log of the home, and ends its work.
func (h *home) check() {
	h.t.Helper()
	if err := h.engine.Close(); err != nil {
		h.t.Fatal(err)
	}
	found, err := syncengine.Check(h.t.Context(), syncengine.Options{Memory: h.disk}, "", func(d syncengine.Damage) { h.t.Error(d) })
	if err != nil || found.Damages > 0 || len(found.Spaces) == 0 {
		h.t.Fatalf("%+v, %v", found, err)
	}
}

// meet lets tablets sync with a home until nothing is left to tell.
func meet(h *home, tablets ...*tablet) {
	for range 2 {
		for _, tab := range tablets {
			tab.line.home = h
			tab.sync()
		}
	}
	for _, tab := range tablets {
		tab.mustEqual(h)
	}
}

// neighbours are two facilitators of one community, and a person whom both know.
type neighbours struct {
	oksana, petro *tablet
	olena         clientsdk.RecordID
}

func newNeighbours(h *home) *neighbours {
	v := &neighbours{oksana: newTablet(h.t, h, "oksana", "lyman"), petro: newTablet(h.t, h, "petro", "lyman")}
	h.access(v.oksana.space, community, true, "oksana", "petro", "coordinator")
	v.olena = v.oksana.register("Коваленко")
	meet(h, v.oksana, v.petro)
	return v
}

// disagree lets both facilitators write another phone number, unseen by the
// other, and then a coordinator settle it at home. Petro pulls that.
func (v *neighbours) disagree(h *home) {
	h.t.Helper()
	v.oksana.update(v.olena, &recordsv1.Participant{Phone: "+380501111111"})
	v.petro.update(v.olena, &recordsv1.Participant{Phone: "+380502222222"})
	meet(h, v.oksana, v.petro)
	v.settle(h, "+380503333333")
	v.petro.sync()
}

func (v *neighbours) settle(h *home, phone string) {
	h.t.Helper()
	if err := h.writeAs("coordinator", v.oksana.space, v.olena, &recordsv1.Participant{Phone: phone}); err != nil {
		h.t.Fatal(err)
	}
}

func (v *neighbours) mustHavePhone(phone string) {
	for _, tab := range []*tablet{v.oksana, v.petro} {
		tab.t.Helper()
		row := tab.person(v.olena)
		if row.Message.Phone != phone || row.Provisional || len(row.Disagreements) != 0 {
			tab.t.Fatalf("%v, want phone %s; provisional %v, %v", row.Message, phone, row.Provisional, row.Disagreements)
		}
	}
}

// The home is backed up on day 3 and goes on until day 6; a coordinator settles
// a disagreement on day 5, and one tablet pulls that. Then the disk is lost. The
// backup of day 3 and what the tablets have is everything that was there.
func TestARestoredHomeGetsBackWhatTabletsHold(t *testing.T) {
	day3 := newHome(t)
	v := newNeighbours(day3)
	file := day3.backup()
	var since []clientsdk.RecordID
	for _, family := range []string{"Бондар", "Мельник"} {
		since = append(since, v.oksana.register(family))
	}
	v.disagree(day3) // day 5
	since = append(since, v.petro.register("Ткач"))
	v.petro.sync() // day 6
	want, _ := day3.digest(v.oksana.space)

	home := restored(t, file, 2)
	if got, _ := home.digest(v.oksana.space); got == want {
		t.Fatal("the backup has what came after it")
	}
	v.oksana.line.home, v.petro.line.home = home, home
	if result := v.petro.sync(); result.Carried == 0 || result.Sent != 0 {
		t.Fatalf("%+v", result)
	}
	meet(home, v.oksana, v.petro)
	if got, position := home.digest(v.oksana.space); got != want || position != 7 {
		t.Fatalf("digest %x at %d, want %x", got[:4], position, want[:4])
	}
	v.mustHavePhone("+380503333333")
	for _, id := range since {
		v.oksana.person(id)
		v.petro.person(id)
	}
	for _, tab := range []*tablet{v.oksana, v.petro} {
		if s := tab.status(); s.Confirmed != s.Saved {
			t.Fatalf("%+v", s)
		}
	}
	if again := v.petro.sync(); again.Carried+again.Sent+again.Resent != 0 {
		t.Fatalf("it is offered for ever: %+v", again)
	}
	home.check()
}

// What the server wrote before it was lost and what it writes after the restore
// are two chains: neither is taken for the other, nor for a fork.
func TestTheRestoredServerWritesOnAChainOfItsOwn(t *testing.T) {
	day3 := newHome(t)
	v := newNeighbours(day3)
	v.settle(day3, "+380500000001") // its first, and in the backup
	file := day3.backup()
	v.settle(day3, "+380500000002") // its second, and lost
	v.petro.sync()

	home := restored(t, file, 3)
	v.settle(home, "+380500000003") // unseen of the second
	meet(home, v.petro, v.oksana)
	row := v.petro.person(v.olena)
	if len(row.Disagreements) != 1 || len(row.Disagreements[0].Values) != 2 {
		t.Fatalf("what the server wrote before and after the restore is not two values: %+v", row.Disagreements)
	}
	if open := append(v.petro.attention(), v.oksana.attention()...); len(open) != 0 && open[0].Finding.Cause != 0 {
		t.Fatalf("%+v", open)
	}
	home.check()
}

// Two restores in a row, one of them of the first backup again; a tablet that
// slept through both; and one that met only the first restored server.
func TestRestoredTwice(t *testing.T) {
	first := newHome(t)
	v := newNeighbours(first)
	hanna := newTablet(t, first, "hanna", "lyman")
	first.access(v.oksana.space, community, true, "hanna")
	meet(first, hanna)
	file := first.backup()
	asleep := hanna.register("Гончар")
	hanna.sync()

	second := restored(t, file, 4)
	v.oksana.line.home = second
	v.oksana.register("Лисенко")
	v.oksana.sync()
	later := second.backup()
	v.oksana.register("Савченко")
	v.settle(second, "+380504444444")
	v.oksana.sync()

	for seed, from := range map[uint64]string{5: later, 6: file} {
		third := restored(t, from, seed)
		meet(third, v.petro, v.oksana, hanna)
		meet(third, v.petro, v.oksana, hanna)
		if n := len(v.petro.people()); n != 4 {
			t.Fatalf("%d people", n)
		}
		v.petro.person(asleep)
		v.mustHavePhone("+380504444444")
		third.check()
	}
}

// Restored from a backup that is older than the last verified one: what only
// the lost server had between the two is gone, what a tablet wrote is not.
func TestRestoredFromAnOlderBackup(t *testing.T) {
	day2 := newHome(t)
	v := newNeighbours(day2)
	old := day2.backup()
	v.oksana.register("Лисенко")
	v.disagree(day2)
	meet(day2, v.oksana, v.petro)
	day2.backup()
	meet(day2, v.oksana, v.petro) // who now keep nothing of others
	v.petro.register("Савченко")
	meet(day2, v.petro, v.oksana)

	home := restored(t, old, 7)
	meet(home, v.oksana, v.petro)
	if n := len(v.petro.people()); n != 3 {
		t.Fatalf("%d people", n)
	}
	if row := v.petro.person(v.olena); len(row.Disagreements) != 1 {
		t.Fatalf("the settlement was only in the backup that was not used: %+v", row.Message)
	}
	home.check()
}
