package merge_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

func TestARowComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := mergetest.NewSpace()
		for i, f := range shuffled(draws{t}, someOf(draws{t}, drawHistory(draws{t}))) {
			if _, err := s.Apply(f.Change, f.Received, uint64(i)); err != nil {
				t.Fatal(err)
			}
		}
		for _, rec := range s.Records() {
			row := merge.AppendRecord(nil, rec)
			parsed, err := merge.ParseRecord(rec.ID, row)
			if err != nil {
				t.Fatalf("%x: %v", row, err)
			}
			if !reflect.DeepEqual(withoutEmpty(parsed), withoutEmpty(rec.Clone())) {
				t.Fatalf("read %+v\nwrote %+v", parsed, rec)
			}
			if parsed.Digest() != rec.Digest() {
				t.Fatal("the digest differs after a round trip")
			}
		}
	})
}

// withoutEmpty makes nil of what is empty: the two mean the same.
func withoutEmpty(rec *merge.Record) *merge.Record {
	rec.Header = append([]byte(nil), rec.Header...)
	rec.Cells = append([]merge.Cell(nil), rec.Cells...)
	for i := range rec.Cells {
		c := &rec.Cells[i]
		c.Values = append([]merge.Value(nil), c.Values...)
		c.Missing = append([]merge.ID(nil), c.Missing...)
		for j := range c.Values {
			c.Values[j].Data = append([]byte(nil), c.Values[j].Data...)
		}
	}
	return rec
}

// With many writers the dictionaries of a row are no longer searched one by one.
// Each change has two values here, so that the second one finds it.
func TestARowWithManyWritersComesBackAsItWas(t *testing.T) {
	s := mergetest.NewSpace()
	for i := range 300 {
		name := string(rune('A' + i))
		w := mergetest.NewWriter(testSpace, "tablet "+name, "person "+name)
		apply(t, s, fact{Received: 1_000, Change: w.Seal(salt, int64(i), on(visit,
			merge.Write{Cell: merge.CellKey{Field: 7, Element: name}, Value: []byte{1}},
			merge.Write{Cell: merge.CellKey{Field: 8}, Value: []byte(name)}))})
	}
	rec := visitIn(t, s)
	data := merge.AppendRecord(nil, rec)
	parsed, err := merge.ParseRecord(rec.ID, data)
	if err != nil || !reflect.DeepEqual(withoutEmpty(parsed), withoutEmpty(rec.Clone())) {
		t.Fatalf("read %+v, %v\nwrote %+v", parsed, err, rec)
	}
	if perWriter := len(data) / 300; perWriter > 32+12+2*8 {
		t.Errorf("%d bytes per writer: sources or changes stand there more than once", perWriter)
	}
}

// What a damaged disk or a hostile server may hand out: every part of a row,
// every row with a byte more, and every second way to say the same.
func TestDamagedRowsAreRefused(t *testing.T) {
	row := merge.AppendRecord(nil, visitIn(t, sampleSpace(t)))
	for n := range row {
		if _, err := merge.ParseRecord(visit.Record, row[:n]); !errors.Is(err, merge.ErrMalformedRecord) {
			t.Errorf("the first %d bytes of %d: error %v", n, len(row), err)
		}
	}
	if _, err := merge.ParseRecord(visit.Record, append(row, 0)); err == nil {
		t.Error("a byte too many was taken")
	}
}

func TestRowsHaveNoSecondSpelling(t *testing.T) {
	for _, c := range spellings() {
		rec, err := merge.ParseRecord(visit.Record, c.row)
		if (err == nil) != c.ok {
			t.Errorf("%s: record %+v, error %v", c.name, rec, err)
		}
		if err == nil && !bytes.Equal(merge.AppendRecord(nil, rec), c.row) {
			t.Errorf("%s: is written in another way than it was read", c.name)
		}
	}
}

// spelling is a row written by hand; ok if it is the one way to say what it says.
type spelling struct {
	name string
	row  []byte
	ok   bool
}

