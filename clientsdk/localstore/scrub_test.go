package localstore

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// What is deleted, or written over, is in no file after Scrub, for whoever has the
// key too: the store lies here without encryption, so that its files show.
func TestScrubbedIsInNoFile(t *testing.T) {
	vfs.Register("test-plain", disk{vfs.Find("")})
	t.Cleanup(func() { vfs.Unregister("test-plain") })
	dir := filepath.Join(t.TempDir(), "register")
	s, err := open(t.Context(), dir, make([]byte, KeyBytes), "test-plain")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const secret = "Nadiya-7fQzX9kLmW2vR4tB8nY6"
	draws := rand.New(rand.NewPCG(1, 1))
	long := func() []byte { return bytes.Repeat([]byte(secret), 1+draws.IntN(400)) } // some over several pages
	write := func(fn func(tx Tx) error) {
		t.Helper()
		if err := s.Write(context.Background(), fn); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx Tx) error { return tx.AddSpace(merge.SpaceID{1}, 1, merge.ReplicaID{1}) })
	record := func(i int, data []byte) {
		write(func(tx Tx) error {
			r := Record{ID: merge.RecordID{byte(i), byte(i >> 8)}, Type: "visit", Base: data}
			if there, err := tx.Record(1, r.ID); err != nil || there != nil {
				r.N = there.N
			}
			return tx.SaveRecord(1, &r)
		})
	}
	for i := range 200 {
		record(i, long())
		if i%3 == 0 {
			record(i, long())
		}
		write(func(tx Tx) error {
			space, err := tx.Space(merge.SpaceID{1})
			if err != nil {
				return err
			}
			_, err = tx.Append(space, &merge.Change{ID: merge.ID{Replica: space.Chain.Replica, Seq: space.Chain.LastSeq + 1}}, long())
			return err
		})
		write(func(tx Tx) error { return tx.Stage(1, long()) })
	}
	if !inFiles(t, dir, secret) {
		t.Fatal("it is in no file before it is deleted: the test proves nothing")
	}
	write(func(tx Tx) error { return tx.DropStaged(1) })
	for i := range 200 {
		if i%2 == 0 {
			record(i, fmt.Appendf(nil, "left of %d", i))
		}
		write(func(tx Tx) error { return tx.SetOwnContent(1<<seqBits|int64(i+1), []byte("purged")) })
	}
	write(func(tx Tx) error {
		for i := range 200 {
			if i%2 == 1 {
				if err := tx.Erase(1, []merge.RecordID{{byte(i), byte(i >> 8)}}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err := s.Scrub(context.Background()); err != nil {
		t.Fatal(err)
	}
	if inFiles(t, dir, secret) {
		t.Fatal("it is still in a file")
	}
}

func inFiles(t *testing.T, dir, needle string) bool {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(needle)) {
			return true
		}
	}
	return false
}
