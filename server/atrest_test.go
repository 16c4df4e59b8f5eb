package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// serving is `zhurnal serve` in this process.
type serving struct {
	*process
	log  *lines
	stop func()
}

func serveCommandHere(t *testing.T, dir string, more ...string) *serving {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	log, ended := new(lines), make(chan int, 1)
	args := append([]string{"serve", "--dir", dir, "--listen", "127.0.0.1:0", "--min-free", "1MiB", "--log", "text"}, more...)
	go func() { ended <- run(ctx, args, streams{log, log}) }()
	s := &serving{log: log, stop: func() {
		cancel()
		if code := <-ended; code != exitOK {
			t.Errorf("serve ends with %d:\n%s", code, log)
		}
	}}
	s.process = &process{url: waitForURL(t, log), dir: dir}
	return s
}

// What is written to a register, so that it would be known again anywhere.
var canaries = []string{"Канаркенко", "Стефанія-Канарка", "+380500054321", "we slept in the cellar, said the canary"}

// writeCanaries pushes them to a space.
func writeCanaries(t *testing.T, l *load, server *process) {
	t.Helper()
	p := l.tablets[0]
	for i, m := range []proto.Message{
		&recordsv1.Participant{FamilyName: canaries[0], GivenName: canaries[1], Phone: canaries[2]},
		&recordsv1.Quote{Text: canaries[3]},
	} {
		writes, err := l.types.Plan(string(m.ProtoReflect().Descriptor().FullName())).Compose(l.space, nil, schema.Draft{Record: merge.RecordID{byte(1 + i)}, Message: m})
		if err != nil {
			t.Fatal(err)
		}
		p.chain = append(p.chain, p.writer.Seal(mergetest.DrawSalt(p.src), int64(i), writes))
	}
	if err := p.push(t.Context(), l, l.sync(t, server)); err != nil {
		t.Fatal(err)
	}
	l.verify(t, server)
}

