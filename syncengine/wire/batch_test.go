package wire_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

var lyman = merge.SpaceID(mergetest.ID16("lyman"))

func history(seed uint64, count int) []*merge.Change {
	return mergetest.Crowded.History(rand.New(rand.NewPCG(seed, 0)), lyman, 3, count)
}

// What is packed comes out as it was, in the same order, hash for hash.
func TestBatchesGiveBackWhatWasPacked(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		changes := history(rapid.Uint64().Draw(rt, "seed"), rapid.IntRange(1, 60).Draw(rt, "changes"))
		if rapid.Bool().Draw(rt, "purged") {
			changes[0].Purge(func(*merge.RecordWrites, *merge.Write) bool { return true })
		}
		packed, err := wire.EncodeBatches(lyman, changes)
		if err != nil {
			rt.Fatal(err)
		}
		var back []*merge.Change
		for _, batch := range packed {
			part, err := wire.DecodeBatch(lyman, batch)
			if err != nil {
				rt.Fatal(err)
			}
			back = append(back, part...)
		}
		if len(back) != len(changes) {
			rt.Fatalf("%d changes of %d", len(back), len(changes))
		}
		for i := range back {
			mustEqual(rt, changes[i], back[i])
		}
	})
}

func TestOneChangeGoesToBytesAndBack(t *testing.T) {
	for _, c := range history(3, 20) {
		data, err := wire.EncodeChange(c)
		if err != nil {
			t.Fatal(err)
		}
		back, err := wire.DecodeChange(lyman, data)
		if err != nil {
			t.Fatal(err)
		}
		mustEqual(t, c, back)
		if _, err := wire.DecodeChange(merge.SpaceID(mergetest.ID16("svatove")), data); err == nil || fault.KindOf(err) != fault.FalseHash {
			t.Fatalf("taken for a change of another space: %v", err)
		}
	}
}

func mustEqual(t rapid.TB, want, have *merge.Change) {
	t.Helper()
	if want.Hash != have.Hash || want.ID != have.ID {
		t.Fatalf("%s with hash %x became %s with hash %x", want.ID, want.Hash[:4], have.ID, have.Hash[:4])
	}
	for i := range want.Records {
		if len(want.Records[i].Header) == 0 {
			want.Records[i].Header = have.Records[i].Header
		}
		for j := range want.Records[i].Writes {
			if w := &want.Records[i].Writes[j]; len(w.Value) == 0 {
				w.Value = have.Records[i].Writes[j].Value // empty and nil are one
			}
			if w := &want.Records[i].Writes[j]; len(w.Replaces) == 0 {
				w.Replaces = have.Records[i].Writes[j].Replaces
			}
		}
	}
	if !reflect.DeepEqual(want, have) {
		t.Fatalf("change %s:\n want %+v\n have %+v", want.ID, want, have)
	}
}

func TestBatchesKeepToTheLimits(t *testing.T) {
	w := mergetest.NewWriter(lyman, "tablet", "oksana")
	changes := make([]*merge.Change, 3000)
	src := rand.New(rand.NewPCG(1, 1))
	for i := range changes {
		records := []merge.RecordWrites{mergetest.Subject(lyman, i)}
		records[0].Writes = []merge.Write{{Cell: merge.CellKey{Field: 1}, Value: make([]byte, src.IntN(1000))}}
		changes[i] = w.Seal(mergetest.DrawSalt(src), int64(i+1), records...)
	}
	packed, err := wire.EncodeBatches(lyman, changes)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for i, batch := range packed {
		part, err := wire.DecodeBatch(lyman, batch)
		if err != nil {
			t.Fatalf("batch %d: %v", i, err)
		}
		total += len(part)
	}
	if total != len(changes) || len(packed) < total/limits.BatchChanges {
		t.Fatalf("%d changes in %d batches", total, len(packed))
	}
}

func TestAChangeThatNoBatchHoldsIsRefused(t *testing.T) {
	w := mergetest.NewWriter(lyman, "tablet", "oksana")
	records := []merge.RecordWrites{mergetest.Subject(lyman, 0)}
	records[0].Writes = []merge.Write{{Cell: merge.CellKey{Field: 1}, Value: make([]byte, limits.ChangeBytes)}}
	c := w.Seal(merge.Salt{1}, 1, records...)
	if _, err := wire.EncodeBatches(lyman, []*merge.Change{c}); fault.KindOf(err) != fault.TooLarge {
		t.Fatalf("error %v", err)
	}
	if err := wire.CheckLimits(c); fault.KindOf(err) != fault.TooLarge {
		t.Fatalf("error %v", err)
	}
}

