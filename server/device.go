package main

import (
	"context"
	"fmt"
	"strings"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	"github.com/zhurnal/zhurnal/server/keyfile"
)

type deviceCommand struct {
	List   deviceList   `cmd:"" help:"List the devices of your organisation that you may see."`
	Revoke deviceRevoke `cmd:"" help:"Let a device in no more, for good: it was lost or stolen."`
	Retire deviceRetire `cmd:"" help:"Do not wait for a device in the figures, until it syncs again."`
	Unlock deviceUnlock `cmd:"" help:"Print the code that unlocks a tablet which has not met the server for too long, and cannot."`
	Wipe   deviceWipe   `cmd:"" help:"Order that a device erases what it holds when it next meets the server or a hub."`
	// Manifest is for whoever reports the breach.
	Manifest deviceManifest `cmd:"" help:"Say what a lost device holds: which spaces, how many records of which sensitivity."`
}

// directory calls the directory of the running server.
func (a *askerFlags) directory(ctx context.Context, call func(context.Context, directoryv1connect.DirectoryServiceClient) error) error {
	return a.asking(ctx, "device", func(ctx context.Context, caller *keyfile.Caller) error {
		return call(ctx, directoryv1connect.NewDirectoryServiceClient(caller.Client, caller.Address, caller.Option))
	})
}

// eachOf asks something of one device after the other, and says of each that it is
// done.
func (a *askerFlags) eachOf(ctx context.Context, to streams, devices []id, done string, ask func(ctx context.Context, client directoryv1connect.DirectoryServiceClient, device []byte) error) error {
	return a.directory(ctx, func(ctx context.Context, client directoryv1connect.DirectoryServiceClient) error {
		for _, device := range devices {
			if err := ask(ctx, client, device[:]); err != nil {
				return err
			}
			fmt.Fprintf(to.out, "device %x: %s\n", device, done)
		}
		return nil
	})
}

type deviceList struct{ askerFlags }

// Run prints a line for each device.
func (c *deviceList) Run(ctx context.Context, to streams) error {
	return c.directory(ctx, func(ctx context.Context, client directoryv1connect.DirectoryServiceClient) error {
		_, err := eachDevice(ctx, client, func(d *directoryv1.ListedDevice) {
			wipe := ""
			if d.Hub {
				wipe = ", a hub"
			}
			if !d.ObeysWipeKey {
				wipe += ", obeys no order to wipe it"
			}
			fmt.Fprintf(to.out, "%x  %-12s  %q of user %x, enrolled %s%s\n", d.DeviceId, statusWord(d.Status), d.TabletLabel, d.UserId, clock(d.EnrolledMillis), wipe)
		})
		return err
	})
}

// eachDevice calls each with the devices that are listed, and returns whose they
// are.
func eachDevice(ctx context.Context, client directoryv1connect.DirectoryServiceClient, each func(*directoryv1.ListedDevice)) (organisation []byte, err error) {
	for token := ""; ; {
		resp, err := client.ListDevices(ctx, connect.NewRequest(&directoryv1.ListDevicesRequest{PageToken: token}))
		if err != nil {
			return nil, err
		}
		for _, d := range resp.Msg.Devices {
			each(d)
		}
		if token = resp.Msg.NextPageToken; token == "" {
			return resp.Msg.OrganisationId, nil
		}
	}
}

// statusWord is the status as people say it.
func statusWord(status directoryv1.DeviceStatus) string {
	word := strings.TrimPrefix(status.String(), "DEVICE_STATUS_")
	return strings.ReplaceAll(strings.ToLower(word), "_", " ")
}

type deviceRevoke struct {
	askerFlags
	Device []id `arg:"" help:"The devices: 32 hexadecimal digits each, as 'zhurnal device list' prints them."`
}

// Run revokes.
func (c *deviceRevoke) Run(ctx context.Context, to streams) error {
	const done = "revoked. What it holds it still holds: 'zhurnal device wipe'."
	return c.eachOf(ctx, to, c.Device, done, func(ctx context.Context, client directoryv1connect.DirectoryServiceClient, device []byte) error {
		_, err := client.RevokeDevice(ctx, connect.NewRequest(&directoryv1.RevokeDeviceRequest{DeviceId: device}))
		return err
	})
}

type deviceRetire struct {
	askerFlags
	Device []id `arg:"" help:"The devices: 32 hexadecimal digits each."`
	Back   bool `help:"Take it back: wait for the devices again."`
}

// Run retires.
func (c *deviceRetire) Run(ctx context.Context, to streams) error {
	return c.eachOf(ctx, to, c.Device, "done", func(ctx context.Context, client directoryv1connect.DirectoryServiceClient, device []byte) error {
		_, err := client.RetireDevice(ctx, connect.NewRequest(&directoryv1.RetireDeviceRequest{DeviceId: device, Retired: !c.Back}))
		return err
	})
}
