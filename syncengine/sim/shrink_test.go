package sim

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shrinkSteps bounds the work of cutting a failure down, in steps taken.
const shrinkSteps = 8_000

// shrink returns a scenario with as few of the steps as still break a promise,
// by leaving out ever smaller parts (Zeller and Hildebrandt, "Simplifying and
// isolating failure-inducing input", 2002). What a step draws depends on the
// step alone, so those that stay do what they did.
func shrink(s *scenario) *scenario {
	small := *s
	taken := 0
	for part := (len(small.Steps) + 1) / 2; part > 0; part /= 2 {
		for from := 0; from < len(small.Steps) && taken < shrinkSteps; {
			fewer := small
			fewer.Steps = slices.Delete(slices.Clone(small.Steps), from, min(from+part, len(small.Steps)))
			taken += len(fewer.Steps)
			if _, err := run(&fewer, nil); err != nil {
				small = fewer
			} else {
				from += part
			}
		}
	}
	return &small
}

// keptSeason is a season that once broke a promise, in a file of testdata/kept.
type keptSeason struct {
	// Broken is what it broke, and Story what happened, for people.
	Broken string
	Story  []string
	scenario
}

// cutDown tells a season that breaks a promise, and keeps it if that is wanted.
func cutDown(t *testing.T, s *scenario) string {
	small := shrink(s)
	kept := keptSeason{scenario: *small}
	_, err := run(small, func(line string) { kept.Story = append(kept.Story, line) })
	kept.Broken = fmt.Sprint(err)
	if *keep != "" {
		data, err := json.MarshalIndent(kept, "", "  ")
		if err == nil {
			err = os.WriteFile(filepath.Join("testdata", "kept", *keep+".json"), append(data, '\n'), 0o600)
		}
		if err != nil {
			t.Error(err)
		}
	}
	return fmt.Sprintf("cut down from %d steps to %d: %s\n%s", len(s.Steps), len(small.Steps), kept.Broken, strings.Join(kept.Story, "\n"))
}

// Seasons that once broke a promise do not any more.
func TestKeptSeasons(t *testing.T) {
	files, err := filepath.Glob("testdata/kept/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var kept keptSeason
		if err := json.Unmarshal(data, &kept); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if _, err := run(&kept.scenario, nil); err != nil {
			t.Errorf("%s: %v\nIt once was: %s", file, err, kept.Broken)
		}
	}
}
