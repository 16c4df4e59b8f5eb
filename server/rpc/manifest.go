package rpc

import (
	"context"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Manifest says what devices hold; see package manifest.
type Manifest interface {
	Make(ctx context.Context, organisation directory.OrganisationID, device directory.DeviceID) (*directoryv1.DeviceManifest, error)
}

func (s *directoryService) GetDeviceManifest(ctx context.Context, req *connect.Request[directoryv1.GetDeviceManifestRequest]) (*connect.Response[directoryv1.GetDeviceManifestResponse], error) {
	caller, err := auth.Caller(ctx)
	if err != nil {
		return nil, err
	}
	device, err := wire.ID16[directory.DeviceID](req.Msg.DeviceId, "device_id")
	if err != nil {
		return nil, err
	}
	if s.manifest == nil {
		return nil, fault.New(fault.Invalid, "this server keeps no log of who did what, and so does not know what devices were given")
	}
	made, err := s.manifest.Make(ctx, caller.Organisation, device)
	return answered(&directoryv1.GetDeviceManifestResponse{Manifest: made}, err)
}
