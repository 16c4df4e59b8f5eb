package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
)

// TestMain is also the child that bench starts: the test's binary once more.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == ChildName {
		if err := new(Child).Run(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// keys are what others read out of the JSON.
var keys = []string{
	"b1.server_cpu_us_per_change", "b1.pull_cpu_us_per_row", "b1.round_trips", "b1.peak_rss_mb",
	"b2.changes_per_second", "b2.ratio_r1", "b2.ratio_r2",
	"disk_bytes_per_change", "wire_bytes_up_per_change", "wire_bytes_down_per_row",
	"bomb.gzip_ms", "bomb.zstd_ms",
	"r1.changes_per_second", "r2.changes_per_second",
}

func TestBenchMeasuresAndReports(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // the meters are Linux's
	}
	dir := t.TempDir()
	var out, progress bytes.Buffer
	small := &Command{JSON: true, Devices: 2, Changes: 20, B2Changes: 200, SharedPercent: 10, Rounds: 2, Dir: dir, Profile: t.TempDir()}
	if err := small.run(t.Context(), &out, &progress); err != nil {
		t.Fatal(err)
	}
	var report map[string]any
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("%s: %v", &out, err)
	}
	for _, key := range keys {
		value := at(report, strings.Split(key, "."))
		if value <= 0 {
			t.Errorf("%s: %v, want more than nothing", key, value)
		}
		if low, high := at(report, []string{"spread", key, "min"}), at(report, []string{"spread", key, "max"}); value < low || value > high {
			t.Errorf("%s: median %v, but from %v to %v", key, value, low, high)
		}
	}
	mustBe(t, "changes of B1", at(report, []string{"b1", "changes"}), 40)
	mustBe(t, "changes of B2", at(report, []string{"b2", "changes"}), 200)
	mustBe(t, "round trips of a sync", at(report, []string{"b1", "round_trips"}), 1)
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// at returns the number at a path of keys; NaN-like zero if there is none.
func at(object map[string]any, path []string) float64 {
	for _, key := range path[:len(path)-1] {
		object, _ = object[key].(map[string]any)
	}
	value, _ := object[path[len(path)-1]].(float64)
	return value
}

func mustBe[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
