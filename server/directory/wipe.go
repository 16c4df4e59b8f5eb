package directory

import (
	"context"
	"slices"

	"google.golang.org/protobuf/proto"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// SetWipeKey says by which key orders to wipe the organisation's devices are
// signed, and who can open what a device seals before. It holds for invitations
// from then on: devices obey the key that they were given.
func (t *Tenant) SetWipeKey(ctx context.Context, by merge.PersonID, key []byte, recipients []string) error {
	if _, err := credential.ParsePublicKey(credential.Ed25519, key); err != nil {
		return fault.New(fault.Invalid, "wipe key: %w", err)
	}
	if len(recipients) == 0 {
		return fault.New(fault.Invalid, "wipe key: nobody is named who can open what a device seals before it is wiped: give a recipient (age1…)")
	}
	return t.directory.change(ctx, by, func(w *writing) error {
		if p := t.powersIn(w); !p.changes {
			return errNotHere("organisation")
		}
		rowKey := keyOf(directoryv1.RowKind_ROW_KIND_ORGANISATION, t.organisation)
		organisation := proto.CloneOf(find[*directoryv1.Organisation](w.view, rowKey))
		switch {
		case organisation == nil:
			return errNotHere("organisation")
		case slices.Equal(organisation.WipeKey, key) && slices.Equal(organisation.RecoveryRecipients, recipients):
			return nil
		}
		organisation.WipeKey, organisation.RecoveryRecipients = key, recipients
		return w.put(rowKey, organisation, syncengine.NotLasting)
	})
}

// OrderWipe has a device of the tenant told that it is to erase what it holds. It
// is let in no more. Who signs the order needs the key that the device was given.
func (t *Tenant) OrderWipe(ctx context.Context, by merge.PersonID, id DeviceID, order credential.WipeOrder) error {
	return t.directory.change(ctx, by, func(w *writing) error {
		device, key, err := of[*directoryv1.Device](t, w, directoryv1.RowKind_ROW_KIND_DEVICE, id, "device")
		p := t.powersIn(w)
		switch {
		case err != nil:
			return err
		case !p.changesDevicesOf(merge.PersonID(device.UserId), w.now):
			return errNotHere("device")
		case order.Device != id || order.Organisation != t.organisation:
			return fault.New(fault.Invalid, "device %s: the order is for another device, or of another organisation", id)
		case len(device.WipeKey) == 0:
			return fault.New(fault.Invalid, "device %s: its invitation had no wipe key, so it obeys no order: revoke it", id)
		case !order.IsSignedBy(device.WipeKey):
			return fault.New(fault.Invalid, "device %s: the order is signed by another key than the device was given when it enrolled: it would not obey", id)
		case device.Status == directoryv1.DeviceStatus_DEVICE_STATUS_WIPED:
			return fault.New(fault.Invalid, "device %s: it was wiped already", id)
		}
		device.Status, device.StatusBy, device.StatusMillis = directoryv1.DeviceStatus_DEVICE_STATUS_WIPE_ORDERED, w.byOrNobody(), w.now
		device.WipeOrder = order.ToProto()
		return w.put(key, device, syncengine.Ended)
	})
}

// Doomed returns a device that is to be told of an order to wipe it; nil if there
// is none. Whether its user is active is nothing to it.
func (v *View) Doomed(id DeviceID) *directoryv1.Device {
	device := v.Device(id)
	if device == nil || device.Status != directoryv1.DeviceStatus_DEVICE_STATUS_WIPE_ORDERED || device.WipeOrder == nil {
		return nil
	}
	return device
}

// errNoReceipt stands for all reasons: who has no such order and receipt learns
// nothing of devices.
var errNoReceipt = fault.New(fault.Unauthenticated, "this is no receipt of a device of this server for an order to wipe it")

// CheckWiped returns the device that has signed a receipt for an order of its own
// wipe key. Both show that by themselves, so it holds also where the order is not
// known any more, as after a restore.
func (v *View) CheckWiped(wiped *credential.Wiped) (*directoryv1.Device, error) {
	device := v.Device(wiped.Order.Device)
	if device == nil || OrganisationID(device.OrganisationId) != wiped.Order.Organisation {
		return nil, errNoReceipt
	}
	key, err := credential.ParsePublicKey(credential.Algorithm(device.Algorithm), device.PublicKey)
	if err != nil || !wiped.Proves(device.WipeKey, key) {
		return nil, errNoReceipt
	}
	return device, nil
}

// Wiped notes that a device has erased what it held, by its receipt.
func (d *Directory) Wiped(ctx context.Context, wiped *credential.Wiped) error {
	return d.change(ctx, merge.PersonID{}, func(w *writing) error {
		device, err := w.view.CheckWiped(wiped)
		if err != nil || device.Status == directoryv1.DeviceStatus_DEVICE_STATUS_WIPED {
			return err
		}
		gone := proto.CloneOf(device)
		gone.Status, gone.StatusBy, gone.StatusMillis = directoryv1.DeviceStatus_DEVICE_STATUS_WIPED, nil, w.now
		gone.WipeOrder = wiped.Order.ToProto()
		return w.put(keyOf(directoryv1.RowKind_ROW_KIND_DEVICE, wiped.Order.Device), gone, syncengine.Ended)
	})
}
