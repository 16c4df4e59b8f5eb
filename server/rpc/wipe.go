package rpc

import (
	"context"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Sealed keeps what devices have sealed before they were wiped; see package wiped.
type Sealed interface {
	// Put takes a piece, and tells how much is there.
	Put(w *credential.Wiped, offset uint64, piece []byte) (received uint64, err error)
	// Note keeps a receipt.
	Note(w *credential.Wiped) error
}

// wipeService implements enrolv1connect.WipeServiceHandler, at home and at a hub.
// Anybody may call it: what is brought shows by itself that a device of ours has
// obeyed an order that its own wipe key has signed.
type wipeService struct {
	directory *directory.Directory
	sealed    Sealed
	// brought, of a hub, says that there is something to pass on.
	brought func()
}

// wiped reads what shows that a device was wiped.
func (s *wipeService) wiped(m *enrolv1.Wiped) (*credential.Wiped, error) {
	w, err := credential.WipedFromProto(m)
	if err != nil {
		return nil, err
	}
	view, err := s.directory.View()
	if err != nil {
		return nil, err
	}
	_, err = view.CheckWiped(&w)
	return &w, err
}

func (s *wipeService) Deliver(_ context.Context, req *connect.Request[enrolv1.DeliverRequest]) (*connect.Response[enrolv1.DeliverResponse], error) {
	w, err := s.wiped(req.Msg.Wiped)
	if err != nil {
		return nil, err
	}
	received, err := s.sealed.Put(w, req.Msg.Offset, req.Msg.Piece)
	if err == nil && s.brought != nil && received == w.Receipt.PackageBytes {
		s.brought()
	}
	return answered(&enrolv1.DeliverResponse{ReceivedBytes: received}, err)
}

func (s *wipeService) Confirm(ctx context.Context, req *connect.Request[enrolv1.ConfirmRequest]) (*connect.Response[enrolv1.ConfirmResponse], error) {
	w, err := s.wiped(req.Msg.Wiped)
	if err != nil {
		return nil, err
	}
	if err := s.sealed.Note(w); err != nil {
		return nil, err
	}
	if err := s.directory.Wiped(ctx, w); err != nil {
		return nil, err
	}
	if s.brought != nil {
		s.brought()
	}
	return connect.NewResponse(&enrolv1.ConfirmResponse{}), nil
}

// WipeDevice has a device told that it is to erase what it holds.
func (s *directoryService) WipeDevice(ctx context.Context, req *connect.Request[directoryv1.WipeDeviceRequest]) (*connect.Response[directoryv1.WipeDeviceResponse], error) {
	by, tenant, device, err := s.callersDevice(ctx, req.Msg.DeviceId)
	if err != nil {
		return nil, err
	}
	if req.Msg.Order == nil {
		return nil, fault.New(fault.Malformed, "order: it is due, signed by the wipe key")
	}
	order, err := credential.WipeOrderFromProto(req.Msg.Order)
	if err != nil {
		return nil, err
	}
	return answered(&directoryv1.WipeDeviceResponse{}, tenant.OrderWipe(ctx, by, device, order))
}
