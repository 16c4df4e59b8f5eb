package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/wiped"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// What lost tablets have sealed is in the backups of a server that runs and of one
// that is stopped, and comes back with the register; a check passes over it.
func TestWhatLostTabletsHaveSealedIsInABackup(t *testing.T) {
	dir, files := privateDir(t), t.TempDir()
	identity := filepath.Join(files, "backup.identity")
	_, recipient, _ := runHere(t, "key", "identity", identity)
	openOffice(t, dir, schemav1.SpaceKind_SPACE_KIND_COMMUNITY, merge.SpaceID(mergetest.ID16("lyman")), merge.PersonID(mergetest.ID16("oksana")))
	beside, sealed := wiped.DirOf(dir), bytes.Repeat([]byte("what was sealed"), 40_000)
	for name, data := range map[string][]byte{"07a3-01.age": sealed, "07a3-01.receipt": []byte("receipt"), "07a3-02.age.part": []byte("half")} {
		if err := os.MkdirAll(beside, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(beside, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	to := []string{"--dir", dir, "--to", recipient[:len(recipient)-1]}
	running, stopped := filepath.Join(files, "running.backup"), filepath.Join(files, "stopped.backup")
	served(t, dir, func(string) {
		must(t, exitOK, "2 files of lost tablets", append([]string{"backup", running}, to...)...)
	})
	must(t, exitOK, "2 files of lost tablets", append([]string{"backup", stopped}, to...)...)
	for _, file := range []string{running, stopped} {
		if data, err := os.ReadFile(file); err != nil || bytes.Contains(data, []byte("what was sealed")) {
			t.Errorf("%s is not sealed, %v", file, err)
		}
		must(t, exitOK, "0 damages", "check", file, "--identity", identity)
		fresh := filepath.Join(t.TempDir(), "fresh")
		must(t, exitOK, "2 files of lost tablets", "restore", file, "--dir", fresh, "--without-register", "--identity", identity)
		must(t, exitOK, "0 damages", "check", "--dir", fresh)
		if data, err := os.ReadFile(filepath.Join(wiped.DirOf(fresh), "07a3-01.age")); err != nil || !bytes.Equal(data, sealed) {
			t.Errorf("%d bytes of %d, %v", len(data), len(sealed), err)
		}
		if left, err := os.ReadDir(wiped.DirOf(fresh)); err != nil || len(left) != 2 {
			t.Errorf("%v, %v", left, err)
		}
	}
}
