package localstore

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// A place is where a store lies. What holds in one must hold in the other, or a
// simulated tablet would not be the real one.
type place struct {
	t       *testing.T
	tryOpen func(key []byte) (Store, error)
	// copied returns a copy of what is there, store open or not.
	copied func() *place
}

func filesPlace(t *testing.T) *place { return filesIn(t, filepath.Join(t.TempDir(), "register")) }

func filesIn(t *testing.T, dir string) *place {
	return &place{
		t:       t,
		tryOpen: func(key []byte) (Store, error) { return Open(t.Context(), dir, key) },
		copied:  func() *place { return filesIn(t, copyFiles(t, dir)) },
	}
}

func memoryPlace(t *testing.T) *place { return memoryIn(t, NewMemory()) }

func memoryIn(t *testing.T, m *Memory) *place {
	return &place{
		t:       t,
		tryOpen: func(key []byte) (Store, error) { return m.Open(t.Context(), key) },
		copied:  func() *place { return memoryIn(t, m.Clone()) },
	}
}

func (p *place) open() Store {
	p.t.Helper()
	s, err := p.tryOpen(testKey)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { s.Close() })
	return s
}

var behaviours = []struct {
	name string
	hold func(t *testing.T, p *place)
}{
	{"what was written is there after reopening", reopeningKeepsEverything},
	{"a wrong key alters nothing", wrongKeyAltersNothing},
	{"several stores share a place", storesShareAPlace},
	{"a copy goes its own way", copiesGoTheirOwnWay},
	{"a closed store does nothing", closedStoreDoesNothing},
	{"a store closes after what runs", closingWaits},
	{"a write that fails leaves nothing", failedWriteLeavesNothing},
	{"readers see one moment", readersSeeOneMoment},
	{"readers cannot write", readersCannotWrite},
	{"a cancelled write is taken back", cancelledWriteIsTakenBack},
	{"a panic is taken back", panicIsTakenBack},
	{"blobs belong to who has them", blobsBelongToTheirOwners},
	{"what is there once cannot be added again", nothingIsThereTwice},
	{"spaces and their chains", spacesAndChains},
	{"walks end when they are told to", walksEnd},
}

func TestConformance(t *testing.T) {
	for name, make := range map[string]func(*testing.T) *place{"sqlite": filesPlace, "memory": memoryPlace} {
		for _, b := range behaviours {
			t.Run(name+"/"+b.name, func(t *testing.T) { b.hold(t, make(t)) })
		}
	}
}

func set(name, value string) func(Tx) error {
	return func(tx Tx) error { return tx.SetProperty(name, []byte(value)) }
}

