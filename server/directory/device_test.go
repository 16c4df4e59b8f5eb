package directory_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"testing"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

const (
	active  = directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE
	revoked = directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED
	retired = directoryv1.DeviceStatus_DEVICE_STATUS_RETIRED
	ordered = directoryv1.DeviceStatus_DEVICE_STATUS_WIPE_ORDERED
	wiped   = directoryv1.DeviceStatus_DEVICE_STATUS_WIPED
)

// However many use an invitation at once, each with a key of its own, one of
// them enrols; while others enrol with invitations of their own.
func TestOneOfManyUsesAnInvitation(t *testing.T) {
	o := newOffice(t)
	oksana, petro := o.user("Oksana"), o.user("Petro")
	for round := range 8 {
		number := func(i int) byte { return byte(24*round + i) } // each key is of one device
		secret := fmt.Sprint("secret ", round)
		invitation := o.invite(oksana, secret)
		const rivals = 12
		ids, errs := make([]directory.DeviceID, rivals), make([]error, rivals)
		var racing sync.WaitGroup
		for i := range rivals {
			beside := fmt.Sprint("beside ", round, i)
			o.invite(petro, beside)
			racing.Go(func() { ids[i], errs[i] = o.use(secret, number(i)) })
			racing.Go(func() {
				if _, err := o.use(beside, number(rivals+i)); err != nil {
					t.Error(err)
				}
			})
		}
		racing.Wait()
		won := -1
		for i, err := range errs {
			switch {
			case err == nil && won >= 0:
				t.Fatalf("tablets %d and %d have both enrolled", won, i)
			case err == nil:
				won = i
			case fault.KindOf(err) != fault.NotFound:
				t.Fatal(err)
			}
		}
		if won < 0 {
			t.Fatal("none has enrolled")
		}
		v := o.view()
		if used := v.Invitation(invitation).UsedByDevice; directory.DeviceID(used) != ids[won] || v.Device(ids[won]).PublicKey[0] != number(won) {
			t.Fatalf("used by %x, and %v has won", used, ids[won])
		}
	}
	o.mustBeHealthy()
}

// Whoever guesses learns nothing from the error, and a tablet whose answer was
// lost enrols once.
func TestAnInvitationThatIsNoneIsToldApartByNothing(t *testing.T) {
	o := newOffice(t)
	oksana, ended := o.user("Oksana"), o.user("Ended")
	o.invite(oksana, "used")
	device := must(o.use("used", 1))(t)
	if again := must(o.use("used", 1))(t); again != device {
		t.Errorf("the same tablet is %s and then %s", device, again)
	}
	o.must(o.tenant().WithdrawInvitation(t.Context(), o.admin, o.invite(oksana, "withdrawn")))
	o.invite(ended, "of somebody who left")
	o.must(o.tenant().SetUserStatus(t.Context(), o.admin, ended, directoryv1.UserStatus_USER_STATUS_ENDED))
	o.invite(oksana, "run out")
	o.clock.Add(hour)
	o.invite(oksana, "good")
	_, nowhere := o.use("made up", 9)
	for _, secret := range []string{"used", "withdrawn", "of somebody who left", "run out"} {
		if _, err := o.use(secret, 9); err == nil || err.Error() != nowhere.Error() || fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: %v; one that is made up: %v", secret, err, nowhere)
		}
	}
	must(o.use("good", 9))(t)
	if err := o.tenant().WithdrawInvitation(t.Context(), o.admin, directory.InvitationID(o.view().Device(device).InvitationId)); fault.KindOf(err) != fault.Invalid {
		t.Errorf("one that was used is withdrawn: %v", err)
	}
}

