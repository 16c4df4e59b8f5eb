package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/clientsdk"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// mustRun runs a command and returns what it prints.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	code, out, log := runHere(t, args...)
	if code != exitOK {
		t.Fatalf("%v: code %d, %s%s", args, code, out, log)
	}
	return out
}

// served runs a server until use returns.
func served(t *testing.T, dir string, use func(url string), more ...string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	log, code := new(lines), make(chan int, 1)
	args := append([]string{"serve", "--dir", dir, "--listen", "127.0.0.1:0", "--min-free", "1MiB"}, more...)
	go func() { code <- run(ctx, args, streams{log, log}) }()
	use(waitForURL(t, log))
	stop()
	if got := <-code; got != exitOK {
		t.Fatalf("serve ended with %d:\n%s", got, log)
	}
}

// As it is typed: a lost tablet is ordered to be wiped, meets the server, and what
// it had not sent comes home by the recovery identity.
func TestALostTabletIsWipedAndItsWorkComesHome(t *testing.T) {
	dir, safe := privateDir(t), t.TempDir()
	oksana, space := merge.PersonID(mergetest.ID16("oksana")), merge.SpaceID(mergetest.ID16("lyman"))
	served(t, dir, func(url string) { keyFileOf(t, dir, url, irynaHex) })
	openOffice(t, dir, schemav1.SpaceKind_SPACE_KIND_COMMUNITY, space, oksana)
	served(t, dir, func(url string) {
		before := keyFileOf(t, dir, url, coordinator.String()) // it enrols before there is a wipe key
		wipe, identity := filepath.Join(safe, "wipe.key"), filepath.Join(safe, "recovery.identity")
		public, recipient := strings.TrimSpace(mustRun(t, "key", "wipe", wipe)), strings.TrimSpace(mustRun(t, "key", "identity", identity))
		line := mustRun(t, "invite", "--dir", dir, "--server", url, "--person", oksana.String(), "--wipe-key", public, "--recovery", recipient)
		line = line[strings.Index(line, "zhurnal:enrol"):]
		line, _, _ = strings.Cut(line, "\n")
		tablet := filepath.Join(safe, "tablet.key")
		mustRun(t, "enrol", line, "--key", tablet, "--label", "Tablet 7")
		key, err := keyfile.Open(tablet)
		if err != nil {
			t.Fatal(err)
		}
		reg, person, tabletDir := writeOffline(t, key, space)

		admin := keyFileOf(t, dir, url, irynaHex)
		list := mustRun(t, "device", "list", "--server", url, "--key", admin)
		if strings.Count(list, "obeys no order") != 2 || !strings.Contains(list, key.Identity.Device.String()+"  active") {
			t.Errorf("listed are:\n%s", list)
		}
		old, err := keyfile.Open(before)
		if err != nil {
			t.Fatal(err)
		}
		if code, _, log := runHere(t, "device", "wipe", "--server", url, "--key", admin, "--wipe-key", wipe, old.Identity.Device.String()); code != exitFailed || !strings.Contains(log, "revoke it") {
			t.Errorf("one that has no wipe key: %d, %s", code, log)
		}
		if code, _, log := runHere(t, "device", "wipe", "--server", url, "--key", admin, "--wipe-key", admin, key.Identity.Device.String()); code != exitFailed || !strings.Contains(log, "zhurnal key wipe") {
			t.Errorf("by the key of a device: %d, %s", code, log)
		}
		if code, _, log := runHere(t, "device", "wipe", "--key", admin, "--wipe-key", wipe, "--print", key.Identity.Organisation.String(), key.Identity.Device.String()); code != exitFailed || !strings.Contains(log, "no server is asked") {
			t.Errorf("printed and handed over: %d, %s", code, log)
		}
		printed := mustRun(t, "device", "wipe", "--wipe-key", wipe, "--print", key.Identity.Organisation.String(), key.Identity.Device.String())
		order, err := credential.ParseWipeOrder(printed)
		if err != nil || !order.IsSignedBy(key.Identity.WipeKey) || order.Device != key.Identity.Device || order.Organisation != key.Identity.Organisation {
			t.Errorf("printed is %s: %+v, %v", printed, order, err)
		}
		mustRun(t, "device", "wipe", "--server", url, "--key", admin, "--wipe-key", wipe, key.Identity.Device.String())
		client, err := clientsdk.HomeClient(*key.Identity, key.Signer, http.DefaultClient)
		if err != nil {
			t.Fatal(err)
		}
		if result, err := reg.Sync(t.Context(), client); !errors.Is(err, clientsdk.ErrWiped) || !result.Wiped.Delivered {
			t.Fatalf("%+v, %v", result.Wiped, err)
		}
		if left, err := filepath.Glob(filepath.Join(tabletDir, "*")); err != nil || len(left) > 0 {
			t.Errorf("the tablet has %v, %v", left, err)
		}
		if list := mustRun(t, "device", "list", "--server", url, "--key", admin); !strings.Contains(list, key.Identity.Device.String()+"  wiped") {
			t.Errorf("listed are:\n%s", list)
		}

		files, err := filepath.Glob(dir + ".wiped/*.age")
		if err != nil || len(files) != 1 {
			t.Fatalf("sealed files: %v, %v", files, err)
		}
		if code, _, log := runHere(t, "recover", files[0], "--server", url, "--identity", identity, "--server", url, "--key", admin); code != exitFailed || !strings.Contains(log, "role in this space") {
			t.Errorf("by who has no role there: %d, %s", code, log)
		}
		for range 2 {
			out := mustRun(t, "recover", files[0], "--server", url, "--identity", identity, "--key", before)
			if !strings.Contains(out, "1 merged, 0 of them flagged; 0 in quarantine") {
				t.Errorf("recovered: %s", out)
			}
		}
		history := mustRun(t, "history", "--key", before, "--space", space.String(), "--server", url, "--record", person.String())
		if !strings.Contains(history, "Шевченко") {
			t.Errorf("the history has not: %s", history)
		}
	})
}

