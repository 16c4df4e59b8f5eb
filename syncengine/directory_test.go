package syncengine_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/register"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

func rowNamed(name string) (key syncengine.DirectoryKey) { copy(key[:], name); return key }

func put(name string, expected uint64, row string) syncengine.DirectoryPut {
	return syncengine.DirectoryPut{Key: rowNamed(name), Expected: expected, Row: []byte(row)}
}

func changed(t testing.TB, e *syncengine.Engine, puts ...syncengine.DirectoryPut) uint64 {
	t.Helper()
	version, err := e.ChangeDirectory(bg, personNamed("admin"), puts)
	if err != nil || e.DirectoryVersion() != version {
		t.Fatalf("version %d, the engine says %d, %v", version, e.DirectoryVersion(), err)
	}
	return version
}

// directoryOf returns the rows that were written after a version, as text.
func directoryOf(t testing.TB, e *syncengine.Engine, after uint64) string {
	t.Helper()
	var rows strings.Builder
	version, err := e.DirectoryRows(after, func(key syncengine.DirectoryKey, version uint64, row []byte) error {
		_, err := fmt.Fprintf(&rows, "%s=%s/%d ", bytes.TrimRight(key[:], "\x00"), row, version)
		return err
	})
	if err != nil || version != e.DirectoryVersion() {
		t.Fatalf("version %d, the engine says %d, %v", version, e.DirectoryVersion(), err)
	}
	return strings.TrimSpace(rows.String())
}

func mustHoldRows(t testing.TB, e *syncengine.Engine, after uint64, want string) {
	t.Helper()
	if have := directoryOf(t, e, after); have != want {
		t.Fatalf("have %q, want %q", have, want)
	}
}

// All rows of a change are put, or none: the one whose version is another, and
// the one that was only looked at, keep back the others.
func TestADirectoryChangeHappensWholeOrNotAtAll(t *testing.T) {
	e := openEngine(t, "")
	mustHoldRows(t, e, 0, "")
	changed(t, e, put("user", 0, "oksana"), put("device", 0, "tablet 7"))
	changed(t, e, put("user", 1, "oksana, ended"))
	mustHoldRows(t, e, 0, "device=tablet 7/1 user=oksana, ended/2")
	mustHoldRows(t, e, 1, "user=oksana, ended/2")
	for name, puts := range map[string][]syncengine.DirectoryPut{
		"an older version":        {put("device", 1, "revoked"), put("user", 1, "petro")},
		"a row that is there":     {put("device", 0, "tablet 8")},
		"a row that is not there": {put("device", 1, "revoked"), put("invitation", 1, "used")},
		"what was looked at":      {put("invitation", 0, "for oksana"), put("user", 1, "")},
	} {
		if _, err := e.ChangeDirectory(bg, personNamed("admin"), puts); fault.KindOf(err) != fault.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	mustHoldRows(t, e, 0, "device=tablet 7/1 user=oksana, ended/2")
	changed(t, e, put("invitation", 0, "for oksana"), put("user", 2, ""))
	mustHoldRows(t, e, 2, "invitation=for oksana/3")
}

func TestADirectoryChangeOfNothingIsRefused(t *testing.T) {
	e := openEngine(t, "")
	many := make([]syncengine.DirectoryPut, limits.DirectoryPuts+1)
	for i := range many {
		many[i] = put(fmt.Sprint(i), 0, "row")
	}
	long := strings.Repeat("x", limits.DirectoryRowBytes)
	for name, c := range map[string]struct {
		puts []syncengine.DirectoryPut
		kind fault.Kind
	}{
		"no row":        {nil, fault.Invalid},
		"only looks":    {[]syncengine.DirectoryPut{put("user", 0, "")}, fault.Invalid},
		"the same row":  {[]syncengine.DirectoryPut{put("user", 0, "a"), put("user", 0, "b")}, fault.Invalid},
		"too many rows": {many, fault.TooLarge},
		"a long row":    {[]syncengine.DirectoryPut{put("user", 0, long+"x")}, fault.TooLarge},
	} {
		if _, err := e.ChangeDirectory(bg, personNamed("admin"), c.puts); fault.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	most := many[:limits.DirectoryBytes/limits.DirectoryRowBytes]
	for i := range most {
		most[i].Row = []byte(long)
	}
	changed(t, e, most...) // what the limits allow fits a transaction
}

// Of many who put the same row at once one wins, each time.
func TestOneOfManyChangesTheDirectory(t *testing.T) {
	e := openEngine(t, "")
	const rounds, rivals = 20, 16
	for version := range uint64(rounds) {
		var won atomic.Int64
		var racing sync.WaitGroup
		for i := range rivals {
			racing.Go(func() {
				_, err := e.ChangeDirectory(bg, personNamed("admin"), []syncengine.DirectoryPut{put("invitation", version, fmt.Sprint("device ", i))})
				switch {
				case err == nil:
					won.Add(1)
				case fault.KindOf(err) != fault.Conflict:
					t.Error(err)
				}
			})
		}
		racing.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d have won", won.Load())
		}
	}
}

func TestTheDirectoryIsThereAfterReopening(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, dir)
	changed(t, e, put("user", 0, "oksana"))
	changed(t, e, put("user", 1, "petro"))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = openEngine(t, dir)
	mustHoldRows(t, e, 0, "user=petro/2")
	changed(t, e, put("user", 2, "hanna"))
	mustHoldRows(t, e, 2, "user=hanna/3")
}

