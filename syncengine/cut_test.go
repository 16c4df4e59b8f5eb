package syncengine_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

const dayMillis = 24 * 60 * 60 * 1000

// aging is an engine whose clock is moved by days.
type aging struct {
	*syncengine.Engine
	t     testing.TB
	clock *clock
	disk  *store.Memory
}

func newAging(t testing.TB) *aging {
	t.Helper()
	a := &aging{t: t, clock: &clock{year2026}, disk: store.NewMemory()}
	a.open(7)
	return a
}

func (a *aging) open(seed uint64) {
	a.t.Helper()
	e, err := syncengine.Open(syncengine.Options{Memory: a.disk, Schema: recordTypes(), Now: a.clock.Now, Random: seeded(seed)})
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { e.Close() })
	a.Engine = e
}

func (a *aging) pass(days int64) { a.clock.now += days * dayMillis }

// cut keeps so many days.
func (a *aging) cut(days uint32) syncengine.Cut {
	a.t.Helper()
	c, err := a.Cut(bg, personNamed("admin"), syncengine.CutOptions{Retention: syncengine.Retention{Days: days}})
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

func (a *aging) mustBeCut(c syncengine.Cut, before, through uint64) {
	a.t.Helper()
	if len(c.Spaces) != 1 || c.Spaces[0].CutBefore != before || c.Spaces[0].CutThrough != through {
		a.t.Fatalf("%+v, want %d to %d", c, before, through)
	}
}

// old returns an engine with a log of 4 positions that is a year old, 2 that are
// new, and a device that wrote them. The first 5 are in a verified backup.
func old(t testing.TB) (a *aging, d *device, file string) {
	a = newAging(t)
	grant(t, a.Engine, "lyman", community, "oksana", "petro")
	d = newDevice(t, "oksana", "lyman", 1)
	d.writeSome(a.Engine, "olena", "ivan", "maria")
	d.write(recordNamed("olena"), &recordsv1.Participant{Phone: "+380501111111"})
	d.push(a.Engine)
	a.pass(365)
	d.writeSome(a.Engine, "hanna")
	file = backedUp(t, a.Engine)
	d.write(recordNamed("olena"), &recordsv1.Participant{Phone: "+380502222222"})
	d.push(a.Engine)
	return a, d, file
}

func TestOnlyWhatIsOldAndInAVerifiedBackupIsCut(t *testing.T) {
	a, d, _ := old(t)
	admin := personNamed("admin")
	a.mustBeCut(a.cut(400), 0, 0)
	rehearsed, err := a.Cut(bg, admin, syncengine.CutOptions{Retention: syncengine.Retention{Days: 300}, Rehearse: true})
	if err != nil {
		t.Fatal(err)
	}
	a.mustBeCut(rehearsed, 0, 4)
	if err := a.SetRetention(bg, admin, d.space, syncengine.Retention{Forever: true}); err != nil {
		t.Fatal(err)
	}
	a.mustBeCut(a.cut(0), 0, 0)
	if err := a.SetRetention(bg, admin, d.space, syncengine.Retention{Days: 366}); err != nil {
		t.Fatal(err)
	}
	a.mustBeCut(a.cut(0), 0, 0)
	if err := a.SetRetention(bg, admin, d.space, syncengine.Retention{}); err != nil {
		t.Fatal(err)
	}
	c := a.cut(300)
	a.mustBeCut(c, 0, 4)
	if c.Entries != 6 || rehearsed.Entries != c.Entries { // two grants and four pushes
		t.Fatalf("%d entries are gone, %d were said to be", c.Entries, rehearsed.Entries)
	}
	a.mustBeCut(a.cut(300), 4, 4)
	a.mustBeCut(a.cut(0), 4, 5) // what came after the backup stays however young it may be
	a.mustBeCut(a.cut(0), 5, 5)
	if _, err := a.Cut(bg, admin, syncengine.CutOptions{Space: spaceNamed("svatove")}); fault.KindOf(err) != fault.NotFound {
		t.Fatal(err)
	}
	if err := a.SetRetention(bg, admin, spaceNamed("svatove"), syncengine.Retention{Days: 1}); fault.KindOf(err) != fault.NotFound {
		t.Fatal(err)
	}
}

// A change from before the cut is known, and nothing is applied twice.
func TestAResendFromBeforeTheCutIsKnown(t *testing.T) {
	a, d, _ := old(t)
	a.cut(0)
	digest, position, _ := a.Digest(d.space)
	outcomes, err := a.Push(bg, d.person, d.space, d.batches(d.chain...))
	if err != nil || len(outcomes) == 0 {
		t.Fatal(err)
	}
	for _, o := range outcomes {
		if o.Verdict != wire.Applied || o.LastPosition == 0 {
			t.Fatalf("%+v", o)
		}
	}
	if now, at, _ := a.Digest(d.space); now != digest || at != position {
		t.Fatal("something was applied again")
	}
}

// Whatever the cursor, the copy becomes the server's: one from before the cut is
// served rows, one after it the log.
func TestEveryCursorIsServedAfterACut(t *testing.T) {
	for at := range uint64(7) {
		for _, pageBytes := range []int{0, 1} {
			a := newAging(t)
			grant(t, a.Engine, "lyman", community, "oksana", "petro")
			d, reader := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
			for i := range uint64(6) {
				if i == at {
					reader.pull(a.Engine, 0)
				}
				d.writeSome(a.Engine, fmt.Sprint("name ", i%4))
				if i == 3 {
					backedUp(t, a.Engine)
				}
			}
			if at == 6 {
				reader.pull(a.Engine, 0)
			}
			a.mustBeCut(a.cut(0), 0, 4)
			page, err := reader.pullPage(a.Engine, reader.cursor, pageBytes)
			if err != nil || page.ByRows != (at < 4) {
				t.Fatalf("at %d: %+v, %v", at, page, err)
			}
			reader.pull(a.Engine, pageBytes)
			reader.mustEqual(a.Engine)
		}
	}
}

// The log may be cut beyond where a copy is in the midst of its rows.
func TestTheLogIsCutWhileRowsAreServed(t *testing.T) {
	a, d, _ := old(t)
	a.cut(0)
	reader := newDevice(t, "petro", "lyman", 2)
	for i := 0; ; i++ {
		page, err := reader.pullPage(a.Engine, reader.cursor, 1)
		if err != nil {
			t.Fatal(err)
		}
		reader.take(page)
		if page.Consistent && !page.More {
			break
		}
		if i < 4 {
			d.writeSome(a.Engine, fmt.Sprint("late ", i), "olena")
			backedUp(t, a.Engine)
			a.cut(0)
		}
	}
	reader.mustEqual(a.Engine)
}

func TestHistorySaysThatTheLogWasCut(t *testing.T) {
	a, d, _ := old(t)
	a.cut(300)
	for name, want := range map[string]struct {
		changes int
		cut     uint64
	}{"olena": {1, 4}, "ivan": {0, 4}, "hanna": {1, 0}} {
		page, err := a.History(bg, d.person, d.space, recordNamed(name), 0, 0)
		if err != nil || len(page.Changes) != want.changes || page.CutThrough != want.cut || page.Next != 0 {
			t.Fatalf("%s: %+v, %v", name, page, err)
		}
		page, err = a.History(bg, d.person, d.space, recordNamed(name), 3, 0)
		if err != nil || len(page.Changes) != 0 || page.CutThrough != want.cut {
			t.Fatalf("%s before 3: %+v, %v", name, page, err)
		}
	}
	for name, known := range map[string]map[uint64]bool{
		"olena": {0: true, 6: true, 5: false, 1: false}, "ivan": {0: true, 2: true, 6: true, 1: false}, "hanna": {5: true, 6: true},
	} {
		for position, want := range known {
			_, err := a.RecordAt(bg, d.person, d.space, recordNamed(name), position)
			if (err == nil) != want || err != nil && !strings.Contains(err.Error(), "no longer kept") {
				t.Errorf("%s at %d: %v", name, position, err)
			}
		}
	}
	if _, err := a.RecordAt(bg, d.person, d.space, recordNamed("hanna"), 2); fault.KindOf(err) != fault.NotFound || strings.Contains(err.Error(), "kept") {
		t.Fatal(err)
	}
}

func (a *aging) check(from string) (syncengine.Checked, []string, error) {
	var found []string
	c, err := syncengine.Check(bg, syncengine.Options{Memory: a.disk}, from, func(d syncengine.Damage) { found = append(found, d.String()) })
	return c, found, err
}

// A backup that reaches the cut stands in for what the log no longer has, and
// every row is compared, also of a register that was cut several times, restored
// and cut again.
func TestACutRegisterIsChecked(t *testing.T) {
	a, d, behind := old(t)
	a.cut(300)
	d.writeSome(a.Engine, "taras")
	later := backedUp(t, a.Engine)
	a.cut(0)
	d.writeSome(a.Engine, "olha")
	settled := backedUp(t, a.Engine)
	a.Close()
	if _, _, err := a.check(behind); fault.KindOf(err) != fault.Invalid {
		t.Fatalf("a backup that ends before the cut: %v", err)
	}
	c, found, err := a.check("")
	if err != nil || len(found) > 0 || c.Uncompared != 1 || len(c.Spaces) != 1 {
		t.Fatalf("%+v, %v, %v", c, found, err)
	}
	for _, from := range []string{later, settled} {
		c, found, err := a.check(from)
		if err != nil || len(found) > 0 || c.Uncompared != 0 || len(c.Spaces) != 1 || c.Entries == 0 {
			t.Fatalf("%+v, %v, %v", c, found, err)
		}
	}
	if c, _, err := syncengine.CheckBackup(bg, syncengine.Options{}, settled, later, func(d syncengine.Damage) { t.Error(d) }); err != nil || c.Uncompared != 0 {
		t.Fatalf("%+v, %v", c, err)
	}
	// Restored, it goes another way than the backup that was made later.
	e, disk := restored(t, later, 9)
	d.writeSome(e, "inna")
	again := backedUp(t, e)
	if _, err := e.Cut(bg, personNamed("admin"), syncengine.CutOptions{}); err != nil {
		t.Fatal(err)
	}
	e.Close()
	b := &aging{t: t, disk: disk}
	if _, _, err := b.check(settled); fault.KindOf(err) != fault.Invalid {
		t.Fatalf("a backup of what was lost: %v", err)
	}
	for _, from := range []string{later, again} {
		c, found, err := b.check(from)
		if fault.KindOf(err) == fault.Invalid && from == later {
			continue // it may end before the cut
		}
		if err != nil || len(found) > 0 || c.Uncompared != 0 {
			t.Fatalf("%+v, %v, %v", c, found, err)
		}
	}
	other := newAging(t)
	grant(t, other.Engine, "lyman", community, "oksana")
	newDevice(t, "oksana", "lyman", 3).writeSome(other.Engine, "a", "b", "c", "d", "e", "f", "g", "h")
	foreign := backedUp(t, other.Engine)
	if _, _, err := a.check(foreign); fault.KindOf(err) != fault.Invalid {
		t.Fatalf("a backup of another register: %v", err)
	}
}

// With a backup to compare from, every bit counts as in a register that was not
// cut. Without one, what can be seen is seen.
func TestCheckFindsDamageInACutRegister(t *testing.T) {
	a, d, behind := old(t)
	d.raw(thing("unknown"))
	d.push(a.Engine)
	a.cut(300)
	a.Close()
	rows := 0
	eachRow(a.disk, func(key, value []byte) {
		rows++
		if string(key) == "msecret" {
			return
		}
		for what, altered := range damages(value) {
			b := &aging{t: t, disk: damaged(a.disk, key, altered)}
			_, found, err := b.check(behind)
			if len(found) == 0 && fault.KindOf(err) != fault.Damaged && fault.KindOf(err) != fault.NotFound && fault.KindOf(err) != fault.Invalid {
				t.Errorf("row %q: %s: not found, %v", key, what, err)
			}
			lostOfLog := what == "lost" && (key[0] == 'e' || kindOf(key) == "sd" && len(value) > 0 || kindOf(key) == "sr")
			if _, found, err := b.check(""); lostOfLog && len(found) == 0 && err == nil {
				t.Errorf("row %q: %s: not found without a backup", key, what)
			}
		}
	})
	if rows < 25 {
		t.Fatalf("%d rows", rows)
	}
}

// A register that is restored from a backup from before the cut has its log, and
// the cursors that its tablets have are good as far as the epochs agree.
func TestABackupFromBeforeTheCutIsRestored(t *testing.T) {
	a, d, behind := old(t)
	d.pull(a.Engine, 0)
	a.cut(0)
	after := backedUp(t, a.Engine)
	for _, file := range []string{behind, after} {
		e, disk := restored(t, file, 11)
		page, err := d.pullPage(e, d.cursor, 0)
		if wantRefused := file == behind; wantRefused != (fault.KindOf(err) == fault.BadCursor) {
			t.Fatalf("%+v, %v", page, err)
		}
		for _, changes := range d.chain {
			if _, err := e.Push(bg, d.person, d.space, d.batches(changes)); err != nil {
				t.Fatal(err)
			}
		}
		reader := newDevice(t, "petro", "lyman", 2)
		reader.pull(e, 0)
		reader.mustEqual(e)
		want, _, _ := a.Digest(d.space)
		if got, _, _ := e.Digest(d.space); got != want {
			t.Fatal("something is lost")
		}
		e.Close()
		b := &aging{t: t, disk: disk}
		if _, found, err := b.check(after); file == after && (err != nil || len(found) > 0) {
			t.Fatalf("%v, %v", found, err)
		}
		if c, found, err := b.check(""); file == behind && (err != nil || len(found) > 0 || c.Uncompared > 0) {
			t.Fatalf("%v, %v", found, err)
		}
	}
}

// A cut is many entries of bounded size, and may be cut off anywhere.
func TestALongLogIsCut(t *testing.T) {
	a := newAging(t)
	grant(t, a.Engine, "lyman", community, "oksana", "petro")
	d := newDevice(t, "oksana", "lyman", 1)
	for i := range 2300 {
		d.write(recordNamed(fmt.Sprint(i%40)), &recordsv1.Participant{Phone: fmt.Sprint("+38050", 1000000+i)})
		d.push(a.Engine)
	}
	file := backedUp(t, a.Engine)
	a.mustBeCut(a.cut(0), 0, uint64(len(d.chain)))
	empty := 0
	eachRow(a.disk, func(key, value []byte) {
		if bytes.HasPrefix(key, []byte("e")) && len(value) == 0 || kindOf(key) == "sd" && len(value) == 0 {
			empty++
		}
	})
	if empty < 4500 {
		t.Fatalf("%d rows are empty", empty)
	}
	reader := newDevice(t, "petro", "lyman", 2)
	reader.pull(a.Engine, 0)
	reader.mustEqual(a.Engine)
	a.Close()
	if c, found, err := a.check(file); err != nil || len(found) > 0 || c.Uncompared != 0 {
		t.Fatalf("%+v, %v, %v", c, found, err)
	}
}
