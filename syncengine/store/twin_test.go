package store

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"github.com/dgraph-io/badger/v4"
	"pgregory.net/rapid"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// twins are two stores to which the same is done, one on either backend. They
// must be told apart by nothing.
type twins struct {
	stores [2]*Store
	// views were begun together, at a moment when both held dumped.
	views  [2]*Snapshot
	dumped string
}

// newTwins returns two stores, one of them sealed. Badger runs without files, or opening it
// would take most of the time.
func newTwins(rt *rapid.T, ring *keyring.Ring) *twins {
	db, err := badger.Open(Settings(Options{Unsynced: true}).WithInMemory(true))
	must(rt, err)
	rt.Cleanup(func() { must(rt, db.Close()) })
	memory, err := NewMemory().open(false)
	must(rt, err)
	t := &twins{stores: [2]*Store{{backend: newSealedBackend(badgerBackend{db}, ring)}, {backend: memory}}}
	for _, s := range t.stores {
		must(rt, s.readMeta(Options{Random: rand.NewChaCha8([32]byte{1})}))
		makeKeys(rt, s)
	}
	t.begin(rt)
	rt.Cleanup(func() { t.end(rt) })
	return t
}

// makeKeys writes to each space, so that the rows of their keys take nothing of a
// later fold.
func makeKeys(t interface{ Fatal(args ...any) }, s *Store) {
	fold := s.Fold()
	for _, space := range []merge.SpaceID{{1}, {2}} {
		must(t, fold.PutAccess(space, merge.PersonID{}, &logv1.Access{}))
	}
	must(t, fold.Commit())
}

func (t *twins) begin(rt *rapid.T) {
	for i := range t.stores {
		t.views[i] = t.stores[i].Snapshot()
	}
	t.dumped = dump(rt, t.views[0])
}

// end finds in the views what was there when they were begun.
func (t *twins) end(rt *rapid.T) {
	for i, v := range t.views {
		if dump(rt, v) != t.dumped {
			rt.Fatalf("store %d: a snapshot changed while it was open", i)
		}
		v.Close()
	}
}

// dump returns every row, its value by size and checksum.
func dump(t interface{ Fatal(args ...any) }, s *Snapshot) string {
	var rows bytes.Buffer
	must(t, s.Rows(func(key, value []byte) error {
		if got, err := s.get(key); err != nil || got == nil || !bytes.Equal(got, value) {
			return fmt.Errorf("row %x: %d bytes by its key, nil %v, and %d in a walk: %w", key, len(got), got == nil, len(value), err)
		}
		fmt.Fprintf(&rows, "%x = %d bytes, %08x\n", key, len(value), crc32.ChecksumIEEE(value))
		return nil
	}))
	return rows.String()
}

// fold writes the same rows in both stores.
func (t *twins) fold(rt *rapid.T) {
	writes := rapid.SliceOfN(rapid.Custom(drawWrite), 1, 12).Draw(rt, "writes")
	discard := rapid.IntRange(0, 5).Draw(rt, "discard") == 0
	var errs [2]error
	for i, s := range t.stores {
		fold := s.Fold()
		for _, w := range writes {
			must(rt, w.do(fold))
		}
		if discard {
			fold.Discard()
			continue
		}
		if errs[i] = fold.Commit(); errs[i] != nil && !errors.Is(errs[i], ErrFoldTooBig) {
			rt.Fatal(errs[i])
		}
	}
	if !errors.Is(errs[0], errs[1]) {
		rt.Fatalf("%v on one, %v on the other", errs[0], errs[1])
	}
}

// write is one write to a fold, out of few enough that they meet.
type write struct {
	space     merge.SpaceID
	change    merge.ID
	record    merge.RecordID
	number    uint64
	sizeBytes int
	kind      string
}

func drawWrite(rt *rapid.T) write {
	kinds := []string{"access", "quarantine", "end", "findings", "wait", "arrive", "known", "delivery", "schema", "entry", "record", "directory"}
	return write{
		space:     merge.SpaceID{rapid.ByteRange(1, 2).Draw(rt, "space")},
		change:    numbered(rapid.IntRange(1, 3).Draw(rt, "change")),
		record:    merge.RecordID{rapid.Byte().Draw(rt, "record")},
		number:    rapid.Uint64Range(1, 600).Draw(rt, "number"),
		sizeBytes: rapid.SampledFrom([]int{0, 1, 20, 40, 100, 1000, 1000, 300_000}).Draw(rt, "size"),
		kind:      rapid.SampledFrom(kinds).Draw(rt, "kind"),
	}
}

