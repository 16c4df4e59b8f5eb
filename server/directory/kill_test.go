package directory_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// inDir makes the test binary add users to a directory on a disk, without end,
// and say of each when it was answered.
const inDir = "ZHURNAL_TEST_ADD_USERS_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(inDir); dir != "" {
		if err := addUsers(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func openOn(dir string) (*syncengine.Engine, *directory.Directory, error) {
	types, err := catalogue.Types()
	if err != nil {
		return nil, nil, err
	}
	now := func() int64 { return year2026 }
	engine, err := syncengine.Open(syncengine.Options{Dir: dir, Master: keyring.NewKey([32]byte{1}), Schema: types, Now: now, Random: rand.Reader})
	if err != nil {
		return nil, nil, err
	}
	d, err := directory.Open(engine, now, rand.Reader)
	return engine, d, err
}

func addUsers(dir string) error {
	_, d, err := openOn(dir)
	if err != nil {
		return err
	}
	ctx := context.Background()
	organisation, err := d.AddOrganisation(ctx, merge.PersonID{}, "Опора")
	for err == nil {
		var id merge.PersonID
		if id, err = d.In(organisation).AddUser(ctx, id, id, "User"); err == nil {
			_, err = fmt.Println(id)
		}
	}
	return err
}

// The process is killed with SIGKILL while it adds users. Whoever was answered is
// there when it comes back.
func TestAKilledServerKnowsWhomItHasAnswered(t *testing.T) {
	dir := t.TempDir()
	var answered []merge.PersonID
	for round := range 3 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), inDir+"="+dir)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; n < 5+round && lines.Scan(); n++ {
			var id merge.PersonID
			if _, err := hex.Decode(id[:], lines.Bytes()); err != nil {
				t.Fatalf("%q: %v", lines.Text(), err)
			}
			answered = append(answered, id)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it says that it was killed
		engine, d, err := openOn(dir)
		if err != nil {
			t.Fatal(err)
		}
		view := must(d.View())(t)
		for _, id := range answered {
			if !view.Active(id) {
				t.Fatalf("user %s was answered and is lost", id)
			}
		}
		if err := engine.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(answered) != 18 {
		t.Fatalf("%d were answered: the test has shown less than it should", len(answered))
	}
}
