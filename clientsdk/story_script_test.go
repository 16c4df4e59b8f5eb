package clientsdk_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// story is a text: lines that begin with # are for people, each other line is
// something that happens, or a question with its answer indented under it.
type story struct {
	file  string
	lines []storyLine
}

// storyLine is one line, with what it means; neither verb nor question for a
// comment or an empty line.
type storyLine struct {
	number   int
	text     string
	verb     *verb
	question *question
	words    words
}

// words are what stands in the places of a sentence, by their names.
type words map[string]string

// verb is a sentence by which something happens.
type verb struct {
	pattern string
	do      func(w *world, said words) error
}

// question is a sentence that asks what is seen. Its answer is a list of lines.
type question struct {
	pattern string
	answer  func(w *world, said words) ([]string, error)
}

// places are what may stand in a place of a sentence. What is not here is one
// name: letters, digits, "_" and "-".
var places = map[string]string{
	"values": `[^ ].*=.*`,
	"people": `[^:]+`,
	"spaces": `[^:]+`,
	"kind":   `community|counselling room|coordinators' desk`,
	"cut":    `before the server hears|before the answer comes`,
	"date":   `\d{4}-\d{2}-\d{2}`,
	"from":   `\d{4}-\d{2}-\d{2}`,
	"to":     `\d{4}-\d{2}-\d{2}`,
	"number": `\d+`,
	"cells":  `[\pL\d_, ]+`,
}

const namePlace = `[\pL\d_-]+`

var placeName = regexp.MustCompile(`\\\{(\w+)\\\}`)

func sentence(pattern string) *regexp.Regexp {
	source := placeName.ReplaceAllStringFunc(regexp.QuoteMeta(pattern), func(place string) string {
		name := strings.Trim(place, `\{}`)
		allowed := places[name]
		if allowed == "" {
			allowed = namePlace
		}
		return "(?P<" + name + ">" + allowed + ")"
	})
	return regexp.MustCompile("^" + source + "$")
}

type understood struct {
	sentence *regexp.Regexp
	verb     *verb
	question *question
}

// language has every sentence that a story may use.
var language = sync.OnceValue(func() []understood {
	var all []understood
	for _, verbs := range [][]verb{settingVerbs, recordVerbs, meetingVerbs, hubVerbs} {
		for i := range verbs {
			all = append(all, understood{sentence(verbs[i].pattern), &verbs[i], nil})
		}
	}
	for _, questions := range [][]question{recordQuestions, figureQuestions} {
		for i := range questions {
			all = append(all, understood{sentence(questions[i].pattern + ":"), nil, &questions[i]})
		}
	}
	return all
})

func parseStory(file, text string) (*story, error) {
	s := &story{file: file}
	asked := false
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if strings.HasPrefix(line, "  ") {
			if !asked {
				return nil, fmt.Errorf("%s:%d: an answer without a question: %q", file, i+1, line)
			}
			continue
		}
		read := storyLine{number: i + 1, text: strings.TrimRight(line, " ")}
		if read.text != "" && !strings.HasPrefix(read.text, "#") {
			if err := read.understand(); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
			}
		}
		asked = read.question != nil
		s.lines = append(s.lines, read)
	}
	if !slices.ContainsFunc(s.lines, func(l storyLine) bool { return l.question != nil }) {
		return nil, fmt.Errorf("%s: the story asks nothing", file)
	}
	return s, nil
}

func (l *storyLine) understand() error {
	for _, known := range language() {
		found := known.sentence.FindStringSubmatch(l.text)
		if found == nil {
			continue
		}
		l.verb, l.question, l.words = known.verb, known.question, words{}
		for i, name := range known.sentence.SubexpNames() {
			l.words[name] = found[i]
		}
		return nil
	}
	var known strings.Builder
	for _, u := range language() {
		if u.verb != nil {
			fmt.Fprintf(&known, "\n  %s", u.verb.pattern)
		} else {
			fmt.Fprintf(&known, "\n  %s:", u.question.pattern)
		}
	}
	return fmt.Errorf("%q is no sentence of the language, which has%s", l.text, &known)
}

// text returns the story with these answers.
func (s *story) text(answers map[int][]string) string {
	var text strings.Builder
	for i := range s.lines {
		text.WriteString(s.lines[i].text + "\n")
		for _, line := range answers[s.lines[i].number] {
			text.WriteString("  " + line + "\n")
		}
	}
	return text.String()
}

// listed reads "a, b and c".
func listed(text string) []string {
	return strings.Split(strings.ReplaceAll(text, " and ", ", "), ", ")
}
