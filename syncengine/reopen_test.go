package syncengine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

func reopen(t *testing.T, dir string) (*syncengine.Engine, error) {
	t.Helper()
	return syncengine.Open(syncengine.Options{Dir: dir, Master: testMaster, Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(8)})
}

func TestAStoreIsTheSameAfterReopening(t *testing.T) {
	dir := t.TempDir()
	e, err := reopen(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	grant(t, e, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	for i := range 300 {
		a.write(merge.RecordID{1, byte(i), byte(i >> 8)}, olena())
	}
	a.push(e)
	a.pull(e, 0)
	before, position, err := e.Digest(a.space)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e, err = reopen(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	after, position2, err := e.Digest(a.space)
	if err != nil || after != before || position2 != position {
		t.Fatalf("digest %v, position %d to %d, %v", after == before, position, position2, err)
	}
	a.write(recordNamed("next"), olena())
	a.push(e)
	a.pull(e, 0) // the cursor of before holds
	a.mustEqual(e)
}

func TestAStoreThatCannotBeServedSaysWhatToDo(t *testing.T) {
	made := func(t *testing.T) string {
		dir := t.TempDir()
		e, err := reopen(t, dir)
		if err != nil {
			t.Fatal(err)
		}
		grant(t, e, "lyman", community, "oksana")
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	mustSay := func(t *testing.T, err error, kind fault.Kind, text string) {
		t.Helper()
		if err == nil || fault.KindOf(err) != kind || !strings.Contains(err.Error(), text) {
			t.Fatalf("error of kind %d: %v", fault.KindOf(err), err)
		}
	}
	t.Run("missing key registry", func(t *testing.T) {
		dir := made(t)
		if err := os.Remove(filepath.Join(dir, badger.KeyRegistryFileName)); err != nil {
			t.Fatal(err)
		}
		_, err := reopen(t, dir)
		mustSay(t, err, fault.Damaged, "put a copy of it back")
	})
	t.Run("another version", func(t *testing.T) {
		disk := store.NewMemory()
		o := syncengine.Options{Memory: disk, Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(8)}
		e, err := syncengine.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		disk.Damage(func(key, value []byte) []byte {
			if string(key) == "mformat" {
				return []byte{0, 0, 0, 99}
			}
			return value
		})
		_, err = syncengine.Open(o)
		mustSay(t, err, fault.Damaged, "use the program that wrote it")
	})
	t.Run("already open", func(t *testing.T) {
		dir := made(t)
		e, err := reopen(t, dir)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		_, err = reopen(t, dir)
		mustSay(t, err, fault.Unavailable, "another process")
	})
	t.Run("flipped bit", func(t *testing.T) {
		dir := made(t)
		tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
		if err != nil || len(tables) == 0 {
			t.Fatalf("no tables: %v", err)
		}
		data, err := os.ReadFile(tables[0])
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/3] ^= 1
		if err := os.WriteFile(tables[0], data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = reopen(t, dir)
		mustSay(t, err, fault.Damaged, "restore it from a backup")
	})
}

// Spans of a row: a record may grow beyond what one value holds.
func TestARecordMayOutgrowOneRow(t *testing.T) {
	e := openEngine(t, t.TempDir())
	grant(t, e, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	id := recordNamed("big")
	a.write(id, olena())
	for i := range 30 { // cells that only a newer app knows, 30 KB each
		a.raw(merge.RecordWrites{Type: participantType, Record: id, Writes: []merge.Write{
			{Cell: merge.CellKey{Field: uint32(1000 + i)}, Value: unknownField(1000+i, 30000)},
		}})
	}
	a.push(e)
	a.pull(e, 0)
	a.mustEqual(e)
	if n := len(merge.AppendRecord(nil, a.base[id])); n < 900_000 {
		t.Fatalf("row of %d bytes", n)
	}
	a.write(id, olena(), "phone")
	a.push(e)
	a.pull(e, 0)
	a.mustEqual(e)
}
