package directory

import (
	"context"

	"google.golang.org/protobuf/proto"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Known is a device that another server lets in, or has ordered to be wiped.
type Known struct {
	Device       DeviceID
	Organisation OrganisationID
	User         merge.PersonID
	Algorithm    directoryv1.KeyAlgorithm
	PublicKey    []byte
	// WipeKey is the key whose orders the device obeys; WipeOrder, if set, is one
	// that it is to be told in place of being let in.
	WipeKey   []byte
	WipeOrder *enrolv1.WipeOrder
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
		if listed[id] || !LetIn(device.Status) && w.view.Doomed(id) == nil {
			continue
		}
		gone := proto.CloneOf(device)
		gone.Status, gone.StatusMillis = directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED, w.now
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
	had := w.view.Device(k.Device)
	due := &directoryv1.Device{
		OrganisationId: k.Organisation[:], UserId: k.User[:], Algorithm: k.Algorithm, PublicKey: k.PublicKey, WipeKey: k.WipeKey,
		EnrolledMillis: w.now, Status: directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE, StatusMillis: had.GetStatusMillis(),
	}
	if had != nil {
		due.EnrolledMillis = had.EnrolledMillis
	}
	switch {
	case k.WipeOrder != nil && had.GetStatus() == directoryv1.DeviceStatus_DEVICE_STATUS_WIPED:
		return nil // home has not heard of it yet
	case k.WipeOrder != nil:
		due.Status, due.WipeOrder = directoryv1.DeviceStatus_DEVICE_STATUS_WIPE_ORDERED, k.WipeOrder
	case w.view.User(k.User).GetStatus() != directoryv1.UserStatus_USER_STATUS_ACTIVE && !users[k.User]:
		users[k.User] = true
		user := &directoryv1.User{OrganisationId: k.Organisation[:], Status: directoryv1.UserStatus_USER_STATUS_ACTIVE}
		if err := w.put(keyOf(directoryv1.RowKind_ROW_KIND_USER, k.User), user, syncengine.NotLasting); err != nil {
			return err
		}
	}
	if had != nil && proto.Equal(had, due) {
		return nil
	}
	return w.put(keyOf(directoryv1.RowKind_ROW_KIND_DEVICE, k.Device), due, syncengine.NotLasting)
}
