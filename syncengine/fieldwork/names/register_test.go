package names

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// few are names that many have: their blocks are sometimes large and sometimes not,
// and whether they are common changes.
func drawFew(t *rapid.T, n int) []Person {
	one := rapid.Custom(func(t *rapid.T) Person {
		p := named(rapid.SampledFrom([]string{"Шевченко", "Шевченко", "Shevchenko", "Шевченк", "Коваль"}).Draw(t, "family"),
			rapid.SampledFrom([]string{"Олена", "Олена", "Елена", "О."}).Draw(t, "given"),
			rapid.SampledFrom([]string{"", "", "Іванівна"}).Draw(t, "patronymic"))
		switch rapid.IntRange(0, 4).Draw(t, "precision") {
		case 0, 1, 2:
			p.Birth = BornIn(int32(rapid.IntRange(1950, 1951).Draw(t, "year")))
		case 3:
			p.Birth = BornOn(int32(rapid.IntRange(1950, 1951).Draw(t, "year")*1_00_00 + 101 + rapid.IntRange(0, 27).Draw(t, "day")))
		}
		return p
	})
	return rapid.SliceOfN(one, n, n).Draw(t, "people")
}

// Whatever changes in whatever portions, a register says what one made anew of the
// people who are left says.
func TestLawARegisterSaysWhatOneMadeAnewSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, people := NewRegister(cmp.Compare[int]), map[int]*Prepared{}
		for range rapid.IntRange(1, 6).Draw(t, "portions") {
			changed := map[int]*Prepared{}
			from := rapid.IntRange(0, 150).Draw(t, "from")
			for _, p := range drawFew(t, rapid.SampledFrom([]int{0, 1, 2, 120}).Draw(t, "n")) {
				changed[from%150] = Prepare(p)
				from++
			}
			for range rapid.SampledFrom([]int{0, 2, 40}).Draw(t, "gone") {
				changed[(from+rapid.IntRange(0, 150).Draw(t, "gone"))%150] = nil
			}
			for id, p := range changed {
				if people[id] = p; p == nil {
					delete(people, id)
				}
			}
			r.Update(changed)
			anew := NewRegister(cmp.Compare[int])
			anew.Update(people)
			if got, want := r.all(), anew.all(); !slices.Equal(got, want) {
				t.Fatalf("%d people, of whom %d changed:\nsays %v\nanew %v", len(people), len(changed), got, want)
			}
			if len(r.bearers) != len(anew.bearers) || len(r.entries) != len(anew.entries) || len(r.slots) != len(people) {
				t.Fatalf("%d names and %d keys are kept, want %d and %d", len(r.bearers), len(r.entries), len(anew.bearers), len(anew.entries))
			}
		}
	})
}

// BenchmarkUpdate changes one of so many.
func BenchmarkUpdate(b *testing.B) {
	for _, humans := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("people=%d", humans), func(b *testing.B) {
			p := newPopulation(1, humans)
			r := registerOf(p.people)
			n := 0
			for b.Loop() {
				n++
				at := n * 7919 % len(p.people)
				one := p.people[at]
				one.Phone = fmt.Sprintf("+380%09d", n)
				r.Update(map[int]*Prepared{at: Prepare(one)})
			}
		})
	}
}
