package merge_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

func everything(*merge.RecordWrites, *merge.Write) bool { return true }

func phoneOnly(_ *merge.RecordWrites, w *merge.Write) bool { return w.Cell == phoneCell }

var phoneCell = merge.CellKey{Field: 2}

func nameAndPhone(w *mergetest.Writer, replaces ...merge.ID) *merge.Change {
	return w.Seal(salt, 1, on(visit,
		merge.Write{Cell: nameCell, Value: []byte("Olha")},
		merge.Write{Cell: phoneCell, Value: []byte("+380 44 123 45 67"), Replaces: replaces}))
}

// copyOf is what another copy of the same change is: it shares nothing that
// purging alters.
func copyOf(c *merge.Change) *merge.Change {
	twin := *c
	twin.Records = slices.Clone(c.Records)
	for i := range twin.Records {
		twin.Records[i].Writes = slices.Clone(c.Records[i].Writes)
	}
	return &twin
}

func TestPurgeKeepsTheHashAndTheChain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := draws{t}
		for _, c := range mergetest.Crowded.History(src, testSpace, 2, 1+src.IntN(6)) {
			if c.ComputeHash(testSpace) != c.Hash {
				t.Fatalf("change %s does not verify as sealed", c.ID)
			}
			for range 2 { // a second erasure meets a change that was purged before
				writes := c.WriteCount() - purgedCount(c)
				purged := c.Purge(func(*merge.RecordWrites, *merge.Write) bool { return src.IntN(2) == 0 })
				if got := c.WriteCount() - purgedCount(c); got != writes-purged {
					t.Fatalf("%d writes are left of %d, but %d are said to be purged", got, writes, purged)
				}
				if c.ComputeHash(testSpace) != c.Hash || c.Hash.Tag() != c.ID.Tag {
					t.Fatalf("purged change %s no longer verifies", c.ID)
				}
				if err := c.Check(); err != nil {
					t.Fatalf("purged change %s: %v", c.ID, err)
				}
			}
		}
	})
}

func purgedCount(c *merge.Change) (n int) {
	for _, rec := range c.Records {
		for _, w := range rec.Writes {
			if w.Purged != nil {
				n++
			}
		}
	}
	return n
}

// What is left of a purged write must not let anybody confirm a guess at its
// content: a telephone number is guessed in seconds.
func TestAPurgedWriteCannotBeConfirmed(t *testing.T) {
	c := nameAndPhone(anna())
	saltWas := c.WriteSalts()[1]
	if purged := c.Purge(phoneOnly); purged != 1 {
		t.Fatalf("%d writes purged; want the phone alone", purged)
	}
	phone := &c.Records[0].Writes[1]
	if phone.Purged == nil || phone.Salt != nil || phone.Value != nil || phone.Replaces != nil {
		t.Fatalf("the purged write is left with %+v; want its hash alone", phone)
	}
	if c.Salt != (merge.Salt{}) {
		t.Fatal("the change keeps the salt from which the purged write's was derived")
	}
	if c.WriteSalts()[1] == saltWas {
		t.Fatal("the purged write's salt can still be derived")
	}
	guess := copyOf(c)
	guess.Records[0].Writes[1] = merge.Write{Cell: phoneCell, Value: []byte("+380 44 123 45 67")}
	for _, s := range append(leftSalts(c), merge.Salt{}) {
		guess.Records[0].Writes[1].Salt = &s
		if guess.ComputeHash(testSpace) == c.Hash {
			t.Fatalf("salt %x, which is left in the change, confirms the guess", s)
		}
	}
	guess.Records[0].Writes[1].Salt = &saltWas
	if guess.ComputeHash(testSpace) != c.Hash {
		t.Fatal("not even the true salt confirms the true content: the test proves nothing")
	}
}

func leftSalts(c *merge.Change) (salts []merge.Salt) {
	for _, rec := range c.Records {
		for _, w := range rec.Writes {
			if w.Salt != nil {
				salts = append(salts, *w.Salt)
			}
		}
	}
	return salts
}

// The element of a set is content, although it stands in the cell's key.
func TestPurgeErasesTheElement(t *testing.T) {
	c := anna().Seal(salt, 1, on(visit, merge.Write{Cell: merge.CellKey{Field: 7, Element: "diagnosis F43.1"}, Value: []byte{1}}))
	c.Purge(everything)
	if w := c.Records[0].Writes[0]; strings.Contains(w.Cell.Element, "F43") || w.Cell.Field != 7 {
		t.Fatalf("the purged write is of cell %+v; want field 7 and nothing of the element", w.Cell)
	}
	if c.ComputeHash(testSpace) != c.Hash {
		t.Fatal("the change no longer verifies")
	}
}

