package clientsdk

import (
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// What the tablet's own person wrote goes out with the device's word for it: a
// signature for each run of a batch, made when the batch is packed. What others
// wrote goes on with the word of their devices, which the tablet keeps and cannot
// make.

// ownBatches packs own changes, as they are stored, for sending. A register
// without a signer sends them unsigned, which no server takes that knows devices.
func (r *Register) ownBatches(space merge.SpaceID, contents [][]byte) ([][]byte, error) {
	changes := make([]*merge.Change, len(contents))
	for i, content := range contents {
		c, err := decodeOwn(space, content)
		if err != nil {
			return nil, err
		}
		changes[i] = c
	}
	if r.options.Signer == nil {
		return wire.EncodeBatches(space, changes)
	}
	return encodeOwn(space, changes, r.options.Device, r.options.Signer)
}

// encodeOwn packs own changes with the device's word for each run.
func encodeOwn(space merge.SpaceID, changes []*merge.Change, device DeviceID, signer Signer) ([][]byte, error) {
	for _, c := range changes {
		c.Signed = nil // one that came back purged has the word of the device that this was then
	}
	return wire.EncodeSigned(space, device, changes, func(message []byte) ([]byte, error) {
		signature, err := signer.Sign(message)
		if err != nil {
			return nil, fault.New(fault.Unavailable, "the device's key does not sign, and nothing was sent: %w", err)
		}
		return signature, nil
	})
}

// dropFalse finds out which of several things of others the server calls falsely
// signed, by sending them one by one, and gives up what it is. Own changes are not
// sent beside those of others. It tells whether the tour goes on for that.
//
// A signature may be false because the tablet's storage has altered it: nothing
// else on the tablet would tell.
func (in *intake) dropFalse(f *follower) (goesOn bool, err error) {
	carried, relayed := in.up.carried, in.up.relayed
	if fault.KindOf(in.fault) != fault.FalseSignature || len(in.up.names) > 0 || len(carried)+len(relayed) == 0 {
		return false, nil
	}
	switch {
	case len(carried)+len(relayed) > 1:
		in.oneByOne = true
	case len(relayed) > 0:
		err = f.endRelayed(relayed[0].id)
	default:
		err = f.tx.Drop(carried[0].n)
	}
	return true, err
}
