package clientsdk_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write what the program shows into the stories")

// Each file of testdata/stories tells what people did on their tablets and in
// which order they met the server, and asks what is seen then. The answers in
// the file must be those of the program, whatever the order where a story leaves
// the order open. With -rewrite the program's answers go into the file.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := parseStory(file, string(text))
			if err != nil {
				t.Fatal(err)
			}
			told := s.withAnswers(t)
			switch {
			case told == string(text):
			case *rewrite:
				if err := os.WriteFile(file, []byte(told), 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("%s: the program answers otherwise; if it is right, run with -rewrite:\n%s", file, lineDiff(string(text), told))
			}
		})
	}
}

// withAnswers runs the story in all orders that it leaves open, at least twice
// under other random draws, and returns its text with the program's answers.
func (s *story) withAnswers(t *testing.T) string {
	t.Helper()
	w := s.run(t, 0)
	told := s.text(w.answers)
	for order := 1; order < max(2, w.orders); order++ {
		if other := s.text(s.run(t, order).answers); other != told {
			t.Fatalf("%s: order %d of %d gives other answers:\n%s", s.file, order+1, w.orders, lineDiff(told, other))
		}
	}
	return told
}

// run plays the story in one order, and then has all tablets sync once more and
// looks for what is lost or differs.
func (s *story) run(t *testing.T, order int) *world {
	t.Helper()
	w := newWorld(t, order)
	for i := range s.lines {
		if err := w.playLine(&s.lines[i]); err != nil {
			t.Fatalf("%s:%d: %s\n%v", s.file, s.lines[i].number, s.lines[i].text, err)
		}
	}
	if err := w.end(); err != nil {
		t.Fatalf("%s: when all is told (order %d): %v", s.file, order+1, err)
	}
	return w
}

func (w *world) playLine(line *storyLine) error {
	if line.verb == nil && line.question == nil {
		return nil
	}
	w.nowMillis += minuteMillis
	if line.verb != nil {
		return line.verb.do(w, line.words)
	}
	answer, err := line.question.answer(w, line.words)
	if len(answer) == 0 {
		answer = []string{"nothing"}
	}
	w.answers[line.number] = answer
	return err
}

// lineDiff shows two texts line by line, with a few equal lines around what
// differs.
func lineDiff(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	begin := 0
	for begin < min(len(a), len(b)) && a[begin] == b[begin] {
		begin++
	}
	endA, endB := len(a), len(b)
	for endA > begin && endB > begin && a[endA-1] == b[endB-1] {
		endA, endB = endA-1, endB-1
	}
	var diff strings.Builder
	print := func(mark string, lines []string) {
		for _, line := range lines {
			fmt.Fprintf(&diff, "%s %s\n", mark, line)
		}
	}
	print(" ", a[max(0, begin-3):begin])
	print("-", a[begin:endA])
	print("+", b[begin:endB])
	print(" ", a[endA:min(len(a), endA+3)])
	return diff.String()
}

// permutation returns the order-th order of a list; the orders come round again.
func permutation[T any](list []T, order int) []T {
	rest, all := slices.Clone(list), make([]T, 0, len(list))
	for n := len(rest); n > 0; n-- {
		i := order % n
		order /= n
		all = append(all, rest[i])
		rest = slices.Delete(rest, i, i+1)
	}
	return all
}

func factorial(n int) int {
	if n < 2 {
		return 1
	}
	return n * factorial(n-1)
}
