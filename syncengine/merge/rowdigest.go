package merge

import "crypto/sha256"

// Digest is a short hash by which copies of a space are compared: that of one
// row, or of a set of rows. It finds damage, and proves nothing against somebody
// who means to deceive.
type Digest [16]byte

const domainRow = "zhurnal/row/1\x00"

// DigestRow returns the digest of a record's row, as [AppendRecord] writes it;
// it does not matter whether the bytes are one. Copies that follow home's log to
// one position have equal rows, so what damages a row shows, its times and
// positions included, and nobody needs to read it for that. Copies that took
// different ways to the same set of changes are compared by [Record.Digest].
func DigestRow(id RecordID, row []byte) Digest {
	var room [1024]byte // most rows need no more, and no allocation
	buf := append(room[:0], domainRow...)
	buf = append(buf, id[:]...)
	buf = append(buf, row...)
	sum := sha256.Sum256(buf)
	return Digest(sum[:16])
}

// Combine adds the digest of a row to that of a set of rows, and takes it out
// again: the digest of a space is the combination of all its rows, in any order.
func (d Digest) Combine(other Digest) Digest {
	for i := range d {
		d[i] ^= other[i]
	}
	return d
}

// ShortDigest is the first half of a digest: what is told of single rows and of
// parts of a space. Two rows that differ look alike once in 2^64.
type ShortDigest [8]byte

// Short returns the first half.
func (d Digest) Short() ShortDigest { return ShortDigest(d[:8]) }
