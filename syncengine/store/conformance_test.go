package store_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// A disk is where a store lies. What holds on one kind must hold on the other,
// or a simulated server would not be the real one.
type disk struct {
	t       *testing.T
	options store.Options
	// rewrite replaces one value while no store is open.
	rewrite func(key string, value []byte)
}

func badgerDisk(t *testing.T) *disk {
	d := &disk{t: t, options: store.Options{Dir: t.TempDir(), Master: keyring.NewKey([32]byte{1})}}
	d.rewrite = func(key string, value []byte) {
		d.must(store.Rewrite(d.options, []byte(key), value))
	}
	return d
}

func memoryDisk(t *testing.T) *disk {
	memory := store.NewMemory()
	return &disk{t: t, options: store.Options{Memory: memory}, rewrite: func(key string, value []byte) {
		memory.Damage(func(k, v []byte) []byte {
			if string(k) == key {
				return value
			}
			return v
		})
	}}
}

func (d *disk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *disk) tryOpen() (*store.Store, error) {
	o := d.options
	o.Random = rand.NewChaCha8([32]byte{1})
	return store.Open(o)
}

func (d *disk) open() *store.Store {
	d.t.Helper()
	s, err := d.tryOpen()
	d.must(err)
	d.t.Cleanup(func() { s.Close() })
	return s
}

// fold commits what write writes.
func (d *disk) fold(s *store.Store, write func(f *store.Fold)) {
	d.t.Helper()
	f := s.Fold()
	write(f)
	d.must(f.Commit())
}

// look reads what is committed now.
func (d *disk) look(s *store.Store, read func(v *store.Snapshot)) {
	d.t.Helper()
	v := s.Snapshot()
	defer v.Close()
	read(v)
}

var behaviours = []struct {
	name string
	hold func(t *testing.T, d *disk)
}{
	{"a fold reads what it wrote", foldReadsItsOwn},
	{"a snapshot does not see what is committed later", snapshotStaysAsItWas},
	{"a fold that is discarded leaves nothing", discardedFoldLeavesNothing},
	{"a fold that is too big leaves nothing", tooBigFoldLeavesNothing},
	{"records come in order, each whole", recordsComeInOrder},
	{"deliveries come in order, from a position on", deliveriesComeInOrder},
	{"the last delivery is found from beyond", lastDeliveryIsFound},
	{"entries come in order, partition by partition", entriesComeInOrder},
	{"spaces come each once", spacesComeOnce},
	{"what ended is no longer there", endedIsGone},
	{"rows of the directory come in order", directoryComesInOrder},
	{"reopening keeps everything", reopeningKeepsEverything},
	{"two stores do not share a disk", twoStoresDoNotShareADisk},
	{"a store of another format is refused", otherFormatIsRefused},
	{"a store without its identity is refused", lostIdentityIsRefused},
}

func TestConformance(t *testing.T) {
	for name, make := range map[string]func(*testing.T) *disk{"badger": badgerDisk, "memory": memoryDisk} {
		for _, b := range behaviours {
			t.Run(name+"/"+b.name, func(t *testing.T) { b.hold(t, make(t)) })
		}
	}
}

func snapshotStaysAsItWas(t *testing.T, d *disk) {
	s := d.open()
	putDelivery := func(first uint64) {
		d.fold(s, func(f *store.Fold) { d.must(f.PutDelivery(lyman, first, &logv1.Delivery{Positions: 1})) })
	}
	allow := func(allowed bool) {
		d.fold(s, func(f *store.Fold) { d.must(f.PutAccess(lyman, oksana, &logv1.Access{Allowed: allowed, Grant: 1})) })
	}
	putDelivery(1)
	allow(true)
	before := s.Snapshot()
	defer before.Close()
	putDelivery(2)
	allow(false)
	for _, v := range []struct {
		snapshot *store.Snapshot
		allowed  bool
		first    []uint64
	}{{before, true, []uint64{1}}, {s.Snapshot(), false, []uint64{1, 2}}} {
		access, err := v.snapshot.Access(lyman, oksana)
		d.must(err)
		if access.Allowed != v.allowed {
			t.Errorf("access %v, want %v", access.Allowed, v.allowed)
		}
		mustBe(t, deliveries(d, v.snapshot, lyman, 0), v.first)
		v.snapshot.Close()
	}
}

func discardedFoldLeavesNothing(t *testing.T, d *disk) {
	s := d.open()
	f := s.Fold()
	d.must(f.PutDelivery(lyman, 1, &logv1.Delivery{Positions: 1}))
	f.Discard()
	d.look(s, func(v *store.Snapshot) { mustBe(t, deliveries(d, v, lyman, 0), nil) })
}

// The first of its rows would have fitted.
func tooBigFoldLeavesNothing(t *testing.T, d *disk) {
	s := d.open()
	d.fold(s, func(f *store.Fold) { f.PutSchema(1, []byte("before")) })
	f := s.Fold()
	for sizeBytes := 0; sizeBytes <= s.FoldBytes(); sizeBytes += 100_000 {
		f.PutSchema(uint64(2+sizeBytes), make([]byte, 100_000))
	}
	if err := f.Commit(); !errors.Is(err, store.ErrFoldTooBig) {
		t.Fatalf("error %v", err)
	}
	sets, err := s.Schemas()
	d.must(err)
	if len(sets) != 1 || string(sets[0]) != "before" {
		t.Fatalf("%d schemas", len(sets))
	}
	d.fold(s, func(f *store.Fold) { // the next one is not held up
		for i := range s.FoldBytes()/100_000 - 1 {
			f.PutSchema(uint64(2+i), make([]byte, 100_000))
		}
	})
}

func twoStoresDoNotShareADisk(t *testing.T, d *disk) {
	s := d.open()
	if _, err := d.tryOpen(); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("error %v", err)
	}
	d.must(s.Close())
	d.open()
}

func otherFormatIsRefused(t *testing.T, d *disk) {
	d.must(d.open().Close())
	d.rewrite("mformat", []byte{0, 0, 0, 99})
	if _, err := d.tryOpen(); fault.KindOf(err) != fault.Damaged || !bytes.Contains([]byte(err.Error()), []byte("use the program that wrote it")) {
		t.Fatalf("error %v", err)
	}
	d.rewrite("mformat", []byte{0, 0, 0, 1})
	d.open() // which the refusal has not damaged
}

func lostIdentityIsRefused(t *testing.T, d *disk) {
	d.must(d.open().Close())
	d.rewrite("msecret", []byte("half of"))
	if _, err := d.tryOpen(); fault.KindOf(err) != fault.Damaged {
		t.Fatalf("error %v", err)
	}
}

var (
	lyman   = merge.SpaceID{'l', 'y', 'm', 'a', 'n'}
	svatove = merge.SpaceID{'s', 'v', 'a', 't', 'o', 'v', 'e'}
	oksana  = merge.PersonID{'o', 'k', 's', 'a', 'n', 'a'}
)