// endRow ends a row of these tests: it writes so behind it.
func endRow(_ syncengine.DirectoryKey, row []byte, _ int64) ([]byte, error) {
	if bytes.HasSuffix(row, []byte(", ended")) {
		return nil, nil
	}
	return append(bytes.Clone(row), ", ended"...), nil
}

// restoredDirectory opens an engine on what a backup and the register make.
func restoredDirectory(t *testing.T, file, kept string, seed uint64) (*syncengine.Engine, *register.File, *store.Memory) {
	t.Helper()
	contents, err := register.Read(kept)
	if err != nil {
		t.Fatal(err)
	}
	o := syncengine.Options{Memory: store.NewMemory(), Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(seed), EndRow: endRow}
	if _, err := syncengine.Restore(o, file, contents); err != nil {
		t.Fatal(err)
	}
	to, err := register.Open(kept)
	if err != nil {
		t.Fatal(err)
	}
	o.Register = to
	e, err := syncengine.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close(); to.Close() })
	return e, to, o.Memory
}

func lasting(name string, expected uint64, row string, l syncengine.Lasting) syncengine.DirectoryPut {
	p := put(name, expected, row)
	p.Lasting = l
	return p
}

// What ended after the backup was made has ended in what is restored of it; what
// was resumed has not; and what came first after a restore is not taken for
// older than what was before it.
func TestEndsOutliveARestore(t *testing.T) {
	kept := filepath.Join(t.TempDir(), "register")
	to, err := register.Open(kept)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	e, err := syncengine.Open(syncengine.Options{Memory: store.NewMemory(), Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(1), Register: to})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	changed(t, e, put("device", 0, "tablet 7"), put("oksana", 0, "user"), put("petro", 0, "user"))
	file := backedUp(t, e)
	changed(t, e, lasting("device", 1, "tablet 7, ended", syncengine.Ended))
	changed(t, e, lasting("petro", 1, "user, ended", syncengine.Ended))
	changed(t, e, lasting("petro", 3, "user", syncengine.Resumed))
	changed(t, e, put("later", 0, "tablet 8"))
	changed(t, e, lasting("later", 5, "tablet 8, ended", syncengine.Ended)) // which the backup lacks

	second, _, disk := restoredDirectory(t, file, kept, 2)
	mustHoldRows(t, second, 0, "device=tablet 7, ended/7 oksana=user/1 petro=user/1")
	changed(t, second, lasting("oksana", 1, "user, ended", syncengine.Ended))
	again := backedUp(t, second)
	changed(t, second, lasting("oksana", 8, "user", syncengine.Resumed))
	changed(t, second, put("oksana", 9, "user of another name"))
	later := backedUp(t, second)
	changed(t, second, lasting("oksana", 10, "user of another name, ended", syncengine.Ended))
	second.Close()
	mustBeHealthy(t, disk)

	for name, c := range map[string]struct{ file, want string }{
		"the first backup":         {file, "device=tablet 7, ended/12 oksana=user, ended/12 petro=user/1"},
		"one in which she was out": {again, "device=tablet 7, ended/7 oksana=user, ended/8 petro=user/1"},
		"one in which she was in":  {later, "device=tablet 7, ended/7 oksana=user of another name, ended/12 petro=user/1"},
	} {
		third, _, disk := restoredDirectory(t, c.file, kept, 3)
		if have := directoryOf(t, third, 0); have != c.want {
			t.Errorf("%s: have %q, want %q", name, have, c.want)
		}
		third.Close()
		mustBeHealthy(t, disk)
	}
}

