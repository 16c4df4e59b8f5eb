package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// keys are the key files that were made, by the register's directory and the
// person.
var keys sync.Map

type keyOf struct {
	dir    string
	person string
}

// keyFileOf returns the key file of a person whom the running server knows, and
// makes the person known if need be: by the commands that do it, with more for the
// invitation.
func keyFileOf(t *testing.T, dir, url, person string, more ...string) string {
	t.Helper()
	if file, there := keys.Load(keyOf{dir, person}); there {
		return file.(string)
	}
	args := append([]string{"invite", "--dir", dir, "--server", url, "--person", person}, more...)
	code, out, log := runHere(t, args...)
	if code != exitOK { // it is somebody new
		args = append(args, "--name", "person "+person[:8])
		code, out, log = runHere(t, args...)
	}
	if strings.Contains(log, "there is no organisation yet") {
		code, out, log = runHere(t, append(args, "--organisation-name", "Opora")...)
	}
	at := strings.Index(out, "zhurnal:enrol")
	if code != exitOK || at < 0 {
		t.Fatalf("invite: code %d, %s%s", code, out, log)
	}
	line, _, _ := strings.Cut(out[at:], "\n")
	file := filepath.Join(t.TempDir(), person+".key")
	if code, out, log = runHere(t, "enrol", line, "--key", file, "--label", "test"); code != exitOK || !strings.Contains(out, person) {
		t.Fatalf("enrol: code %d, %s%s", code, out, log)
	}
	keys.Store(keyOf{dir, person}, file)
	return file
}

// known is how somebody calls whom the server knows.
func (p *process) known(t *testing.T, person merge.PersonID) *keyfile.Caller {
	t.Helper()
	caller, err := keyfile.NewCaller(keyFileOf(t, p.dir, p.url, person.String()), p.url, http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	return caller
}

func (p *process) sync(t *testing.T, person merge.PersonID) syncv1connect.SyncServiceClient {
	t.Helper()
	c := p.known(t, person)
	return syncv1connect.NewSyncServiceClient(c.Client, c.Address, c.Option)
}

func (p *process) desk(t *testing.T, person merge.PersonID) syncv1connect.DeskServiceClient {
	t.Helper()
	c := p.known(t, person)
	return syncv1connect.NewDeskServiceClient(c.Client, c.Address, c.Option)
}
