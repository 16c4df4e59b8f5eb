package main

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// A server is backed up while tablets push, goes on, and is killed. Its register
// is lost. The restored one has what the backup has, tablets bring the rest, and
// everything is there once.
func TestBackupRestoreCheckServe(t *testing.T) {
	dir, file := privateDir(t), filepath.Join(t.TempDir(), "monday.backup")
	identity := filepath.Join(t.TempDir(), "backup.identity")
	_, recipient, _ := runHere(t, "key", "identity", identity)
	must(t, exitFailed, "there already", "key", "identity", identity)
	load := newLoad(t, merge.SpaceID(mergetest.ID16("lyman")), 3)
	load.openOffice(t, dir)
	server := startServer(t, dir)
	for _, tablet := range load.tablets {
		if err := tablet.push(t.Context(), load, load.sync(t, server)); err != nil {
			t.Fatal(err)
		}
	}
	stop := load.run(t, server)
	must(t, exitFailed, "--unsealed", "backup", file, "--dir", dir)
	if err := os.WriteFile(filepath.Clean(dir)+".recipients", []byte(recipient), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, exitOK, "verified", "backup", file, "--dir", dir) // the server was not stopped for it
	stop()
	must(t, exitFailed, "there already", "backup", file, "--dir", dir)
	must(t, exitFailed, "--identity", "check", file)
	must(t, exitOK, "0 damages", "check", file, "--identity", identity)
	must(t, exitOK, "0 entries of the log would go", "cut", "--rehearse", "--dir", dir)
	must(t, exitOK, "", "cut", "--set", "forever", "--space", hex.EncodeToString(load.space[:]), "--dir", dir)
	must(t, exitOK, "forever", "cut", "--retain", "0d", "--dir", dir)
	must(t, exitOK, "", "cut", "--set", "default", "--space", hex.EncodeToString(load.space[:]), "--dir", dir)
	must(t, exitFailed, "no space", "cut", "--space", strings.Repeat("0f", 16), "--dir", dir)
	must(t, exitFailed, "another process", "check", "--dir", dir)
	load.verify(t, server)
	server.kill(t)
	must(t, exitOK, "0 damages", "check", "--dir", dir)
	must(t, exitOK, "are gone", "cut", "--retain", "0d", "--dir", dir)
	must(t, exitOK, "not compared", "check", "--dir", dir)
	must(t, exitOK, "0 damages", "check", "--dir", dir, "--from", file, "--identity", identity)

	kept, fresh := filepath.Clean(dir)+".register", filepath.Join(t.TempDir(), "fresh")
	must(t, exitFailed, "--without-register", "restore", file, "--dir", fresh)
	must(t, exitFailed, "not empty", "restore", file, "--dir", dir, "--register", kept)
	must(t, exitFailed, "--identity", "restore", file, "--dir", fresh, "--register", kept)
	must(t, exitOK, "epoch 2", "restore", file, "--dir", fresh, "--register", kept, "--identity", identity)
	must(t, exitOK, "0 damages", "check", "--dir", fresh)
	// Nobody has to enrol anew.
	keys.Store(keyOf{fresh, load.person.String()}, keyFileOf(t, dir, "", load.person.String()))
	server = startServer(t, fresh)
	for _, tablet := range load.tablets {
		tablet.answered = 0
		if err := tablet.push(t.Context(), load, load.sync(t, server)); err != nil {
			t.Fatal(err)
		}
	}
	load.verify(t, server)
	server.kill(t)
	must(t, exitOK, "0 damages", "check", "--dir", fresh)
	must(t, exitFailed, "--unsealed", "backup", file+"2", "--dir", fresh)
	must(t, exitFailed, "age1", "backup", file+"2", "--dir", fresh, "--to", "olena")
	must(t, exitOK, "verified", "backup", file+"2", "--dir", fresh, "--to", strings.TrimSpace(recipient))
	must(t, exitOK, "not sealed", "backup", file+"3", "--dir", fresh, "--unsealed")
	must(t, exitOK, "0 damages", "check", file+"3", "--from", file, "--identity", identity)
}

// must runs a command and looks for a text in what it prints.
func must(t *testing.T, code int, text string, args ...string) {
	t.Helper()
	got, out, log := runHere(t, args...)
	if got != code || !strings.Contains(out+log, text) {
		t.Fatalf("%v: code %d, no %q in:\n%s%s", args, got, text, out, log)
	}
}

func TestABackupThatIsNotWholeIsNotRestored(t *testing.T) {
	file, dir := filepath.Join(t.TempDir(), "cut.backup"), filepath.Join(t.TempDir(), "fresh")
	if err := os.WriteFile(file, []byte("ZHURNALBACKUP\r\n\n\x00\x00\x00\x01h"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, exitFailed, "cut short", "restore", file, "--dir", dir, "--without-register")
	must(t, exitFailed, "cut short", "check", file)
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Fatalf("%v, %v", left, err)
	}
	must(t, exitFailed, "no store", "check", "--dir", dir)
	must(t, exitFailed, "no store", "backup", file+"2", "--dir", dir)
	must(t, exitUsage, "--dir", "backup", file+"2")
	must(t, exitFailed, "--dir", "check")
	if left, err := filepath.Glob(file + "2*"); err != nil || len(left) != 0 {
		t.Fatalf("%v, %v", left, err)
	}
}
