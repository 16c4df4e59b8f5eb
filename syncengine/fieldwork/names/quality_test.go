package names

import (
	"fmt"
	"slices"
	"testing"
)

// quality is how good what is found is.
type quality struct {
	people, duplicates  int
	found, right        int
	likely, likelyRight int
}

func qualityOf(p *population) (q quality, missed [][2]int, wrong []Pair[int]) {
	truth := p.truth()
	q = quality{people: len(p.people), duplicates: len(truth)}
	for _, pair := range registerOf(p.people).all() {
		at := [2]int{pair.First, pair.Second}
		right := truth[at]
		delete(truth, at)
		q.found++
		if pair.Likely() {
			q.likely++
		}
		switch {
		case !right:
			wrong = append(wrong, pair)
		case pair.Likely():
			q.likelyRight++
			fallthrough
		default:
			q.right++
		}
	}
	for at := range truth {
		missed = append(missed, at)
	}
	return q, missed, wrong
}

func (q quality) recall() float64    { return float64(q.right) / float64(q.duplicates) }
func (q quality) precision() float64 { return float64(q.right) / float64(q.found) }
func (q quality) likelyPrecision() float64 {
	return float64(q.likelyRight) / float64(max(q.likely, 1))
}

func (q quality) String() string {
	return fmt.Sprintf("%d registrations, %d of them twice: found %d pairs; recall %.3f, precision %.3f; %d likely, precision %.3f",
		q.people, q.duplicates, q.found, q.recall(), q.precision(), q.likely, q.likelyPrecision())
}

// What a coordinator gets of a programme and of a large one. The floors are under
// what these seeds gave.
func TestWhatIsFoundIsRightAndLittleIsMissed(t *testing.T) {
	for _, c := range []struct {
		humans                    int
		seeds                     uint64
		recall, precision, likely float64
	}{
		{1_000, 3, .80, .85, .95},
		{10_000, 1, .80, .75, .95},
	} {
		for seed := range c.seeds {
			q, missed, wrong := qualityOf(newPopulation(seed, c.humans))
			t.Logf("seed %d: %s", seed, q)
			if q.recall() < c.recall || q.precision() < c.precision || q.likelyPrecision() < c.likely {
				t.Errorf("seed %d: too few, or too many wrong ones", seed)
			}
			if testing.Verbose() && seed == 0 && c.humans == 1_000 {
				tell(t, newPopulation(seed, c.humans), missed, wrong)
			}
		}
	}
}

// tell shows some of what was missed or wrong.
func tell(t *testing.T, p *population, missed [][2]int, wrong []Pair[int]) {
	for _, at := range missed[:min(len(missed), 12)] {
		t.Logf("missed %v | %v", line(&p.people[at[0]]), line(&p.people[at[1]]))
	}
	for _, pair := range wrong[:min(len(wrong), 12)] {
		t.Logf("wrong  %v | %v: %d %v", line(&p.people[pair.First]), line(&p.people[pair.Second]), pair.Points, reasonsFor(p, pair))
	}
}

func reasonsFor(p *population, pair Pair[int]) []Reason {
	m, _ := registerOf([]Person{p.people[pair.First], p.people[pair.Second]}).Compare(0, 1)
	return m.Reasons
}

func line(p *Person) string {
	return fmt.Sprintf("%s/%s/%s %+v %d", p.Family, p.Given, p.Patronymic, p.Birth, p.Sex)
}

// BenchmarkPairs reads and compares a programme's registrations, and a country's.
func BenchmarkPairs(b *testing.B) {
	for _, humans := range []int{1_000, 10_000, 100_000} {
		p := newPopulation(1, humans)
		b.Run(fmt.Sprintf("people=%d", humans), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				q, _, _ := qualityOf(p)
				b.ReportMetric(q.recall(), "recall")
				b.ReportMetric(q.precision(), "precision")
				b.ReportMetric(q.likelyPrecision(), "likely-precision")
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(p.people)), "µs/registration")
		})
	}
}

func BenchmarkSimilar(b *testing.B) {
	p := newPopulation(1, 1_000)
	x := NewIndex(p.people)
	for b.Loop() {
		x.Similar(p.people[500])
	}
}

// The work grows with the number of people, not with its square, also where many
// have one name.
func TestCandidatesAreBounded(t *testing.T) {
	var people []Person
	for i := range 20_000 {
		people = append(people, named("Шевченко", "Олена", "", in(int32(1950+i%50))))
	}
	r := registerOf(people)
	v := revision[int]{Register: r, touched: slices.Repeat([]bool{true}, len(people))}
	if n := len(v.candidates()); n > windowMost*2*len(people) {
		t.Errorf("%d candidates of %d people", n, len(people))
	}
}

func TestPairsDoNotDependOnTheRun(t *testing.T) {
	p := newPopulation(7, 2_000)
	first := fmt.Sprint(registerOf(p.people).all())
	if again := fmt.Sprint(registerOf(p.people).all()); again != first {
		t.Error("two runs differ")
	}
}
