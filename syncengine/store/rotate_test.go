package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

var errCrash = errors.New("crash")

// The change of the master key is cut off at each of its steps. The register
// opens by the key that is in its place then, with all that it had, and the
// change can be made again.
func TestARotationMayBeCutOffAnywhere(t *testing.T) {
	next := keyring.NewKey([32]byte{2})
	for crash := 0; ; crash++ {
		o := sealedStore(t)
		writeSpaces(t, o, rewrapRows+10)
		whole, err := readAll(t, o)
		must(t, err)
		at, last, reached := o, "", 0
		err = rotate(o, next, func() error { at.Master = next; return nil }, func(step string) error {
			last = step
			if reached++; reached > crash {
				return errCrash
			}
			return nil
		})
		if !errors.Is(err, errCrash) {
			must(t, err)
			if crash < 6 {
				t.Fatalf("only %d steps", crash)
			}
			mustBeUnder(t, at, whole, 1)
			if _, err := readAll(t, o); err == nil || fault.KindOf(err) != fault.Invalid {
				t.Errorf("the old key still opens: %v", err)
			}
			return
		}
		if again, err := readAll(t, at); err != nil || again != whole {
			t.Fatalf("cut off at %q: %v", last, err)
		}
		must(t, Rotate(at, keyring.NewKey([32]byte{3}), func() error { at.Master = keyring.NewKey([32]byte{3}); return nil }))
		mustBeUnder(t, at, whole, 1)
	}
}

// writeSpaces makes so many spaces, each with a key.
func writeSpaces(t *testing.T, o Options, spaces int) {
	t.Helper()
	s, err := Open(o)
	must(t, err)
	fold := s.Fold()
	for i := range spaces {
		must(t, fold.PutAccess(merge.SpaceID{1, byte(i >> 8), byte(i)}, merge.PersonID{1}, &logv1.Access{Allowed: true}))
	}
	must(t, fold.Commit())
	must(t, s.Close())
}

// mustBeUnder looks that all is there, and every data key under the newest root,
// of which there are so many.
func mustBeUnder(t *testing.T, o Options, whole string, roots int) {
	t.Helper()
	if again, err := readAll(t, o); err != nil || again != whole {
		t.Fatalf("not as it was: %v", err)
	}
	ring, err := keyring.Open(o.Dir, o.Master)
	must(t, err)
	for key, value := range rawRows(t, o, nil) {
		if key[0] == classDataKey && !ring.SealedNewest([]byte(value)) {
			t.Errorf("the key of %x is under an old root", key[1:])
		}
	}
	data, err := os.ReadFile(filepath.Join(o.Dir, keyring.FileName))
	must(t, err)
	if n := strings.Count(string(data), `"id"`); n != roots {
		t.Errorf("%d roots", n)
	}
}

// What a failure has left is as what a crash has left.
func TestAMoveThatFailsLeavesBothKeysGood(t *testing.T) {
	o, next := sealedStore(t), keyring.NewKey([32]byte{2})
	whole, err := readAll(t, o)
	must(t, err)
	full := fmt.Errorf("disk full")
	if err := Rotate(o, next, func() error { return full }); !errors.Is(err, full) {
		t.Fatal(err)
	}
	for _, key := range []keyring.Master{o.Master, next} {
		o.Master = key
		if again, err := readAll(t, o); err != nil || again != whole {
			t.Errorf("key %v: %v", key, err)
		}
	}
	if err := Rotate(o, next, nil); err == nil || fault.KindOf(err) != fault.Invalid {
		t.Errorf("to the key that it has: %v", err)
	}
}
