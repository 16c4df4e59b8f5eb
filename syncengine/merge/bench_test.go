package merge_test

import (
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// attendance is a change as a tablet writes most of them: one new record with a
// key and a handful of cells, about 300 bytes.
func attendance(w *mergetest.Writer, number int) *merge.Change {
	header := make([]byte, 54) // three ids of 16 bytes
	header[0], header[1], header[2] = byte(number), byte(number>>8), byte(number>>16)
	record := merge.RecordWrites{Type: "zhurnal.records.v1.AttendanceMark", Header: header}
	record.Record = merge.KeyedRecordID(w.Space, record.Type, header)
	for field := range uint32(6) {
		record.Writes = append(record.Writes, merge.Write{Cell: merge.CellKey{Field: field + 4}, Value: make([]byte, 20)})
	}
	return w.Seal(salt, noon, record)
}

// correction replaces all cells of the record.
func correction(w *mergetest.Writer, c *merge.Change) *merge.Change {
	record := c.Records[0]
	record.Writes = nil
	for _, old := range c.Records[0].Writes {
		old.Replaces = []merge.ID{c.ID}
		record.Writes = append(record.Writes, old)
	}
	return w.Seal(salt, noon+1, record)
}

func BenchmarkApply(b *testing.B) {
	const pairs = 1000
	first, second := anna(), bohdan()
	var fresh, corrections []*merge.Change
	for i := range pairs {
		fresh = append(fresh, attendance(first, i))
		corrections = append(corrections, correction(second, fresh[i]))
	}
	b.Run("new record", func(b *testing.B) { benchmarkApply(b, nil, fresh) })
	b.Run("correction", func(b *testing.B) { benchmarkApply(b, fresh, corrections) })
}

// benchmarkApply applies the changes, again and again to a fresh space that
// holds what was applied before them.
func benchmarkApply(b *testing.B, before, changes []*merge.Change) {
	b.ReportAllocs()
	var s *mergetest.Space
	for i := 0; i < b.N; i++ {
		if i%len(changes) == 0 {
			b.StopTimer()
			s = spaceOf(b, before...)
			b.StartTimer()
		}
		if _, err := merge.Apply(s, changes[i%len(changes)], noon, uint64(i+1)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	c := attendance(anna(), 1)
	b.ReportAllocs()
	for b.Loop() {
		c.Seal(testSpace)
	}
}

// benchmarkRows are a record as most are, and one that many have written to.
func benchmarkRows(b *testing.B, run func(b *testing.B, rec *merge.Record)) {
	mark := spaceOf(b, attendance(anna(), 1)).Records()[0]
	crowd := mergetest.NewSpace()
	for i := range 500 {
		w := mergetest.NewWriter(testSpace, string(rune('A'+i)), string(rune('A'+i%40)))
		apply(b, crowd, fact{Change: put(w, merge.CellKey{Field: 7, Element: string(rune('A' + i))}, "\x01")})
	}
	b.Run("mark", func(b *testing.B) { run(b, mark) })
	b.Run("500 writers", func(b *testing.B) { run(b, visitIn(b, crowd)) })
}

func BenchmarkAppendRecord(b *testing.B) {
	benchmarkRows(b, func(b *testing.B, rec *merge.Record) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			buf = merge.AppendRecord(buf[:0], rec)
		}
		b.SetBytes(int64(len(buf)))
	})
}

func BenchmarkParseRecord(b *testing.B) {
	benchmarkRows(b, func(b *testing.B, rec *merge.Record) {
		row := merge.AppendRecord(nil, rec)
		b.ReportAllocs()
		b.SetBytes(int64(len(row)))
		for b.Loop() {
			if _, err := merge.ParseRecord(rec.ID, row); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDigest(b *testing.B) {
	benchmarkRows(b, func(b *testing.B, rec *merge.Record) {
		b.ReportAllocs()
		for b.Loop() {
			rec.Digest()
		}
	})
}

func BenchmarkClone(b *testing.B) {
	benchmarkRows(b, func(b *testing.B, rec *merge.Record) {
		b.ReportAllocs()
		for b.Loop() {
			rec.Clone()
		}
	})
}
