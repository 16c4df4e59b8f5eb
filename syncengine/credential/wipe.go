package credential

import (
	"encoding/binary"

	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// WipeOrder is an order that a device erases what it holds; see
// zhurnal.enrol.v1.WipeOrder. It is good for one enrolment of one device, for
// ever: clocks of tablets are too wrong to let it run out by one.
type WipeOrder struct {
	Organisation OrganisationID
	Device       DeviceID
	Nonce        Nonce
	IssuedMillis int64
	Signature    []byte
}

// Message is what the wipe key signs.
func (o *WipeOrder) Message() []byte {
	m := append(begin("zhurnal/wipe/1"), o.Organisation[:]...)
	m = append(m, o.Device[:]...)
	m = append(m, o.Nonce[:]...)
	return binary.BigEndian.AppendUint64(m, uint64(o.IssuedMillis))
}

// Sign has the wipe key sign the order.
func (o *WipeOrder) Sign(wipeKey Signer) (err error) {
	if wipeKey.Public().Algorithm() != Ed25519 {
		return fault.New(fault.Invalid, "a wipe key is one of Ed25519")
	}
	o.Signature, err = wipeKey.Sign(o.Message())
	return err
}

// IsSignedBy tells whether it is the order of who has the wipe key, of which this
// is the public half.
func (o *WipeOrder) IsSignedBy(wipeKey []byte) bool {
	key, err := ParsePublicKey(Ed25519, wipeKey)
	return err == nil && key.Verify(o.Message(), o.Signature)
}

// WipeReceipt says that a device has obeyed an order, and what it has sealed
// before; see zhurnal.enrol.v1.WipeReceipt.
type WipeReceipt struct {
	Organisation OrganisationID
	Device       DeviceID
	Nonce        Nonce
	// PackageHash is the SHA-256 of the sealed file, and PackageBytes how long it
	// is; zero if there is none.
	PackageHash  [32]byte
	PackageBytes uint64
	SignedMillis int64
	Signature    []byte
}

// Message is what the device signs.
func (r *WipeReceipt) Message() []byte {
	m := append(begin("zhurnal/wiped/1"), r.Organisation[:]...)
	m = append(m, r.Device[:]...)
	m = append(m, r.Nonce[:]...)
	m = append(m, r.PackageHash[:]...)
	m = binary.BigEndian.AppendUint64(m, r.PackageBytes)
	return binary.BigEndian.AppendUint64(m, uint64(r.SignedMillis))
}

// Sign has the device's key sign the receipt.
func (r *WipeReceipt) Sign(device Signer) (err error) {
	r.Signature, err = device.Sign(r.Message())
	return err
}

// Wiped is an order and the receipt for it.
type Wiped struct {
	Order   WipeOrder
	Receipt WipeReceipt
}

// Proves tells whether the wipe key has ordered it and the device has said that it
// has obeyed that order.
func (w *Wiped) Proves(wipeKey []byte, device PublicKey) bool {
	o, r := &w.Order, &w.Receipt
	return o.Organisation == r.Organisation && o.Device == r.Device && o.Nonce == r.Nonce &&
		o.IsSignedBy(wipeKey) && device.Verify(r.Message(), r.Signature)
}

// ToProto returns the order as it is sent.
func (o *WipeOrder) ToProto() *enrolv1.WipeOrder {
	return &enrolv1.WipeOrder{
		OrganisationId: o.Organisation[:], DeviceId: o.Device[:], Nonce: o.Nonce[:], IssuedMillis: o.IssuedMillis, Signature: o.Signature,
	}
}

// WipeOrderFromProto reads an order, which nobody has verified.
func WipeOrderFromProto(m *enrolv1.WipeOrder) (o WipeOrder, err error) {
	if err := exactly("order", m.GetOrganisationId(), o.Organisation[:], m.GetDeviceId(), o.Device[:], m.GetNonce(), o.Nonce[:]); err != nil {
		return WipeOrder{}, err
	}
	o.IssuedMillis, o.Signature = m.IssuedMillis, m.Signature
	return o, nil
}

// ToProto returns order and receipt as they are sent.
func (w *Wiped) ToProto() *enrolv1.Wiped {
	r := &w.Receipt
	return &enrolv1.Wiped{Order: w.Order.ToProto(), Receipt: &enrolv1.WipeReceipt{
		OrganisationId: r.Organisation[:], DeviceId: r.Device[:], Nonce: r.Nonce[:],
		PackageHash: r.PackageHash[:], PackageBytes: r.PackageBytes, SignedMillis: r.SignedMillis, Signature: r.Signature,
	}}
}

// WipedFromProto reads an order and a receipt, which nobody has verified.
func WipedFromProto(m *enrolv1.Wiped) (w Wiped, err error) {
	if w.Order, err = WipeOrderFromProto(m.GetOrder()); err != nil {
		return Wiped{}, err
	}
	r, from := &w.Receipt, m.GetReceipt()
	if err := exactly("receipt", from.GetOrganisationId(), r.Organisation[:], from.GetDeviceId(), r.Device[:],
		from.GetNonce(), r.Nonce[:], from.GetPackageHash(), r.PackageHash[:]); err != nil {
		return Wiped{}, err
	}
	r.PackageBytes, r.SignedMillis, r.Signature = from.PackageBytes, from.SignedMillis, from.Signature
	return w, nil
}

// exactly copies each first to the second of two, which must be as long.
func exactly(what string, pairs ...[]byte) error {
	for i := 0; i < len(pairs); i += 2 {
		if len(pairs[i]) != len(pairs[i+1]) {
			return fault.New(fault.Malformed, "wipe %s: %d bytes where %d are due", what, len(pairs[i]), len(pairs[i+1]))
		}
		copy(pairs[i+1], pairs[i])
	}
	return nil
}
