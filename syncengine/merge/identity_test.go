package merge_test

import (
	"slices"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

func TestTwoTabletsMakeOneRecordOfOneKey(t *testing.T) {
	id := merge.KeyedRecordID(testSpace, "Mark", []byte("key"))
	if id != merge.KeyedRecordID(testSpace, "Mark", []byte("key")) {
		t.Error("the same key gives two ids")
	}
	for what, other := range map[string]merge.RecordID{
		"another space":            merge.KeyedRecordID(merge.SpaceID{1}, "Mark", []byte("key")),
		"another type":             merge.KeyedRecordID(testSpace, "Mask", []byte("key")),
		"another key":              merge.KeyedRecordID(testSpace, "Mark", []byte("kez")),
		"another boundary between": merge.KeyedRecordID(testSpace, "Markk", []byte("ey")),
	} {
		if other == id {
			t.Errorf("%s gives the same id", what)
		}
	}
}

func TestIdentitiesAscendByReplicaSeqTag(t *testing.T) {
	ascending := []merge.ID{
		{Seq: 1},
		{Seq: 1, Tag: merge.Tag{0, 1}},
		{Seq: 1, Tag: merge.Tag{1}},
		{Seq: 256},
		{Replica: merge.ReplicaID{15: 1}},
		{Replica: merge.ReplicaID{1}, Seq: 1},
	}
	for i, a := range ascending {
		for j, b := range ascending {
			if got, want := a.Compare(b), min(1, max(-1, i-j)); got != want {
				t.Errorf("%s against %s: %d; want %d", a, b, got, want)
			}
		}
	}
}

func TestDigestTellsContentAndNotTheWay(t *testing.T) {
	sample := visitIn(t, sampleSpace(t))
	digest := sample.Digest()
	for name, alter := range map[string]func(r *merge.Record){
		"position":        func(r *merge.Record) { r.Position++ },
		"time":            func(r *merge.Record) { r.Cells[1].Values[0].At++ },
		"a marker":        func(r *merge.Record) { r.Cells[1].Missing = append(r.Cells[1].Missing, merge.ID{Seq: 1}) },
		"an emptied cell": func(r *merge.Record) { r.Cells = append(r.Cells, merge.Cell{Key: merge.CellKey{Field: 900}}) },
	} {
		if r := sample.Clone(); alterAndDigest(r, alter) != digest {
			t.Errorf("%s changes the digest", name)
		}
	}
	for name, alter := range map[string]func(r *merge.Record){
		"id":           func(r *merge.Record) { r.ID[0]++ },
		"type":         func(r *merge.Record) { r.Type += "s" },
		"header":       func(r *merge.Record) { r.Header = []byte{1} },
		"field":        func(r *merge.Record) { r.Cells[1].Key.Field++ },
		"element":      func(r *merge.Record) { r.Cells[1].Key.Element = "x" },
		"change":       func(r *merge.Record) { r.Cells[1].Values[0].Change.Tag[7]++ },
		"data":         func(r *merge.Record) { r.Cells[1].Values[0].Data = []byte("Olena") },
		"value gone":   func(r *merge.Record) { r.Cells[1].Values = slices.Delete(r.Cells[1].Values, 0, 1) },
		"cell removed": func(r *merge.Record) { r.Cells = slices.Delete(r.Cells, 1, 2) },
	} {
		if r := sample.Clone(); alterAndDigest(r, alter) == digest {
			t.Errorf("%s does not change the digest", name)
		}
	}
}

func alterAndDigest(r *merge.Record, alter func(*merge.Record)) merge.Hash {
	alter(r)
	return r.Digest()
}

func TestTheDigestOfASpaceIsThatOfItsRecordsInAnyOrder(t *testing.T) {
	s := mergetest.NewSpace()
	var sum merge.Hash
	for _, number := range []int{1, 2, 3} {
		apply(t, s, fact{Change: anna().Seal(salt, 1, on(mergetest.Subject(testSpace, number), merge.Write{Cell: nameCell}))})
	}
	records := s.Records()
	slices.Reverse(records)
	for _, rec := range records {
		sum = sum.Combine(rec.Digest())
	}
	if sum != s.Digest() {
		t.Error("the order of the records changes the digest")
	}
	for _, rec := range records {
		sum = sum.Combine(rec.Digest())
	}
	if sum != (merge.Hash{}) {
		t.Error("taking every record out again does not leave nothing")
	}
}
