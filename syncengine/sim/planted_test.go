package sim

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	plantedAll   = flag.Bool("planted", false, "plant every bug of testdata/planted, not only two")
	plantedSeeds = flag.Int("planted-seeds", 2000, "within how many seasons a planted bug must be found")
)

// plantedQuick are the two bugs that are planted each time: one on the server,
// one on the tablet.
var plantedQuick = []string{"a_forgotten_marker", "a_hidden_quarantine"}

// Seasons find bugs: each of those in testdata/planted is put into a copy of one
// file, and the seasons that pass without it must not pass with it. No planted
// bug is part of the program: the compiler is handed the copy in place of the
// file.
func TestPlantedBugsAreFound(t *testing.T) {
	if testing.Short() {
		t.Log("not with -short: each bug is compiled in and run apart")
		return
	}
	files, err := filepath.Glob("testdata/planted/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d planted bugs, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		if !*plantedAll && name != plantedQuick[0] && name != plantedQuick[1] {
			continue
		}
		t.Run(name, func(t *testing.T) {
			what, overlay := plant(t, file)
			// One season at a time, so that the one that finds it is the first.
			out, err := exec.Command("go", "test", "-overlay", overlay, "-cpu", "1", ".", "-run", "^TestSeasons$",
				"-seeds", fmt.Sprint(*plantedSeeds), "-shrink=false").CombinedOutput()
			found := brokenIn.FindSubmatch(out)
			if err == nil || found == nil {
				t.Fatalf("%s\nNot found in %d seasons: %v\n%s", what, *plantedSeeds, err, out)
			}
			t.Logf("%s Found in season %s: %s", what, found[1], found[2])
		})
	}
}

var brokenIn = regexp.MustCompile(`seed (\d+) breaks a promise: (.*)`)

// plant writes the altered copy and the overlay that puts it in place of the
// original. A bug that can no longer be planted must be written anew.
func plant(t *testing.T, file string) (what, overlay string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	what, rest, _ := strings.Cut(string(text), "\n\nfile ")
	path, rest, _ := strings.Cut(rest, "\n")
	original, err := filepath.Abs(filepath.Join("../..", path))
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	altered := string(content)
	for _, edit := range strings.Split(rest, "--- was\n")[1:] {
		was, is, _ := strings.Cut(edit, "--- is\n")
		was, is = trimNewline(was, is)
		if strings.Count(altered, was) != 1 {
			t.Fatalf("%s holds %q %d times, where once is due", path, was, strings.Count(altered, was))
		}
		altered = strings.Replace(altered, was, is, 1)
	}
	dir := t.TempDir()
	copied := filepath.Join(dir, filepath.Base(path))
	overlay = filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: copied}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{copied: []byte(altered), overlay: replace} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return what, overlay
}

// trimNewline takes the last line's end off both, which a part of a line does
// not have.
func trimNewline(was, is string) (string, string) {
	return strings.TrimSuffix(was, "\n"), strings.TrimSuffix(is, "\n")
}
