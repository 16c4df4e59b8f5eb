package directory

import (
	"context"

	"google.golang.org/protobuf/proto"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// LetIn returns a device that may sync: neither it nor its user was turned away.
// Otherwise it returns nil.
func (v *View) LetIn(id DeviceID) *directoryv1.Device {
	device := v.Device(id)
	if device == nil || !LetIn(device.Status) {
		return nil
	}
	if v.User(merge.PersonID(device.UserId)).GetStatus() != directoryv1.UserStatus_USER_STATUS_ACTIVE {
		return nil
	}
	return device
}

// Devices lists all devices, also those that were turned away.
func (v *View) Devices() []DeviceID {
	return list(v, directoryv1.RowKind_ROW_KIND_DEVICE, func(DeviceID, *directoryv1.Device) bool { return true })
}

// Return makes a device active again that was retired, and syncs. Of one that was
// turned away meanwhile it is not.
func (d *Directory) Return(ctx context.Context, id DeviceID) error {
	return d.change(ctx, merge.PersonID{}, func(w *writing) error {
		device := w.view.LetIn(id)
		if device == nil || device.Status != directoryv1.DeviceStatus_DEVICE_STATUS_RETIRED {
			return nil
		}
		back := proto.CloneOf(device)
		back.Status, back.StatusBy, back.StatusMillis = directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE, nil, w.now
		return w.put(keyOf(directoryv1.RowKind_ROW_KIND_DEVICE, id), back, syncengine.NotLasting)
	})
}
