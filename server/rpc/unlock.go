package rpc

import (
	"context"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// UnlockEngine is what unlocking tablets asks of the engine.
type UnlockEngine interface {
	// UnlockKey returns what a device and the engine's store have in common.
	UnlockKey(device credential.DeviceID) (credential.UnlockKey, error)
}

// UnlockDevice gives the code for a tablet that is locked, to who may change its
// devices. The tablet sees to it that a code is good once; nothing is kept here
// but that it was given.
func (s *directoryService) UnlockDevice(ctx context.Context, req *connect.Request[directoryv1.UnlockDeviceRequest]) (*connect.Response[directoryv1.UnlockDeviceResponse], error) {
	_, tenant, device, err := s.callersDevice(ctx, req.Msg.DeviceId)
	if err != nil {
		return nil, err
	}
	if err := tenant.CheckUnlock(device); err != nil {
		return nil, err
	}
	challenge, err := credential.ParseUnlockChallenge(req.Msg.Challenge)
	if err != nil {
		return nil, err
	}
	if !challenge.IsOf(device) {
		return nil, fault.New(fault.Invalid, "challenge: another device shows it than %s: a shared tablet is a device for each of its users", device)
	}
	key, err := s.engine.UnlockKey(device)
	if err != nil {
		return nil, err
	}
	code, err := key.Code(challenge, int(req.Msg.Days))
	return answered(&directoryv1.UnlockDeviceResponse{Code: code.String(), Days: req.Msg.Days}, err)
}

// lend says for how long the tablet may be used, and by what it knows a code that
// lengthens that.
func (s *syncService) lend(ctx context.Context, resp *syncv1.SyncResponse) error {
	who, err := auth.Caller(ctx)
	if err != nil || s.lease == 0 {
		return err
	}
	resp.LeaseMillis = uint64(s.lease.Milliseconds())
	if who.Device == (directory.DeviceID{}) {
		return nil
	}
	key, err := s.engine.UnlockKey(who.Device)
	resp.UnlockKey = key[:]
	return err
}
