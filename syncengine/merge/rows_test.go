package merge_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// homeLog applies the changes at positions 1, 2, 3 … and returns home after
// each of them, with what home found missing.
func homeLog(t *testing.T, changes ...*merge.Change) (states []*mergetest.Space, log []entry) {
	t.Helper()
	h := newHome()
	for _, c := range changes {
		h.receive([]*merge.Change{c})
		states = append(states, h.space.Clone())
	}
	return states, h.log
}

// tail follows the log after a position over the rows that are there.
func tail(t *testing.T, copied *mergetest.Space, log []entry, after int) {
	t.Helper()
	for i, e := range log[after:] {
		if _, err := copied.Follow(e.change, e.received, uint64(after+i+1), e.missing); err != nil {
			t.Fatal(err)
		}
	}
}

func row(t *testing.T, from *mergetest.Space, id merge.RecordID) *merge.Record {
	t.Helper()
	rec, _ := from.Record(id)
	parsed, err := merge.ParseRecord(id, merge.AppendRecord(nil, rec))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// twoVisits is a story of two records: a correction of both comes before what
// it corrects, and later a correction that has seen all.
func twoVisits() []*merge.Change {
	a, b := anna(), bohdan()
	both := func(w *mergetest.Writer, value string, replaces ...merge.ID) *merge.Change {
		write := merge.Write{Cell: nameCell, Value: []byte(value), Replaces: replaces}
		return w.Seal(salt, w.Stamp+1, on(visit, write), on(keyedVisit, write))
	}
	wrong := both(a, "Olga")
	right := both(b, "Olha", wrong.ID)
	return []*merge.Change{right, wrong, both(a, "Olha Koval", right.ID)}
}

// Whichever positions the two rows were fetched at, and wherever before them
// the tail begins: the tail makes them home's.
func TestRowsOfAnyTwoPositionsAndTheTailAreHomesState(t *testing.T) {
	states, log := homeLog(t, twoVisits()...)
	states = append([]*mergetest.Space{mergetest.NewSpace()}, states...)
	want := rows(states[len(log)])
	for first := range states {
		for second := range states {
			for after := range min(first, second) + 1 {
				copied := mergetest.NewSpace()
				if first > 0 {
					_ = copied.Put(row(t, states[first], visit.Record))
				}
				if second > 0 {
					_ = copied.Put(row(t, states[second], keyedVisit.Record))
				}
				tail(t, copied, log, after)
				if !bytes.Equal(rows(copied), want) {
					t.Errorf("rows of positions %d and %d, and the tail after %d: %s", first, second, after, describe(copied))
				}
			}
		}
	}
}

// knowing answers Applied from a set of its own.
type knowing struct {
	*mergetest.Space
	set []merge.ID
}

func (k knowing) Applied(id merge.ID) (bool, error) { return slices.Contains(k.set, id), nil }

// The copy's own set of applied changes may be newer than the row that a change
// is applied to. Then it says of a value that it has come, where home found it
// missing, and the value, when the tail brings it, stays for ever. That is why
// a log tells what home found missing.
func TestTheCopysOwnSetCannotStandInForWhatHomeFoundMissing(t *testing.T) {
	changes := twoVisits()
	right, wrong := changes[0], changes[1]
	states, _ := homeLog(t, right, wrong)

	misled := knowing{mergetest.NewSpace(), []merge.ID{right.ID, wrong.ID}}
	for i, c := range []*merge.Change{right, wrong} {
		if _, err := merge.Apply(misled, c, 1, uint64(i+1)); err != nil {
			t.Fatal(err)
		}
	}
	if data := dataIn(t, misled.Space, nameCell); len(data) != 2 {
		t.Errorf("cell holds %q; a set that is newer than the row was expected to leave both values", data)
	}
	if data := dataIn(t, states[1], nameCell); !slices.Equal(data, []string{"Olha"}) {
		t.Errorf("home holds %q; want the correction alone", data)
	}
}

// Over rows that were fetched, the overlay needs the set that home has applied:
// without it an own change that home has applied and others have replaced since
// would be laid over base again.
func TestAConfirmedChangeIsNotLaidOverTheRowsAgain(t *testing.T) {
	own := put(anna(), nameCell, "Olga")
	states, log := homeLog(t, own, put(bohdan(), nameCell, "Olha", own.ID))
	base := mergetest.NewSpace()
	_ = base.Put(row(t, states[1], visit.Record))
	forgetful := base.Clone()
	for _, e := range log {
		base.Admit(e.change.ID)
	}
	apply(t, base, fact{Change: own})
	if data := dataIn(t, base, nameCell); !slices.Equal(data, []string{"Olha"}) {
		t.Errorf("the view holds %q; want home's", data)
	}
	apply(t, forgetful, fact{Change: own})
	if data := dataIn(t, forgetful, nameCell); len(data) != 2 {
		t.Errorf("the view holds %q; without the set the replaced value was expected back", data)
	}
}
