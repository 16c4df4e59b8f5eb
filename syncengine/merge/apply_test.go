package merge_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

func TestACorrectionThatComesFirstSwallowsWhatItCorrects(t *testing.T) {
	wrong := put(anna(), nameCell, "Olga")
	right := put(bohdan(), nameCell, "Olha", wrong.ID)

	s := mergetest.NewSpace()
	effect, err := s.Apply(right, 0, 0)
	want := merge.MissingValue{Record: visit.Record, Cell: nameCell, Change: wrong.ID}
	if err != nil || len(effect.Missing) != 1 || effect.Missing[0] != want {
		t.Fatalf("missing %v, error %v; want %v", effect.Missing, err, want)
	}
	if effect, err = s.Apply(wrong, 0, 0); err != nil || len(effect.Missing) != 0 {
		t.Fatalf("missing %v, error %v; want nothing missing any more", effect.Missing, err)
	}
	if cell := visitIn(t, s).Cell(nameCell); len(cell.Values) != 1 || cell.Values[0].Change != right.ID || len(cell.Missing) != 0 {
		t.Fatalf("cell %+v; want the correction alone and no marker", cell)
	}
}

func TestTwoWhoHaveNotSeenEachOtherBothStay(t *testing.T) {
	s := spaceOf(t, put(anna(), nameCell, "Olha"), put(bohdan(), nameCell, "Olga"))
	data := dataIn(t, s, nameCell)
	slices.Sort(data)
	if !slices.Equal(data, []string{"Olga", "Olha"}) || visitIn(t, s).Cell(nameCell).Distinct() != 2 {
		t.Fatalf("cell holds %q; want both names", data)
	}
	settled := put(anna(), nameCell, "Olha", visitIn(t, s).Cell(nameCell).Seen()...)
	apply(t, s, fact{Change: settled})
	if data := dataIn(t, s, nameCell); !slices.Equal(data, []string{"Olha"}) {
		t.Fatalf("cell holds %q after somebody who had seen both chose", data)
	}
}

func TestTheSameValueTwiceIsNoDisagreement(t *testing.T) {
	s := spaceOf(t, put(anna(), nameCell, "Olha"), put(bohdan(), nameCell, "Olha"))
	if cell := visitIn(t, s).Cell(nameCell); len(cell.Values) != 2 || cell.Distinct() != 1 {
		t.Fatalf("%d values, %d distinct; want 2 and 1", len(cell.Values), cell.Distinct())
	}
}

// A tablet restored from a copy of itself goes on under the same replica and
// sequence number. Both chains are kept, told apart by their tags.
func TestAForkKeepsBothChains(t *testing.T) {
	original := anna()
	first := put(original, nameCell, "Olha")
	clone := *original
	one := put(original, nameCell, "Olha K.", first.ID)
	other := put(&clone, nameCell, "Olha Koval", first.ID)
	if one.ID.Replica != other.ID.Replica || one.ID.Seq != other.ID.Seq || one.Previous != other.Previous || one.ID.Tag == other.ID.Tag {
		t.Fatalf("%s and %s are no fork", one.ID, other.ID)
	}
	for _, order := range [][]*merge.Change{{first, one, other}, {other, one, first}, {one, first, other}} {
		if data := dataIn(t, spaceOf(t, order...), nameCell); len(data) != 2 || slices.Contains(data, "Olha") {
			t.Errorf("cell holds %q; want what both chains wrote last", data)
		}
	}
	settled := put(bohdan(), nameCell, "Olha Koval", one.ID)
	if data := dataIn(t, spaceOf(t, first, one, other, settled), nameCell); len(data) != 2 || slices.Contains(data, "Olha K.") {
		t.Errorf("cell holds %q; naming one chain must not touch the other", data)
	}
}

func TestElementsOfASetAreCellsOfTheirOwn(t *testing.T) {
	tea, bread := merge.CellKey{Field: 7, Element: "tea"}, merge.CellKey{Field: 7, Element: "bread"}
	a, b := anna(), bohdan()
	added := put(a, tea, "\x01")
	removed := put(b, tea, "", added.ID)
	s := spaceOf(t, added, put(b, bread, "\x01"), removed)
	if data := dataIn(t, s, bread); !slices.Equal(data, []string{"\x01"}) {
		t.Errorf("bread is %q; want it present, since only tea was removed", data)
	}
	apply(t, s, fact{Change: put(a, tea, "\x01", added.ID)}) // who has not seen the removal adds again
	if shown, ok := visitIn(t, s).Cell(tea).Shown(merge.PresentFirst); !ok || len(shown.Data) == 0 {
		t.Error("a removal beat an addition that it had not seen")
	}
}

