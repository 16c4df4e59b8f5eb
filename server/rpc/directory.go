package rpc

import (
	"bytes"
	"context"
	"encoding/hex"
	"slices"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/contact"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// directoryService implements directoryv1connect.DirectoryServiceHandler. What
// callers may see and change is judged by package directory, on what they are.
type directoryService struct {
	engine    UnlockEngine
	directory *directory.Directory
	manifest  Manifest
	contacts  *contact.Book
	door      *enrol.Service
	home      credential.Home
	trail     Trail
}

// callersTenant returns the caller, and the directory as it is for the caller.
func (s *directoryService) callersTenant(ctx context.Context) (merge.PersonID, *directory.Tenant, error) {
	p, err := auth.Caller(ctx)
	if err != nil {
		return p.Person, nil, err
	}
	return p.Person, s.directory.In(p.Organisation).By(p.Person), nil
}

// callersDevice is callersTenant with a device that the caller has named.
func (s *directoryService) callersDevice(ctx context.Context, id []byte) (by merge.PersonID, tenant *directory.Tenant, device directory.DeviceID, err error) {
	if by, tenant, err = s.callersTenant(ctx); err == nil {
		device, err = wire.ID16[directory.DeviceID](id, "device_id")
	}
	return by, tenant, device, err
}

func (s *directoryService) AddProgramme(ctx context.Context, req *connect.Request[directoryv1.AddProgrammeRequest]) (*connect.Response[directoryv1.AddProgrammeResponse], error) {
	by, tenant, err := s.callersTenant(ctx)
	if err != nil {
		return nil, err
	}
	id, err := tenant.AddProgramme(ctx, by, req.Msg.Name)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&directoryv1.AddProgrammeResponse{ProgrammeId: id[:]}), nil
}

func (s *directoryService) AddSpace(ctx context.Context, req *connect.Request[directoryv1.AddSpaceRequest]) (*connect.Response[directoryv1.AddSpaceResponse], error) {
	by, tenant, err := s.callersTenant(ctx)
	if err != nil {
		return nil, err
	}
	n := directory.NewSpace{Kind: req.Msg.Kind, PCode: req.Msg.PCode, Name: req.Msg.Name}
	if n.Programme, err = wire.ID16[directory.ProgrammeID](req.Msg.ProgrammeId, "programme_id"); err != nil {
		return nil, err
	}
	id, err := tenant.AddSpace(ctx, by, merge.SpaceID{}, n)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&directoryv1.AddSpaceResponse{SpaceId: id[:]}), nil
}

func (s *directoryService) AddUser(ctx context.Context, req *connect.Request[directoryv1.AddUserRequest]) (*connect.Response[directoryv1.AddUserResponse], error) {
	by, tenant, err := s.callersTenant(ctx)
	if err != nil {
		return nil, err
	}
	var id merge.PersonID
	if len(req.Msg.ProgrammeId) == 0 {
		id, err = tenant.AddUser(ctx, by, id, req.Msg.Name)
	} else {
		var programme directory.ProgrammeID
		if programme, err = wire.ID16[directory.ProgrammeID](req.Msg.ProgrammeId, "programme_id"); err == nil {
			id, err = tenant.AddFacilitator(ctx, by, req.Msg.Name, programme)
		}
	}
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&directoryv1.AddUserResponse{UserId: id[:]}), nil
}

func (s *directoryService) SetUserStatus(ctx context.Context, req *connect.Request[directoryv1.SetUserStatusRequest]) (*connect.Response[directoryv1.SetUserStatusResponse], error) {
	by, tenant, err := s.callersTenant(ctx)
	if err != nil {
		return nil, err
	}
	user, err := wire.ID16[merge.PersonID](req.Msg.UserId, "user_id")
	if err != nil {
		return nil, err
	}
	return answered(&directoryv1.SetUserStatusResponse{}, tenant.SetUserStatus(ctx, by, user, req.Msg.Status))
}

func (s *directoryService) Assign(ctx context.Context, req *connect.Request[directoryv1.AssignRequest]) (*connect.Response[directoryv1.AssignResponse], error) {
	by, tenant, err := s.callersTenant(ctx)
	if err != nil {
		return nil, err
	}
	user, err := wire.ID16[merge.PersonID](req.Msg.UserId, "user_id")
	if err != nil {
		return nil, err
	}
	id, err := tenant.Assign(ctx, by, user, directory.NewAssignment{
		Role: req.Msg.Role, Scope: req.Msg.Scope, From: req.Msg.FromMillis, Until: req.Msg.UntilMillis,
	})
	return answered(&directoryv1.AssignResponse{AssignmentId: id[:]}, err)
}

func (s *directoryService) EndAssignment(ctx context.Context, req *connect.Request[directoryv1.EndAssignmentRequest]) (*connect.Response[directoryv1.EndAssignmentResponse], error) {
	by, tenant, err := s.callersTenant(ctx)
	if err != nil {
		return nil, err
	}
	user, err := wire.ID16[merge.PersonID](req.Msg.UserId, "user_id")
	if err != nil {
		return nil, err
	}
	id, err := wire.ID16[directory.AssignmentID](req.Msg.AssignmentId, "assignment_id")
	if err != nil {
		return nil, err
	}
	return answered(&directoryv1.EndAssignmentResponse{}, tenant.EndAssignment(ctx, by, user, id))
}

func (s *directoryService) RevokeDevice(ctx context.Context, req *connect.Request[directoryv1.RevokeDeviceRequest]) (*connect.Response[directoryv1.RevokeDeviceResponse], error) {
	return answered(&directoryv1.RevokeDeviceResponse{}, s.setDeviceStatus(ctx, req.Msg.DeviceId, directoryv1.DeviceStatus_DEVICE_STATUS_REVOKED))
}

func (s *directoryService) RetireDevice(ctx context.Context, req *connect.Request[directoryv1.RetireDeviceRequest]) (*connect.Response[directoryv1.RetireDeviceResponse], error) {
	status := directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE
	if req.Msg.Retired {
		status = directoryv1.DeviceStatus_DEVICE_STATUS_RETIRED
	}
	return answered(&directoryv1.RetireDeviceResponse{}, s.setDeviceStatus(ctx, req.Msg.DeviceId, status))
}

func (s *directoryService) setDeviceStatus(ctx context.Context, deviceID []byte, status directoryv1.DeviceStatus) error {
	by, tenant, device, err := s.callersDevice(ctx, deviceID)
	if err != nil {
		return err
	}
	return tenant.SetDeviceStatus(ctx, by, device, status)
}

// answered is the answer, unless there is an error.
func answered[M any](m *M, err error) (*connect.Response[M], error) {
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(m), nil
}

// listedMax bounds a page of a list.
const listedMax = 500

// page returns the ids of one page, and the token of the next: the id with which
// it begins.
func page[ID ~[16]byte](ids []ID, token string) (of []ID, next string, err error) {
	if token != "" {
		from, err := hex.DecodeString(token)
		if err != nil || len(from) != 16 {
			return nil, "", fault.New(fault.Invalid, "page token: not one that this server gave; start without one")
		}
		i, _ := slices.BinarySearchFunc(ids, from, func(id ID, from []byte) int { return bytes.Compare(id[:], from) })
		ids = ids[i:]
	}
	if len(ids) > listedMax {
		return ids[:listedMax], hex.EncodeToString(ids[listedMax][:]), nil
	}
	return ids, "", nil
}
