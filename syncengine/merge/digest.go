package merge

import (
	"crypto/sha256"
	"encoding/binary"
)

const domainDigest = "zhurnal/digest/1\x00"

// Digest returns a hash over what is live in the record: the identity and the
// content of every value. It leaves out position and time, so two copies that
// hold the same set of changes agree, whatever way the changes took.
func (r *Record) Digest() Hash {
	buf := append(make([]byte, 0, 512), domainDigest...)
	buf = append(buf, r.ID[:]...)
	buf = appendBytes(buf, r.Type)
	buf = appendBytes(buf, r.Header)
	for i := range r.Cells {
		c := &r.Cells[i]
		if len(c.Values) == 0 {
			continue
		}
		buf = binary.AppendUvarint(buf, uint64(c.Key.Field))
		buf = appendBytes(buf, c.Key.Element)
		buf = binary.AppendUvarint(buf, uint64(len(c.Values)))
		for j := range c.Values {
			buf = appendID(buf, c.Values[j].Change)
			buf = appendBytes(buf, c.Values[j].Data)
		}
	}
	return sha256.Sum256(buf)
}

// Combine adds the digest of a record to that of a set of records, and takes
// it out again: the digest of a space is the combination of all its records,
// in any order.
func (h Hash) Combine(other Hash) Hash {
	for i := range h {
		h[i] ^= other[i]
	}
	return h
}
