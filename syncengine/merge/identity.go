package merge

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
)

// SpaceID names a space: 16 bytes, never reused.
type SpaceID [16]byte

// ReplicaID names one incarnation of a local store of one space: 128 random
// bits, drawn when the store is made and never again, so that a store restored
// from a backup is told apart from the one that went on.
type ReplicaID [16]byte

// RecordID names a record inside its space; see [KeyedRecordID].
type RecordID [16]byte

// PersonID names who wrote a change: a person, not a tablet.
type PersonID [16]byte

// Tag is the first eight bytes of a change's hash. It tells two changes apart
// that a cloned tablet made under one replica and sequence number.
type Tag [8]byte

// Hash is a SHA-256 digest.
type Hash [32]byte

// Salt is 16 random bytes that hide what a hash covers from guessing.
type Salt [16]byte

// Tag returns the tag of the change that has this hash.
func (h Hash) Tag() Tag { return Tag(h[:8]) }

// ID is the identity of a change everywhere: replica, sequence number within
// the replica (1, 2, 3 …) and tag. In the literature replica and sequence
// number together are a dot.
type ID struct {
	Replica ReplicaID
	Seq     uint64
	Tag     Tag
}

// Compare orders identities by replica, sequence number and tag. The order
// means nothing; it makes encodings canonical.
func (id ID) Compare(other ID) int {
	return cmp.Or(
		bytes.Compare(id.Replica[:], other.Replica[:]),
		cmp.Compare(id.Seq, other.Seq),
		bytes.Compare(id.Tag[:], other.Tag[:]),
	)
}

// String is for people: the start of the replica, the sequence number, the
// start of the tag.
func (id ID) String() string {
	return fmt.Sprintf("%s/%d/%s", hex.EncodeToString(id.Replica[:4]), id.Seq, hex.EncodeToString(id.Tag[:3]))
}

// String is the whole id in hexadecimal.
func (id SpaceID) String() string { return hex.EncodeToString(id[:]) }

// String is the whole id in hexadecimal.
func (id ReplicaID) String() string { return hex.EncodeToString(id[:]) }

// String is the whole id in hexadecimal.
func (id RecordID) String() string { return hex.EncodeToString(id[:]) }

// String is the whole id in hexadecimal.
func (id PersonID) String() string { return hex.EncodeToString(id[:]) }

// CellKey names a cell inside its record.
type CellKey struct {
	// Field is the number of the field, or the lowest number of a group's
	// fields. Zero is the lifecycle cell, which every record has.
	Field uint32
	// Element tells the elements of a set field apart: the wire bytes of the
	// field with this one element. Empty otherwise.
	Element string
}

// Lifecycle is the cell that says whether a record was entered by mistake.
var Lifecycle = CellKey{}

// Compare orders cells by field and element.
func (k CellKey) Compare(other CellKey) int {
	return cmp.Or(cmp.Compare(k.Field, other.Field), cmp.Compare(k.Element, other.Element))
}
