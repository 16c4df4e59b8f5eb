package main

import (
	"crypto/rand"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zhurnal/zhurnal/clientsdk"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// As it is typed: a tablet that was away too long is unlocked over the telephone.
func TestALockedTabletIsUnlockedOverTheTelephone(t *testing.T) {
	dir := privateDir(t)
	oksana, space := merge.PersonID(mergetest.ID16("oksana")), merge.SpaceID(mergetest.ID16("lyman"))
	openOffice(t, dir, schemav1.SpaceKind_SPACE_KIND_COMMUNITY, space, oksana)
	served(t, dir, func(url string) {
		key, err := keyfile.Open(keyFileOf(t, dir, url, oksana.String()))
		if err != nil {
			t.Fatal(err)
		}
		later := time.Duration(0)
		reg := lockable(t, key, func() int64 { return nowMillis() + later.Milliseconds() })
		client, err := clientsdk.HomeClient(*key.Identity, key.Signer, http.DefaultClient)
		if err != nil {
			t.Fatal(err)
		}
		if err := reg.Join(t.Context(), space, schemav1.SpaceKind_SPACE_KIND_COMMUNITY); err != nil {
			t.Fatal(err)
		}
		if _, err := reg.Sync(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		later = 22 * 24 * time.Hour
		isLocked := func() bool {
			t.Helper()
			_, err := clientsdk.Query[*recordsv1.Participant](t.Context(), reg, space)
			if err != nil && fault.KindOf(err) != fault.Locked {
				t.Fatal(err)
			}
			return fault.KindOf(err) == fault.Locked
		}
		if !isLocked() {
			t.Fatal("it is not locked after 22 days")
		}
		challenge, err := reg.UnlockChallenge(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		args := append([]string{"device", "unlock", "--server", url, "--key", keyFileOf(t, dir, url, coordinator.String()), "--for", "3d", key.Identity.Device.String()}, strings.Fields(challenge)...)
		if code, _, log := runHere(t, append(args[:len(args):len(args)], "000011")...); code != exitFailed || !strings.Contains(log, "3 groups of 6 digits") {
			t.Errorf("too many groups: %d, %s", code, log)
		}
		out := mustRun(t, args...)
		if _, err := reg.Unlock(t.Context(), out[strings.Index(out, "once:")+5:]); err != nil || isLocked() {
			t.Errorf("%s: locked %v, %v", out, isLocked(), err)
		}
		later += 4 * 24 * time.Hour
		if !isLocked() {
			t.Error("it is open for longer than three days")
		}
		args[5] = keyFileOf(t, dir, url, oksana.String())
		if code, _, log := runHere(t, args...); code != exitFailed || !strings.Contains(log, "not for you") {
			t.Errorf("by the facilitator: %d, %s", code, log)
		}
	})
	if shown := mustRun(t, "audit", "show", dir+".audit", "--action", "device.unlock"); strings.Count(shown, "device.unlock") != 2 {
		t.Errorf("kept is:\n%s", shown)
	}
}

// lockable is a tablet's register, with a clock.
func lockable(t *testing.T, key *keyfile.File, clock func() int64) *clientsdk.Register {
	t.Helper()
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	reg, err := clientsdk.Open(t.Context(), clientsdk.Options{
		Dir: filepath.Join(t.TempDir(), "tablet"), Key: make([]byte, 32), Author: key.Identity.Person, Device: key.Identity.Device, Signer: key.Signer,
		Schema: types, Clock: clock, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reg.Close() })
	return reg
}
