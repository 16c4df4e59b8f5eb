package page

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// Each text is in both languages, and leaves open the same.
func TestTextsAreInEachLanguage(t *testing.T) {
	keys := 0
	for _, part := range parts {
		keys += len(part)
	}
	if keys != len(texts) {
		t.Errorf("%d keys in all, and %d of them different: one is there twice", keys, len(texts))
	}
	open := regexp.MustCompile(`%[a-z]`)
	for key, text := range texts {
		if forms := [2]int{strings.Count(text[0], "|"), strings.Count(text[1], "|")}; forms != [2]int{} {
			if forms != [2]int{2, 1} {
				t.Errorf("%s counts in %d and %d forms; 3 in Ukrainian and 2 in English are due", key, forms[0]+1, forms[1]+1)
			}
			continue
		}
		for i, one := range text {
			if one == "" {
				t.Errorf("%s is not there in %s", key, tags[i])
			}
			if len(open.FindAllString(one, -1)) != len(open.FindAllString(text[0], -1)) {
				t.Errorf("%s leaves open another number in %s", key, tags[i])
			}
		}
	}
}

func TestTemplatesAskForTextsThatThereAre(t *testing.T) {
	asked := regexp.MustCompile(`\.(?:T|Count) "([^"]+)"`)
	err := fs.WalkDir(ours, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(ours, name)
		for _, found := range asked.FindAllSubmatch(data, -1) {
			if _, ok := texts[string(found[1])]; !ok {
				t.Errorf("%s asks for %q", name, found[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
