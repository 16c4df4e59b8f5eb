package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// What is due is said first, and erased when that is asked for: by the server that
// runs, and where none does.
func TestWhatIsDueIsErasedByRules(t *testing.T) {
	dir, rules := privateDir(t), filepath.Join(t.TempDir(), "rules.json")
	content := `{"rules": [{"type": "zhurnal.records.v1.Participant", "months": 60}]}`
	if err := os.WriteFile(rules, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	load := newLoad(t, merge.SpaceID(mergetest.ID16("lyman")), 1)
	load.openOffice(t, dir)
	server := startServer(t, dir)
	if err := load.tablets[0].push(t.Context(), load, load.sync(t, server)); err != nil {
		t.Fatal(err)
	}
	must(t, exitFailed, "no day 20260230", "expire", rules, "--dir", dir, "--day", "20260230")
	must(t, exitOK, "\n0 records were erased", "expire", rules, "--dir", dir, "--day", "19700201", "--apply")
	_, said, _ := runHere(t, "expire", rules, "--dir", dir)
	due, rest, _ := strings.Cut(said[strings.LastIndexByte(strings.TrimSpace(said), '\n')+1:], " ")
	if due == "0" || !strings.HasPrefix(rest, "records would be erased; nothing was") {
		t.Fatal(said)
	}
	must(t, exitOK, "\n"+due+" records were erased", "expire", rules, "--dir", dir, "--apply")
	server.kill(t)
	must(t, exitOK, "\n0 records were erased", "expire", rules, "--dir", dir, "--apply")
	must(t, exitOK, "0 damages", "check", "--dir", dir)
}
