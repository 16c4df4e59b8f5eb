package console

import (
	"cmp"
	"encoding/hex"
	"slices"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// silentMillis is after how long a tablet counts as silent: tablets are meant to be
// away for weeks, and a coordinator wants to know before a month is over.
const silentMillis = 7 * 24 * 3600_000

// wrongClockMillis is from when on somebody should put a clock right.
const wrongClockMillis = 10 * 60_000

// tablet is a device as a page shows it.
type tablet struct {
	*directoryv1.ListedDevice
	ID, Owner string
	// AtDesk says that its user settles or administers: what such a one asks it asks
	// at once, and nobody waits for it.
	AtDesk bool
	now    int64
}

// tablets are all that the reader may see, those first from which was heard longest
// ago; none for who may not ask.
func (v *visit) tablets() (list []tablet, err error) {
	if !v.open(directoryv1connect.DirectoryServiceListDevicesProcedure) {
		return nil, nil
	}
	for token := ""; ; {
		resp, err := v.calls.directory.ListDevices(v.ctx(), connect.NewRequest(&directoryv1.ListDevicesRequest{PageToken: token}))
		if err != nil {
			return nil, err
		}
		for _, d := range resp.Msg.Devices {
			list = append(list, v.tablet(d))
		}
		if token = resp.Msg.NextPageToken; token == "" {
			break
		}
	}
	slices.SortStableFunc(list, func(a, b tablet) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.Contact.GetAtMillis(), b.Contact.GetAtMillis()), cmp.Compare(a.TabletLabel, b.TabletLabel))
	})
	return list, nil
}

func (v *visit) tablet(d *directoryv1.ListedDevice) tablet {
	return tablet{
		ListedDevice: d, ID: hex.EncodeToString(d.DeviceId), Owner: v.userName(d.UserId), now: v.o.Now(),
		AtDesk: len(d.UserId) == 16 && v.view.Has(merge.PersonID(d.UserId), v.o.Now(), deskRoles...),
	}
}

// rank puts tablets that are in use before those that are not.
func (t *tablet) rank() int {
	switch {
	case t.Status == directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE && !t.AtDesk:
		return 0
	case t.Status == directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE:
		return 1
	}
	return 1 + int(t.Status)
}

// Silent tells of a tablet in use that was not heard from lately, or never.
func (t tablet) Silent() bool {
	return t.Status == directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE && !t.AtDesk && t.now-t.Contact.GetAtMillis() > silentMillis
}

// WrongClock tells of a clock that somebody should put right.
func (t tablet) WrongClock() bool {
	return max(t.Contact.GetClockOffsetMillis(), -t.Contact.GetClockOffsetMillis()) > wrongClockMillis
}

// ClockKey is the text that says in which direction the clock is wrong.
func (t tablet) ClockKey() string {
	if t.Contact.GetClockOffsetMillis() < 0 {
		return "tablet.clock.behind"
	}
	return "tablet.clock.ahead"
}

// LetIn tells whether it may sync.
func (t tablet) LetIn() bool {
	return directory.LetIn(t.Status)
}

// Key is the text that says what has become of the tablet.
func (t tablet) Key() string {
	switch t.Status {
	case directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE:
		return "device.active"
	case directoryv1.DeviceStatus_DEVICE_STATUS_RETIRED:
		return "device.retired"
	case directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED:
		return "device.revoked"
	case directoryv1.DeviceStatus_DEVICE_STATUS_WIPE_ORDERED:
		return "device.wipe_ordered"
	case directoryv1.DeviceStatus_DEVICE_STATUS_WIPED:
		return "device.wiped"
	}
	return "unknown"
}

// userName is the name of a user whom a service has told the reader of.
func (v *visit) userName(id []byte) string {
	if len(id) != len(merge.PersonID{}) {
		return ""
	}
	return v.view.User(merge.PersonID(id)).GetName()
}