func TestPurgingNothingAltersNothing(t *testing.T) {
	c := nameAndPhone(anna())
	before := copyOf(c)
	if n := c.Purge(func(*merge.RecordWrites, *merge.Write) bool { return false }); n != 0 || !reflect.DeepEqual(c, before) {
		t.Fatalf("%d writes purged, and the change is %+v; want %+v", n, c, before)
	}
}

// Whoever replays the purged changes holds what is left once the erased cells
// are taken out of the state that the whole changes made, in any order.
func TestReplayingPurgedChangesIsTheStateWithoutTheErasedCells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := draws{t}
		facts := drawHistory(src)
		erased := func(id merge.RecordID, key merge.CellKey) bool {
			return key.Field == 1 || key.Field == 100 && id == visit.Record || key == merge.Lifecycle
		}
		whole := mergetest.NewSpace()
		apply(t, whole, facts...)
		left := mergetest.NewSpace()
		for _, rec := range whole.Records() {
			rec.Cells = slices.DeleteFunc(rec.Cells, func(c merge.Cell) bool { return erased(rec.ID, c.Key) })
			_ = left.Put(rec)
		}

		var purged []fact
		for _, f := range facts {
			c := copyOf(f.Change)
			c.Purge(func(rec *merge.RecordWrites, w *merge.Write) bool { return erased(rec.Record, w.Cell) })
			purged = append(purged, fact{Change: c, Received: f.Received})
		}
		replayed := mergetest.NewSpace()
		apply(t, replayed, shuffled(src, purged)...)
		if !bytes.Equal(rows(replayed), rows(left)) {
			t.Fatalf("replayed: %swant what is left: %s", describe(replayed), describe(left))
		}
	})
}

func describe(s *mergetest.Space) (text string) {
	for _, rec := range s.Records() {
		text += rec.ID.String() + ":\n"
		for _, c := range rec.Cells {
			text += "  " + c.Key.Element + " "
			for _, v := range c.Values {
				text += v.Change.String() + " "
			}
			text += fmt.Sprintf("missing %v\n", c.Missing)
		}
	}
	return text
}

// A correction came first and left a marker; then what it corrects comes with
// its content erased. Nothing is missing any more.
func TestAPurgedWriteThatComesLateTakesItsMarker(t *testing.T) {
	tea := merge.CellKey{Field: 7, Element: "tea"}
	for _, cell := range []merge.CellKey{nameCell, tea} {
		wrong := put(anna(), cell, "Olga")
		right := put(bohdan(), cell, "Olha", wrong.ID)
		wrong.Purge(everything)
		s := spaceOf(t, right, wrong)
		if c := visitIn(t, s).Cell(cell); len(c.Missing) != 0 || len(c.Values) != 1 || c.Values[0].Change != right.ID {
			t.Errorf("cell %+v; want the correction and no marker", c)
		}
	}
}

// Of a change to two elements of a set one was purged. The other is still
// swallowed by the marker that awaits it.
func TestAPurgedWriteTakesNoMarkerOfAnotherWrite(t *testing.T) {
	bread, tea := merge.CellKey{Field: 7, Element: "bread"}, merge.CellKey{Field: 7, Element: "tea"}
	added := anna().Seal(salt, 1, on(visit,
		merge.Write{Cell: bread, Value: []byte{1}}, merge.Write{Cell: tea, Value: []byte{1}}))
	removed := put(bohdan(), tea, "", added.ID)
	added.Purge(func(_ *merge.RecordWrites, w *merge.Write) bool { return w.Cell == bread })
	s := spaceOf(t, removed, added)
	if data := dataIn(t, s, tea); !slices.Equal(data, []string{""}) {
		t.Fatalf("tea holds %q; want the removal alone", data)
	}
	if data := dataIn(t, s, bread); data != nil {
		t.Fatalf("bread holds %q; it was purged", data)
	}
}

// What refers to the record goes on finding it: marks of a person whose name was
// erased are no marks of nobody.
func TestAPurgedWriteLeavesTheBareRecord(t *testing.T) {
	c := nameAndPhone(anna())
	c.Purge(everything)
	s := spaceOf(t, c)
	if rec := visitIn(t, s); !s.Has(c.ID) || len(s.Records()) != 1 || len(rec.Cells) != 0 {
		t.Fatalf("%d records, with cells %+v, of a change of which nothing is left; want one without any, and the change in the set", len(s.Records()), rec.Cells)
	}
}
