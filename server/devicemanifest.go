package main

import (
	"context"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	"github.com/zhurnal/zhurnal/server/manifest"
)

type deviceManifest struct {
	askerFlags
	Device id   `arg:"" help:"The device: 32 hexadecimal digits."`
	JSON   bool `name:"json" help:"Print one JSON object."`
}

// Help is shown by 'zhurnal device manifest --help'.
func (deviceManifest) Help() string {
	return `For the data-protection officer, who reports what was lost. It counts what the home server gave to the device, as the log
of who did what has it, and shows nothing of a record. That it was asked for is kept in that log.

Example:
  zhurnal device manifest --key officer.key 6f0c9d1f0e6b4a2ba5a1f3f3a9a4c7d1`
}

// Run prints what the device holds.
func (c *deviceManifest) Run(ctx context.Context, to streams) error {
	return c.directory(ctx, func(ctx context.Context, client directoryv1connect.DirectoryServiceClient) error {
		resp, err := client.GetDeviceManifest(ctx, connect.NewRequest(&directoryv1.GetDeviceManifestRequest{DeviceId: c.Device[:]}))
		if err != nil {
			return err
		}
		if !c.JSON {
			return manifest.WriteText(to.out, resp.Msg.Manifest)
		}
		text, err := protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true}.Marshal(resp.Msg.Manifest)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(to.out, "%s\n", text)
		return err
	})
}
