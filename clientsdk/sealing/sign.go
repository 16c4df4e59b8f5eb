package sealing

import (
	"crypto/ed25519"
	"encoding/binary"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// domain stands at the start of what is signed, so that no other signature of
// the key is taken for one over an announcement.
const domain = "zhurnal/sealing-key/1\x00"

// Sign signs an announcement for a room, as whoever answers for its keys does. It
// belongs on no tablet in the field.
func Sign(signer ed25519.PrivateKey, space merge.SpaceID, key *schemav1.SealingKey) error {
	if err := checkKey(key); err != nil {
		return err
	}
	key.Signature = ed25519.Sign(signer, signed(space, key))
	return nil
}

func checkKey(key *schemav1.SealingKey) error {
	if _, err := parseRecipient(key.GetRecipient()); err != nil {
		return fault.New(fault.Invalid, "sealing key: %w", err)
	}
	if len(key.GetPersonId()) != len(merge.PersonID{}) || key.GetRole() == schemav1.SealingRole_SEALING_ROLE_UNSPECIFIED {
		return fault.New(fault.Invalid, "sealing key: a person's id of %d bytes and a role are due", len(merge.PersonID{}))
	}
	return nil
}

// isSigned tells whether the pinned key has signed the announcement for this room.
func (p Pins) isSigned(space merge.SpaceID, key *schemav1.SealingKey) bool {
	return len(p.Signer) == ed25519.PublicKeySize && checkKey(key) == nil && ed25519.Verify(p.Signer, signed(space, key), key.Signature)
}

// signed returns what a signature covers: what it is for, space, person, role and
// time in big-endian, and the text of the recipient.
func signed(space merge.SpaceID, key *schemav1.SealingKey) []byte {
	buf := append([]byte(domain), space[:]...)
	buf = append(buf, key.PersonId...)
	buf = binary.BigEndian.AppendUint32(buf, uint32(key.Role))
	buf = binary.BigEndian.AppendUint64(buf, uint64(key.SinceMillis))
	return append(buf, key.Recipient...)
}
