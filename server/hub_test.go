package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zhurnal/zhurnal/clientsdk"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

func (b *boatTablet) visits(hub *process) {
	b.t.Helper()
	if err := b.tries(hub); err != nil {
		b.t.Fatal(err)
	}
}

// tries visits a hub, which refuses whom it has not heard of from home.
func (b *boatTablet) tries(hub *process) error {
	b.t.Helper()
	key, err := keyfile.Open(keyFileOf(b.t, b.home, "", b.person.String()))
	if err != nil {
		b.t.Fatal(err)
	}
	b.signs(keyFileOf(b.t, b.home, "", b.person.String()))
	client, err := clientsdk.HubClient(hub.url, *key.Identity, key.Signer, http.DefaultClient)
	if err != nil {
		b.t.Fatal(err)
	}
	result, err := b.Sync(context.Background(), client)
	if err == nil && !result.Hub {
		b.t.Fatalf("no hub: %+v", result)
	}
	return err
}

// Real processes: tablets meet at a hub while the home server is away, the hub is
// killed, and when home is back it gets everything by itself.
func TestAHubRelaysWhatTabletsBring(t *testing.T) {
	types := filepath.Join(t.TempDir(), "boats.binpb")
	if err := os.WriteFile(types, boats(t), 0o600); err != nil {
		t.Fatal(err)
	}
	homeDir, hubDir := privateDir(t), filepath.Join(t.TempDir(), "hub")
	space, laptop := merge.SpaceID(mergetest.ID16("ferry")), merge.PersonID(mergetest.ID16("laptop"))
	oksana, petro, ivan := newBoatTablet(t, "oksana", space), newBoatTablet(t, "petro", space), newBoatTablet(t, "ivan", space)
	openOffice(t, homeDir, schemav1.SpaceKind_SPACE_KIND_COMMUNITY, space, oksana.person, petro.person, ivan.person, laptop)
	home := startServer(t, homeDir, "--schema", types)
	for _, b := range []*boatTablet{oksana, petro, ivan} {
		b.home = homeDir
	}
	keyFileOf(t, homeDir, home.url, laptop.String(), "--hub")
	for _, person := range []merge.PersonID{oksana.person, petro.person, ivan.person} {
		home.known(t, person)
	}
	oksana.put("1", "captain", "Іван")
	oksana.sync(home)
	asHub := []string{"--schema", types, "--upstream", home.url, "--key", keyFileOf(t, homeDir, home.url, laptop.String()), "--every", "50ms"}
	hub := startServer(t, hubDir, asHub...)
	eventually(t, "the hub has what home had", func() bool {
		return petro.tries(hub) == nil && len(petro.boats()) == 1
	})

	home.kill(t)
	oksana.put("7", "captain", "Оксана")
	oksana.visits(hub)
	hub.kill(t)
	hub = startServer(t, hubDir, asHub...)
	petro.visits(hub)
	if rows := petro.boats(); len(rows) != 2 || !rows[0].Provisional || !rows[1].Provisional {
		t.Fatalf("at the hub: %+v", rows)
	}

	address := strings.TrimPrefix(home.url, "http://")
	home = startServer(t, homeDir, "--schema", types, "--listen", address)
	eventually(t, "home has what the hub had", func() bool {
		ivan.sync(home)
		return len(ivan.boats()) == 2
	})
	petro.sync(home)
	if rows := petro.boats(); len(rows) != 2 || rows[0].Provisional || rows[1].Provisional {
		t.Fatalf("at home: %+v", rows)
	}
	oksana.sync(home)
	if status, err := oksana.Status(t.Context()); err != nil || status.Spaces[0].Waiting != 0 || status.Spaces[0].Confirmed != 2 {
		t.Fatalf("%+v, %v", status, err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("within a minute it is not so that %s", what)
		}
	}
}

func TestAHubSaysWhatItLacks(t *testing.T) {
	dir := privateDir(t)
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--upstream", "http://127.0.0.1:1"}, "--key"},
		{[]string{"--key", "hub.key"}, "--upstream"},
		{[]string{"--key", "hub.key", "--upstream", "home"}, "no address"},
		{[]string{"--key", "hub.key", "--upstream", "http://127.0.0.1:1", "--every", "0s"}, "--every"},
	} {
		code, _, log := runHere(t, append([]string{"serve", "--dir", dir, "--listen", "127.0.0.1:0"}, c.args...)...)
		if code != exitFailed || !strings.Contains(log, c.says) {
			t.Errorf("%v: code %d, %s", c.args, code, log)
		}
	}
}
