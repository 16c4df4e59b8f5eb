package directory

import (
	"bytes"
	"context"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Known is a device that another server lets in.
type Known struct {
	Device       DeviceID
	Organisation OrganisationID
	User         merge.PersonID
	Algorithm    directoryv1.KeyAlgorithm
	PublicKey    []byte
}

// Adopt makes these devices, which the home server lets in, those that this hub
// lets in, and no others. It writes what is new alone, and may be cut at any
// moment and called again.
func (d *Directory) Adopt(ctx context.Context, known []Known) error {
	for more := true; more; {
		err := d.change(ctx, merge.PersonID{}, func(w *writing) (err error) {
			more, err = w.adopt(known)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// adopt writes as many rows as one change may have, and tells whether more are
// due. Whom home has turned away comes first.
func (w *writing) adopt(known []Known) (more bool, err error) {
	listed := map[DeviceID]bool{}
	for i := range known {
		listed[known[i].Device] = true
	}
	for _, id := range w.view.Devices() {
		device := w.view.Device(id)
		if listed[id] || !letIn(device.Status) {
			continue
		}
		gone := &directoryv1.Device{
			OrganisationId: device.OrganisationId, UserId: device.UserId, Algorithm: device.Algorithm, PublicKey: device.PublicKey,
			EnrolledMillis: device.EnrolledMillis, Status: directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED, StatusMillis: w.now,
		}
		if err := w.put(keyOf(directoryv1.RowKind_ROW_KIND_DEVICE, id), gone, syncengine.NotLasting); err != nil {
			return false, err
		}
		if len(w.puts) >= limits.DirectoryPuts {
			return true, nil
		}
	}
	users := map[merge.PersonID]bool{}
	for i := range known {
		if len(w.puts)+2 > limits.DirectoryPuts { // a device and its user
			return true, nil
		}
		if err := w.adoptOne(&known[i], users); err != nil {
			return false, err
		}
	}
	return false, nil
}

func (w *writing) adoptOne(k *Known, users map[merge.PersonID]bool) error {
	if w.view.User(k.User).GetStatus() != directoryv1.UserStatus_USER_STATUS_ACTIVE && !users[k.User] {
		users[k.User] = true
		user := &directoryv1.User{OrganisationId: k.Organisation[:], Status: directoryv1.UserStatus_USER_STATUS_ACTIVE}
		if err := w.put(keyOf(directoryv1.RowKind_ROW_KIND_USER, k.User), user, syncengine.NotLasting); err != nil {
			return err
		}
	}
	if had := w.view.LetIn(k.Device); had != nil && had.Algorithm == k.Algorithm && bytes.Equal(had.PublicKey, k.PublicKey) && merge.PersonID(had.UserId) == k.User {
		return nil
	}
	if had := w.view.Device(k.Device); had != nil && letIn(had.Status) && users[k.User] && bytes.Equal(had.PublicKey, k.PublicKey) {
		return nil // its user is let in again by this change
	}
	return w.put(keyOf(directoryv1.RowKind_ROW_KIND_DEVICE, k.Device), &directoryv1.Device{
		OrganisationId: k.Organisation[:], UserId: k.User[:], Algorithm: k.Algorithm, PublicKey: k.PublicKey,
		EnrolledMillis: w.now, Status: directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE,
	}, syncengine.NotLasting)
}
