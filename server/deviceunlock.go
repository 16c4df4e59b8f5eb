package main

import (
	"context"
	"fmt"
	"strings"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	"github.com/zhurnal/zhurnal/syncengine/credential"
)

type deviceUnlock struct {
	askerFlags
	For       days     `default:"7d" placeholder:"DAYS" help:"For how long, from when the code is typed; 30d at most (${default})."`
	Device    id       `arg:"" help:"The device: 32 hexadecimal digits, as 'zhurnal device list' prints them. A shared tablet is a device for each of its users."`
	Challenge []string `arg:"" help:"What the tablet shows: 3 groups of 6 digits."`
}

// Help is shown by 'zhurnal device unlock --help'.
func (deviceUnlock) Help() string {
	return `For a tablet that has not met the server for longer than its offline lease, and cannot: somebody reads to you
what it shows, you read back the code that is printed, and the tablet is open for so many days more. Know whose
voice it is: a thief asks too.

The code is good once, for this tablet and what it shows now. It brings back no PIN. That it was given is kept in
the log of who did what. A device that was revoked gets none.

Example:
  zhurnal device unlock 6f0c9d1f0e6b4a2ba5a1f3f3a9a4c7d1 128359 010274 455873 --for 3d`
}

// Run prints the code.
func (c *deviceUnlock) Run(ctx context.Context, to streams) error {
	challenge, err := credential.ParseUnlockChallenge(strings.Join(c.Challenge, " "))
	if err != nil {
		return fmt.Errorf("device unlock: %w", err)
	}
	return c.directory(ctx, func(ctx context.Context, client directoryv1connect.DirectoryServiceClient) error {
		resp, err := client.UnlockDevice(ctx, connect.NewRequest(&directoryv1.UnlockDeviceRequest{
			DeviceId: c.Device[:], Challenge: challenge.String(), Days: uint32(c.For),
		}))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(to.out, "device %x: for %d days from when it is typed, once:\n  %s\n", c.Device, resp.Msg.Days, resp.Msg.Code)
		return err
	})
}
