package syncengine_test

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/register"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// backedUp makes a backup file, which is confirmed.
func backedUp(t testing.TB, e *syncengine.Engine) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "backup")
	summary, err := backup.WriteFile(file, func(to io.Writer) (backup.Written, error) {
		return e.Backup(bg, to)
	})
	if err == nil {
		_, err = e.ConfirmBackup(bg, personNamed("admin"), summary.ID, summary.FileHash)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// restored opens an engine on what a backup makes. No two with different seeds
// are of one epoch.
func restored(t testing.TB, file string, seed uint64, dismissed ...register.Dismissal) (*syncengine.Engine, *store.Memory) {
	t.Helper()
	o := syncengine.Options{Memory: store.NewMemory(), Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(seed)}
	if _, err := syncengine.Restore(o, file, register.Contents{Dismissals: dismissed}); err != nil {
		t.Fatal(err)
	}
	e, err := syncengine.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e, o.Memory
}

func (d *device) writeSome(e *syncengine.Engine, names ...string) {
	for _, name := range names {
		d.write(recordNamed(name), olena())
		d.push(e)
	}
}

// pullPage pulls one page with a cursor.
func (d *device) pullPage(e *syncengine.Engine, cursor []byte, pageBytes int) (wire.Page, error) {
	return e.Pull(bg, d.person, d.space, cursor, pageBytes)
}

// A cursor of an older epoch goes on where all epochs since have the same log,
// and is refused beyond that, or if it is of a restore that was lost itself.
func TestCursorsAcrossEpochs(t *testing.T) {
	first := openEngine(t, "")
	grant(t, first, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	a.writeSome(first, "olena", "ivan")
	a.pull(first, 0)
	at2 := a.cursor
	file := backedUp(t, first)
	a.writeSome(first, "maria")
	a.pull(first, 0)
	at3 := a.cursor

	second, _ := restored(t, file, 2)
	a.writeSome(second, "petro", "hanna", "taras")
	page, err := a.pullPage(second, at2, 0)
	if err != nil || page.ReplacesAll || page.Position != 5 || page.Entries[0].FirstPosition != 3 {
		t.Fatalf("%+v, %v", page, err)
	}
	if _, err := a.pullPage(second, at3, 0); fault.KindOf(err) != fault.BadCursor {
		t.Fatalf("a cursor beyond what the epochs share: %v", err)
	}
	at5 := page.Cursor
	later := backedUp(t, second)

	third, _ := restored(t, later, 3)
	for name, c := range map[string]struct {
		cursor []byte
		next   uint64 // position; zero if the cursor is refused
	}{"slept through both": {at2, 3}, "beyond the first restore": {at3, 0}, "of the epoch before": {at5, 6}} {
		a.writeSome(third, "name"+name)
		page, err := a.pullPage(third, c.cursor, 1)
		switch {
		case c.next == 0 && fault.KindOf(err) != fault.BadCursor:
			t.Errorf("%s: %v", name, err)
		case c.next > 0 && (err != nil || len(page.Entries) == 0 || page.Entries[0].FirstPosition != c.next):
			t.Errorf("%s: %+v, %v", name, page, err)
		}
	}

	other, _ := restored(t, file, 4) // the first backup again
	if _, err := a.pullPage(other, at5, 0); fault.KindOf(err) != fault.BadCursor {
		t.Fatalf("a cursor of an epoch that this store never had: %v", err)
	}
	if page, err := a.pullPage(other, at2, 0); err != nil || page.ReplacesAll {
		t.Fatalf("%+v, %v", page, err)
	}
}

// Rows that were served in parts may be newer than the position of their cursor.
func TestACursorInTheMidstOfRowsBeginsAnew(t *testing.T) {
	first := openEngine(t, "")
	grant(t, first, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	for i := range 40 { // over and over, so that the rows are shorter than the log
		again := fat(recordNamed("olena"), participantType, 17_000, uint64(i))
		again.Writes[0].Replaces = lastOf(a.chain)
		a.raw(again)
		a.push(first)
	}
	a.writeSome(first, "ivan")
	page, err := a.pullPage(first, nil, 1)
	if err != nil || page.Consistent || len(page.Rows) != 1 {
		t.Fatalf("the test needs rows: %d rows, consistent %v, %v", len(page.Rows), page.Consistent, err)
	}
	second, _ := restored(t, backedUp(t, first), 2)
	if _, err := a.pullPage(second, page.Cursor, 0); fault.KindOf(err) != fault.BadCursor {
		t.Fatal(err)
	}
}

func lastOf(chain []*merge.Change) []merge.ID {
	if len(chain) == 0 {
		return nil
	}
	return []merge.ID{chain[len(chain)-1].ID}
}

// The chain on which the server wrote before it was lost comes back from whoever
// kept it; of the one on which it writes now it has
// everything.
func TestTheServersOwnChains(t *testing.T) {
	first := openEngine(t, "")
	grant(t, first, "lyman", community, "oksana", "coordinator")
	a := newDevice(t, "oksana", "lyman", 1)
	a.writeSome(first, "olena")
	settle(t, first, "+380500000001")
	file := backedUp(t, first)
	lost := settle(t, first, "+380500000002")
	batches := a.tail(first, 2)

	second, _ := restored(t, file, 2)
	own := settle(t, second, "+380500000003")
	if own.Replica == lost.Replica || own.Seq != 1 {
		t.Fatalf("%s after %s", own, lost)
	}
	if outcomes, err := second.Push(bg, a.person, a.space, batches); err != nil || outcomes[0].Verdict != wire.Applied {
		t.Fatalf("%+v, %v", outcomes, err)
	}
	_, before, err := second.Digest(a.space)
	if err != nil {
		t.Fatal(err)
	}
	if outcomes, err := second.Push(bg, a.person, a.space, a.tail(second, 2)); err != nil || outcomes[0].Verdict != wire.Applied {
		t.Fatalf("what it has just written: %+v, %v", outcomes, err)
	}
	if _, after, err := second.Digest(a.space); err != nil || after != before {
		t.Fatalf("it is at %d and was at %d, %v", after, before, err)
	}
	if next := settle(t, second, "+380500000004"); next.Replica != own.Replica || next.Seq != 2 {
		t.Fatalf("%s after %s", next, own)
	}
}

// settle writes olena's phone as a coordinator.
func settle(t *testing.T, e *syncengine.Engine, phone string) merge.ID {
	t.Helper()
	message, err := proto.Marshal(&recordsv1.Participant{Phone: phone})
	if err != nil {
		t.Fatal(err)
	}
	id, _, err := e.Write(bg, personNamed("coordinator"), spaceNamed("lyman"), []syncengine.WriteRecord{{
		Type: participantType, Record: recordNamed("olena"), Message: message,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// tail returns the batches of the log beyond a position.
func (d *device) tail(e *syncengine.Engine, after uint64) (batches [][]byte) {
	d.t.Helper()
	page, err := d.pullPage(e, nil, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, entry := range page.Entries {
		if entry.FirstPosition > after {
			batches = append(batches, entry.Batch)
		}
	}
	return batches
}

// What was dismissed after the backup stays dismissed: a change that the backup
// has in quarantine, one that came after it, and one of a space that was made
// after it.
func TestDismissalsOutliveARestore(t *testing.T) {
	kept, err := register.Open(filepath.Join(t.TempDir(), "register"))
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	recorder := &recorded{to: kept}
	e, err := syncengine.Open(syncengine.Options{Memory: store.NewMemory(), Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(1), Register: recorder})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	grant(t, e, "lyman", community, "oksana")
	a, c := newDevice(t, "oksana", "lyman", 1), newDevice(t, "oksana", "drobysheve", 2)
	before := a.raw(thing("before"))
	a.push(e)
	file := backedUp(t, e)
	after := a.raw(thing("after"))
	a.push(e)
	grant(t, e, "drobysheve", community, "oksana")
	elsewhere := c.raw(thing("elsewhere"))
	c.push(e)
	for _, d := range []*device{a, c} {
		var ids []merge.ID
		for _, change := range d.chain {
			ids = append(ids, change.ID)
		}
		if err := e.Dismiss(bg, d.person, d.space, ids, enteredTwice); err != nil {
			t.Fatal(err)
		}
	}

	home, disk := restored(t, file, 2, recorder.list...)
	grant(t, home, "drobysheve", community, "oksana")
	mustBeDismissed(t, verdictOf(t, home, a, before.ID), verdictOf(t, home, a, after.ID), verdictOf(t, home, c, elsewhere.ID))
	for _, d := range []*device{a, c} {
		outcomes, err := home.Push(bg, d.person, d.space, d.batches(d.chain...))
		if err != nil || len(outcomes) != len(d.chain) {
			t.Fatalf("%+v, %v", outcomes, err)
		}
		mustBeDismissed(t, outcomes...)
	}
	home.Close()
	mustBeHealthy(t, disk)

	without, _ := restored(t, file, 3)
	if o := verdictOf(t, without, a, before.ID); o.Verdict != wire.Quarantined {
		t.Fatalf("%+v", o)
	}
}

// recorded remembers what was added.
type recorded struct {
	to   syncengine.Register
	list []register.Dismissal
}

// Add implements syncengine.Register.
func (r *recorded) Add(dismissals []register.Dismissal) error {
	r.list = append(r.list, dismissals...)
	return r.to.Add(dismissals)
}

// AddErasure implements syncengine.Register.
func (r *recorded) AddErasure(e register.Erasure) error { return r.to.AddErasure(e) }

// AddEnds implements syncengine.Register.
func (r *recorded) AddEnds(ends []register.End) error { return r.to.AddEnds(ends) }

// What is told to be durable is in a backup that was confirmed, and nothing else
// is.
func TestDurableThroughFollowsConfirmedBackups(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana")
	grant(t, e, "drobysheve", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	a.writeSome(e, "olena", "ivan")
	var file bytes.Buffer
	summary, err := e.Backup(bg, &file)
	if err != nil {
		t.Fatal(err)
	}
	durable := func(want uint64) {
		t.Helper()
		if page, err := a.pullPage(e, nil, 0); err != nil || page.DurableThrough != want {
			t.Fatalf("durable through %d, want %d, %v", page.DurableThrough, want, err)
		}
	}
	a.writeSome(e, "maria")
	durable(0)
	if _, err := e.ConfirmBackup(bg, a.person, summary.ID, [32]byte{}); fault.KindOf(err) != fault.FalseHash {
		t.Fatal(err)
	}
	if _, err := e.ConfirmBackup(bg, a.person, backup.ID{1}, summary.FileHash); fault.KindOf(err) != fault.NotFound {
		t.Fatal(err)
	}
	durable(0)
	for _, want := range []int{1, 0} { // confirmed again, it changes nothing
		if spaces, err := e.ConfirmBackup(bg, a.person, summary.ID, summary.FileHash); err != nil || spaces != want {
			t.Fatalf("%d spaces, %v", spaces, err)
		}
	}
	durable(2)
	backedUp(t, e)
	durable(3)
	if _, err := e.ConfirmBackup(bg, a.person, summary.ID, summary.FileHash); err != nil {
		t.Fatal(err)
	}
	durable(3)
}

// Backups that are taken while devices push hold whole pushes and nothing else.
func TestABackupIsOfOneMoment(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana")
	var pushing sync.WaitGroup
	for number := range byte(3) {
		pushing.Go(func() {
			d := newDevice(t, "oksana", "lyman", number+1)
			for i := range byte(40) {
				d.write(merge.RecordID{1, i}, olena())
				d.write(merge.RecordID{2, number, i}, olena())
				d.push(e)
			}
		})
	}
	for range 4 {
		if _, _, err := syncengine.CheckBackup(bg, syncengine.Options{}, backedUp(t, e), "", func(d syncengine.Damage) { t.Error(d) }); err != nil {
			t.Error(err)
		}
	}
	pushing.Wait()
	checked, _, err := syncengine.CheckBackup(bg, syncengine.Options{}, backedUp(t, e), "", func(d syncengine.Damage) { t.Error(d) })
	digest, position, err2 := e.Digest(spaceNamed("lyman"))
	if err != nil || err2 != nil || len(checked.Spaces) != 1 || checked.Spaces[0].Digest != digest || checked.Spaces[0].Position != position || position != 240 {
		t.Fatalf("%+v; %x at %d; %v, %v", checked, digest, position, err, err2)
	}
}

// A restore that is cut off leaves nothing that passes for a store, and one goes
// into an empty store only.
func TestARestoreIsWholeOrNothing(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	for i := range 300 {
		a.write(merge.RecordID{1, byte(i), byte(i >> 8)}, olena())
	}
	a.push(e)
	file := backedUp(t, e)
	disk := store.NewMemory()
	disk.Fill(20 << 10)
	o := syncengine.Options{Memory: disk, Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(2)}
	if _, err := syncengine.Restore(o, file, register.Contents{}); err == nil {
		t.Fatal("restored onto a full disk")
	}
	disk.Fill(1 << 30)
	if _, err := syncengine.Open(o); fault.KindOf(err) != fault.Damaged || !strings.Contains(err.Error(), "cut off") {
		t.Fatalf("half a restore is opened: %v", err)
	}
	if _, err := syncengine.Restore(o, file, register.Contents{}); fault.KindOf(err) != fault.Invalid {
		t.Fatalf("restored into what was there: %v", err)
	}
	o.Memory, o.FreeBytes, o.FreeBytesMin = store.NewMemory(), func() (uint64, error) { return 1 << 20, nil }, 1<<20
	if _, err := syncengine.Restore(o, file, register.Contents{}); fault.KindOf(err) != fault.NoRoom {
		t.Fatal(err)
	}
}
