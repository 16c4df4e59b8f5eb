package credential

import (
	"crypto/ed25519"
	"strconv"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// wipeLine begins the line of an order to wipe:
// zhurnal:wipe?v=1&organisation=…&device=…&nonce=…&issued=…&signature=….
const wipeLine = "wipe"

// Text returns the order as one line, to be carried by a person from where the
// wipe key is to the server. Nothing in it is secret.
func (o *WipeOrder) Text() string {
	return scheme + ":" + wipeLine + "?v=" + version + "&organisation=" + o.Organisation.String() + "&device=" + o.Device.String() +
		"&nonce=" + text64.EncodeToString(o.Nonce[:]) + "&issued=" + strconv.FormatInt(o.IssuedMillis, 10) + "&signature=" + text64.EncodeToString(o.Signature)
}

// ParseWipeOrder reads the line of an order, which nobody has verified.
func ParseWipeOrder(line string) (o WipeOrder, err error) {
	q, err := parseLine(line, wipeLine, "device", "nonce", "issued", "signature")
	if err == nil && !(decodeID((*[16]byte)(&o.Organisation), q.Get("organisation")) && decodeID((*[16]byte)(&o.Device), q.Get("device"))) {
		err = fault.New(fault.Malformed, "organisation and device are not 32 hexadecimal digits each")
	}
	o.Signature = make([]byte, ed25519.SignatureSize)
	if err == nil && !(decode64(o.Nonce[:], q.Get("nonce")) && decode64(o.Signature, q.Get("signature"))) {
		err = fault.New(fault.Malformed, "nonce and signature are not as long as they are due")
	}
	if err == nil {
		if o.IssuedMillis, err = strconv.ParseInt(q.Get("issued"), 10, 64); err != nil {
			err = fault.New(fault.Malformed, "when it was issued is no number of milliseconds")
		}
	}
	if err != nil {
		return WipeOrder{}, fault.New(fault.Malformed, "not a whole order to wipe a device, as `zhurnal device wipe --print` prints it: %w", err)
	}
	return o, nil
}
