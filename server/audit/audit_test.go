package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

const august2016 = int64(1470000000000)

func clock() func() int64 {
	now := august2016
	return func() int64 { now += 1500; return now }
}

// written returns the name of a log of so many entries.
func written(t testing.TB, entries int) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "audit")
	l := open(t, name)
	for i := range entries {
		if err := l.Append(t.Context(), audit.Event{Action: "records.settle", By: "0e01", Count: i}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

func open(t testing.TB, name string) *audit.Log {
	t.Helper()
	l, err := audit.Open(name, clock())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func flaws(t testing.TB, log []byte, known ...audit.Head) (found []string, v audit.Verified) {
	t.Helper()
	v, err := audit.Verify(bytes.NewReader(log), known, func(f audit.Flaw) { found = append(found, f.String()) })
	if err != nil || v.Flaws != len(found) {
		t.Fatalf("%+v, %v", v, err)
	}
	return found, v
}

func TestALogGoesOnWhereItEnded(t *testing.T) {
	name := written(t, 3)
	l := open(t, name)
	if err := l.Append(t.Context(), audit.Event{Action: "device.revoke", By: "0e01", Device: "d1"}); err != nil {
		t.Fatal(err)
	}
	found, v := flaws(t, read(t, name), l.Head())
	if len(found) > 0 || v.Lines != 4 || v.Head != l.Head() || v.Head.Seq != 4 {
		t.Fatalf("%q, %+v", found, v)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	last := strings.Split(string(read(t, name)), "\n")[3]
	if !strings.HasPrefix(last, `{"seq":4,"at":"2016-`) || !strings.Contains(last, `"action":"device.revoke","by":"0e01","device":"d1","previous":"`) {
		t.Fatal(last)
	}
}

// Whatever somebody does to single bytes or lines of a log, it shows.
func TestNothingOfALogCanBeChangedUnseen(t *testing.T) {
	log := read(t, written(t, 12))
	_, whole := flaws(t, log)
	rapid.Check(t, func(rt *rapid.T) {
		lines := slices.DeleteFunc(strings.SplitAfter(string(log), "\n"), func(line string) bool { return line == "" })
		i, j := rapid.IntRange(0, len(lines)-1).Draw(rt, "line"), rapid.IntRange(0, len(lines)-1).Draw(rt, "other line")
		switch rapid.SampledFrom([]string{"alter", "take out", "put in", "move", "repeat", "cut"}).Draw(rt, "deed") {
		case "alter":
			line := []byte(lines[i])
			line[rapid.IntRange(0, len(line)-2).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
			lines[i] = string(line)
		case "take out":
			lines = slices.Delete(lines, i, i+1)
		case "put in":
			lines = slices.Insert(lines, i, lines[j])
		case "move":
			if i == j {
				return
			}
			lines[i], lines[j] = lines[j], lines[i]
		case "repeat":
			lines = append(lines, lines...)
		case "cut":
			lines = append(lines[:i:i], lines[i][:rapid.IntRange(0, len(lines[i])-1).Draw(rt, "bytes")])
		}
		if found, _ := flaws(t, []byte(strings.Join(lines, "")), whole.Head); len(found) == 0 {
			rt.Fatalf("nothing is found:\n%s", strings.Join(lines, ""))
		}
	})
}

// Whoever writes the whole log anew, with hashes that fit, is found by a head
// that was kept elsewhere.
func TestALogThatWasWrittenAnewIsFoundByItsHead(t *testing.T) {
	_, before := flaws(t, read(t, written(t, 5)))
	name := filepath.Join(t.TempDir(), "audit")
	l := open(t, name)
	for range 7 {
		if err := l.Append(t.Context(), audit.Event{Action: "records.read"}); err != nil {
			t.Fatal(err)
		}
	}
	if found, _ := flaws(t, read(t, name)); len(found) > 0 {
		t.Fatalf("it fits: %q", found)
	}
	found, _ := flaws(t, read(t, name), before.Head)
	if len(found) != 1 || !strings.Contains(found[0], "line 5: entry 5 was another one once") {
		t.Fatalf("%q", found)
	}
}

func TestALineThatACrashCutShortIsSaid(t *testing.T) {
	name := written(t, 2)
	log := read(t, name)
	if err := os.WriteFile(name, append(log, `{"seq":3,"at":"20`...), 0o600); err != nil {
		t.Fatal(err)
	}
	l := open(t, name)
	var last audit.Entry
	if err := audit.Read(bytes.NewReader(read(t, name)), func(e audit.Entry) error { last = e; return nil }); err != nil {
		t.Fatal(err)
	}
	if found, v := flaws(t, read(t, name)); len(found) > 0 || v.Lines != 3 || l.Head() != v.Head || last.Action != audit.Torn || last.Count != 17 {
		t.Fatalf("%q, %+v, %+v", found, v, last)
	}
}

func TestALogWhoseEndWasAlteredIsNotGoneOnWith(t *testing.T) {
	name := written(t, 2)
	log := bytes.Replace(read(t, name), []byte(`"count":1`), []byte(`"count":2`), 1)
	if err := os.WriteFile(name, log, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.Open(name, clock()); fault.KindOf(err) != fault.Damaged {
		t.Fatal(err)
	}
}

// What many append at once is all there, each once and in its order.
func TestManyAppendAtOnce(t *testing.T) {
	name := filepath.Join(t.TempDir(), "audit")
	l := open(t, name)
	const people, each = 16, 20
	var all sync.WaitGroup
	for person := range people {
		all.Go(func() {
			for i := range each {
				if err := l.Append(context.Background(), audit.Event{Action: "records.read", By: fmt.Sprint(person), Count: i + 1}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	next := map[string]int{}
	err := audit.Read(bytes.NewReader(read(t, name)), func(e audit.Entry) error {
		if next[e.By]++; e.Count != next[e.By] {
			return fmt.Errorf("of %s comes %d, %d is due", e.By, e.Count, next[e.By])
		}
		return nil
	})
	if found, v := flaws(t, read(t, name), l.Head()); err != nil || len(found) > 0 || v.Lines != people*each {
		t.Fatalf("%v, %q, %d lines", err, found, v.Lines)
	}
}

// Where nothing can be written, whoever wants to do something is told that it is
// not done; and not where the log is.
func TestWhatCannotBeLoggedIsAnError(t *testing.T) {
	name := filepath.Join(t.TempDir(), "secret-place")
	l := open(t, name)
	l.Close()
	err := l.Append(t.Context(), audit.Event{Action: "records.export"})
	if fault.KindOf(err) != fault.Unavailable || strings.Contains(err.Error(), "secret-place") {
		t.Fatal(err)
	}
	given, cancel := context.WithCancel(t.Context())
	cancel()
	if err := open(t, name).Append(given, audit.Event{Action: "records.export"}); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(read(f, written(f, 3)))
	f.Fuzz(func(t *testing.T, log []byte) {
		_, v := flaws(t, log)
		whole := audit.Read(bytes.NewReader(log), func(audit.Entry) error { return nil })
		if v.Flaws == 0 && whole != nil {
			t.Fatalf("no flaw, and %v", whole)
		}
	})
}
