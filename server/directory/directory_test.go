package directory_test

import (
	"strings"
	"testing"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func TestWhatWasAddedIsThereAfterACrash(t *testing.T) {
	o := newOffice(t)
	programme := must(o.tenant().AddProgramme(t.Context(), o.admin, "Спільно"))(t)
	space := must(o.tenant().AddSpace(t.Context(), o.admin, merge.SpaceID{}, directory.NewSpace{
		Programme: programme, Kind: schemav1.SpaceKind_SPACE_KIND_COMMUNITY, PCode: "UA1423049010", Name: "Лиман",
	}))(t)
	oksana := o.user("Оксана")
	device := o.device(oksana, 7)
	o.disk.Crash()
	_ = o.file.Close()
	o.open()

	v := o.view()
	if have := v.Organisation(o.org); have.GetName() != "Опора" {
		t.Errorf("organisation %v", have)
	}
	if have := v.Programme(programme); have.GetName() != "Спільно" || directory.OrganisationID(have.OrganisationId) != o.org {
		t.Errorf("programme %v", have)
	}
	if have := v.Space(space); have.GetPCode() != "UA1423049010" || directory.ProgrammeID(have.ProgrammeId) != programme {
		t.Errorf("space %v", have)
	}
	if have := v.User(oksana); have.GetName() != "Оксана" || have.Status != directoryv1.UserStatus_USER_STATUS_ACTIVE {
		t.Errorf("user %v", have)
	}
	if have := v.Device(device); merge.PersonID(have.GetUserId()) != oksana || have.EnrolledMillis != year2026 || have.PublicKey[0] != 7 {
		t.Errorf("device %v", have)
	}
	if spaces := v.SpacesOf(o.org); len(spaces) != 1 || spaces[0] != space {
		t.Errorf("spaces %v", spaces)
	}
	o.mustBeHealthy()
}

// A view that was taken stays as it was, and each change that was answered is in
// the next one.
func TestAViewIsOfOneMoment(t *testing.T) {
	o := newOffice(t)
	before := o.view()
	oksana := o.user("Oksana")
	if before.User(oksana) != nil || o.view().User(oksana) == nil {
		t.Fatal("the old view has the user, or the new one has not")
	}
	if v := o.view(); v != o.view() {
		t.Error("nothing has changed, and there is another view")
	}
}

// What is another organisation's is not there: no change reaches it, and the
// error is that for what there is nowhere.
func TestATenantHasNothingOfAnother(t *testing.T) {
	o := newOffice(t)
	other := o.dir.In(must(o.dir.AddOrganisation(t.Context(), merge.PersonID{}, "Другі"))(t))
	programme := must(o.tenant().AddProgramme(t.Context(), o.admin, "Спільно"))(t)
	oksana := o.user("Oksana")
	device := o.device(oksana, 1)
	invitation := o.invite(oksana, "for the other tablet")
	nowhere := [16]byte{1}
	for name, do := range map[string]func(id [16]byte) error{
		"programme": func(id [16]byte) error {
			_, err := other.AddSpace(t.Context(), o.admin, merge.SpaceID{}, directory.NewSpace{
				Programme: directory.ProgrammeID(id), Kind: schemav1.SpaceKind_SPACE_KIND_DESK, Name: "a",
			})
			return err
		},
		"user": func(id [16]byte) error {
			return other.SetUserStatus(t.Context(), o.admin, id, directoryv1.UserStatus_USER_STATUS_ENDED)
		},
		"device": func(id [16]byte) error {
			return other.SetDeviceStatus(t.Context(), o.admin, id, directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED)
		},
		"invitation": func(id [16]byte) error { return other.WithdrawInvitation(t.Context(), o.admin, id) },
		"user to invite": func(id [16]byte) error {
			_, err := other.Invite(t.Context(), o.admin, directory.NewInvitation{
				User: id, ExpiresAt: year2026 + hour, Medium: directoryv1.InvitationMedium_INVITATION_MEDIUM_SCREEN,
			})
			return err
		},
	} {
		id := map[string][16]byte{"programme": programme, "user": oksana, "device": device, "invitation": invitation, "user to invite": oksana}[name]
		foreign, absent := do(id), do(nowhere)
		if fault.KindOf(foreign) != fault.NotFound || fault.KindOf(absent) != fault.NotFound || foreign.Error() != absent.Error() {
			t.Errorf("%s: another's is %v, nobody's is %v", name, foreign, absent)
		}
	}
	if v := o.view(); v.User(oksana).Status != directoryv1.UserStatus_USER_STATUS_ACTIVE || v.Device(device).Status != directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE || v.Invitation(invitation).Withdrawn {
		t.Error("something was changed all the same")
	}
}

func TestOddNamesAreRefused(t *testing.T) {
	o := newOffice(t)
	for _, name := range []string{"", "  ", "two\nlines", "turned \u202e round", "\xff", strings.Repeat("x", 201)} {
		if _, err := o.tenant().AddUser(t.Context(), o.admin, merge.PersonID{}, name); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := o.tenant().AddUser(t.Context(), o.admin, o.admin, "again"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("an id that is taken: %v", err)
	}
}
