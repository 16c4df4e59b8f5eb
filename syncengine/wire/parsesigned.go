package wire

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// signatureBytesMost bounds a signature: one of ES256 in DER.
const signatureBytesMost = 72

// sign gives the changes of a run the word of the device that is in it. Whether
// it is true is not asked here: that takes the device's key.
func sign(message []byte, run []*merge.Change) error {
	const (
		signature, device, signedFirst, signedLast, path = 6, 7, 8, 9, 10
	)
	var s merge.Signature
	var deviceID []byte
	var beside []merge.Hash
	for f := (fields{rest: message}); f.next(); {
		switch {
		case f.is(signature, protowire.BytesType):
			s.Bytes = f.bytes
		case f.is(device, protowire.BytesType):
			deviceID = f.bytes
		case f.is(signedFirst, protowire.VarintType):
			s.First = f.varint
		case f.is(signedLast, protowire.VarintType):
			s.Last = f.varint
		case f.is(path, protowire.BytesType):
			if len(f.bytes) != len(merge.Hash{}) {
				return fault.New(fault.Malformed, "a hash of %d bytes beside what was signed; %d are due", len(f.bytes), len(merge.Hash{}))
			}
			beside = append(beside, merge.Hash(f.bytes))
		}
	}
	if len(s.Bytes) == 0 {
		if len(deviceID) > 0 || s.First|s.Last > 0 || len(beside) > 0 {
			return fault.New(fault.Malformed, "a run that says what was signed, and has no signature")
		}
		return nil
	}
	if len(s.Bytes) > signatureBytesMost {
		return fault.New(fault.Malformed, "a signature of %d bytes; at most %d", len(s.Bytes), signatureBytesMost)
	}
	if len(deviceID) > 0 {
		var err error
		if s.Device, err = ID16[merge.DeviceID](deviceID, "device_id"); err != nil {
			return err
		}
	}
	return signRun(s, run, beside)
}

func signRun(s merge.Signature, run []*merge.Change, beside []merge.Hash) error {
	first, last := run[0].ID.Seq, run[len(run)-1].ID.Seq
	signed := merge.SignatureFor(s.Device, run)
	signed.Bytes = s.Bytes
	if s.First|s.Last > 0 || len(beside) > 0 {
		if s.First == 0 || s.First > first || s.Last < last || s.Last-s.First >= limits.BatchChanges || s.Last-s.First == last-first {
			return fault.New(fault.Malformed, "changes %d to %d are no part of changes %d to %d, which were signed", first, last, s.First, s.Last)
		}
		var ok bool
		if signed, ok = merge.PartOf(s, run, beside); !ok {
			return fault.New(fault.Malformed, "%d hashes beside changes %d to %d of %d to %d, which were signed: not as many as that takes", len(beside), first, last, s.First, s.Last)
		}
	}
	for _, c := range run {
		c.Signed = signed
	}
	return nil
}
