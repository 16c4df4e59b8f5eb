package merge_test

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// The setting of the stories: one community, two recorders, a visit with a
// random id and one with a key.
var (
	testSpace  = merge.SpaceID(mergetest.ID16("a community"))
	visit      = mergetest.Subject(testSpace, 1)
	keyedVisit = mergetest.Subject(testSpace, 2)
	salt       = merge.Salt{1, 2, 3}
	nameCell   = merge.CellKey{Field: 1}
)

func anna() *mergetest.Writer   { return mergetest.NewWriter(testSpace, "tablet A", "Anna") }
func bohdan() *mergetest.Writer { return mergetest.NewWriter(testSpace, "tablet B", "Bohdan") }

// on returns the record's part of a change.
func on(record merge.RecordWrites, writes ...merge.Write) merge.RecordWrites {
	record.Writes = writes
	return record
}

// put writes one cell of the visit.
func put(w *mergetest.Writer, cell merge.CellKey, value string, replaces ...merge.ID) *merge.Change {
	return w.Seal(salt, w.Stamp+1, on(visit, merge.Write{Cell: cell, Value: []byte(value), Replaces: replaces}))
}

// spaceOf applies the changes in this order, as a copy does that home has
// confirmed nothing to.
func spaceOf(t testing.TB, changes ...*merge.Change) *mergetest.Space {
	t.Helper()
	s := mergetest.NewSpace()
	for _, c := range changes {
		apply(t, s, fact{Change: c})
	}
	return s
}

// fact is a change that a copy applies.
type fact = mergetest.Fact

func apply(t failer, s *mergetest.Space, facts ...fact) {
	t.Helper()
	for _, f := range facts {
		if _, err := s.Apply(f.Change, f.Received, 0); err != nil {
			t.Fatalf("apply %s: %v", f.Change.ID, err)
		}
	}
}

// visitIn returns the visit as the copy holds it.
func visitIn(t testing.TB, s *mergetest.Space) *merge.Record {
	t.Helper()
	rec, err := s.Record(visit.Record)
	if err != nil || rec == nil {
		t.Fatalf("the visit is not there: %v", err)
	}
	return rec
}

// dataIn returns what is live in the visit's cell, in the order of the cell.
func dataIn(t testing.TB, s *mergetest.Space, key merge.CellKey) (data []string) {
	t.Helper()
	if cell := visitIn(t, s).Cell(key); cell != nil {
		for _, v := range cell.Values {
			data = append(data, string(v.Data))
		}
	}
	return data
}

// rows returns the encoding of all records, to compare copies byte by byte.
func rows(s *mergetest.Space) []byte {
	var all []byte
	for _, rec := range s.Records() {
		all = merge.AppendRecord(append(all, rec.ID[:]...), rec)
	}
	return all
}

// failer is what stories and properties have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// draws lets a generator draw from a property test.
type draws struct{ t *rapid.T }

func (d draws) IntN(n int) int { return rapid.IntRange(0, n-1).Draw(d.t, "n") }
func (d draws) Uint64() uint64 { return rapid.Uint64().Draw(d.t, "bits") }

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// factsOf says that home received the changes at times around their stamps, so
// that either may be the lower.
func factsOf(changes []*merge.Change) []fact {
	facts := make([]fact, len(changes))
	for i, c := range changes {
		facts[i] = fact{Change: c, Received: int64(100 * (i%9 + 1))}
	}
	return facts
}

// shuffled returns the facts in any order, some of them twice.
func shuffled(src mergetest.Source, facts []fact) []fact {
	var chosen []fact
	for _, f := range facts {
		chosen = append(chosen, f)
		if src.IntN(4) == 0 {
			chosen = append(chosen, f)
		}
	}
	for i := len(chosen) - 1; i > 0; i-- {
		j := src.IntN(i + 1)
		chosen[i], chosen[j] = chosen[j], chosen[i]
	}
	return chosen
}

// someOf leaves out a quarter.
func someOf(src mergetest.Source, facts []fact) (part []fact) {
	for _, f := range facts {
		if src.IntN(4) > 0 {
			part = append(part, f)
		}
	}
	return part
}
