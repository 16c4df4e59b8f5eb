package page

import (
	"io/fs"
	"regexp"
	"testing"
)

// Each text is in both languages, and leaves open the same.
func TestTextsAreInEachLanguage(t *testing.T) {
	open := regexp.MustCompile(`%[a-z]`)
	for key, text := range texts {
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
	asked := regexp.MustCompile(`\.T "([^"]+)"`)
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
