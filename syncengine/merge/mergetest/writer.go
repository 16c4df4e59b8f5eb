package mergetest

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Writer is one replica with the person who writes on it. It gives its changes
// their place in the replica's chain. A copy of a Writer is what a cloned
// tablet has: it goes on under the same replica and sequence numbers.
type Writer struct {
	Space    merge.SpaceID
	Replica  merge.ReplicaID
	Author   merge.PersonID
	Seq      uint64     // of the last change
	Previous merge.Hash // of the last change
	Stamp    int64      // of the last change, milliseconds since 1970
}

// NewWriter returns a writer whose replica and author are derived from the
// names, so that a failed test prints the same ids each time.
func NewWriter(space merge.SpaceID, replica, author string) *Writer {
	return &Writer{Space: space, Replica: merge.ReplicaID(ID16(replica)), Author: merge.PersonID(ID16(author))}
}

// Seal makes the writer's next change and seals it. nowMillis is the device's
// clock; the stamp never goes back behind the change before.
func (w *Writer) Seal(salt merge.Salt, nowMillis int64, records ...merge.RecordWrites) *merge.Change {
	w.Stamp = max(w.Stamp, nowMillis)
	w.Seq++
	c := &merge.Change{
		ID:       merge.ID{Replica: w.Replica, Seq: w.Seq},
		Previous: w.Previous,
		Stamp:    w.Stamp,
		Author:   w.Author,
		Salt:     salt,
		Records:  records,
	}
	c.Seal(w.Space)
	w.Previous = c.Hash
	return c
}

// ID16 derives 16 bytes from a name.
func ID16(name string) [16]byte {
	sum := sha256.Sum256([]byte(name))
	return [16]byte(sum[:16])
}

// DrawSalt draws a salt that is not zero.
func DrawSalt(src Source) (salt merge.Salt) {
	binary.BigEndian.PutUint64(salt[:], src.Uint64())
	binary.BigEndian.PutUint64(salt[8:], src.Uint64())
	salt[0] |= 1
	return salt
}
