package directory

import (
	"google.golang.org/protobuf/proto"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// EndRow is syncengine.Options.EndRow: a device of an older backup that was let
// in no more later is revoked, a user who had ended has, an invitation that was
// used or withdrawn is withdrawn. That a device was to be wiped is not known any
// more, and must be ordered again.
func EndRow(key syncengine.DirectoryKey, data []byte, now int64) ([]byte, error) {
	message, err := decode(key, data)
	if err != nil {
		return nil, err
	}
	switch row := message.(type) {
	case *directoryv1.Device:
		if !LetIn(row.Status) {
			return nil, nil
		}
		row.Status, row.StatusBy, row.StatusMillis = directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED, nil, now
	case *directoryv1.User:
		if row.Status == directoryv1.UserStatus_USER_STATUS_ENDED {
			return nil, nil
		}
		row.Status, row.StatusBy, row.StatusMillis = directoryv1.UserStatus_USER_STATUS_ENDED, nil, now
	case *directoryv1.Invitation:
		if row.Withdrawn || len(row.UsedByDevice) > 0 {
			return nil, nil
		}
		row.Withdrawn, row.ClosedMillis = true, now
	default:
		return nil, fault.New(fault.Damaged, "the register has an end of row %s, which is of a kind that does not end", key)
	}
	return proto.Marshal(message)
}
