package rpc

import (
	"context"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/directory"
)

// list returns what the caller may see.
func (s *directoryService) list(ctx context.Context) (*directory.Listed, error) {
	_, tenant, err := s.callersTenant(ctx)
	if err != nil {
		return nil, err
	}
	return tenant.List()
}

func (s *directoryService) ListProgrammes(ctx context.Context, req *connect.Request[directoryv1.ListProgrammesRequest]) (*connect.Response[directoryv1.ListProgrammesResponse], error) {
	l, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	ids, next, err := page(l.Programmes(), req.Msg.PageToken)
	resp := &directoryv1.ListProgrammesResponse{NextPageToken: next}
	for _, id := range ids {
		resp.Programmes = append(resp.Programmes, &directoryv1.ListedProgramme{ProgrammeId: id[:], Name: l.View.Programme(id).Name})
	}
	return answered(resp, err)
}

func (s *directoryService) ListSpaces(ctx context.Context, req *connect.Request[directoryv1.ListSpacesRequest]) (*connect.Response[directoryv1.ListSpacesResponse], error) {
	l, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	ids, next, err := page(l.Spaces(), req.Msg.PageToken)
	resp := &directoryv1.ListSpacesResponse{NextPageToken: next}
	for _, id := range ids {
		space := l.View.Space(id)
		resp.Spaces = append(resp.Spaces, &directoryv1.ListedSpace{
			SpaceId: id[:], ProgrammeId: space.ProgrammeId, Kind: space.Kind, PCode: space.PCode, Name: space.Name,
		})
	}
	return answered(resp, err)
}

func (s *directoryService) ListUsers(ctx context.Context, req *connect.Request[directoryv1.ListUsersRequest]) (*connect.Response[directoryv1.ListUsersResponse], error) {
	l, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	ids, next, err := page(l.Users(), req.Msg.PageToken)
	resp := &directoryv1.ListUsersResponse{NextPageToken: next}
	for _, id := range ids {
		user := l.View.User(id)
		resp.Users = append(resp.Users, &directoryv1.ListedUser{UserId: id[:], Name: user.Name, Status: user.Status, Assignments: l.Assignments(id)})
	}
	return answered(resp, err)
}

func (s *directoryService) ListDevices(ctx context.Context, req *connect.Request[directoryv1.ListDevicesRequest]) (*connect.Response[directoryv1.ListDevicesResponse], error) {
	l, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	organisation := l.Organisation()
	ids, next, err := page(l.Devices(), req.Msg.PageToken)
	resp := &directoryv1.ListDevicesResponse{NextPageToken: next, OrganisationId: organisation[:]}
	for _, id := range ids {
		device := l.View.Device(id)
		resp.Devices = append(resp.Devices, &directoryv1.ListedDevice{
			DeviceId: id[:], UserId: device.UserId, TabletLabel: device.TabletLabel, EnrolledMillis: device.EnrolledMillis,
			Status: device.Status, StatusMillis: device.StatusMillis, Contact: s.contact(id), ObeysWipeKey: len(device.WipeKey) > 0, Hub: device.Hub,
			WipeToldMillis: s.wipeTold(id, device),
		})
	}
	return answered(resp, err)
}

// contact is how a device stood when it was last heard from, nil if it never was.
func (s *directoryService) contact(id directory.DeviceID) *directoryv1.DeviceContact {
	c, ok := s.contacts.Of(id)
	if !ok || c.At == 0 {
		return nil
	}
	m := &directoryv1.DeviceContact{
		AtMillis: c.At, ClockOffsetMillis: c.OffsetMillis, Waiting: uint32(c.Waiting), OldestWaitingMillis: c.OldestAt, AppVersion: c.App, Silent: c.Silent,
	}
	for i := range c.Replicas {
		m.ReplicaIds = append(m.ReplicaIds, c.Replicas[i][:])
	}
	return m
}

// wipeTold is when a device was told of the order that waits for it. What it was
// told before is of an order that was taken back.
func (s *directoryService) wipeTold(id directory.DeviceID, device *directoryv1.Device) int64 {
	c, _ := s.contacts.Of(id)
	if device.Status != directoryv1.DeviceStatus_DEVICE_STATUS_WIPE_ORDERED || c.ToldAt < device.StatusMillis {
		return 0
	}
	return c.ToldAt
}
