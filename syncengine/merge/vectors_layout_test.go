package merge_test

import (
	"crypto/sha256"
	"encoding/binary"
)

// The layout of what is hashed, written a second time, from the description
// beside the vectors and from nothing else.

// joined is hashed as it stands: text and bytes raw, uint32 and uint64
// big-endian; a prefixed one has its length before it.
func joined(parts ...any) (hash [32]byte) {
	var data []byte
	for _, part := range parts {
		switch p := part.(type) {
		case string:
			data = append(data, p...)
		case hexBytes:
			data = append(data, p...)
		case prefixed:
			data = append(binary.BigEndian.AppendUint32(data, uint32(len(p))), p...)
		case uint32:
			data = binary.BigEndian.AppendUint32(data, p)
		case uint64:
			data = binary.BigEndian.AppendUint64(data, p)
		default:
			panic(part)
		}
	}
	return sha256.Sum256(data)
}

type prefixed []byte

func layoutWriteHashes(c *vectorChange) (hashes []hexBytes) {
	for _, rec := range c.Records {
		for _, w := range rec.Writes {
			hash := w.Purged
			if hash == nil {
				hash = layoutWriteHash(c, uint32(len(hashes)), &rec, &w)
			}
			hashes = append(hashes, hash)
		}
	}
	return hashes
}

func layoutWriteHash(c *vectorChange, index uint32, rec *vectorRecordWrites, w *vectorWrite) hexBytes {
	own := w.Salt
	if own == nil {
		derived := joined("zhurnal/salt/1\x00", c.Salt, index/2)
		own = derived[16*(index%2):][:16]
	}
	parts := []any{
		"zhurnal/write/1\x00", own, rec.Record, prefixed(rec.Type), prefixed(rec.Header),
		w.Field, prefixed(w.Element), prefixed(w.Value), uint32(len(w.Replaces)),
	}
	for _, id := range w.Replaces {
		parts = append(parts, id.Replica, id.Seq, id.Tag)
	}
	hash := joined(parts...)
	return hash[:]
}

func layoutHash(space hexBytes, c *vectorChange) [32]byte {
	parts := []any{
		"zhurnal/change/1\x00", space, c.Replica, c.Seq, c.Previous, uint64(c.StampMillis), c.Author,
		uint32(len(layoutWriteHashes(c))),
	}
	for _, hash := range layoutWriteHashes(c) {
		parts = append(parts, hash)
	}
	return joined(parts...)
}

func layoutKeyedID(space hexBytes, rec *vectorRecordWrites) []byte {
	hash := joined("zhurnal/record/1\x00", space, prefixed(rec.Type), rec.Header)
	return hash[:16]
}

func layoutDigest(r *vectorRecord, header []byte) [32]byte {
	data := append([]byte("zhurnal/digest/1\x00"), r.Record...)
	bytes := func(b []byte) { data = append(binary.AppendUvarint(data, uint64(len(b))), b...) }
	bytes([]byte(r.Type))
	bytes(header)
	for _, c := range r.Cells {
		if len(c.Values) == 0 {
			continue
		}
		data = binary.AppendUvarint(data, uint64(c.Field))
		bytes(c.Element)
		data = binary.AppendUvarint(data, uint64(len(c.Values)))
		for _, v := range c.Values {
			data = append(data, v.Change.Replica...)
			data = binary.AppendUvarint(data, v.Change.Seq)
			data = append(data, v.Change.Tag...)
			bytes(v.Data)
		}
	}
	return sha256.Sum256(data)
}
