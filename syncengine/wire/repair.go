package wire

import (
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Buckets are the digests of a space's rows in 256 parts, by the first byte of
// the record ids.
type Buckets [256]merge.Digest

// Add adds a row's digest to its bucket.
func (b *Buckets) Add(id merge.RecordID, digest merge.Digest) {
	b[id[0]] = b[id[0]].Combine(digest)
}

// Whole returns the digest of all rows.
func (b *Buckets) Whole() (digest merge.Digest) {
	for i := range b {
		digest = digest.Combine(b[i])
	}
	return digest
}

// RepairAsk asks where a copy differs, or for rows.
type RepairAsk struct {
	Space  merge.SpaceID
	Cursor []byte
	// Buckets are those of the copy, nil if rows are asked for.
	Buckets *[256]merge.ShortDigest
	Records []merge.RecordID
}

// RepairAnswer answers it; see zhurnal.sync.v1.RepairResponse.
type RepairAnswer struct {
	MovedOn  bool
	Buckets  []RepairBucket
	Rows     []StateRow
	Answered int
}

// RepairBucket is what the server has in one bucket, ascending.
type RepairBucket struct {
	First   byte
	Records []RecordDigest
}

// RecordDigest tells which row a record has, without the row.
type RecordDigest struct {
	Record merge.RecordID
	Digest merge.ShortDigest
}

// RecordDigestBytes is what one takes.
const RecordDigestBytes = 16 + 8

// RepairAskToProto returns the message.
func RepairAskToProto(space merge.SpaceID, cursor []byte, buckets *Buckets, records []merge.RecordID) *syncv1.RepairRequest {
	m := &syncv1.RepairRequest{SpaceId: space[:], Cursor: cursor}
	if buckets != nil {
		for i := range buckets {
			m.Buckets = append(m.Buckets, buckets[i][:len(merge.ShortDigest{})]...)
		}
	}
	for i := range records {
		m.RecordIds = append(m.RecordIds, records[i][:])
	}
	return m
}

// RepairAskFromProto checks and converts.
func RepairAskFromProto(m *syncv1.RepairRequest) (ask RepairAsk, err error) {
	if ask.Space, err = ID16[merge.SpaceID](m.SpaceId, "space_id"); err != nil {
		return ask, err
	}
	ask.Cursor = m.Cursor
	switch {
	case len(m.Cursor) == 0:
		return ask, fault.New(fault.Malformed, "repair: no cursor; a copy without one is fetched, not repaired")
	case (len(m.Buckets) > 0) == (len(m.RecordIds) > 0):
		return ask, fault.New(fault.Malformed, "repair: either buckets or record_ids are due")
	case len(m.RecordIds) > limits.RepairRows:
		return ask, fault.New(fault.TooLarge, "repair: %d records; at most %d at a time", len(m.RecordIds), limits.RepairRows)
	case len(m.Buckets) > 0:
		ask.Buckets, err = parseBuckets(m.Buckets)
		return ask, err
	}
	ask.Records = make([]merge.RecordID, len(m.RecordIds))
	for i, id := range m.RecordIds {
		if ask.Records[i], err = ID16[merge.RecordID](id, "record_ids"); err != nil {
			return ask, err
		}
		if i > 0 && string(m.RecordIds[i-1]) >= string(id) {
			return ask, fault.New(fault.Malformed, "repair: record_ids do not ascend")
		}
	}
	return ask, nil
}

func parseBuckets(data []byte) (*[256]merge.ShortDigest, error) {
	buckets := new([256]merge.ShortDigest)
	const each = len(merge.ShortDigest{})
	if len(data) != len(buckets)*each {
		return nil, fault.New(fault.Malformed, "repair: buckets of %d bytes where %d are due", len(data), len(buckets)*each)
	}
	for i := range buckets {
		buckets[i] = merge.ShortDigest(data[i*each:])
	}
	return buckets, nil
}

// ToProto returns the message. It shares the bytes of the rows.
func (a *RepairAnswer) ToProto() *syncv1.RepairResponse {
	m := &syncv1.RepairResponse{MovedOn: a.MovedOn, Answered: uint32(a.Answered)}
	for i := range a.Buckets {
		b := &syncv1.RepairBucket{FirstByte: uint32(a.Buckets[i].First)}
		for _, r := range a.Buckets[i].Records {
			b.Records = append(append(b.Records, r.Record[:]...), r.Digest[:]...)
		}
		m.Buckets = append(m.Buckets, b)
	}
	for i := range a.Rows {
		m.Rows = append(m.Rows, &syncv1.StateRow{RecordId: a.Rows[i].Record[:], Row: a.Rows[i].Row})
	}
	return m
}

// RepairAnswerFromProto checks and converts.
func RepairAnswerFromProto(m *syncv1.RepairResponse) (RepairAnswer, error) {
	a := RepairAnswer{MovedOn: m.MovedOn, Answered: int(m.Answered)}
	for i, b := range m.Buckets {
		if b.FirstByte > 255 || i > 0 && b.FirstByte <= m.Buckets[i-1].FirstByte {
			return a, fault.New(fault.Malformed, "repair: bucket %d is not one of 256, ascending", b.FirstByte)
		}
		bucket, err := parseBucket(byte(b.FirstByte), b.Records)
		if err != nil {
			return a, err
		}
		a.Buckets = append(a.Buckets, bucket)
	}
	for _, r := range m.Rows {
		id, err := ID16[merge.RecordID](r.RecordId, "row")
		if err != nil {
			return a, err
		}
		a.Rows = append(a.Rows, StateRow{Record: id, Row: r.Row})
	}
	return a, nil
}

func parseBucket(first byte, data []byte) (RepairBucket, error) {
	b := RepairBucket{First: first}
	if len(data)%RecordDigestBytes != 0 {
		return b, fault.New(fault.Malformed, "repair: bucket %d of %d bytes, which is no multiple of %d", first, len(data), RecordDigestBytes)
	}
	b.Records = make([]RecordDigest, len(data)/RecordDigestBytes)
	for i := range b.Records {
		r := data[i*RecordDigestBytes:]
		b.Records[i] = RecordDigest{merge.RecordID(r), merge.ShortDigest(r[16:])}
		id := &b.Records[i].Record
		if id[0] != first || i > 0 && string(b.Records[i-1].Record[:]) >= string(id[:]) {
			return b, fault.New(fault.Malformed, "repair: record %s is out of place in bucket %d", id, first)
		}
	}
	return b, nil
}
