package merge_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// void is the change by which somebody who sees the copy calls the visit
// entered by mistake; restored takes that back.
func void(t testing.TB, w *mergetest.Writer, seen *mergetest.Space) *merge.Change {
	t.Helper()
	rec := visitIn(t, seen)
	return put(w, merge.Lifecycle, string(rec.LiveChanges().Encode()), rec.Cell(merge.Lifecycle).Seen()...)
}

func restored(t testing.TB, w *mergetest.Writer, seen *mergetest.Space) *merge.Change {
	t.Helper()
	return put(w, merge.Lifecycle, "", visitIn(t, seen).Cell(merge.Lifecycle).Seen()...)
}

func wantStanding(t *testing.T, want merge.Standing, when string, changes ...*merge.Change) {
	t.Helper()
	for _, order := range [][]*merge.Change{changes, reversed(changes)} {
		if got := visitIn(t, spaceOf(t, order...)).Standing(); got != want {
			t.Errorf("%s: the visit is %s; want %s", when, got, want)
		}
	}
}

func reversed(changes []*merge.Change) []*merge.Change {
	turned := slices.Clone(changes)
	slices.Reverse(turned)
	return turned
}

func TestAVoidHidesWhatItsAuthorSaw(t *testing.T) {
	a, b := anna(), bohdan()
	name, phone := put(a, nameCell, "Olha"), put(a, phoneCell, "044")
	wantStanding(t, merge.Active, "before", name, phone)
	mistake := void(t, b, spaceOf(t, name, phone))
	wantStanding(t, merge.Void, "voided", name, phone, mistake)

	meant := restored(t, a, spaceOf(t, name, phone, mistake))
	wantStanding(t, merge.Active, "restored", name, phone, mistake, meant)
}

func TestAnEditThatTheVoidDidNotSeeKeepsTheRecordAlive(t *testing.T) {
	a, b := anna(), bohdan()
	name := put(a, nameCell, "Olha")
	mistake := void(t, b, spaceOf(t, name))
	edit := put(a, phoneCell, "044")
	wantStanding(t, merge.Contested, "an unseen edit of another cell", name, mistake, edit)
	wantStanding(t, merge.Contested, "an unseen edit of the same cell", name, mistake, put(a, nameCell, "Olha K.", name.ID))

	again := void(t, b, spaceOf(t, name, mistake, edit))
	wantStanding(t, merge.Void, "voided by who has seen the edit", name, mistake, edit, again)
}

func TestAVoidedRecordThatIsEditedComesBack(t *testing.T) {
	a, b := anna(), bohdan()
	name := put(a, nameCell, "Olha")
	mistake := void(t, b, spaceOf(t, name))
	wantStanding(t, merge.Contested, "edited by who had seen the void", name, mistake, put(a, nameCell, "Olha K.", name.ID))
}

func TestTwoVoidsHideTogetherWhatEitherSaw(t *testing.T) {
	a, b := anna(), bohdan()
	name, phone := put(a, nameCell, "Olha"), put(b, phoneCell, "044")
	byAnna, byBohdan := void(t, a, spaceOf(t, name)), void(t, b, spaceOf(t, phone))
	wantStanding(t, merge.Contested, "Anna has not seen the phone", name, phone, byAnna)
	wantStanding(t, merge.Contested, "Bohdan has not seen the name", name, phone, byBohdan)
	wantStanding(t, merge.Void, "between them they have seen all", name, phone, byAnna, byBohdan)

	crosswise := []*merge.Change{name, phone, void(t, a, spaceOf(t, phone)), void(t, b, spaceOf(t, name))}
	wantStanding(t, merge.Void, "each has seen only what the other wrote", crosswise...)

	meant := restored(t, a, spaceOf(t, name, phone, byAnna))
	wantStanding(t, merge.Contested, "one void is taken back, the other stands", name, phone, byAnna, byBohdan, meant)
	all := []*merge.Change{name, phone, byAnna, byBohdan, meant}
	wantStanding(t, merge.Active, "both are taken back", append(all, restored(t, b, spaceOf(t, all...)))...)
}

