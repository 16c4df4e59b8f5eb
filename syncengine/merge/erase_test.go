package merge_test

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// Erasing the state and replaying the purged log is the same, whatever came before
// the erasure and whatever came late: that is why a log that has lost the values
// still says what the rows must be.
func TestErasingTheStateIsReplayingThePurgedLog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := draws{t}
		facts := drawHistory(src)
		subject := facts[src.IntN(len(facts))].Change.Records[0].Record
		kept := []uint32{uint32(1 + src.IntN(3))}
		early := src.IntN(len(facts) + 1)

		erased := mergetest.NewSpace()
		apply(t, erased, facts[:early]...)
		erase(erased, subject, kept)
		apply(t, erased, facts[early:]...) // as they were written: who is late knows of nothing
		erase(erased, subject, kept)

		replayed := mergetest.NewSpace()
		var purged []fact
		for _, f := range facts {
			c := copyOf(f.Change)
			c.Purge(func(rec *merge.RecordWrites, w *merge.Write) bool {
				return rec.Record == subject && w.Cell != merge.Lifecycle && !slices.Contains(kept, w.Cell.Field)
			})
			purged = append(purged, fact{Change: c, Received: f.Received})
		}
		apply(t, replayed, purged...)
		erase(replayed, subject, kept)
		if !bytes.Equal(rows(replayed), rows(erased)) {
			t.Fatalf("replayed: %swant: %s", describe(replayed), describe(erased))
		}
	})
}

func erase(s *mergetest.Space, subject merge.RecordID, kept []uint32) {
	for _, rec := range s.Records() {
		if rec.ID == subject {
			rec.Erase(kept)
			_ = s.Put(rec)
		}
	}
}

func TestErasedAgainKeepsWhatStayedBothTimes(t *testing.T) {
	rec := visitIn(t, spaceOf(t, nameAndPhone(anna())))
	if !rec.Erase([]uint32{1, 2}) || len(rec.Cells) != 2 {
		t.Fatalf("cells %+v after an erasure that keeps both", rec.Cells)
	}
	if !rec.Erase([]uint32{2, 7}) || len(rec.Cells) != 1 || rec.Keeps(1) || rec.Keeps(7) || !rec.Keeps(2) {
		t.Fatalf("cells %+v, kept %v; want the telephone alone, which was kept both times", rec.Cells, rec.Kept)
	}
	if rec.Erase([]uint32{2}) {
		t.Fatal("erasing again what is erased is said to change something")
	}
	if !rec.Keeps(merge.Lifecycle.Field) {
		t.Fatal("the lifecycle cell is not kept: what was entered by mistake would be counted")
	}
}

func TestAnErasedRecordIsEncodedAsOne(t *testing.T) {
	rec := visitIn(t, spaceOf(t, nameAndPhone(anna())))
	plain := merge.AppendRecord(nil, rec)
	rec.Erase([]uint32{1})
	row := merge.AppendRecord(nil, rec)
	if bytes.Equal(row, plain) || bytes.Contains(row, []byte("+380")) {
		t.Fatalf("row %q", row)
	}
	again, err := merge.ParseRecord(rec.ID, row)
	if err != nil || !again.Erased || !slices.Equal(again.Kept, rec.Kept) || !bytes.Equal(merge.AppendRecord(nil, again), row) {
		t.Fatalf("read again %+v, %v", again, err)
	}
	if position, err := merge.RecordPosition(row); err != nil || position != rec.Position {
		t.Fatalf("position %d, %v; want %d", position, err, rec.Position)
	}
	for _, kept := range [][]uint32{{2, 1}, {1, 1}} {
		rec.Kept = kept
		if _, err := merge.ParseRecord(rec.ID, merge.AppendRecord(nil, rec)); err == nil {
			t.Errorf("kept cells %v are taken: two rows would be one record", kept)
		}
	}
}

func TestWhoseARecordIs(t *testing.T) {
	subject := merge.RecordID{7}
	naming := append([]byte{0x08, 0x05, 0x12, 0x10}, subject[:]...) // field 1 = 5, field 2 = the id
	e := merge.Erasure{Subject: subject, Rules: []merge.ErasureRule{{Type: "mark", Field: 2}, {Type: "person"}}}
	for _, c := range []struct {
		what string
		part merge.RecordWrites
		want bool
	}{
		{"the person", merge.RecordWrites{Type: "person", Record: subject}, true},
		{"another person", merge.RecordWrites{Type: "person", Record: merge.RecordID{8}}, false},
		{"by the key", merge.RecordWrites{Type: "mark", Header: naming}, true},
		{"by a value", merge.RecordWrites{Type: "mark", Writes: []merge.Write{{Cell: phoneCell, Value: naming}}}, true},
		{"by the same field of another type", merge.RecordWrites{Type: "visit", Header: naming}, false},
		{"in another field", merge.RecordWrites{Type: "mark", Header: append([]byte{0x1a, 0x10}, subject[:]...)}, false},
		{"cut short", merge.RecordWrites{Type: "mark", Header: naming[:10]}, false},
		{"a value that is none", merge.RecordWrites{Type: "mark", Writes: []merge.Write{{Cell: phoneCell, Value: bytes.Repeat([]byte{0xff}, 12)}}}, false},
	} {
		if got := e.ConcernsWrites(&c.part) != nil; got != c.want {
			t.Errorf("%s: %t; want %t", c.what, got, c.want)
		}
		rec := merge.Record{Type: c.part.Type, ID: c.part.Record, Header: c.part.Header}
		for _, w := range c.part.Writes {
			rec.Cells = append(rec.Cells, merge.Cell{Key: w.Cell, Values: []merge.Value{{Data: w.Value}}})
		}
		if got := e.Concerns(&rec) != nil; got != c.want {
			t.Errorf("%s, as a record: %t; want %t", c.what, got, c.want)
		}
	}
}
