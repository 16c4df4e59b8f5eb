package clientsdk_test

import (
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func TestAStoryThatCannotBeUnderstood(t *testing.T) {
	for text, complaint := range map[string]string{
		"A: forget olena\n":                        `s.txt:1: "A: forget olena" is no sentence`,
		"# A\n\nA: sync, cut somewhere\n":          "{tablet}: sync, cut {cut}",
		"# fine\nA: sync\n":                        "the story asks nothing",
		"A sees olena:\nA: sync\n  phone=1\n":      "s.txt:3: an answer without a question",
		"A's changes:\n\n  1 saved, 1 confirmed\n": "s.txt:3: an answer without a question",
	} {
		if _, err := parseStory("s.txt", text); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

const shortStory = `# Short
lyman is a community, open to nadia
tablet A is nadia's, with lyman
A: new participant olena with family_name=Коваленко given_name=Олена
A sees olena:
  family_name=Коваленко given_name=Олена
  not confirmed yet

A: sync
A sees olena:
  family_name=Коваленко given_name=Олена
`

// A story is told as it stands if its answers are right, and a wrong, missing or
// superfluous answer is put right where it stands.
func TestAnswersArePutRight(t *testing.T) {
	for _, text := range []string{
		shortStory,
		strings.Replace(shortStory, "=Олена\n  not", "=Елена\n  not", 1),
		strings.Replace(shortStory, "  not confirmed yet\n", "", 1),
		shortStory + "  not confirmed yet\n",
	} {
		s, err := parseStory("short.txt", text)
		if err != nil {
			t.Fatal(err)
		}
		if told := s.withAnswers(t); told != shortStory {
			t.Errorf("%s", lineDiff(shortStory, told))
		}
	}
}

func TestWhatAStoryCannotDo(t *testing.T) {
	for line, complaint := range map[string]string{
		"A: change maria: phone=1":                 `no record "maria"`,
		"B: sync":                                  `no tablet "B"`,
		"A: new participant x with shoe_size=1":    `participant has no field "shoe_size"`,
		"A: new participant x with sex=grue":       `Sex has no value "grue"`,
		"A: new hat x with size=1":                 `no type "hat"`,
		"A: new consent x with participant_id=bob": `"bob" is neither a record nor a person`,
		"A: change olena: given_name=Олена family_name=Коваленко": "nothing was written",
		"home: change olena: phone=+380501112233":                 "say first who coordinates",
		"A: settle sex of olena as nadia says":                    "no disagreement over sex",
		"tablet A is lost\nA: sync":                               `no tablet "A"`,
	} {
		s, err := parseStory("short.txt", shortStory+line+"\n")
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, 0)
		for i := range s.lines {
			if err = w.playLine(&s.lines[i]); err != nil {
				break
			}
		}
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(complaint)) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestEachOrderComesOnce(t *testing.T) {
	seen := map[string]bool{}
	for order := range factorial(3) {
		seen[strings.Join(permutation([]string{"A", "B", "C"}, order), "")] = true
	}
	if len(seen) != 6 {
		t.Fatalf("%v", seen)
	}
}

// What has to be true after a story is not so when a change is missing.
func TestTheEndOfAStoryNotices(t *testing.T) {
	s, err := parseStory("short.txt", shortStory)
	if err != nil {
		t.Fatal(err)
	}
	w := s.run(t, 0)
	space, tab := w.spaces[0], w.tablets[0]
	facts, err := w.log(space)
	if err != nil || len(facts) != 1 {
		t.Fatalf("%d changes, %v", len(facts), err)
	}
	if w.stateFollows(space, facts) != nil || w.nothingIsLost(space, facts) != nil || w.copyEquals(tab, space) != nil {
		t.Fatal("nothing is wrong yet")
	}
	if err := w.stateFollows(space, nil); err == nil {
		t.Error("records from nowhere")
	}
	if err := w.nothingIsLost(space, nil); err == nil {
		t.Error("home took a change, and it is not in the log")
	}
	tab.written[space.id] = append(tab.written[space.id], merge.ID{Seq: 2})
	if err := w.nothingIsLost(space, facts); err == nil {
		t.Error("a tablet wrote a change, and it is not in the log")
	}
	if err := w.copyEquals(tab, space); err == nil {
		t.Error("a tablet wrote a change, and has forgotten it")
	}
}
