package store_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"syscall"
	"testing"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// server is a store on a memory, which restarts.
type server struct {
	t        *testing.T
	memory   *store.Memory
	unsynced bool
	store    *store.Store
}

func newServer(t *testing.T, unsynced bool) *server {
	s := &server{t: t, memory: store.NewMemory(), unsynced: unsynced}
	s.start()
	return s
}

func (s *server) start() {
	s.t.Helper()
	st, err := store.Open(store.Options{Memory: s.memory, Unsynced: s.unsynced, Random: rand.NewChaCha8([32]byte{1})})
	if err != nil {
		s.t.Fatal(err)
	}
	s.store = st
}

// put commits a schema of one byte.
func (s *server) put(number byte) error {
	fold := s.store.Fold()
	fold.PutSchema(uint64(number), []byte{number})
	return fold.Commit()
}

func (s *server) mustPut(numbers ...byte) {
	s.t.Helper()
	for _, number := range numbers {
		if err := s.put(number); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *server) mustHold(want ...byte) {
	s.t.Helper()
	sets, err := s.store.Schemas()
	if err != nil {
		s.t.Fatal(err)
	}
	var have []byte
	for _, set := range sets {
		have = append(have, set...)
	}
	mustBe(s.t, have, want)
}

func TestAPowerCutTakesWhatWasNotSynced(t *testing.T) {
	t.Run("every commit is synced", func(t *testing.T) {
		s := newServer(t, false)
		s.mustPut(1, 2)
		s.memory.Crash()
		s.start()
		s.mustHold(1, 2)
	})
	t.Run("none is", func(t *testing.T) {
		s := newServer(t, true)
		s.memory.Sync() // or not even the store is there
		s.mustPut(1)
		s.memory.Sync()
		s.mustPut(2)
		s.mustHold(1, 2)
		s.memory.Crash()
		s.start()
		s.mustHold(1)
		s.mustPut(3)
		if err := s.store.Close(); err != nil {
			t.Fatal(err)
		}
		s.memory.Crash() // after an orderly end there is nothing to lose
		s.start()
		s.mustHold(1, 3)
	})
}

// What goes on in the process that lost its power reaches no disk.
func TestAStoreThatCrashedDoesNothingMore(t *testing.T) {
	s := newServer(t, false)
	s.mustPut(1)
	old := s.store
	begun, seen := old.Fold(), old.Snapshot()
	begun.PutSchema(9, []byte{9})
	s.memory.Crash()
	s.start()
	if err := begun.Commit(); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a fold begun before: %v", err)
	}
	if _, err := seen.Head(lyman); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a snapshot begun before: %v", err)
	}
	if _, err := seen.HasRecord(lyman, merge.RecordID{}); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a snapshot begun before: %v", err)
	}
	if _, err := old.Schemas(); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a snapshot begun after: %v", err)
	}
	if err := old.Close(); err != nil {
		t.Error(err)
	}
	s.mustPut(2) // the new one has not lost the disk to it
	s.mustHold(1, 2)
}

func TestAFullDiskStoresNothingOfACommit(t *testing.T) {
	s := newServer(t, false)
	s.mustPut(1)
	const row = len("mschema/") + 8 + 1
	s.memory.Fill(2*uint64(row) - 1)
	fold := s.store.Fold()
	fold.PutSchema(2, []byte{2})
	fold.PutSchema(3, []byte{3})
	if err := fold.Commit(); fault.KindOf(err) != fault.Unavailable || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("error %v", err)
	}
	s.mustHold(1)
	s.mustPut(4) // there is room for one
	if free, err := s.memory.FreeBytes(); err != nil || free != uint64(row)-1 {
		t.Errorf("%d bytes free, %v", free, err)
	}
	if s.put(5) == nil {
		t.Error("more was stored than there was room for")
	}
	s.memory.Fill(math.MaxUint64)
	s.mustPut(6)
	s.memory.Crash()
	s.start()
	s.mustHold(1, 4, 6)
}

func TestACloneIsWhatABackupWouldHold(t *testing.T) {
	s := newServer(t, true)
	s.mustPut(1)
	s.memory.Sync()
	s.mustPut(2)
	restored := &server{t: t, memory: s.memory.Clone()}
	restored.start()
	restored.mustHold(1)
	if restored.store.Secret() != s.store.Secret() {
		t.Error("the copy is another store")
	}
	restored.mustPut(3)
	s.mustPut(4)
	restored.mustHold(1, 3)
	s.mustHold(1, 2, 4)
}

func TestDamageIsFoundWhenItIsRead(t *testing.T) {
	s := newServer(t, false)
	fold := s.store.Fold()
	newSpace(fold, lyman)
	fold.NewRecord(lyman, record(1, []byte("Olena")))
	fold.NewRecord(lyman, record(2, make([]byte, 600_000)))
	if err := fold.PutEntry(7, 1, &logv1.Entry{Level: 1}); err != nil {
		t.Fatal(err)
	}
	if err := fold.Commit(); err != nil {
		t.Fatal(err)
	}
	s.memory.Damage(func(key, value []byte) []byte {
		const recordRow = 2 + 16 + 1 + 16
		switch {
		case len(key) == recordRow && key[19] == 1: // the row of the first record
			return value[:len(value)/2]
		case len(key) > recordRow: // a span of the second
			return nil
		case key[0] == 'e':
			return nil
		}
		return value
	})
	v := s.store.Snapshot()
	defer v.Close()
	for id := range byte(2) {
		if _, err := v.Record(lyman, merge.RecordID{id + 1}); fault.KindOf(err) != fault.Damaged {
			t.Errorf("record %d: %v", id+1, err)
		}
	}
	if _, err := v.Entry(7, 1); fault.KindOf(err) != fault.Damaged {
		t.Errorf("entry: %v", err)
	}
	if head, err := v.Head(lyman); err != nil || head.Records != 2 {
		t.Errorf("what is whole is read: %v, %v", head, err)
	}
}
