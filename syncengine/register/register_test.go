package register_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/register"
)

func dismissal(n byte) register.Dismissal {
	return register.Dismissal{
		Space: merge.SpaceID{n}, Change: merge.ID{Replica: merge.ReplicaID{n, 1}, Seq: uint64(n) + 1, Tag: merge.Tag{n, 2}}, Reason: "draft.twice",
	}
}

func write(t *testing.T, name string, dismissals ...register.Dismissal) {
	t.Helper()
	file, err := register.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Add(dismissals); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

func mustHold(t *testing.T, name string, want ...register.Dismissal) {
	t.Helper()
	contents, err := register.Read(name)
	got := contents.Dismissals
	if err != nil || len(got) != len(want) {
		t.Fatalf("%v, want %v; %v", got, want, err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%v, want %v", got[i], want[i])
		}
	}
}

// Wherever a crash cuts the last line, those before it are there, and the next
// one follows them.
func TestACutLineIsTakenAway(t *testing.T) {
	name := filepath.Join(t.TempDir(), "register")
	write(t, name, dismissal(0), dismissal(7))
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(whole, '\n') + 1
	for n := first; n < len(whole); n++ {
		if err := os.WriteFile(name, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		mustHold(t, name, dismissal(0))
		write(t, name, dismissal(9))
		mustHold(t, name, dismissal(0), dismissal(9))
	}
}

func TestDamageIsFound(t *testing.T) {
	name := filepath.Join(t.TempDir(), "register")
	write(t, name, dismissal(3), dismissal(4))
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(whole) - 1 { // without its last end, a line counts as cut
		altered := bytes.Clone(whole)
		altered[i] ^= 1
		if err := os.WriteFile(name, altered, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := register.Read(name); fault.KindOf(err) != fault.Damaged {
			t.Fatalf("byte %d: %v", i, err)
		}
		if _, err := register.Open(name); err == nil {
			t.Fatalf("byte %d: opened", i)
		}
	}
}

func TestWhatWasAddedIsRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "register")
	if _, err := register.Read(name); fault.KindOf(err) != fault.NotFound {
		t.Fatal(err)
	}
	var all []register.Dismissal
	rapid.Check(t, func(rt *rapid.T) {
		for _, n := range rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(rt, "dismissed") {
			all = append(all, dismissal(n))
			write(t, name, dismissal(n))
		}
	})
	mustHold(t, name, all...)
}

// Ends stand between dismissals, and are told apart from them and from each
// other; whichever byte of one is altered, it is found.
func TestEndsAreReadBack(t *testing.T) {
	name := filepath.Join(t.TempDir(), "register")
	ends := []register.End{{Row: [17]byte{5, 1}, Version: 3}, {Row: [17]byte{4, 2}, Version: 1 << 60}, {Row: [17]byte{4, 2}, Version: 9, Resumed: true}}
	for i := range ends {
		write(t, name, dismissal(byte(i)))
		file, err := register.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(file.AddEnds(ends[i:i+1]), file.Close()); err != nil {
			t.Fatal(err)
		}
	}
	contents, err := register.Read(name)
	if err != nil || !slices.Equal(contents.Ends, ends) || len(contents.Dismissals) != len(ends) {
		t.Fatalf("%+v, %v", contents, err)
	}
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(whole) - 1 {
		altered := bytes.Clone(whole)
		altered[i] ^= 1
		if err := os.WriteFile(name, altered, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := register.Read(name); fault.KindOf(err) != fault.Damaged {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
}