// writeOffline makes a tablet's register and writes a person to it.
func writeOffline(t *testing.T, key *keyfile.File, space merge.SpaceID) (reg *clientsdk.Register, person merge.RecordID, dir string) {
	t.Helper()
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 32)
	_, _ = rand.Read(data)
	dir = filepath.Join(t.TempDir(), "tablet")
	reg, err = clientsdk.Open(t.Context(), clientsdk.Options{
		Dir: dir, Key: data, Author: key.Identity.Person, Device: key.Identity.Device, Signer: key.Signer, Schema: types, Clock: nowMillis, Random: rand.Reader,
		Wiping: &clientsdk.Wiping{Identity: *key.Identity, Signer: key.Signer},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reg.Close() })
	if err := reg.Join(t.Context(), space, schemav1.SpaceKind_SPACE_KIND_COMMUNITY); err != nil {
		t.Fatal(err)
	}
	_, err = reg.Write(t.Context(), space, func(tx *clientsdk.Tx) (err error) {
		person, err = tx.Create(&recordsv1.Participant{FamilyName: "Шевченко", GivenName: "Олена"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return reg, person, dir
}

// What a tablet was given, and how far, is told by the log of who did what.
func TestWhatALostTabletHoldsIsCounted(t *testing.T) {
	dir := privateDir(t)
	oksana, petro, officer := merge.PersonID(mergetest.ID16("oksana")), merge.PersonID(mergetest.ID16("petro")), merge.PersonID(mergetest.ID16("officer"))
	space := merge.SpaceID(mergetest.ID16("lyman"))
	openOffice(t, dir, schemav1.SpaceKind_SPACE_KIND_COMMUNITY, space, oksana, petro)
	protect(t, dir, officer)
	served(t, dir, func(url string) {
		opened := func(person merge.PersonID) (*keyfile.File, func()) {
			key, err := keyfile.Open(keyFileOf(t, dir, url, person.String()))
			if err != nil {
				t.Fatal(err)
			}
			client, err := clientsdk.HomeClient(*key.Identity, key.Signer, http.DefaultClient)
			if err != nil {
				t.Fatal(err)
			}
			reg, _, _ := writeOffline(t, key, space)
			return key, func() {
				t.Helper()
				result, err := reg.Sync(t.Context(), client)
				if err := errors.Join(err, result.Err()); err != nil {
					t.Fatal(err)
				}
			}
		}
		_, bring := opened(petro)
		lost, sync := opened(oksana)
		bring()
		sync() // Oksana's tablet has Petro's record and its own
		_, bringMore := opened(petro)
		bringMore()
		args := []string{"device", "manifest", "--server", url, "--key", keyFileOf(t, dir, url, officer.String()), lost.Identity.Device.String()}
		text := mustRun(t, args...)
		for _, want := range []string{"given up to position 2 of 3", "3 zhurnal.records.v1.Participant, 1 of them written to since", "3 personal"} {
			if !strings.Contains(text, want) || strings.Contains(text, "known since") {
				t.Errorf("it does not say %q:\n%s", want, text)
			}
		}
		var m struct {
			Spaces []struct {
				ServedThrough string `json:"served_through"`
			}
		}
		if err := json.Unmarshal([]byte(mustRun(t, append(args, "--json")...)), &m); err != nil || len(m.Spaces) != 1 || m.Spaces[0].ServedThrough != "2" {
			t.Errorf("%+v, %v", m, err)
		}
		args[5] = keyFileOf(t, dir, url, petro.String())
		if code, _, log := runHere(t, args...); code != exitFailed || !strings.Contains(log, "not for you") {
			t.Errorf("to a facilitator: %d, %s", code, log)
		}
	})
	shown := mustRun(t, "audit", "show", dir+".audit", "--action", "device.manifest")
	if strings.Count(shown, "device.manifest") != 3 || strings.Count(shown, "no_access") != 1 {
		t.Errorf("kept is:\n%s", shown)
	}
}

// As it is typed, of several at once.
func TestDevicesAreRetiredAndRevoked(t *testing.T) {
	dir := privateDir(t)
	oksana, petro := merge.PersonID(mergetest.ID16("oksana")), merge.PersonID(mergetest.ID16("petro"))
	openOffice(t, dir, schemav1.SpaceKind_SPACE_KIND_COMMUNITY, merge.SpaceID(mergetest.ID16("lyman")), oksana, petro)
	served(t, dir, func(url string) {
		var both []string
		for _, person := range []merge.PersonID{oksana, petro} {
			key, err := keyfile.Open(keyFileOf(t, dir, url, person.String()))
			if err != nil {
				t.Fatal(err)
			}
			both = append(both, key.Identity.Device.String())
		}
		desk := []string{"--server", url, "--key", keyFileOf(t, dir, url, coordinator.String())}
		become := func(status, said string, args ...string) {
			t.Helper()
			out := mustRun(t, append(append([]string{"device"}, args...), append(desk, both...)...)...)
			list := mustRun(t, append([]string{"device", "list"}, desk...)...)
			for _, device := range both {
				if !strings.Contains(out, "device "+device+": "+said) || !strings.Contains(list, device+"  "+status) {
					t.Errorf("%v: %s\n%s", args, out, list)
				}
			}
		}
		become("retired", "done", "retire")
		become("active", "done", "retire", "--back")
		become("revoked", "revoked. What it holds", "revoke")
	})
}
