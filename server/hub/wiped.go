package hub

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"

	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1/enrolv1connect"
	"github.com/zhurnal/zhurnal/server/wiped"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// PassOnWiped has the relay bring home what devices have left at the hub that were
// wiped: what they had sealed, and their receipts.
func (r *Relay) PassOnWiped(sealed *wiped.Store, home enrolv1connect.WipeServiceClient) {
	r.sealed, r.wipes = sealed, home
}

// passOnWiped brings home what is whole, and forgets it when home has it. A
// receipt that home does not take is kept: somebody must look.
func (r *Relay) passOnWiped(ctx context.Context) error {
	if r.sealed == nil {
		return nil
	}
	receipts, err := r.sealed.Receipts()
	for i := range receipts {
		if passed := r.passOnOne(ctx, &receipts[i]); passed != nil {
			err = errors.Join(err, fault.New(fault.KindOf(passed), "what device %s has left that was wiped: %w", receipts[i].Order.Device, passed))
		}
	}
	return err
}

func (r *Relay) passOnOne(ctx context.Context, w *credential.Wiped) error {
	if w.Receipt.PackageBytes > 0 {
		file, err := r.sealed.Open(w)
		if fault.KindOf(err) == fault.NotFound { // the device has it, or is on its way with it
			return r.confirm(ctx, w)
		}
		if err == nil {
			err = errors.Join(r.deliver(ctx, w, file), file.Close())
		}
		if err != nil {
			return err
		}
	}
	if err := r.confirm(ctx, w); err != nil {
		return err
	}
	return r.sealed.Drop(w)
}

func (r *Relay) confirm(ctx context.Context, w *credential.Wiped) error {
	_, err := r.wipes.Confirm(ctx, connect.NewRequest(&enrolv1.ConfirmRequest{Wiped: w.ToProto()}))
	return err
}

// deliver sends what home does not have yet.
func (r *Relay) deliver(ctx context.Context, w *credential.Wiped, file io.Reader) error {
	all, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	return w.Deliver(all, func(req *enrolv1.DeliverRequest) (*enrolv1.DeliverResponse, error) {
		resp, err := r.wipes.Deliver(ctx, connect.NewRequest(req))
		if err != nil {
			return nil, err
		}
		return resp.Msg, nil
	})
}