// If the register cannot be written, whoever asked is told, and asks again.
func TestAnEndThatIsNotRegisteredIsAskedForAgain(t *testing.T) {
	kept := filepath.Join(t.TempDir(), "register")
	to, err := register.Open(kept)
	if err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil { // its disk is gone
		t.Fatal(err)
	}
	e, err := syncengine.Open(syncengine.Options{Memory: store.NewMemory(), Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(1), Register: to})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	_, err = e.ChangeDirectory(bg, personNamed("admin"), []syncengine.DirectoryPut{lasting("device", 0, "ended", syncengine.Ended)})
	if fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "ask again") {
		t.Fatal(err)
	}
	mustHoldRows(t, e, 0, "device=ended/1")
}

// Entries of the directory are forgotten with the log of the partition that they
// lie in, once a backup has them. What they made stays, and a check finds damage
// to it: with the backup all of it, without it what cannot be read.
func TestTheDirectoryOutlivesACutOfItsLog(t *testing.T) {
	a := newAging(t)
	name := "space" // in the partition of the directory
	for i := 0; store.Partition(spaceNamed(name)) != store.DirectoryPartition(); i++ {
		name = fmt.Sprint("space ", i)
	}
	grant(t, a.Engine, name, community, "oksana")
	d := newDevice(t, "oksana", name, 1)
	changed(t, a.Engine, put("user", 0, "oksana"))
	changed(t, a.Engine, put("user", 1, "oksana, ended"))
	d.writeSome(a.Engine, "olena")
	a.pass(365)
	behind := backedUp(t, a.Engine)
	if cut := a.cut(1); cut.Entries < 4 {
		t.Fatalf("%d entries were cut: the directory's are not among them", cut.Entries)
	}
	changed(t, a.Engine, put("device", 0, "tablet 7"))
	a.Close()
	healthy := a.disk
	for what, from := range map[string]string{"with the backup": behind, "without": ""} {
		if _, found, err := a.check(from); len(found) > 0 || err != nil {
			t.Fatalf("%s: %v, %v", what, found, err)
		}
	}
	key := append([]byte{'d'}, make([]byte, 17)...)
	copy(key[1:], "user")
	for what, value := range map[string][]byte{"lost": nil, "unreadable": {0xff}, "another": []byte("\x08\x02\x12\x05petro")} {
		a.disk = damaged(healthy, key, value)
		if _, found, err := a.check(behind); len(found) == 0 || err != nil {
			t.Errorf("%s, with the backup: %v, %v", what, found, err)
		}
		if _, found, err := a.check(""); what == "unreadable" && len(found) == 0 || err != nil {
			t.Errorf("%s, without: %v, %v", what, found, err)
		}
	}
	a.disk = healthy
	a.open(8)
	mustHoldRows(t, a.Engine, 0, "device=tablet 7/3 user=oksana, ended/2")
}
