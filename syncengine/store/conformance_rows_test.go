package store_test

import (
	"bytes"
	"cmp"
	"slices"
	"testing"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

func mustBe[T cmp.Ordered](t *testing.T, have, want []T) {
	t.Helper()
	if !slices.Equal(have, want) {
		t.Fatalf("have %v, want %v", have, want)
	}
}

func change(seq uint64) merge.ID {
	return merge.ID{Replica: merge.ReplicaID{'t', 'a', 'b'}, Seq: seq, Tag: merge.Tag{byte(seq)}}
}

// record returns a record with one value.
func record(id byte, value []byte) *merge.Record {
	return &merge.Record{Type: "t.Person", ID: merge.RecordID{id}, Position: 1, Cells: []merge.Cell{{
		Key: merge.CellKey{Field: 1}, Values: []merge.Value{{Change: change(1), Author: oksana, Data: value}},
	}}}
}

func valueOf(rec *merge.Record) []byte { return rec.Cells[0].Values[0].Data }

// newSpace makes a space, so that records can be put there.
func newSpace(f *store.Fold, space merge.SpaceID) { f.NewHead(space, &logv1.SpaceHead{Kind: 1}) }

func deliveries(d *disk, v *store.Snapshot, space merge.SpaceID, after uint64) (first []uint64) {
	d.t.Helper()
	d.must(v.Deliveries(space, after, func(position uint64, _ *logv1.Delivery) error {
		first = append(first, position)
		return nil
	}))
	return first
}

func foldReadsItsOwn(t *testing.T, d *disk) {
	s := d.open()
	d.fold(s, func(f *store.Fold) {
		newSpace(f, lyman)
		d.must(f.PutAccess(lyman, oksana, &logv1.Access{Allowed: true}))
		if access, err := f.Access(lyman, oksana); err != nil || !access.Allowed {
			t.Errorf("access %v, %v", access, err)
		}
		if seq, err := f.NextEntrySeq(7); err != nil || seq != 1 {
			t.Errorf("next entry %d, %v", seq, err)
		}
		d.must(f.PutEntry(7, 1, &logv1.Entry{Level: 1}))
		if seq, err := f.NextEntrySeq(7); err != nil || seq != 2 {
			t.Errorf("next entry %d, %v", seq, err)
		}
		f.NewRecord(lyman, record(1, []byte("Olena")))
		if rec, err := f.Record(lyman, merge.RecordID{1}); err != nil || string(valueOf(rec)) != "Olena" {
			t.Errorf("record %v, %v", rec, err)
		}
		d.must(f.SetKnown(lyman, change(300), wire.Flagged, 5))
		if known, _, err := f.Known(lyman, change(300)); err != nil || known.Position != 5 {
			t.Errorf("known %v, %v", known, err)
		}
		f.PutFindings(lyman, change(300), []wire.Finding{{Cause: wire.Forked}})
		if findings, err := f.Findings(lyman, change(300)); err != nil || len(findings) != 1 {
			t.Errorf("findings %v, %v", findings, err)
		}
	})
	d.look(s, func(v *store.Snapshot) {
		head, err := v.Head(lyman)
		d.must(err)
		if head.Records != 1 || head.StateBytes == 0 {
			t.Errorf("head %v", head)
		}
		if findings, err := v.Findings(lyman, change(300)); err != nil || len(findings) != 1 || findings[0].Cause != wire.Forked {
			t.Errorf("findings %v, %v", findings, err)
		}
	})
}

// Rows of other kinds and spaces lie before and after, and a large record lies
// in several rows.
func recordsComeInOrder(t *testing.T, d *disk) {
	s := d.open()
	large := bytes.Repeat([]byte("A person's long story. "), 30_000)
	for _, space := range []merge.SpaceID{svatove, lyman} {
		d.fold(s, func(f *store.Fold) {
			newSpace(f, space)
			f.NewRecord(space, record(9, []byte("Taras")))
			f.NewRecord(space, record(3, large))
			f.NewRecord(space, record(1, []byte("Olena")))
			d.must(f.PutQuarantined(space, change(1), &logv1.Quarantined{Run: []byte("before the records")}))
			d.must(f.Wait(space, store.Awaited{Record: merge.RecordID{4}}, change(1)))
		})
	}
	d.look(s, func(v *store.Snapshot) {
		for from, want := range map[byte][]byte{0: {1, 3, 9}, 1: {1, 3, 9}, 2: {3, 9}, 9: {9}, 10: nil} {
			var ids []byte
			d.must(v.Records(lyman, merge.RecordID{from}, func(rec *merge.Record) error {
				ids = append(ids, rec.ID[0])
				if rec.ID[0] == 3 && !bytes.Equal(valueOf(rec), large) {
					t.Error("the large record is not whole")
				}
				return nil
			}))
			mustBe(t, ids, want)
		}
		for id, want := range map[byte]bool{1: true, 2: false, 3: true} {
			if has, err := v.HasRecord(lyman, merge.RecordID{id}); err != nil || has != want {
				t.Errorf("record %d: %v, %v", id, has, err)
			}
		}
	})
}

func deliveriesComeInOrder(t *testing.T, d *disk) {
	s := d.open()
	for _, first := range []uint64{300, 1, 2, 255, 256} {
		d.fold(s, func(f *store.Fold) {
			d.must(f.PutDelivery(lyman, first, &logv1.Delivery{LogBytes: first * 10}))
			d.must(f.PutDelivery(svatove, first+1, &logv1.Delivery{LogBytes: 1}))
			d.must(f.PutAccess(lyman, oksana, &logv1.Access{Allowed: true}))
			f.PutFindings(lyman, change(first), []wire.Finding{{Cause: wire.Forked}})
		})
	}
	d.look(s, func(v *store.Snapshot) {
		mustBe(t, deliveries(d, v, lyman, 0), []uint64{1, 2, 255, 256, 300})
		mustBe(t, deliveries(d, v, lyman, 254), []uint64{255, 256, 300})
		mustBe(t, deliveries(d, v, lyman, 300), nil)
		var first []uint64
		d.must(v.Deliveries(lyman, 0, func(position uint64, _ *logv1.Delivery) error {
			first = append(first, position)
			return store.ErrStop
		}))
		mustBe(t, first, []uint64{1})
		for position, want := range map[uint64]uint64{0: 0, 1: 10, 254: 20, 255: 2550, 299: 2560, 300: 3000, 1 << 40: 3000} {
			if have, err := v.LogBytesAt(lyman, position); err != nil || have != want {
				t.Errorf("log at position %d: %d bytes, want %d, %v", position, have, want, err)
			}
		}
		if have, err := v.LogBytesAt(merge.SpaceID{1}, 5); err != nil || have != 0 {
			t.Errorf("log of a space that is not there: %d, %v", have, err)
		}
	})
}

// Nothing lies behind the last row of the store.
func lastDeliveryIsFound(t *testing.T, d *disk) {
	s := d.open()
	d.fold(s, func(f *store.Fold) {
		for first := range uint64(3) {
			d.must(f.PutDelivery(lyman, first+1, &logv1.Delivery{LogBytes: first + 1}))
		}
	})
	d.look(s, func(v *store.Snapshot) {
		for position, want := range map[uint64]uint64{1: 1, 2: 2, 3: 3, 4: 3, 1 << 40: 3} {
			if have, err := v.LogBytesAt(lyman, position); err != nil || have != want {
				t.Errorf("log at position %d: %d bytes, want %d, %v", position, have, want, err)
			}
		}
	})
}

func entriesComeInOrder(t *testing.T, d *disk) {
	s := d.open()
	for seq := uint64(1); seq <= 300; seq += 100 {
		d.fold(s, func(f *store.Fold) {
			for i := range uint64(100) {
				d.must(f.PutEntry(6, seq+i, &logv1.Entry{Level: 6}))
				d.must(f.PutEntry(7, seq+i, &logv1.Entry{Level: 7}))
			}
		})
	}
	d.look(s, func(v *store.Snapshot) {
		next := uint64(251)
		d.must(v.Entries(6, 250, func(seq uint64, entry *logv1.Entry) error {
			if seq != next || entry.Level != 6 {
				t.Errorf("entry %d of partition %d, want %d of 6", seq, entry.Level, next)
			}
			next++
			return nil
		}))
		if next != 301 {
			t.Errorf("ended before entry %d", next)
		}
		if entry, err := v.Entry(7, 300); err != nil || entry.Level != 7 {
			t.Errorf("entry %v, %v", entry, err)
		}
	})
}

func spacesComeOnce(t *testing.T, d *disk) {
	s := d.open()
	d.fold(s, func(f *store.Fold) {
		for _, space := range []merge.SpaceID{lyman, svatove, {}, {1}} {
			newSpace(f, space)
			f.NewRecord(space, record(1, nil))
			f.NewRecord(space, record(2, nil))
		}
		d.must(f.PutAccess(merge.SpaceID{2}, oksana, &logv1.Access{})) // never made
	})
	d.look(s, func(v *store.Snapshot) {
		seen := map[merge.SpaceID]int{}
		d.must(v.Spaces(func(space merge.SpaceID, head *logv1.SpaceHead) error {
			seen[space] += int(head.Records)
			return nil
		}))
		if len(seen) != 4 || seen[lyman] != 2 || seen[svatove] != 2 || seen[merge.SpaceID{}] != 2 || seen[merge.SpaceID{1}] != 2 {
			t.Errorf("spaces %v", seen)
		}
	})
}

func endedIsGone(t *testing.T, d *disk) {
	s := d.open()
	d.fold(s, func(f *store.Fold) {
		for seq := range uint64(2) {
			d.must(f.PutQuarantined(lyman, change(seq), &logv1.Quarantined{Run: []byte("kept")}))
			f.PutFindings(lyman, change(seq), []wire.Finding{{Cause: wire.Forked}})
		}
	})
	d.fold(s, func(f *store.Fold) {
		f.EndQuarantine(lyman, change(0))
		f.PutFindings(lyman, change(0), nil)
		if q, err := f.Quarantined(lyman, change(0)); q != nil || err != nil {
			t.Errorf("in the fold that ends it: %v, %v", q, err)
		}
	})
	d.look(s, func(v *store.Snapshot) {
		var held []uint64
		d.must(v.QuarantinedChanges(lyman, merge.ID{}, func(id merge.ID, q *logv1.Quarantined) error {
			held = append(held, id.Seq)
			if string(q.Run) != "kept" {
				t.Errorf("run %q", q.Run)
			}
			return nil
		}))
		mustBe(t, held, []uint64{1})
		for seq, want := range []int{0, 1} {
			if findings, err := v.Findings(lyman, change(uint64(seq))); err != nil || len(findings) != want {
				t.Errorf("change %d: %d findings, %v", seq, len(findings), err)
			}
		}
	})
}

func reopeningKeepsEverything(t *testing.T, d *disk) {
	s := d.open()
	secret := s.Secret()
	for i := range uint64(50) {
		d.fold(s, func(f *store.Fold) {
			d.must(f.PutDelivery(lyman, 1+i, &logv1.Delivery{Batch: bytes.Repeat([]byte{byte(i)}, 1000)}))
			f.PutSchema(i, []byte{byte(i)})
		})
	}
	d.must(s.Close())
	s = d.open()
	if s.Secret() != secret || secret == ([32]byte{}) {
		t.Error("the store is another one")
	}
	d.look(s, func(v *store.Snapshot) {
		if n := len(deliveries(d, v, lyman, 0)); n != 50 {
			t.Errorf("%d of 50 deliveries", n)
		}
	})
	sets, err := s.Schemas()
	d.must(err)
	if len(sets) != 50 || sets[49][0] != 49 {
		t.Errorf("schemas %v", sets)
	}
}

// Rows of other classes lie before and after.
func directoryComesInOrder(t *testing.T, d *disk) {
	s := d.open()
	key := func(kind, id byte) store.DirectoryKey { return store.DirectoryKey{kind, id} }
	d.look(s, func(v *store.Snapshot) {
		row, err := v.DirectoryRow(key(1, 1))
		if version, headErr := v.DirectoryVersion(); err != nil || headErr != nil || version != 0 || row.Version != 0 {
			t.Errorf("of an empty directory: version %d, row %v, %v, %v", version, row, err, headErr)
		}
	})
	for version, key := range []store.DirectoryKey{key(2, 1), key(1, 200), key(1, 3), key(2, 1)} {
		d.fold(s, func(f *store.Fold) {
			newSpace(f, lyman)
			d.must(f.PutEntry(store.DirectoryPartition(), uint64(version)+1, &logv1.Entry{Level: 1}))
			d.must(f.PutDirectoryRow(key, &logv1.DirectoryRow{Version: uint64(version) + 1, Row: []byte("row")}))
			d.must(f.PutDirectoryVersion(uint64(version) + 1))
			if row, err := f.DirectoryRow(key); err != nil || row.Version != uint64(version)+1 {
				t.Errorf("in the fold that puts it: %v, %v", row, err)
			}
		})
	}
	d.look(s, func(v *store.Snapshot) {
		var versions []uint64
		d.must(v.DirectoryRows(func(_ store.DirectoryKey, row *logv1.DirectoryRow) error {
			versions = append(versions, row.Version)
			return nil
		}))
		mustBe(t, versions, []uint64{3, 2, 4})
		if version, err := v.DirectoryVersion(); err != nil || version != 4 {
			t.Errorf("version %d, %v", version, err)
		}
	})
}
