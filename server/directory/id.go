package directory

import (
	"encoding/hex"
	"io"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Ids of rows. A user's is a merge.PersonID, a space's a merge.SpaceID: they are
// the same everywhere.
type (
	// OrganisationID names a tenant.
	OrganisationID = credential.OrganisationID
	// ProgrammeID names a programme of an organisation.
	ProgrammeID [16]byte
	// DeviceID names a tablet that has enrolled.
	DeviceID = credential.DeviceID
	// InvitationID names a right to enrol.
	InvitationID [16]byte
	// AssignmentID names one role of a user.
	AssignmentID [16]byte
)

// String is in hexadecimal digits.
func (id ProgrammeID) String() string { return hex.EncodeToString(id[:]) }

// String is in hexadecimal digits.
func (id InvitationID) String() string { return hex.EncodeToString(id[:]) }

// String is in hexadecimal digits.
func (id AssignmentID) String() string { return hex.EncodeToString(id[:]) }

// keyOf returns the key under which a row is kept.
func keyOf[ID ~[16]byte](kind directoryv1.RowKind, id ID) (key syncengine.DirectoryKey) {
	key[0] = byte(kind)
	copy(key[1:], id[:])
	return key
}

func kindOf(key syncengine.DirectoryKey) directoryv1.RowKind { return directoryv1.RowKind(key[0]) }

func idOf[ID ~[16]byte](key syncengine.DirectoryKey) ID { return ID(key[1:]) }

func newID[ID ~[16]byte](random io.Reader) (id ID, err error) {
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return id, fault.New(fault.Internal, "random bytes for an id: %w", err)
	}
	return id, nil
}
