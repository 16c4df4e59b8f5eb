package directory_test

import (
	"testing"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine"
)

// Whatever became of a device, what it signed is known to be its person's; whether
// that still counts is another question.
func TestADeviceSignsForItsPersonWhateverBecameOfIt(t *testing.T) {
	o := newOffice(t)
	oksana, petro := o.user("Oksana"), o.user("Petro")
	revokedID, ofEnded, there := o.device(oksana, 3), o.device(petro, 4), o.device(oksana, 5)
	o.must(o.tenant().SetDeviceStatus(t.Context(), o.admin, revokedID, revoked))
	o.must(o.tenant().SetUserStatus(t.Context(), o.admin, petro, directoryv1.UserStatus_USER_STATUS_ENDED))
	get := func(key syncengine.DirectoryKey) (row []byte, err error) {
		_, err = o.engine.DirectoryRows(0, func(k syncengine.DirectoryKey, _ uint64, data []byte) error {
			if k == key {
				row = data
			}
			return nil
		})
		return row, err
	}
	for _, c := range []struct {
		id    directory.DeviceID
		of    [16]byte
		letIn bool
	}{{revokedID, oksana, false}, {ofEnded, petro, false}, {there, oksana, true}} {
		d, err := directory.Signer(c.id, get)
		if err != nil || d == nil || d.Person != c.of || d.LetIn != c.letIn || d.Verify == nil {
			t.Errorf("device %s: %+v, %v", c.id, d, err)
		}
	}
	if d, err := directory.Signer(directory.DeviceID{9}, get); d != nil || err != nil {
		t.Errorf("a device that there is not: %+v, %v", d, err)
	}
}