func (w write) do(f *Fold) error {
	content := bytes.Repeat([]byte{'x'}, min(w.sizeBytes, 1000))
	switch w.kind {
	case "access":
		return f.PutAccess(w.space, merge.PersonID(w.record), &logv1.Access{Grant: w.number})
	case "quarantine":
		return f.PutQuarantined(w.space, w.change, &logv1.Quarantined{Run: content})
	case "end":
		f.EndQuarantine(w.space, w.change)
	case "findings":
		f.PutFindings(w.space, w.change, make([]wire.Finding, w.number%3))
	case "wait":
		return f.Wait(w.space, Awaited{Record: merge.RecordID{w.record[0] % 3}}, w.change)
	case "arrive":
		return f.PutWaiting(w.space, Awaited{Record: merge.RecordID{w.record[0] % 3}}, nil)
	case "known":
		id := w.change
		id.Seq = w.number
		return f.SetKnown(w.space, id, wire.Applied, w.number)
	case "delivery":
		return f.PutDelivery(w.space, w.number, &logv1.Delivery{LogBytes: w.number, Batch: content})
	case "schema":
		f.PutSchema(w.number, content)
	case "entry":
		return f.PutEntry(uint16(w.space[0]), w.number, &logv1.Entry{Body: content})
	case "directory":
		if err := f.PutDirectoryVersion(w.number); err != nil {
			return err
		}
		return f.PutDirectoryRow(DirectoryKey{w.space[0], w.record[0]}, &logv1.DirectoryRow{Version: w.number, Row: content})
	case "record":
		return w.putRecord(f)
	}
	return nil
}

// putRecord writes a record, which may take several rows.
func (w write) putRecord(f *Fold) error {
	content := bytes.Repeat([]byte{'x'}, w.sizeBytes)
	head, err := f.Head(w.space)
	if err != nil {
		return err
	}
	if head == nil {
		f.NewHead(w.space, &logv1.SpaceHead{Kind: 1})
	}
	rec, err := f.Record(w.space, w.record)
	if err != nil {
		return err
	}
	if rec == nil {
		f.NewRecord(w.space, &merge.Record{Type: "t.Person", ID: w.record, Cells: []merge.Cell{{
			Key: merge.CellKey{Field: 1}, Values: []merge.Value{{Change: w.change, Data: content}},
		}}})
		return nil
	}
	rec.Cells[0].Values[0].Data = content
	f.Touch(w.space, w.record)
	return nil
}

// walk reads in every way in which the engine reads ranges, from anywhere.
func (t *twins) walk(rt *rapid.T) {
	w := rapid.Custom(drawWrite).Draw(rt, "from")
	var seen [2]bytes.Buffer
	for i, s := range t.stores {
		v, out := s.Snapshot(), &seen[i]
		must(rt, v.RecordRows(w.space, w.record, func(id merge.RecordID, row []byte) error {
			fmt.Fprintln(out, id, len(row))
			return nil
		}))
		must(rt, v.Deliveries(w.space, w.number, func(first uint64, _ *logv1.Delivery) error {
			fmt.Fprintln(out, first)
			return nil
		}))
		must(rt, v.QuarantinedChanges(w.space, w.change, func(id merge.ID, q *logv1.Quarantined) error {
			fmt.Fprintln(out, id, len(q.Run))
			return nil
		}))
		must(rt, v.Spaces(func(space merge.SpaceID, head *logv1.SpaceHead) error {
			fmt.Fprintln(out, space, head.Records, head.StateBytes)
			return nil
		}))
		must(rt, v.DirectoryRows(func(key DirectoryKey, row *logv1.DirectoryRow) error {
			fmt.Fprintln(out, key, row.Version, len(row.Row))
			return nil
		}))
		logBytes, err := v.LogBytesAt(w.space, w.number)
		must(rt, err)
		has, err := v.HasRecord(w.space, w.record)
		must(rt, err)
		fmt.Fprintln(out, logBytes, has)
		v.Close()
	}
	if !bytes.Equal(seen[0].Bytes(), seen[1].Bytes()) {
		rt.Fatalf("Badger:\n%s\nmemory:\n%s", &seen[0], &seen[1])
	}
}

