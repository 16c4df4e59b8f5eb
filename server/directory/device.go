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

// NewDevice is a tablet that enrols, which has shown that it has the private key.
type NewDevice struct {
	// Organisation is whose invitation the tablet took it for.
	Organisation OrganisationID
	TabletLabel  string
	Algorithm    directoryv1.KeyAlgorithm
	PublicKey    []byte
}

// publicKeyBytes are how long a public key is; see Device.public_key.
var publicKeyBytes = map[directoryv1.KeyAlgorithm]int{
	directoryv1.KeyAlgorithm_KEY_ALGORITHM_ED25519: 32,
	directoryv1.KeyAlgorithm_KEY_ALGORITHM_ES256:   65,
}

func (d NewDevice) check() error {
	switch want, ok := publicKeyBytes[d.Algorithm]; {
	case !ok:
		return fault.New(fault.Invalid, "device: algorithm %s; Ed25519 or ES256 is due", d.Algorithm)
	case len(d.PublicKey) != want:
		return fault.New(fault.Invalid, "device: a public key of %d bytes where %d are due", len(d.PublicKey), want)
	}
	return checkName("tablet label", d.TabletLabel)
}

// errInvitation is the same whatever is wrong with an invitation: who guesses
// secrets learns nothing.
var errInvitation = fault.New(fault.NotFound, "this invitation is not known, was used, was withdrawn or has run out: ask a coordinator for another")

// UseInvitation makes a device of whoever has the secret of an invitation, whose
// SHA-256 this is. Of many who use one at once, one does. The same public key
// again, as after an answer that was lost, is the device that it was made; also at
// a server that was restored and has forgotten it, with another invitation.
func (d *Directory) UseInvitation(ctx context.Context, secretHash [32]byte, n NewDevice) (id DeviceID, device *directoryv1.Device, err error) {
	if err := n.check(); err != nil {
		return id, nil, err
	}
	err = d.change(ctx, merge.PersonID{}, func(w *writing) (err error) {
		id, device, err = w.useInvitation(secretHash, n)
		return err
	})
	if err != nil {
		return DeviceID{}, nil, err
	}
	return id, device, nil
}

func (w *writing) useInvitation(secretHash [32]byte, n NewDevice) (id DeviceID, device *directoryv1.Device, err error) {
	invited, invitation := w.view.InvitationBySecret(secretHash)
	id = credential.DeviceOf(credential.Algorithm(n.Algorithm), n.PublicKey)
	known := w.view.Device(id)
	switch {
	case invitation == nil || invitation.Withdrawn || OrganisationID(invitation.OrganisationId) != n.Organisation:
		return id, nil, errInvitation
	case len(invitation.UsedByDevice) > 0 && (DeviceID(invitation.UsedByDevice) != id || known == nil):
		return id, nil, errInvitation
	case len(invitation.UsedByDevice) > 0:
		return id, known, nil
	case known != nil:
		return id, nil, fault.New(fault.Invalid, "device: this key has enrolled before; draw another")
	}
	userKey := keyOf(directoryv1.RowKind_ROW_KIND_USER, merge.PersonID(invitation.UserId))
	user := find[*directoryv1.User](w.view, userKey)
	if invitation.ExpiresMillis <= w.now || user.GetStatus() != directoryv1.UserStatus_USER_STATUS_ACTIVE {
		return id, nil, errInvitation
	}
	device = &directoryv1.Device{
		OrganisationId: invitation.OrganisationId, UserId: invitation.UserId, TabletLabel: n.TabletLabel,
		Algorithm: n.Algorithm, PublicKey: n.PublicKey, EnrolledMillis: w.now, InvitationId: invited[:],
		Status: directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE, WipeKey: invitation.WipeKey, Hub: invitation.Hub,
	}
	used := proto.CloneOf(invitation)
	used.UsedByDevice, used.ClosedMillis = id[:], w.now
	w.restsOn(userKey)
	if err := w.put(keyOf(directoryv1.RowKind_ROW_KIND_INVITATION, invited), used, syncengine.Ended); err != nil {
		return id, nil, err
	}
	key := keyOf(directoryv1.RowKind_ROW_KIND_DEVICE, id)
	w.at(key).Frees = true // what others have brought of it to a server that was restored
	return id, device, w.put(key, device, syncengine.NotLasting)
}

// deviceStatusAfter says which status may follow which. Revoked is for good, but
// that the device may be ordered to erase what it holds; see OrderWipe. Revoking
// takes back an order that the device has not heard of.
var deviceStatusAfter = map[directoryv1.DeviceStatus][]directoryv1.DeviceStatus{
	directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE:       {directoryv1.DeviceStatus_DEVICE_STATUS_RETIRED, directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED},
	directoryv1.DeviceStatus_DEVICE_STATUS_RETIRED:      {directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE, directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED},
	directoryv1.DeviceStatus_DEVICE_STATUS_WIPE_ORDERED: {directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED},
}

// LetIn tells whether a device of this status syncs.
func LetIn(status directoryv1.DeviceStatus) bool {
	return status == directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE || status == directoryv1.DeviceStatus_DEVICE_STATUS_RETIRED
}

// SetDeviceStatus changes what may be done with a device of the tenant.
func (t *Tenant) SetDeviceStatus(ctx context.Context, by merge.PersonID, id DeviceID, status directoryv1.DeviceStatus) error {
	return t.directory.change(ctx, by, func(w *writing) error {
		device, key, err := of[*directoryv1.Device](t, w, directoryv1.RowKind_ROW_KIND_DEVICE, id, "device")
		p := t.powersIn(w)
		switch {
		case err != nil:
			return err
		case !p.changesDevicesOf(merge.PersonID(device.UserId), w.now):
			return errNotHere("device")
		case device.Status == status && LetIn(status):
			return nil
		case device.Status == status: // the register may not have it
			return w.put(key, device, syncengine.Ended)
		case !slices.Contains(deviceStatusAfter[device.Status], status):
			return fault.New(fault.Invalid, "device %s: it is %s, and cannot become %s; a tablet that is to come back enrols anew", id, statusText(device.Status), statusText(status))
		}
		device.Status, device.StatusBy, device.StatusMillis = status, w.byOrNobody(), w.now
		if LetIn(status) {
			return w.put(key, device, syncengine.NotLasting)
		}
		return w.put(key, device, syncengine.Ended)
	})
}

func statusText(status directoryv1.DeviceStatus) string {
	switch status {
	case directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE:
		return "active"
	case directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED:
		return "revoked"
	case directoryv1.DeviceStatus_DEVICE_STATUS_RETIRED:
		return "retired"
	case directoryv1.DeviceStatus_DEVICE_STATUS_WIPE_ORDERED:
		return "to be wiped"
	case directoryv1.DeviceStatus_DEVICE_STATUS_WIPED:
		return "wiped"
	}
	return "of no status that there is"
}