func TestEffectTellsWhatWasTouchedAndMade(t *testing.T) {
	a := anna()
	s := mergetest.NewSpace()
	apply(t, s, fact{Change: a.Seal(salt, 1, on(keyedVisit, merge.Write{Cell: nameCell}))})
	effect, err := s.Apply(a.Seal(salt, 2, on(visit, merge.Write{Cell: nameCell}), on(keyedVisit, merge.Write{Cell: merge.Lifecycle})), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(effect.Touched) != 2 || effect.Touched[0].ID != visit.Record || effect.Touched[1].ID != keyedVisit.Record {
		t.Errorf("touched %v; want both records in the order of the change", effect.Touched)
	}
	if !slices.Equal(effect.Created, []merge.RecordID{visit.Record}) {
		t.Errorf("created %v; want %s alone", effect.Created, visit.Record)
	}
}

func TestAChangeOfARecordsTypeOrKeyChangesNothing(t *testing.T) {
	otherType, otherKey := visit, keyedVisit
	otherType.Type = "zhurnal.test.Training"
	otherKey.Header = []byte("another key")
	for _, wrong := range []merge.RecordWrites{otherType, otherKey} {
		a := anna()
		s := spaceOf(t, put(a, nameCell, "Olha"), a.Seal(salt, 1, on(keyedVisit, merge.Write{Cell: nameCell})))
		before := rows(s)
		name := merge.Write{Cell: nameCell, Value: []byte("Olga")}
		c := a.Seal(salt, 1, on(mergetest.Subject(testSpace, 9), name), on(wrong, name))
		if _, err := s.Apply(c, 0, 0); !errors.Is(err, merge.ErrTypeChanged) {
			t.Errorf("error %v; want ErrTypeChanged", err)
		}
		if s.Has(c.ID) || !bytes.Equal(rows(s), before) {
			t.Error("the change was refused, and yet part of it was applied")
		}
	}
}

// A record without a write has no part in the change's hash, so anybody on the
// way could have put it there.
func TestARecordWithoutWritesIsNotMade(t *testing.T) {
	c := anna().Seal(salt, 1, on(visit), on(keyedVisit, merge.Write{Cell: nameCell}))
	if s := spaceOf(t, c); len(s.Records()) != 1 || s.Records()[0].ID != keyedVisit.Record {
		t.Fatalf("%d records; want the one that was written to", len(s.Records()))
	}
}

// The row that a tablet fetched reflects the log up to some position. What the
// log's tail repeats up to there is left alone; what comes after is applied.
func TestARowIsNotAppliedToTwice(t *testing.T) {
	a := anna()
	first := put(a, nameCell, "Olha")
	second := put(a, nameCell, "Olha K.", first.ID)
	third := put(a, nameCell, "Olha Koval", second.ID)

	home := mergetest.NewSpace()
	for i, c := range []*merge.Change{first, second} {
		if _, err := home.Apply(c, 50, uint64(i+1)); err != nil {
			t.Fatal(err)
		}
	}
	row := visitIn(t, home).Clone()
	if row.Position != 2 {
		t.Fatalf("row at position %d; want that of the last change, 2", row.Position)
	}
	tablet := mergetest.NewSpace()
	if err := tablet.Put(row); err != nil {
		t.Fatal(err)
	}
	for i, c := range []*merge.Change{first, second, third} {
		if _, err := tablet.Follow(c, 50, uint64(i+1), nil); err != nil {
			t.Fatal(err)
		}
	}
	if data := dataIn(t, tablet, nameCell); !slices.Equal(data, []string{"Olha Koval"}) || visitIn(t, tablet).Position != 3 {
		t.Fatalf("cell holds %q at position %d; want only the last name at 3", data, visitIn(t, tablet).Position)
	}
}
