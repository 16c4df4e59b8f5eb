package persons

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// busy is a programme in which somebody does something all the time: few names, so
// that everybody may be somebody else.
type busy struct {
	*programme
	*rapid.T
	people [][2]any // space and registration
}

func (b *busy) registers() {
	where := rapid.SampledFrom([]string{"lyman", "svatove"}).Draw(b.T, "where")
	id := record(fmt.Sprint("person ", len(b.people)))
	if len(b.people) > 0 && rapid.IntRange(0, 9).Draw(b.T, "id of another") == 0 {
		id = b.anybody()[1].(merge.RecordID) // one id in two communities
	}
	b.writes(where, id, rapid.SampledFrom([]string{"Шевченко", "Shevchenko", "Шевчук", "Коваль"}).Draw(b.T, "family"))
	b.people = append(b.people, [2]any{where, id})
}

func (b *busy) writes(where string, id merge.RecordID, family string) {
	data, err := proto.Marshal(&recordsv1.Participant{
		FamilyName: family, GivenName: rapid.SampledFrom([]string{"Олена", "Елена", "Іван"}).Draw(b.T, "given"),
		BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR, BirthYear: int32(rapid.IntRange(1984, 1986).Draw(b.T, "year")),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.change(where, syncengine.WriteRecord{Type: participantType, Record: id, Message: data})
}

// change makes a change, unless all is so already.
func (b *busy) change(where string, w syncengine.WriteRecord) {
	_, _, err := b.Write(b.programme.t.Context(), person("iryna"), space(where), []syncengine.WriteRecord{w})
	if kind := fault.KindOf(err); err != nil && kind != fault.Invalid && kind != fault.Conflict {
		b.Fatal(err)
	}
}

func (b *busy) anybody() [2]any { return rapid.SampledFrom(b.people).Draw(b.T, "who") }

func (b *busy) renames() {
	who := b.anybody()
	b.writes(who[0].(string), who[1].(merge.RecordID), rapid.SampledFrom([]string{"Шевченко", "Коваль"}).Draw(b.T, "family"))
}

func (b *busy) stands() {
	who := b.anybody()
	standing := rapid.SampledFrom([]syncengine.Standing{syncengine.Mistake, syncengine.Meant}).Draw(b.T, "standing")
	b.change(who[0].(string), syncengine.WriteRecord{Type: participantType, Record: who[1].(merge.RecordID), Standing: standing})
}

func (b *busy) erases() {
	who := b.anybody()
	if _, err := b.Erase(b.programme.t.Context(), person("dpo"), space(who[0].(string)), who[1].(merge.RecordID), nil); err != nil && fault.KindOf(err) != fault.Invalid { // some call it a mistake, and others do not
		b.Fatal(err)
	}
}

func (b *busy) decides() {
	one, other := b.anybody(), b.anybody()
	says := rapid.SampledFrom([]recordsv1.LinkVerdict{same, same, different, unsure, 0}).Draw(b.T, "verdict")
	who := rapid.SampledFrom([]string{"iryna", "maria"}).Draw(b.T, "decider")
	_, err := b.finder.Decide(b.programme.t.Context(), by(who, "desk"), one[1].(merge.RecordID), other[1].(merge.RecordID), Verdict{says, "why"})
	if kind := fault.KindOf(err); err != nil && kind != fault.Invalid && kind != fault.NotFound {
		b.Fatal(err)
	}
}

// told is all that a finder tells an asker.
func (b *busy) told(f *Finder, a Asker) (told []Pair) {
	for _, state := range []State{Waiting, Undecided, Decided} {
		for token := "-"; token != ""; {
			page, err := f.List(b.programme.t.Context(), a, state, strings.TrimPrefix(token, "-"), 0)
			if err != nil {
				b.Fatal(err)
			}
			told, token = append(told, page.Pairs...), page.Next
		}
	}
	return told
}

// After whatever was written, called a mistake, erased, linked or renamed, a finder
// that has compared only what has changed tells what one that compares all anew does.
func TestLawWhatIsKeptIsWhatReadingAnewGives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := &busy{programme: newProgramme(t), T: rt}
		b.registers()
		deeds := []func(){b.registers, b.registers, b.registers, b.renames, b.stands, b.erases, b.decides, b.decides}
		for range 8 {
			for range rapid.IntRange(1, 4).Draw(rt, "deeds") {
				rapid.SampledFrom(deeds).Draw(rt, "deed")()
			}
			for _, a := range []Asker{by("iryna", "desk"), by("taras", "desk"), by("olena", "lyman")} {
				kept, anew := b.told(b.finder, a), b.told(New(b), a)
				if !slices.EqualFunc(kept, anew, equalPairs) {
					rt.Fatalf("kept %s\nanew %s", fmt.Sprint(kept), fmt.Sprint(anew))
				}
			}
		}
	})
}

