package clientsdk

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1/enrolv1connect"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// An order to wipe is obeyed in steps, each durable before the next. Whatever cuts
// them off, the next Open goes on, and until then nothing is read or written:
//
//	ordered    the register has the order, and takes no more writes
//	sealed     what was not sent is a file that the recovery identity opens
//	receipted  the device's key has signed that; from here on no key is needed
//	destroyed  the app's keys, and the register's files
//	delivered  a server has the sealed file and the receipt, and the tablet nothing
//
// Keys and files go before anything is delivered: who holds a stolen tablet must
// gain nothing by cutting the network.

// Wiping is how a register is wiped when its organisation orders that.
type Wiping struct {
	// Identity has what the device was given by its invitation: the key that orders
	// are signed with, and who can open what is sealed before.
	Identity Identity
	// Signer signs the receipt.
	Signer Signer
	// DestroyKeys destroys what the app keeps outside of the register: the register's
	// key, the device's key, the identity. It is called once what was not sent is
	// sealed and the receipt is signed; again after a crash. Nil for an app that
	// keeps none, such as a test.
	DestroyKeys func(context.Context) error
}

// ErrWipeOrdered says that the organisation has ordered the device to be wiped:
// Sync obeys. Another call to a server only tells.
var ErrWipeOrdered = errors.New("the organisation has ordered that this device erases what it holds: Sync does that")

// ErrWiped says that the register was wiped by an order of its organisation, or is
// being wiped: nothing of it can be read. The device enrols anew. Until what was
// sealed is delivered, [DeliverWiped] tries again.
var ErrWiped = errors.New("this register was wiped by an order of its organisation: enrol anew")

func errWiped() error { return fault.New(fault.Unauthenticated, "%w", ErrWiped) }

// wipeOrdered is what a server answers to a device that it is to be wiped.
type wipeOrdered struct {
	order credential.WipeOrder
	// via is the server that has told it, home or a hub.
	via enrolv1connect.WipeServiceClient
}

func (*wipeOrdered) Error() string { return ErrWipeOrdered.Error() }

func (*wipeOrdered) Unwrap() error { return fault.New(fault.Unauthenticated, "%w", ErrWipeOrdered) }

// WipeResult says what was done about an order to wipe.
type WipeResult struct {
	// Changes are those that were not sent, and were sealed; Unreadable are others
	// that storage had damaged.
	Changes, Unreadable int
	// Delivered says that a server has all of it. Otherwise the sealed file and the
	// receipt lie in the register's directory; see [DeliverWiped].
	Delivered bool
}

// propertyWipeOrder is the order that is being obeyed.
const propertyWipeOrder = "wipe_order"

// obey does what an order says, if it is one.
func (r *Register) obey(ctx context.Context, told *wipeOrdered) (*WipeResult, error) {
	w := r.options.Wiping
	order := &told.order
	switch {
	case w == nil:
		return nil, told // the app does not say how
	case r.options.Dir == "":
		return nil, fault.New(fault.Invalid, "a register in memory is not wiped: close it")
	case order.Organisation != w.Identity.Organisation, order.Device != w.Identity.Device, !order.IsSignedBy(w.Identity.WipeKey):
		return nil, fault.New(fault.Unauthenticated, "the server passes on an order to wipe this device that its organisation has not signed: it is not obeyed. Tell whoever runs the server")
	}
	encoded, err := proto.Marshal(order.ToProto())
	if err != nil {
		return nil, fault.New(fault.Internal, "%w", err)
	}
	// Whoever writes meanwhile is sealed too; whoever comes later is refused.
	if err := r.store.Write(ctx, func(tx localstore.Tx) error { return tx.SetProperty(propertyWipeOrder, encoded) }); err != nil {
		return nil, about(err, "wipe")
	}
	result, err := r.wipe(ctx, order)
	if err != nil {
		return &result, err
	}
	if err := deliverWiped(ctx, r.options.Dir, told.via); err == nil {
		result.Delivered = true
	}
	return &result, errWiped()
}

// checkWipe is [ErrWiped] once there is an order.
func checkWipe(tx localstore.Tx) error {
	order, err := tx.Property(propertyWipeOrder)
	if err == nil && len(order) > 0 {
		err = errWiped()
	}
	return err
}

// resumeWipe goes on with a wipe that was cut off before the receipt was signed.
func (r *Register) resumeWipe(ctx context.Context) error {
	var encoded []byte
	err := r.store.Read(ctx, func(tx localstore.Tx) (err error) {
		encoded, err = tx.Property(propertyWipeOrder)
		return err
	})
	if err != nil || len(encoded) == 0 {
		return about(err, "open register")
	}
	if r.options.Wiping == nil {
		return fault.New(fault.Invalid, "%w; it is not done yet, and goes on when Options.Wiping is set", ErrWiped)
	}
	m := new(enrolv1.WipeOrder)
	if err := proto.Unmarshal(encoded, m); err != nil {
		return fault.New(fault.Damaged, "order to wipe: %w", err)
	}
	order, err := credential.WipeOrderFromProto(m)
	if err != nil {
		return err
	}
	if _, err := r.wipe(ctx, &order); err != nil {
		return err
	}
	return errWiped()
}

// wipe does everything that needs no network.
func (r *Register) wipe(ctx context.Context, order *credential.WipeOrder) (WipeResult, error) {
	work, result, err := r.unsentWork(ctx)
	if err != nil {
		return result, fmt.Errorf("wipe: what was not sent cannot be read, and nothing was destroyed: %w", err)
	}
	if err := sealWork(r.options.Dir, r.options.Wiping, order, work, r.options.Clock()); err != nil {
		return result, fmt.Errorf("wipe: what was not sent cannot be sealed, and nothing was destroyed: %w", err)
	}
	return result, destroy(ctx, r.options.Dir, r.options.Wiping, r.store)
}