func TestATabletThatIsNoneIsRefused(t *testing.T) {
	o := newOffice(t)
	o.invite(o.user("Oksana"), "secret")
	for name, n := range map[string]directory.NewDevice{
		"no algorithm": {TabletLabel: "t", PublicKey: make([]byte, 32)},
		"a short key":  {TabletLabel: "t", Algorithm: directoryv1.KeyAlgorithm_KEY_ALGORITHM_ES256, PublicKey: make([]byte, 32)},
		"no label":     {Algorithm: directoryv1.KeyAlgorithm_KEY_ALGORITHM_ED25519, PublicKey: make([]byte, 32)},
	} {
		if _, _, err := o.dir.UseInvitation(t.Context(), sha256.Sum256([]byte("secret")), n); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(o.use("secret", 1))(t)
}

// Revoked is for good; retired is not.
func TestWhatADeviceMayBecome(t *testing.T) {
	o := newOffice(t)
	oksana := o.user("Oksana")
	o.hasWipeKey()
	set := func(status directoryv1.DeviceStatus) func(directory.DeviceID, *credential.SoftwareKey) {
		return func(device directory.DeviceID, _ *credential.SoftwareKey) {
			o.must(o.tenant().SetDeviceStatus(t.Context(), o.admin, device, status))
		}
	}
	may := map[directoryv1.DeviceStatus][]directoryv1.DeviceStatus{
		active: {active, revoked, retired}, retired: {active, revoked, retired},
		revoked: {revoked}, ordered: {revoked, ordered}, wiped: {wiped},
	}
	way := map[directoryv1.DeviceStatus][]func(directory.DeviceID, *credential.SoftwareKey){
		active: nil, retired: {set(retired)}, revoked: {set(revoked)}, ordered: {o.orderWipe}, wiped: {o.orderWipe, o.wiped},
	}
	for from, steps := range way {
		for to := range way {
			device, key := o.wipeable(oksana)
			for _, step := range steps {
				step(device, key)
			}
			o.clock.Add(1)
			err := o.tenant().SetDeviceStatus(t.Context(), o.admin, device, to)
			is := o.view().Device(device)
			switch {
			case slices.Contains(may[from], to) && (err != nil || is.Status != to):
				t.Errorf("from %s to %s: it is %s, %v", from, to, is.Status, err)
			case !slices.Contains(may[from], to) && (fault.KindOf(err) != fault.Invalid || is.Status != from):
				t.Errorf("from %s to %s: it is %s, %v", from, to, is.Status, err)
			case is.Status != from && (merge.PersonID(is.StatusBy) != o.admin || is.StatusMillis != o.clock.Load()):
				t.Errorf("from %s to %s: by %x at %d", from, to, is.StatusBy, is.StatusMillis)
			}
		}
	}
}

// An older backup has a tablet that syncs, a user who works, and an invitation
// that was not used. None of them comes back; what was not ended does.
func TestWhatWasEndedIsNotLetInAfterARestore(t *testing.T) {
	o := newOffice(t)
	oksana, ivan, back := o.user("Oksana"), o.user("Ivan"), o.user("Back")
	lost, kept, idle := o.device(oksana, 1), o.device(oksana, 2), o.device(oksana, 3)
	used, withdrawn := o.invite(oksana, "used"), o.invite(oksana, "withdrawn")
	o.invite(oksana, "open")
	file := o.backedUp()
	set := func(device directory.DeviceID, status directoryv1.DeviceStatus) {
		t.Helper()
		o.must(o.tenant().SetDeviceStatus(t.Context(), o.admin, device, status))
	}
	status := func(user merge.PersonID, status directoryv1.UserStatus) {
		t.Helper()
		o.must(o.tenant().SetUserStatus(t.Context(), o.admin, user, status))
	}
	set(lost, revoked)
	set(idle, retired)
	status(ivan, directoryv1.UserStatus_USER_STATUS_ENDED)
	status(back, directoryv1.UserStatus_USER_STATUS_ENDED)
	status(back, directoryv1.UserStatus_USER_STATUS_ACTIVE)
	later := must(o.use("used", 4))(t)
	o.must(o.tenant().WithdrawInvitation(t.Context(), o.admin, withdrawn))

	o.restore(file)
	v := o.view()
	for device, want := range map[directory.DeviceID]directoryv1.DeviceStatus{lost: revoked, kept: active, idle: active} {
		if have := v.Device(device).Status; have != want {
			t.Errorf("device %s is %s, want %s", device, have, want)
		}
	}
	if v.Device(later) != nil {
		t.Error("a device that the backup lacks is there")
	}
	for user, want := range map[merge.PersonID]directoryv1.UserStatus{
		oksana: directoryv1.UserStatus_USER_STATUS_ACTIVE, ivan: directoryv1.UserStatus_USER_STATUS_ENDED, back: directoryv1.UserStatus_USER_STATUS_ACTIVE,
	} {
		if have := v.User(user).Status; have != want {
			t.Errorf("user %s is %s, want %s", user, have, want)
		}
	}
	if !v.Invitation(used).Withdrawn || !v.Invitation(withdrawn).Withdrawn {
		t.Error("an invitation that was used or withdrawn is open again")
	}
	if _, err := o.use("used", 5); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	must(o.use("open", 6))(t)
	o.mustBeHealthy()
}

// Whoever runs the server makes hubs, and nobody at a desk: a hub is told of all
// devices, those of counselling too.
func TestAHubIsMadeByWhoRunsTheServer(t *testing.T) {
	o := newOffice(t)
	laptop, keeper := o.user("Laptop"), o.user("Iryna")
	must(o.tenant().Assign(t.Context(), o.admin, keeper, directory.NewAssignment{Role: directory.Administrator, Scope: directory.Everywhere()}))(t)
	n := directory.NewInvitation{
		User: laptop, SecretHash: sha256.Sum256([]byte("hub")), Medium: directoryv1.InvitationMedium_INVITATION_MEDIUM_SCREEN, ExpiresAt: o.clock.Load() + hour, Hub: true,
	}
	if _, err := o.tenant().By(keeper).Invite(t.Context(), keeper, n); fault.KindOf(err) != fault.Invalid {
		t.Errorf("by an administrator: %v", err)
	}
	must(o.tenant().Invite(t.Context(), o.admin, n))(t)
	hub, tablet := must(o.use("hub", 1))(t), o.device(laptop, 2)
	if v := o.view(); !v.Device(hub).Hub || v.Device(tablet).Hub {
		t.Errorf("the hub is one: %v, and a tablet: %v", v.Device(hub).Hub, v.Device(tablet).Hub)
	}
}
