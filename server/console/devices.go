package console

import (
	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

const devicesPath = "/devices"

var deviceRoutes = []route{
	{pattern: "GET " + devicesPath, asks: directoryv1connect.DirectoryServiceListDevicesProcedure, text: "devices.title", handle: showDevices},
}

// devicesPage is what devices.html is given.
type devicesPage struct {
	Devices []device
	More    more
}

// device is a row of the list.
type device struct {
	*directoryv1.ListedDevice
	Owner string
}

func showDevices(v *visit) error {
	resp, err := v.calls.directory.ListDevices(v.ctx(), connect.NewRequest(&directoryv1.ListDevicesRequest{PageToken: v.asked(pageToken)}))
	if err != nil {
		return err
	}
	data := devicesPage{More: v.moreFrom(resp.Msg.NextPageToken)}
	for _, d := range resp.Msg.Devices {
		data.Devices = append(data.Devices, device{d, v.userName(d.UserId)})
	}
	return v.show(page.Page{Name: "devices", Title: "devices.title", Wide: true, Data: data})
}

// userName is the name of a user whom a service has told the reader of.
func (v *visit) userName(id []byte) string {
	if len(id) != len(merge.PersonID{}) {
		return ""
	}
	return v.view.User(merge.PersonID(id)).GetName()
}

// Status is the end of the keys that say what has become of the device.
func (d device) Key() string {
	switch d.Status {
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
