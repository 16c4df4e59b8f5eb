package localstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// TestPowerCutLosesNothingReturned cuts the power at moments all over a run of
// writes, in the midst of commits and checkpoints, and lets every sector that
// was not synced be written or not.
func TestPowerCutLosesNothingReturned(t *testing.T) {
	for seed := range uint64(40) {
		if missing, broken := cutAndReopen(t, seed, false); missing > 0 || broken != nil {
			t.Fatalf("seed %d: %d returned writes are gone (%v)", seed, missing, broken)
		}
	}
}

// TestPowerCutFindsADiskThatDoesNotSync is the control of the test above.
func TestPowerCutFindsADiskThatDoesNotSync(t *testing.T) {
	lost := 0
	for seed := range uint64(10) {
		if missing, broken := cutAndReopen(t, seed, true); missing > 0 || broken != nil {
			lost++
		}
	}
	if lost == 0 {
		t.Fatal("a disk that syncs nothing lost nothing: the test proves nothing")
	}
}

// cutAndReopen returns how many of the writes that had returned at a random
// moment are gone after a power cut then, or why the register does not open.
func cutAndReopen(t *testing.T, seed uint64, lies bool) (missing int, broken error) {
	random := rand.New(rand.NewPCG(seed, 1))
	d, name := newDisk(t)
	s, err := open(t.Context(), t.TempDir(), testKey, name)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	// Checkpoints come often, so that many cuts fall into one.
	mustWrite(t, s, func(tx Tx) error { return tx.(*sqlTx).conn.exec("PRAGMA wal_autocheckpoint = 40") })

	returned, left := 0, 100+random.IntN(1500)
	var after string
	var then int
	d.lies = lies
	d.event = func() {
		if left--; left == 0 {
			after, then = d.cut(t, random), returned
		}
	}
	for i := 0; left > 0; i++ {
		if i > 10_000 {
			t.Fatal("the store does not write to the disk beneath it")
		}
		content := make([]byte, 8+random.IntN(9000))
		binary.BigEndian.PutUint64(content, uint64(i))
		if err := s.Write(t.Context(), func(tx Tx) error { return tx.SetProperty(testName(i), content) }); err != nil {
			t.Fatal(err)
		}
		returned++
	}

	reopened, err := Open(t.Context(), after, testKey)
	if err != nil {
		return then, err
	}
	defer reopened.Close()
	err = reopened.Read(t.Context(), func(tx Tx) error {
		for i := range then {
			value, err := tx.Property(testName(i))
			if err != nil {
				return err
			}
			if len(value) < 8 || binary.BigEndian.Uint64(value) != uint64(i) {
				missing++
			}
		}
		return nil
	})
	return missing, err
}

// TestHalfWrittenBlockAtTheEndOfTheLog lets the log end inside a block.
func TestHalfWrittenBlockAtTheEndOfTheLog(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	mustWrite(t, s, func(tx Tx) error { return tx.SetProperty("a", []byte("synced")) })
	for over := sectorBytes; over < 3*blockBytes; over += sectorBytes {
		killed := copyFiles(t, dir)
		log, err := os.OpenFile(filepath.Join(killed, FileName+"-wal"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = log.Write(make([]byte, over))
		if err := errors.Join(err, log.Close()); err != nil {
			t.Fatal(err)
		}
		wantProperty(t, mustOpen(t, killed), "a", "synced")
	}
}

// TestFullDiskLeavesTheRegisterAsItWas lets the disk run full in the midst of a
// transaction.
func TestFullDiskLeavesTheRegisterAsItWas(t *testing.T) {
	d, name := newDisk(t)
	dir := t.TempDir()
	s, err := open(t.Context(), dir, testKey, name)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	mustWrite(t, s, func(tx Tx) error { return tx.SetProperty("before", []byte("kept")) })

	d.free = 20 << 10
	err = s.Write(t.Context(), func(tx Tx) error { return tx.SetProperty("large", bytes.Repeat([]byte{7}, 100<<10)) })
	wantError(t, err, ErrFull)
	wantProperty(t, s, "before", "kept")
	wantProperty(t, s, "large", "")

	d.free = -1 // somebody has tidied up
	mustWrite(t, s, func(tx Tx) error { return tx.SetProperty("after", []byte("kept too")) })
	wantProperty(t, s, "after", "kept too")
}

func testName(i int) string { return merge.RecordID{byte(i >> 8), byte(i)}.String() }