func equalPairs(p, q Pair) bool {
	equal := func(a, b Registration) bool {
		return a.ID == b.ID && a.Space == b.Space && a.Registrations == b.Registrations && proto.Equal(a.Shown, b.Shown)
	}
	return equal(p.First, q.First) && equal(p.Second, q.Second) && p.Linked == q.Linked && p.Points == q.Points &&
		slices.Equal(p.Reasons, q.Reasons) && slices.Equal(p.Decisions, q.Decisions)
}

// Nobody has asked since, and still nothing of the person is in memory: not the
// name in any spelling, not what it was looked up by, not the id, nor behind the
// ends of lists. Of a community of which no view is left nothing is kept at all.
func TestOfWhoIsErasedNothingIsKept(t *testing.T) {
	p := newProgramme(t)
	for i := range 40 { // lists have been longer, and shorter
		p.register("svatove", "Шевченко Олена", &recordsv1.Participant{BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR, BirthYear: int32(1950 + i)})
	}
	p.register("svatove", "Гнатенко Уляна")
	id := p.register("lyman", "Гнатенко Уляна", &recordsv1.Participant{Phone: "+380501112233"})
	for _, a := range []Asker{by("iryna", "desk"), by("taras", "desk"), by("olena", "lyman")} {
		p.list(a, Waiting)
	}
	if found := traces(p.finder, id, "гнатенко", "hnatenko", "gnatenko", "1112233"); !slices.Contains(found, "гнатенко") || !slices.Contains(found, "1112233") || !slices.Contains(found, "id") {
		t.Fatalf("the search finds %v alone, before", found)
	}
	for _, where := range []string{"lyman", "svatove"} {
		if _, err := p.Erase(t.Context(), person("dpo"), space(where), record(where[:2]+strings.TrimPrefix(string(bytes.TrimRight(id[:], "\x00")), "ly")), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.finder.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found := traces(p.finder, id, "гнатенко", "hnatenko", "gnatenko", "1112233", "уляна"); len(found) > 0 {
		t.Errorf("kept: %v", found)
	}
	for range viewsMost {
		p.finder.keep(&view{})
	}
	if p.finder.dropUnused(); len(p.finder.spaces) != 0 {
		t.Errorf("%d spaces are kept that no view is of", len(p.finder.spaces))
	}
}

// traces are the words, without regard to case, and "id" for the id, that are
// anywhere in memory that the finder holds.
func traces(f *Finder, id merge.RecordID, words ...string) (found []string) {
	seen, in := map[uintptr]bool{}, map[string]bool{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			for _, word := range words {
				if strings.Contains(strings.ToLower(v.String()), word) {
					in[word] = true
				}
			}
		case reflect.Pointer, reflect.Interface:
			if v.IsNil() || v.Kind() == reflect.Pointer && (seen[v.Pointer()] || v.Type().Elem() == reflect.TypeFor[programme]()) {
				return
			}
			if v.Kind() == reflect.Pointer {
				seen[v.Pointer()] = true
			}
			walk(v.Elem())
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		case reflect.Array:
			if v.Type() == reflect.TypeFor[merge.RecordID]() {
				in["id"] = in["id"] || v.Equal(reflect.ValueOf(id))
				return
			}
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Slice:
			for i := range v.Slice(0, v.Cap()).Len() {
				walk(v.Slice(0, v.Cap()).Index(i))
			}
		case reflect.Map:
			for at := v.MapRange(); at.Next(); {
				walk(at.Key())
				walk(at.Value())
			}
		}
	}
	walk(reflect.ValueOf(f).Elem())
	for word := range in {
		if in[word] {
			found = append(found, word)
		}
	}
	slices.SortFunc(found, cmp.Compare[string])
	return found
}
