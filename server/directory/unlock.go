package directory

import (
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// CheckUnlock tells whether a device of the tenant may be unlocked by the one for
// whom the tenant is: who may change it, as long as it is let in.
func (t *Tenant) CheckUnlock(id DeviceID) error {
	listed, err := t.List()
	if err != nil {
		return err
	}
	device := listed.View.Device(id)
	if device == nil || OrganisationID(device.OrganisationId) != t.organisation || !listed.powers.changesDevicesOf(merge.PersonID(device.UserId), t.directory.now()) {
		return errNotHere("device")
	}
	if listed.View.LetIn(id) == nil {
		return fault.New(fault.Invalid, "device %s: it is %s, or its user has ended: it is let in no more, and is not unlocked", id, statusText(device.Status))
	}
	return nil
}