func reopeningKeepsEverything(t *testing.T, p *place) {
	s := p.open()
	mustWrite(t, s, set("a", "1"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantProperty(t, p.open(), "a", "1")
}

func wrongKeyAltersNothing(t *testing.T, p *place) {
	mustWrite(t, p.open(), set("a", "1"))
	for _, key := range [][]byte{bytes.Repeat([]byte{1}, KeyBytes), make([]byte, KeyBytes)} {
		_, err := p.tryOpen(key)
		wantError(t, err, ErrKey)
		if fault.KindOf(err) != fault.Damaged {
			t.Errorf("kind %d: %v", fault.KindOf(err), err)
		}
		_, err = p.copied().tryOpen(key)
		wantError(t, err, ErrKey)
	}
	for _, key := range [][]byte{nil, make([]byte, 31), make([]byte, 33)} {
		if _, err := p.tryOpen(key); fault.KindOf(err) != fault.Invalid {
			t.Errorf("key of %d bytes: %v", len(key), err)
		}
	}
	wantProperty(t, p.open(), "a", "1")
}

func storesShareAPlace(t *testing.T, p *place) {
	one, other := p.open(), p.open()
	mustWrite(t, one, set("a", "1"))
	wantProperty(t, other, "a", "1")
	mustWrite(t, other, set("a", "2"))
	wantProperty(t, one, "a", "2")
}

// The store is open while its place is copied, as that of a killed process is.
func copiesGoTheirOwnWay(t *testing.T, p *place) {
	s := p.open()
	mustWrite(t, s, set("a", "before"))
	copied := p.copied()
	mustWrite(t, s, set("a", "after"))
	other := copied.open()
	wantProperty(t, other, "a", "before")
	mustWrite(t, other, set("a", "elsewhere"))
	wantProperty(t, s, "a", "after")
	wantProperty(t, copied.copied().open(), "a", "elsewhere")
}

func closedStoreDoesNothing(t *testing.T, p *place) {
	s := p.open()
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	nothing := func(Tx) error { t.Error("it runs"); return nil }
	wantError(t, s.Write(t.Context(), nothing), ErrClosed)
	wantError(t, s.Read(t.Context(), nothing), ErrClosed)
}

func closingWaits(t *testing.T, p *place) {
	s := p.open()
	closed := make(chan error)
	mustWrite(t, s, func(tx Tx) error {
		go func() { closed <- s.Close() }()
		for err := error(nil); !errors.Is(err, ErrClosed); { // until it has begun to close
			err = s.Read(t.Context(), func(Tx) error { return nil })
		}
		select {
		case <-closed:
			t.Error("it was closed under a transaction")
		default:
		}
		return tx.SetProperty("a", []byte("1"))
	})
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	wantProperty(t, p.open(), "a", "1")
}

func failedWriteLeavesNothing(t *testing.T, p *place) {
	s := p.open()
	no := errors.New("no")
	mustWrite(t, s, set("a", "1"))
	wantError(t, s.Write(t.Context(), func(tx Tx) error {
		return errors.Join(tx.SetProperty("a", []byte("2")), tx.AddSpace(merge.SpaceID{1}, 1, merge.ReplicaID{1}), no)
	}), no)
	wantError(t, s.Read(t.Context(), func(Tx) error { return no }), no)
	wantProperty(t, s, "a", "1")
	mustRead(t, s, func(tx Tx) error {
		spaces, err := tx.Spaces()
		if len(spaces) > 0 {
			t.Errorf("spaces %v", spaces)
		}
		return err
	})
}

func mustRead(t *testing.T, s Store, fn func(Tx) error) {
	t.Helper()
	if err := s.Read(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func readersSeeOneMoment(t *testing.T, p *place) {
	s := p.open()
	mustWrite(t, s, func(tx Tx) error { return tx.SetProperty("a", []byte("old")) })
	err := s.Read(t.Context(), func(tx Tx) error {
		first, err := tx.Property("a")
		if err != nil {
			return err
		}
		mustWrite(t, s, func(tx Tx) error { return tx.SetProperty("a", []byte("new")) })
		second, err := tx.Property("a")
		if string(first) != "old" || string(second) != "old" {
			t.Errorf("read %q, then %q", first, second)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wantProperty(t, s, "a", "new")
}

func readersCannotWrite(t *testing.T, p *place) {
	s := p.open()
	err := s.Read(t.Context(), func(tx Tx) error { return tx.SetProperty("a", []byte("1")) })
	if err == nil {
		t.Fatal("a snapshot was written to")
	}
	wantProperty(t, s, "a", "")
}

func cancelledWriteIsTakenBack(t *testing.T, p *place) {
	s := p.open()
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Write(ctx, func(tx Tx) error {
		err := tx.SetProperty("a", []byte("1"))
		cancel()
		return err
	})
	wantError(t, err, context.Canceled)
	wantProperty(t, s, "a", "")
	mustWrite(t, s, func(tx Tx) error { return tx.SetProperty("a", []byte("2")) })
	wantProperty(t, s, "a", "2")
}

func panicIsTakenBack(t *testing.T, p *place) {
	s := p.open()
	func() {
		defer func() { _ = recover() }()
		_ = s.Write(t.Context(), func(tx Tx) error {
			_ = tx.SetProperty("a", []byte("1"))
			panic("a defect of the app")
		})
	}()
	mustWrite(t, s, func(tx Tx) error { return tx.SetProperty("b", []byte("2")) })
	wantProperty(t, s, "a", "")
	wantProperty(t, s, "b", "2")
}

func spacesAndChains(t *testing.T, p *place) {
	s := p.open()
	village, desk := merge.SpaceID{1}, merge.SpaceID{2}
	mustWrite(t, s, func(tx Tx) error {
		return errors.Join(tx.AddSpace(village, 1, merge.ReplicaID{11}), tx.AddSpace(desk, 2, merge.ReplicaID{12}))
	})
	mustWrite(t, s, func(tx Tx) error {
		space, err := tx.Space(village)
		if err != nil {
			return err
		}
		for seq := range uint64(3) {
			c := &merge.Change{ID: merge.ID{Replica: space.Chain.Replica, Seq: seq + 1, Tag: merge.Tag{byte(seq)}}, Hash: merge.Hash{byte(seq)}, Stamp: 5}
			if _, err := tx.Append(space, c, []byte{byte(seq)}); err != nil {
				return err
			}
		}
		space.Chain.Replica = merge.ReplicaID{13}
		if err := tx.AddChain(space); err != nil {
			return err
		}
		_, err = tx.Append(space, &merge.Change{ID: merge.ID{Replica: merge.ReplicaID{13}, Seq: 1, Tag: merge.Tag{9}}}, []byte{9})
		return err
	})
	mustWrite(t, s, func(tx Tx) error {
		space, _ := tx.Space(village)
		if space.Chain.Replica != (merge.ReplicaID{13}) || space.Chain.LastSeq != 1 {
			t.Errorf("chain %+v", space.Chain)
		}
		pending, err := tx.Pending(space.N)
		if len(pending) != 4 || pending[0].ID.Seq != 1 || pending[3].ID.Replica != (merge.ReplicaID{13}) {
			t.Errorf("pending %+v", pending)
		}
		chains, _ := tx.Chains(space.N)
		if len(chains) != 2 {
			t.Errorf("chains %v", chains)
		}
		chain := chains[merge.ReplicaID{11}]
		if n, _ := tx.Own(chain, merge.ID{Seq: 2, Tag: merge.Tag{1}}); n != pending[1].N {
			t.Errorf("own change %d, want %d", n, pending[1].N)
		}
		if n, _ := tx.Own(chain, merge.ID{Seq: 2, Tag: merge.Tag{77}}); n != 0 {
			t.Errorf("a fork's change is own change %d", n)
		}
		if count, _ := tx.OwnCount(space.N); count != 4 {
			t.Errorf("%d own changes", count)
		}
		other, _ := tx.Space(desk)
		if pending, _ := tx.Pending(other.N); len(pending) != 0 {
			t.Errorf("the desk has %+v", pending)
		}
		return err
	})
}

func blobsBelongToTheirOwners(t *testing.T, p *place) {
	s := p.open()
	id := merge.RecordID{1}
	mustWrite(t, s, func(tx Tx) error {
		mine := []byte("base")
		err := errors.Join(tx.SaveRecord(1, &Record{ID: id, Type: "t.Person", Base: mine}), tx.SetProperty("a", mine), tx.Stage(1, mine), tx.Carry(1, 1, 1, mine))
		copy(mine, "xxxx")
		for range 2 { // what was read the first time is altered
			r, err := tx.Record(1, id)
			if err != nil || string(r.Base) != "base" || r.View != nil {
				t.Errorf("record %+v, %v", r, err)
			}
			value, _ := tx.Property("a")
			if string(value) != "base" {
				t.Errorf("property %q", value)
			}
			copy(r.Base, "yyyy")
			copy(value, "yyyy")
		}
		return err
	})
	wantProperty(t, s, "a", "base")
}

func nothingIsThereTwice(t *testing.T, p *place) {
	s := p.open()
	home := merge.SpaceID{1}
	mustWrite(t, s, func(tx Tx) error {
		return errors.Join(tx.AddSpace(home, 1, merge.ReplicaID{1}), tx.SaveRecord(1, &Record{ID: merge.RecordID{1}, Type: "t.Person"}))
	})
	for name, again := range map[string]func(tx Tx, space *Space) error{
		"space":  func(tx Tx, _ *Space) error { return tx.AddSpace(home, 1, merge.ReplicaID{2}) },
		"chain":  func(tx Tx, space *Space) error { return tx.AddChain(space) },
		"record": func(tx Tx, _ *Space) error { return tx.SaveRecord(1, &Record{ID: merge.RecordID{1}, Type: "t.Place"}) },
		"change": func(tx Tx, space *Space) error {
			c := &merge.Change{ID: merge.ID{Replica: space.Chain.Replica, Seq: 1}}
			if _, err := tx.Append(space, c, []byte("one")); err != nil {
				t.Error(err)
			}
			_, err := tx.Append(space, c, []byte("another"))
			return err
		},
	} {
		err := s.Write(t.Context(), func(tx Tx) error {
			space, err := tx.Space(home)
			if err != nil {
				t.Fatal(err)
			}
			return again(tx, space)
		})
		if fault.KindOf(err) != fault.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func walksEnd(t *testing.T, p *place) {
	mustWrite(t, p.open(), func(tx Tx) error {
		home := merge.SpaceID{1}
		if err := tx.AddSpace(home, 1, merge.ReplicaID{1}); err != nil {
			return err
		}
		space, err := tx.Space(home)
		if err != nil {
			return err
		}
		for i := range byte(3) {
			_, err := tx.Append(space, &merge.Change{ID: merge.ID{Replica: space.Chain.Replica, Seq: uint64(i) + 1}}, []byte{i})
			if err := errors.Join(err, tx.Stage(space.N, []byte{i}), tx.Carry(space.N, 0, 1, []byte{i})); err != nil {
				return err
			}
		}
		seen, enough := 0, errors.New("enough")
		err = errors.Join(tx.OfferCarried(space.N),
			tx.Unsent(space.N, func(Pending, []byte) bool { seen++; return false }),
			tx.Offered(space.N, func(Carried) bool { seen++; return false }))
		wantError(t, tx.Staged(space.N, func([]byte) error { seen++; return enough }), enough)
		if seen != 3 {
			t.Errorf("called %d times", seen)
		}
		return err
	})
}