func TestPagesGoToProtoAndBack(t *testing.T) {
	changes := history(5, 4)
	page := wire.Page{
		Entries: []wire.LogEntry{{
			FirstPosition: 7, Positions: 3, Received: 99, Batch: []byte("batch"),
			Outcomes: []wire.Outcome{{
				Replica: changes[0].ID.Replica, FirstSeq: 1, LastSeq: 1, LastTag: changes[0].ID.Tag, Verdict: wire.Flagged, LastPosition: 9,
				Findings: []wire.Finding{
					{Cause: wire.ReplacedMissing, Record: merge.RecordID{1}, Field: 3, MessageKey: "replaced.missing", MissingChange: changes[1].ID},
					{Cause: wire.ReferenceDangles, Type: "t", MissingRecord: merge.RecordID{2}},
					{Cause: wire.RuleFailed, Type: "t", Record: merge.RecordID{1}, Fields: []uint32{5, 800}, MessageKey: "visit.fare"},
				},
			}},
		}},
		Rows:   []wire.StateRow{{Record: merge.RecordID{5}, Row: []byte("row")}},
		Cursor: []byte("cursor"), Position: 9, Consistent: true, More: true, ReplacesAll: true,
	}
	data, err := proto.Marshal(page.ToProto())
	if err != nil {
		t.Fatal(err)
	}
	m := new(syncv1.Page)
	if err := proto.Unmarshal(data, m); err != nil {
		t.Fatal(err)
	}
	back, err := wire.PageFromProto(m)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(page, back) {
		t.Fatalf("want %+v\nhave %+v", page, back)
	}
}

func TestVerdictsOverARunAreJoined(t *testing.T) {
	var list []wire.Outcome
	for i, c := range history(9, 1)[:1] {
		id := c.ID
		for seq := uint64(1); seq <= 5; seq++ {
			id.Seq = seq
			verdict, findings := wire.Applied, []wire.Finding(nil)
			if seq == 4 {
				verdict, findings = wire.Flagged, []wire.Finding{{Cause: wire.RuleFailed}}
			}
			list = wire.AppendOutcome(list, id, verdict, uint64(i)+seq, findings)
		}
	}
	if len(list) != 3 || list[0].LastSeq != 3 || list[0].LastPosition != 3 || list[1].FirstSeq != 4 || list[2].FirstSeq != 5 {
		t.Fatalf("%+v", list)
	}
}

func FuzzDecodeBatch(f *testing.F) {
	for seed := range uint64(5) {
		packed, err := wire.EncodeBatches(lyman, history(seed, 10))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed[0])
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		changes, err := wire.DecodeBatch(lyman, packed)
		if err != nil {
			if kind := fault.KindOf(err); kind != fault.Malformed && kind != fault.FalseHash && kind != fault.TooLarge {
				t.Fatalf("kind %d: %v", kind, err)
			}
			return
		}
		again, err := wire.EncodeBatch(lyman, changes)
		if err != nil {
			t.Fatal(err)
		}
		back, err := wire.DecodeBatch(lyman, again)
		if err != nil {
			t.Fatalf("what was accepted is not accepted again: %v", err)
		}
		for i := range back {
			mustEqual(t, changes[i], back[i])
		}
	})
}

// The compressed form hides the structure from a fuzzer: this one sees it.
func FuzzDecodeChange(f *testing.F) {
	for _, c := range history(1, 10) {
		data, err := wire.EncodeChange(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := wire.DecodeChange(lyman, data)
		if err != nil {
			return
		}
		again, err := wire.EncodeChange(c)
		if err != nil {
			t.Fatal(err)
		}
		back, err := wire.DecodeChange(lyman, again)
		if err != nil {
			t.Fatal(err)
		}
		mustEqual(t, c, back)
	})
}

func FuzzPageFromProto(f *testing.F) {
	page := wire.Page{Rows: []wire.StateRow{{Row: []byte("row")}}, Entries: []wire.LogEntry{{Batch: []byte("b")}}}
	data, err := proto.Marshal(page.ToProto())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		m := new(syncv1.Page)
		if proto.Unmarshal(data, m) != nil {
			return
		}
		page, err := wire.PageFromProto(m)
		if err != nil {
			return
		}
		if _, err := wire.PageFromProto(page.ToProto()); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkDecodeBatch(b *testing.B) {
	changes := history(1, 200)
	packed, err := wire.EncodeBatch(lyman, changes)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.DecodeBatch(lyman, packed); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(changes)), "ns/change")
}

func BenchmarkEncodeBatch(b *testing.B) {
	changes := history(1, 200)
	b.ReportAllocs()
	for b.Loop() {
		packed, err := wire.EncodeBatch(lyman, changes)
		if err != nil || bytes.Equal(packed, nil) {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(changes)), "ns/change")
}