func (t *twins) mustEqual(rt *rapid.T) {
	var have [2]string
	for i, s := range t.stores {
		now := s.Snapshot()
		have[i] = dump(rt, now)
		now.Close()
	}
	if have[0] != have[1] {
		rt.Fatalf("Badger:\n%.2000s\nmemory:\n%.2000s", have[0], have[1])
	}
}

func TestBothBackendsHoldTheSame(t *testing.T) {
	ring, err := keyring.Create(t.TempDir(), testMaster)
	must(t, err)
	rapid.Check(t, func(rt *rapid.T) {
		twins := newTwins(rt, ring)
		rt.Repeat(map[string]func(*rapid.T){
			"fold": twins.fold,
			"walk": twins.walk,
			"another snapshot": func(rt *rapid.T) {
				twins.end(rt)
				twins.begin(rt)
			},
			"": twins.mustEqual,
		})
	})
}

// The same on a real disk, where rows lie in tables once the store was closed.
func TestBothBackendsHoldTheSameAfterReopening(t *testing.T) {
	disks := [2]Options{{Dir: t.TempDir(), Master: testMaster}, {Memory: NewMemory()}}
	writes := rapid.SliceOfN(rapid.Custom(drawWrite), 5, 12)
	for seed := range 12 {
		var have [2]string
		for i, o := range disks {
			o.Random = rand.NewChaCha8([32]byte{1})
			s, err := Open(o)
			must(t, err)
			makeKeys(t, s)
			fold := s.Fold()
			for _, w := range writes.Example(seed) {
				must(t, w.do(fold))
			}
			if err := fold.Commit(); err != nil && !errors.Is(err, ErrFoldTooBig) {
				t.Fatal(err)
			}
			must(t, s.Close())
			s, err = Open(o)
			must(t, err)
			v := s.Snapshot()
			have[i] = dump(t, v)
			v.Close()
			must(t, s.Close())
		}
		if have[0] != have[1] {
			t.Fatalf("fold %d: Badger:\n%.2000s\nmemory:\n%.2000s", seed, have[0], have[1])
		}
	}
}

// A fold that is too big for one backend is too big for the other, to the byte.
func TestBothBackendsTakeAsMuchInOneFold(t *testing.T) {
	disk, err := openBadger(Options{Dir: t.TempDir(), Master: testMaster, Unsynced: true})
	must(t, err)
	defer disk.close()
	memory, err := NewMemory().open(false)
	must(t, err)
	if disk.updateBytes() != memory.updateBytes() {
		t.Errorf("%d bytes on disk, %d in memory", disk.updateBytes(), memory.updateBytes())
	}
	for _, valueBytes := range []int{0, 1, 1000, spanBytes, 1<<20 - 1, 1 << 20} {
		rows, lastBytes := fill(t, disk.backend.update(), valueBytes, sealedBytes)
		if haveRows, haveLast := fill(t, memory.update(), valueBytes, 0); haveRows != rows || haveLast != lastBytes {
			t.Errorf("values of %d bytes: %d and one of %d on disk, %d and one of %d in memory", valueBytes, rows, lastBytes, haveRows, haveLast)
		}
	}
}

// fill sets as many rows as fit, and the largest that fits beside them; -1 if
// none does. Each value is longer by what sealing has added.
func fill(t *testing.T, u update, valueBytes, added int) (rows, lastBytes int) {
	defer u.discard()
	value := make([]byte, valueBytes+added)
	var err error
	for ; err == nil; rows++ {
		err = u.set(fmt.Appendf(nil, "%09d", rows), value)
	}
	for lastBytes = valueBytes - 1; lastBytes >= 0 && err != nil; lastBytes-- {
		err = u.set([]byte("the last one"), value[:lastBytes+added])
		if err != nil && !errors.Is(err, ErrFoldTooBig) {
			t.Fatal(err)
		}
	}
	return rows, lastBytes
}
