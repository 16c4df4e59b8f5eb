package merge

import (
	"crypto/sha256"
	"encoding/binary"
)

// What a hash is for stands at its start, so that no two kinds can be confused.
const (
	domainSalt   = "zhurnal/salt/1\x00"
	domainWrite  = "zhurnal/write/1\x00"
	domainChange = "zhurnal/change/1\x00"
	domainRecord = "zhurnal/record/1\x00"
)

// Seal computes the change's hash and with it its tag. Replica, sequence
// number, previous hash, stamp, author, salt and writes must be set.
func (c *Change) Seal(space SpaceID) {
	c.Hash = c.ComputeHash(space)
	c.ID.Tag = c.Hash.Tag()
}

// ComputeHash returns the hash over the change as it stands. It covers each
// write by a salted hash of its own: a purged write leaves that hash, and the
// chain goes on verifying without the content.
func (c *Change) ComputeHash(space SpaceID) Hash {
	buf := make([]byte, 0, 512)
	writeHashes := make([]byte, 0, 32*c.WriteCount())
	salts := salting{change: c}
	for r := range c.Records {
		rec := &c.Records[r]
		for w := range rec.Writes {
			var h Hash
			salt := salts.next(&rec.Writes[w])
			if rec.Writes[w].Purged != nil {
				h = *rec.Writes[w].Purged
			} else {
				buf = appendWrite(buf[:0], salt, rec, &rec.Writes[w])
				h = sha256.Sum256(buf)
			}
			writeHashes = append(writeHashes, h[:]...)
		}
	}
	buf = append(buf[:0], domainChange...)
	buf = append(buf, space[:]...)
	buf = append(buf, c.ID.Replica[:]...)
	buf = binary.BigEndian.AppendUint64(buf, c.ID.Seq)
	buf = append(buf, c.Previous[:]...)
	buf = binary.BigEndian.AppendUint64(buf, uint64(c.Stamp))
	buf = append(buf, c.Author[:]...)
	buf = binary.BigEndian.AppendUint32(buf, uint32(salts.count))
	buf = append(buf, writeHashes...)
	return sha256.Sum256(buf)
}

// salting gives the salts of a change's writes, in their order.
type salting struct {
	change *Change
	count  int  // of the writes before
	pair   Hash // two derived salts, one after the other
}

// next returns the salt of the next write: its own, or one derived from the
// change's. Two salts come from one hash; whoever knows some of them learns
// nothing of the others.
func (s *salting) next(w *Write) Salt {
	index := s.count
	s.count++
	if w.Salt != nil {
		return *w.Salt
	}
	const size = len(Salt{})
	if index%2 == 0 {
		var buf [len(domainSalt) + size + 4]byte
		n := copy(buf[:], domainSalt)
		n += copy(buf[n:], s.change.Salt[:])
		binary.BigEndian.PutUint32(buf[n:], uint32(index/2))
		s.pair = sha256.Sum256(buf[:])
	}
	return Salt(s.pair[index%2*size:][:size])
}

// Purge erases the content of the writes for which erase returns true: of each
// its field and its hash are left. The change's own salt goes, so that what is
// gone cannot be guessed from what is left. The change's hash stays what it
// was. A change of which nothing is erased is not altered.
//
// Erasing part of a cell's history leaves values live that only an erased write
// had replaced: erase a cell of a record in all changes, or in none.
func (c *Change) Purge(erase func(rec *RecordWrites, w *Write) bool) (purged int) {
	var salts []Salt
	var buf []byte
	index := -1
	for r := range c.Records {
		rec := &c.Records[r]
		for w := range rec.Writes {
			write := &rec.Writes[w]
			index++
			if write.Purged != nil || !erase(rec, write) {
				continue
			}
			if purged == 0 {
				salts = c.WriteSalts()
			}
			buf = appendWrite(buf[:0], salts[index], rec, write)
			h := Hash(sha256.Sum256(buf))
			*write = Write{Cell: CellKey{Field: write.Cell.Field}, Purged: &h}
			purged++
		}
	}
	if purged > 0 {
		c.keepSalts(salts)
	}
	return purged
}

// PurgeAs purges of the change what is purged of another copy of it.
func (c *Change) PurgeAs(other *Change) (purged int) {
	gone := make(map[*Write]bool)
	for r := range other.Records {
		for w := range other.Records[r].Writes {
			gone[&c.Records[r].Writes[w]] = other.Records[r].Writes[w].Purged != nil
		}
	}
	return c.Purge(func(_ *RecordWrites, w *Write) bool { return gone[w] })
}

// WriteSalts returns the salts of all writes, in their order: each its own, or
// one derived from the change's.
func (c *Change) WriteSalts() []Salt {
	salts, from := make([]Salt, 0, c.WriteCount()), salting{change: c}
	for r := range c.Records {
		for w := range c.Records[r].Writes {
			salts = append(salts, from.next(&c.Records[r].Writes[w]))
		}
	}
	return salts
}

// keepSalts gives each write that was not purged its own salt in place of the
// change's.
func (c *Change) keepSalts(salts []Salt) {
	index := 0
	for r := range c.Records {
		for w := range c.Records[r].Writes {
			if write := &c.Records[r].Writes[w]; write.Purged == nil {
				salt := salts[index]
				write.Salt = &salt
			}
			index++
		}
	}
	c.Salt = Salt{}
}

func appendWrite(buf []byte, salt Salt, rec *RecordWrites, w *Write) []byte {
	buf = append(buf, domainWrite...)
	buf = append(buf, salt[:]...)
	buf = append(buf, rec.Record[:]...)
	buf = appendText(buf, rec.Type)
	buf = appendText(buf, rec.Header)
	buf = binary.BigEndian.AppendUint32(buf, w.Cell.Field)
	buf = appendText(buf, w.Cell.Element)
	buf = appendText(buf, w.Value)
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(w.Replaces)))
	for _, id := range w.Replaces {
		buf = append(buf, id.Replica[:]...)
		buf = binary.BigEndian.AppendUint64(buf, id.Seq)
		buf = append(buf, id.Tag[:]...)
	}
	return buf
}

func appendText[T string | []byte](buf []byte, s T) []byte {
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(s)))
	return append(buf, s...)
}

// KeyedRecordID returns the id of the record of a keyed type: a hash over
// space, type and canonical key fields, so that two tablets that record the
// same thing make one record.
func KeyedRecordID(space SpaceID, typeName string, header []byte) RecordID {
	buf := make([]byte, 0, 128)
	buf = append(buf, domainRecord...)
	buf = append(buf, space[:]...)
	buf = appendText(buf, typeName)
	buf = append(buf, header...)
	sum := sha256.Sum256(buf)
	return RecordID(sum[:16])
}
