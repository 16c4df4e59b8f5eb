package directory

import (
	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Signer is syncengine.Options.Device: a device that was ever enrolled, whatever
// has become of it since. What it signed is its person's for ever.
func Signer(id DeviceID, get func(key syncengine.DirectoryKey) ([]byte, error)) (*syncengine.Device, error) {
	device, err := read[*directoryv1.Device](get, keyOf(directoryv1.RowKind_ROW_KIND_DEVICE, id))
	if err != nil || device == nil {
		return nil, err
	}
	user, err := read[*directoryv1.User](get, keyOf(directoryv1.RowKind_ROW_KIND_USER, merge.PersonID(device.UserId)))
	if err != nil {
		return nil, err
	}
	key, err := credential.ParsePublicKey(credential.Algorithm(device.Algorithm), device.PublicKey)
	if err != nil {
		return nil, fault.New(fault.Damaged, "the key of device %s: %w", id, err)
	}
	return &syncengine.Device{
		Person: merge.PersonID(device.UserId), Verify: key.Verify,
		LetIn: LetIn(device.Status) && user.GetStatus() == directoryv1.UserStatus_USER_STATUS_ACTIVE,
	}, nil
}

// read returns the row of a key; nil if there is none.
func read[M any](get func(key syncengine.DirectoryKey) ([]byte, error), key syncengine.DirectoryKey) (row M, err error) {
	data, err := get(key)
	if err != nil || len(data) == 0 {
		return row, err
	}
	message, err := decode(key, data)
	if err != nil {
		return row, err
	}
	row, _ = any(message).(M)
	return row, nil
}