func spellings() []spelling {
	var a, b [32]byte // two sources
	b[0] = 1
	write := func(source, seq byte) []byte { return append([]byte{source, seq}, make([]byte, 9)...) }
	sources := func(list ...[32]byte) (data []byte) {
		data = []byte{byte(len(list))}
		for _, s := range list {
			data = append(data, s[:]...)
		}
		return data
	}
	cell := func(field, write byte) []byte { return []byte{field, 0, 1, write, 0, 0} }
	row := func(parts ...[]byte) []byte { return append([]byte{1, 0, 1, 'T', 0}, bytes.Join(parts, nil)...) }
	count := func(n byte) []byte { return []byte{n} }
	missing := func(seqs ...byte) []byte {
		data := []byte{1, 0, 1, 0, 0, byte(len(seqs))}
		for _, seq := range seqs {
			data = append(append(append(data, make([]byte, 16)...), seq), make([]byte, 8)...)
		}
		return data
	}
	highField := binary.AppendUvarint(nil, merge.MaxField+1)
	return []spelling{
		{"two sources in order of use", row(sources(a, b), count(2), write(0, 1), write(1, 1), count(2), cell(1, 0), cell(2, 1)), true},
		{"one change at two times", row(sources(a), count(2), write(0, 1), append(write(0, 1)[:10], 2), count(2), cell(1, 0), cell(2, 1)), true},
		{"two missing values", row(sources(a), count(1), write(0, 1), count(1), missing(1, 2)), true},
		{"a source that no change uses", row(sources(a, b), count(1), write(0, 1), count(1), cell(1, 0)), false},
		{"a source twice", row(sources(a, a), count(2), write(0, 1), write(1, 2), count(2), cell(1, 0), cell(2, 1)), false},
		{"sources not in order of use", row(sources(a, b), count(2), write(1, 1), write(0, 1), count(2), cell(1, 0), cell(2, 1)), false},
		{"a change that no value uses", row(sources(a), count(2), write(0, 1), write(0, 2), count(1), cell(1, 0)), false},
		{"a change twice", row(sources(a), count(2), write(0, 1), write(0, 1), count(2), cell(1, 0), cell(2, 1)), false},
		{"changes not in order of use", row(sources(a), count(2), write(0, 1), write(0, 2), count(2), cell(1, 1), cell(2, 0)), false},
		{"a source twice, the second unused", row(sources(a, a), count(1), write(0, 1), count(1), cell(1, 0)), false},
		{"a change twice, the second unused", row(sources(a), count(2), write(0, 1), write(0, 1), count(1), cell(1, 0)), false},
		{"changes not in order of use, and again", row(sources(a), count(2), write(0, 1), write(0, 2), count(3), cell(1, 1), cell(2, 0), cell(3, 1)), false},
		{"sources not in order of use, and again", row(sources(a, b), count(3), write(1, 1), write(0, 1), write(1, 2), count(3), cell(1, 0), cell(2, 1), cell(3, 2)), false},
		{"a source that is not there", row(sources(a), count(1), write(1, 1), count(1), cell(1, 0)), false},
		{"a change that is not there", row(sources(a), count(1), write(0, 1), count(1), cell(1, 1)), false},
		{"cells out of order", row(sources(a), count(1), write(0, 1), count(2), cell(2, 0), cell(1, 0)), false},
		{"a cell twice", row(sources(a), count(1), write(0, 1), count(2), cell(1, 0), cell(1, 0)), false},
		{"values out of order", row(sources(a), count(2), write(0, 2), write(0, 1), count(1), []byte{1, 0, 2, 0, 0, 1, 0, 0}), false},
		{"missing values out of order", row(sources(a), count(1), write(0, 1), count(1), missing(2, 1)), false},
		{"a missing value twice", row(sources(a), count(1), write(0, 1), count(1), missing(1, 1)), false},
		{"a field above protobuf's", row(sources(a), count(1), write(0, 1), count(1), highField, cell(0, 0)[1:]), false},
		{"a padded number", row([]byte{0x81, 0}, a[:], count(1), write(0, 1), count(1), cell(1, 0)), false},
		{"more cells than there are bytes", row(sources(), count(0), count(100)), false},
		{"more cells than any memory holds", row(sources(), count(0), binary.AppendUvarint(nil, 1<<62)), false},
		{"a byte too many", row(sources(), count(0), count(0), count(0)), false},
		{"another format", append([]byte{2}, row(sources(), count(0), count(0))[1:]...), false},
	}
}

// sampleSpace holds a visit with concurrent values, a set, a void, and a marker.
func sampleSpace(t testing.TB) *mergetest.Space {
	t.Helper()
	a, b := anna(), bohdan()
	name := put(a, nameCell, "Olha")
	s := spaceOf(t, name, put(b, nameCell, "Olga"), put(a, merge.CellKey{Field: 7, Element: "tea"}, "\x01"))
	apply(t, s, fact{Change: void(t, b, s), Received: 1}, fact{Change: put(b, phoneCell, "044", merge.ID{Replica: a.Replica, Seq: 9}), Received: 2})
	return s
}

func FuzzParseRecord(f *testing.F) {
	f.Add(merge.AppendRecord(nil, &merge.Record{}))
	f.Add(merge.AppendRecord(nil, visitIn(f, sampleSpace(f))))
	for seed := range uint64(4) {
		s := mergetest.NewSpace()
		for i, f := range factsOf(mergetest.Crowded.History(seeded(seed), testSpace, 3, 12)) {
			if _, err := s.Apply(f.Change, f.Received, uint64(i)); err != nil {
				panic(err)
			}
		}
		for _, rec := range s.Records() {
			f.Add(merge.AppendRecord(nil, rec))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rec, err := merge.ParseRecord(visit.Record, data)
		if err != nil {
			return
		}
		if again := merge.AppendRecord(nil, rec); !bytes.Equal(again, data) {
			t.Fatalf("%x was read as %+v, which is written as %x", data, rec, again)
		}
		rec.Digest()
		rec.Standing()
	})
}