// A record that was only opened holds nothing but its lifecycle cell. It can
// be called a mistake too, although there is nothing to list.
func TestARecordThatHoldsNothingCanBeVoided(t *testing.T) {
	a, b := anna(), bohdan()
	opened := put(a, merge.Lifecycle, "")
	wantStanding(t, merge.Active, "opened", opened)
	mistake := void(t, b, spaceOf(t, opened))
	wantStanding(t, merge.Void, "voided", opened, mistake)
	wantStanding(t, merge.Contested, "filled in meanwhile", opened, mistake, put(a, nameCell, "Olha"))
	wantStanding(t, merge.Active, "restored", opened, mistake, restored(t, a, spaceOf(t, opened, mistake)))
}

// The definition itself, value by value.
func TestStandingIsWhatTheListsSay(t *testing.T) {
	var met [3]int
	for seed := range uint64(300) {
		s := mergetest.NewSpace()
		apply(t, s, someOf(seeded(seed), drawHistory(seeded(seed)))...)
		for _, rec := range s.Records() {
			want := naiveStanding(rec)
			met[want]++
			if got := rec.Standing(); got != want {
				t.Fatalf("seed %d, record %s is %s; want %s", seed, rec.ID, got, want)
			}
		}
	}
	if min(met[0], met[1], met[2]) == 0 {
		t.Errorf("the standings come up %v times: this proves too little", met)
	}
}

func naiveStanding(rec *merge.Record) merge.Standing {
	voided, unlisted := false, map[merge.ID]bool{}
	for _, c := range rec.Cells {
		for _, v := range c.Values {
			unlisted[v.Change] = unlisted[v.Change] || c.Key != merge.Lifecycle
		}
	}
	if cell := rec.Cell(merge.Lifecycle); cell != nil {
		for _, v := range cell.Values {
			list, err := merge.ParseVoidList(v.Data)
			voided = voided || err == nil && len(v.Data) > 0
			for _, id := range list {
				delete(unlisted, id)
			}
		}
	}
	for _, outside := range unlisted {
		if voided && outside {
			return merge.Contested
		}
	}
	if voided {
		return merge.Void
	}
	return merge.Active
}

func TestAValueThatIsNoVoidListHidesNothing(t *testing.T) {
	name := put(anna(), nameCell, "Olha")
	wantStanding(t, merge.Active, "garbage in the lifecycle cell", name, put(bohdan(), merge.Lifecycle, "garbage"))
}

func TestVoidListHasOneForm(t *testing.T) {
	low, high := merge.ID{Seq: 1}, merge.ID{Seq: 2}
	for _, list := range []merge.VoidList{{}, {low}, {low, high}} {
		parsed, err := merge.ParseVoidList(list.Encode())
		if err != nil || !slices.Equal(parsed, list) {
			t.Errorf("%v comes back as %v, %v", list, parsed, err)
		}
	}
	for _, list := range []merge.VoidList{{high, low}, {low, low}} {
		if _, err := merge.ParseVoidList(list.Encode()); err == nil {
			t.Errorf("%v was taken; a list is sorted and names nothing twice", list)
		}
	}
	whole := merge.VoidList{low, high}.Encode()
	for n := 1; n < len(whole); n++ {
		if _, err := merge.ParseVoidList(whole[:n]); err == nil {
			t.Errorf("the first %d bytes of %d were taken for a list", n, len(whole))
		}
	}
	if _, err := merge.ParseVoidList(append(whole, 0)); err == nil {
		t.Error("a byte too many was taken")
	}
}

func FuzzParseVoidList(f *testing.F) {
	f.Add([]byte{})
	f.Add(merge.VoidList{}.Encode())
	f.Add(merge.VoidList{put(anna(), nameCell, "Olha").ID}.Encode())
	f.Add(spaceOf(f, put(anna(), nameCell, "Olha"), put(bohdan(), phoneCell, "044")).Records()[0].LiveChanges().Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := merge.ParseVoidList(data)
		if err != nil || len(data) == 0 {
			return
		}
		if again := list.Encode(); !bytes.Equal(again, data) {
			t.Fatalf("%x was read as %v, which is written as %x", data, list, again)
		}
	})
}
