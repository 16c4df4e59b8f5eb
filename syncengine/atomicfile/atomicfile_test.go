package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mustHold looks for a file, for its owner alone, and for nothing beside it.
func mustHold(t *testing.T, name, want string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil || string(data) != want {
		t.Fatalf("%q, %v", data, err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(name)); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestAFileIsMadeOnceAndReplacedWhole(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys")
	must(t, Create(name, []byte("first")))
	mustHold(t, name, "first")
	if err := Create(name, []byte("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made over another: %v", err)
	}
	mustHold(t, name, "first")
	must(t, Replace(name, []byte("third")))
	mustHold(t, name, "third")
	other := filepath.Join(filepath.Dir(name), "other")
	must(t, Move(name, other))
	mustHold(t, other, "third")
}

func TestWhatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "keys")
	must(t, os.Mkdir(name, 0o700)) // neither can have its name
	for _, write := range []func(string, []byte) error{Create, Replace} {
		if err := write(name, []byte("x")); err == nil {
			t.Error("no error")
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}
