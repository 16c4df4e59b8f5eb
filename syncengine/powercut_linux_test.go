package syncengine_test

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// A power cut leaves on disk what was synced and nothing else. Badger writes
// its log through a shared memory map, so the kernel can be asked: a page of
// the map that is not on disk yet is dirty in /proc/self/smaps. Once a push has
// been answered no page may be dirty. The control, with synced writes off,
// must show dirty pages at the same place, or this test would prove nothing.
func TestAnsweredPushesSurviveAPowerCut(t *testing.T) {
	for _, unsynced := range []bool{false, true} {
		dir := diskDir(t)
		e, err := syncengine.Open(syncengine.Options{
			Dir: dir, Master: testMaster, Unsynced: unsynced, Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(7),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		grant(t, e, "lyman", community, "oksana")
		a := newDevice(t, "oksana", "lyman", 1)
		dirtyAnswers := 0
		for i := range 20 {
			a.write(merge.RecordID{byte(i + 1)}, olena())
			a.push(e)
			if dirtyKilobytes(t, dir) > 0 {
				dirtyAnswers++
			}
		}
		if unsynced {
			if dirtyAnswers == 0 {
				t.Error("control: with synced writes off nothing was found dirty either; the test cannot tell a synced store from an unsynced one")
			}
			continue
		}
		if dirtyAnswers > 0 {
			t.Errorf("%d of 20 answers were given before the change was on disk", dirtyAnswers)
		}
		mustHoldAll(t, copyOf(t, dir), a)
	}
}

// diskDir returns a directory on a real disk: pages of a memory file system
// are dirty for ever.
func diskDir(t *testing.T) string {
	t.Helper()
	const memoryFileSystem = 0x01021994 // TMPFS_MAGIC of linux/magic.h
	dir := t.TempDir()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		t.Fatal(err)
	}
	if fs.Type != memoryFileSystem {
		return dir
	}
	dir, err := os.MkdirTemp(".", "powercut-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// dirtyKilobytes sums what the maps of files in dir hold that is not on disk.
func dirtyKilobytes(t *testing.T, dir string) int {
	t.Helper()
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer smaps.Close()
	dirty, inside, maps := 0, false, 0
	for lines := bufio.NewScanner(smaps); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch {
		case !strings.HasSuffix(fields[0], ":"): // the head of a mapping
			inside = len(fields) > 5 && strings.HasPrefix(fields[5], dir+"/") && strings.HasSuffix(fields[5], ".mem")
			if inside {
				maps++
			}
		case inside && (fields[0] == "Shared_Dirty:" || fields[0] == "Private_Dirty:"):
			kilobytes, err := strconv.Atoi(fields[1])
			if err != nil {
				t.Fatal(err)
			}
			dirty += kilobytes
		}
	}
	if maps == 0 {
		t.Fatal("no write-ahead log is mapped: Badger writes in another way now, and this test must too")
	}
	return dirty
}

// copyOf copies the store's files as they are, while it is open, but for the
// lock.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() == "LOCK" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, f.Name()), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func mustHoldAll(t *testing.T, dir string, d *device) {
	t.Helper()
	e := openEngine(t, dir)
	for _, c := range d.chain {
		outcomes, err := e.Verdicts(d.person, d.space, []merge.ID{c.ID})
		if err != nil || len(outcomes) != 1 || outcomes[0].Verdict != wire.Applied {
			t.Fatalf("change %s was answered and is lost: %+v, %v", c.ID, outcomes, err)
		}
	}
	if _, err := e.Pull(context.Background(), d.person, d.space, nil, 0); err != nil {
		t.Fatal(err)
	}
}
