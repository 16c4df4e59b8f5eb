package credential

import (
	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// PieceBytes bounds a piece of a sealed file in one request, which a server reads
// before it knows whose it is.
const PieceBytes = 64 << 10

// Deliver sends the sealed file of a receipt in pieces, from where the server has
// it on. send makes one request, and returns what the server has then. A delivery
// that is cut is begun again and goes on where it was.
func (w *Wiped) Deliver(file []byte, send func(*enrolv1.DeliverRequest) (*enrolv1.DeliverResponse, error)) error {
	size := uint64(len(file))
	if size != w.Receipt.PackageBytes {
		return fault.New(fault.Damaged, "the sealed file has %d bytes, and its receipt says %d", size, w.Receipt.PackageBytes)
	}
	proof, at := w.ToProto(), uint64(0)
	for asked := false; !asked || at < size; asked = true {
		var piece []byte
		if asked { // the first request only asks how far the server has it
			piece = file[at:min(size, at+PieceBytes)]
		}
		resp, err := send(&enrolv1.DeliverRequest{Wiped: proof, Offset: at, Piece: piece})
		switch {
		case err != nil:
			return err
		case resp.ReceivedBytes > size, asked && resp.ReceivedBytes <= at:
			return fault.New(fault.Malformed, "the server has %d bytes of a file of %d, and was sent what follows %d", resp.ReceivedBytes, size, at)
		}
		at = resp.ReceivedBytes
	}
	return nil
}