// readable returns what of the canaries is in the files below a directory, as it
// is or in hexadecimal digits.
func readable(t *testing.T, dir string) (found []string, files int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		data, err := os.ReadFile(name)
		for _, canary := range canaries {
			for _, as := range []string{canary, hex.EncodeToString([]byte(canary))} {
				if bytes.Contains(data, []byte(as)) {
					found = append(found, filepath.Base(name)+": "+canary)
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, files
}

// Whoever takes the disk, a backup or the log of the server finds nothing of what
// was written about people: while it runs, after it was stopped, and after its
// tables were written anew. And no file is open to others.
func TestNothingIsReadableAtRest(t *testing.T) {
	all := t.TempDir()
	dir, file := filepath.Join(all, "register"), filepath.Join(all, "sealed.backup")
	_, recipient, _ := runHere(t, "key", "identity", filepath.Join(all, "identity"))
	known := newLoad(t, merge.SpaceID(mergetest.ID16("lyman")), 1)
	known.openOffice(t, dir)
	server := serveCommandHere(t, dir)
	writeCanaries(t, known, server.process)
	if err := quarantine(t, known, server.process); err != nil {
		t.Fatal(err)
	}
	must(t, exitOK, "verified", "backup", file, "--dir", dir, "--to", strings.TrimSpace(recipient))
	mustHide := func(when string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(all, "server.log"), []byte(server.log.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		if found, files := readable(t, all); len(found) > 0 || files < 8 {
			t.Errorf("%s, in %d files: %v", when, files, found)
		}
	}
	mustHide("while it runs")
	mustBeOwners(t, all)
	server.stop()
	mustHide("stopped")
	must(t, exitOK, "0 damages", "check", "--dir", dir)
	must(t, exitOK, "under the master key", "key", "rotate", "--dir", dir)
	must(t, exitOK, "0 damages", "check", "--dir", dir)
	mustHide("under another key")
	mustBeOwners(t, all)

	// The same search finds them where they are.
	must(t, exitOK, "not sealed", "backup", filepath.Join(all, "unsealed.backup"), "--dir", dir, "--unsealed")
	if found, _ := readable(t, all); len(found) != len(canaries) {
		t.Errorf("in an unsealed backup: %v", found)
	}
}

// quarantine pushes a record of a type that the server does not know.
func quarantine(t *testing.T, l *load, server *process) error {
	p := l.tablets[0]
	value := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), canaries[3])
	p.chain = append(p.chain, p.writer.Seal(mergetest.DrawSalt(p.src), 2, merge.RecordWrites{
		Type: "zhurnal.unknown.v1.Thing", Record: merge.RecordID{9}, Writes: []merge.Write{{Cell: merge.CellKey{Field: 1}, Value: value}},
	}))
	return p.push(t.Context(), l, l.sync(t, server))
}

func mustBeOwners(t *testing.T, dir string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		return
	}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == dir || filepath.Base(name) == "server.log" {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A key is made for a register that is made, never for one that is there.
func TestAKeyIsNeverMadeForARegisterThatIsThere(t *testing.T) {
	dir := privateDir(t)
	beside := dir + ".master-key"
	server := serveCommandHere(t, dir)
	if !strings.Contains(server.log.String(), "lies beside the register") {
		t.Errorf("the log does not warn:\n%s", server.log)
	}
	server.stop()
	elsewhere := filepath.Join(t.TempDir(), "master.key")
	if err := os.Rename(beside, elsewhere); err != nil {
		t.Fatal(err)
	}
	serve := []string{"serve", "--dir", dir, "--listen", "127.0.0.1:0"}
	must(t, exitFailed, "--master-key", serve...)
	must(t, exitFailed, "--master-key", "check", "--dir", dir)
	must(t, exitFailed, "--master-key", "backup", dir+".backup", "--dir", dir, "--unsealed")
	must(t, exitFailed, "zhurnal key new", append(serve, "--master-key", beside)...)
	if _, err := os.Stat(beside); err == nil {
		t.Error("a key was made")
	}
	inside := filepath.Join(dir, "master.key")
	must(t, exitOK, "master key", "key", "new", inside)
	must(t, exitFailed, "own directory", append(serve, "--master-key", inside)...)
	other := filepath.Join(t.TempDir(), "other.key")
	must(t, exitOK, "master key", "key", "new", other)
	must(t, exitFailed, "there already", "key", "new", other)
	must(t, exitFailed, "sealed under the master key", append(serve, "--master-key", other)...)
	must(t, exitFailed, "already", "key", "rotate", "--dir", dir, "--master-key", elsewhere, "--new-master-key", elsewhere)
	must(t, exitOK, "opens it no more", "key", "rotate", "--dir", dir, "--master-key", elsewhere, "--new-master-key", other)
	must(t, exitFailed, "sealed under the master key", "check", "--dir", dir, "--master-key", elsewhere)
	must(t, exitOK, "0 damages", "check", "--dir", dir, "--master-key", other)
	server = serveCommandHere(t, dir, "--master-key", other)
	must(t, exitFailed, "another process", "key", "rotate", "--dir", dir, "--master-key", other)
	if strings.Contains(server.log.String(), "lies beside") {
		t.Error("the log warns of a key that lies elsewhere")
	}
	server.stop()
}

// The change of the master key is killed at any moment; the register opens by the
// key that lies in its place then, and the change can be typed again.
func TestARotationThatIsKilledLosesNothing(t *testing.T) {
	dir := privateDir(t)
	l := newLoad(t, merge.SpaceID(mergetest.ID16("lyman")), 1)
	l.openOffice(t, dir)
	server := serveCommandHere(t, dir)
	writeCanaries(t, l, server.process)
	server.stop()
	killed := 0
	for range *kills * 4 {
		cmd := exec.Command(os.Args[0], "key", "rotate", "--dir", dir)
		cmd.Env = append(os.Environ(), asCommand+"=1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); err != nil {
			killed++
		}
		must(t, exitOK, "0 damages", "check", "--dir", dir)
	}
	must(t, exitOK, "under the master key", "key", "rotate", "--dir", dir)
	server = serveCommandHere(t, dir)
	l.verify(t, server.process)
	server.stop()
	left, err := filepath.Glob(filepath.Join(dir, keyring.FileName+"*"))
	if err != nil || killed == 0 {
		t.Errorf("killed %d times, %v, %v", killed, left, err)
	}
	t.Logf("killed %d times", killed)
}
