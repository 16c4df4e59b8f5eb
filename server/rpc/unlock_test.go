package rpc

import (
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// unlockKey is what the victim's tablet was given with its lease.
func (w *officeWorld) unlockKey() *credential.UnlockKey {
	w.t.Helper()
	resp, err := w.sync.Sync(w.t.Context(), with(w.header(w.mine.victim), &syncv1.SyncRequest{}))
	if err != nil || resp.Msg.LeaseMillis == 0 || len(resp.Msg.UnlockKey) != len(credential.UnlockKey{}) {
		w.t.Fatalf("%v, %v", resp, err)
	}
	key := credential.UnlockKey(resp.Msg.UnlockKey)
	return &key
}

func (w *officeWorld) unlock(by string, device [16]byte, challenge string, days uint32) (string, error) {
	resp, err := w.office.UnlockDevice(w.t.Context(), with(w.by(by), &directoryv1.UnlockDeviceRequest{DeviceId: device[:], Challenge: challenge, Days: days}))
	if err != nil {
		return "", err
	}
	return resp.Msg.Code, nil
}

// Who may change a tablet is given the code for it, and nobody else; the tablet
// knows it by what it was given with its lease.
func TestATabletIsUnlockedByWhoSeesToIt(t *testing.T) {
	w := newOfficeWorld(t)
	key, device := w.unlockKey(), w.mine.victimDevice
	shown := credential.NewUnlockChallenge(device, [4]byte{1, 2, 3, 4})
	for by, want := range map[string]connect.Code{
		"administrator": 0, "coordinator": 0,
		"of another programme": connect.CodeNotFound, "facilitator": connect.CodeNotFound, "data protection": connect.CodeNotFound,
		"supervisor": connect.CodeNotFound, "monitoring": connect.CodeNotFound, "without a role": connect.CodeNotFound,
	} {
		text, err := w.unlock(by, device, shown.String(), 7)
		mustBe(t, by, codeOf(err), want)
		if err != nil {
			continue
		}
		code, err := credential.ParseUnlockCode(text)
		if err != nil || code.Days != 7 || !key.Unlocks(shown, code) {
			t.Errorf("%s gets %s, %v", by, text, err)
		}
	}
	if _, err := w.unlock("coordinator", w.tenants[1].victimDevice, shown.String(), 7); codeOf(err) != connect.CodeNotFound {
		t.Errorf("of another organisation: %v", err)
	}
}

// What would unlock nothing is said, with what to do.
func TestACodeThatIsNoneIsNotGiven(t *testing.T) {
	w := newOfficeWorld(t)
	device := w.mine.victimDevice
	shown := credential.NewUnlockChallenge(device, [4]byte{1, 2, 3, 4}).String()
	refused := func(what string, challenge string, days uint32, want string) {
		t.Helper()
		_, err := w.unlock("coordinator", device, challenge, days)
		if codeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("mistyped", "000001"+shown[6:], 7, "mistyped")
	refused("another's", credential.NewUnlockChallenge(w.mine.office.Device(w.mine.callers[0].id).Identity.Device, [4]byte{}).String(), 7, "another device")
	refused("for no day", shown, 0, "1 to 30 days")
	refused("for too long", shown, 31, "1 to 30 days")
	_, err := w.office.RevokeDevice(t.Context(), with(w.by("coordinator"), &directoryv1.RevokeDeviceRequest{DeviceId: device[:]}))
	noError(t, err)
	refused("revoked", shown, 7, "let in no more")
}

// That a code was given is kept, with who, for which device and for how many
// days; the code is not.
func TestUnlockingIsKept(t *testing.T) {
	w := newOfficeWorld(t)
	device := w.mine.victimDevice
	code, err := w.unlock("coordinator", device, credential.NewUnlockChallenge(device, [4]byte{1, 2, 3, 4}).String(), 7)
	noError(t, err)
	if _, err := w.unlock("facilitator", device, code, 7); err == nil {
		t.Fatal("a facilitator unlocks")
	}
	var got []audit.Event
	noError(t, w.kept.Read(func(e audit.Entry) error {
		if e.Action == deviceUnlock {
			got = append(got, audit.Event{By: e.By, Target: e.Target, Count: e.Count, Outcome: e.Outcome})
		}
		return nil
	}))
	by := func(role string) string {
		return merge.PersonID(w.mine.callers[slices.IndexFunc(w.mine.callers, func(c asker) bool { return c.role == role })].id).String()
	}
	target := credential.DeviceID(device).String()
	want := []audit.Event{{By: by("coordinator"), Target: target, Count: 7}, {By: by("facilitator"), Target: target, Outcome: "no_access"}}
	if !slices.Equal(got, want) {
		t.Errorf("kept %+v,\nwant %+v", got, want)
	}
}
