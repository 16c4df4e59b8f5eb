package log

import (
	"encoding/binary"
	"hash/crc32"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Encode returns an entry as it is stored at its place in the log.
func Encode(partition uint16, seq uint64, e *Entry) *logv1.Entry {
	m := &logv1.Entry{
		Kind: logv1.EntryKind(e.Kind), PushId: []byte(e.PushID), ReceivedMillis: e.Received,
		Principal: e.Principal[:], Level: e.Level, Body: e.Body, Checksum: checksum(partition, seq, e), Purged: e.Purged,
	}
	if e.Space != (merge.SpaceID{}) {
		m.SpaceId = e.Space[:]
	}
	return m
}

// Decode reads an entry from its place in the log.
func Decode(partition uint16, seq uint64, m *logv1.Entry) (Entry, error) {
	e := Entry{Kind: Kind(m.Kind), PushID: string(m.PushId), Received: m.ReceivedMillis, Level: m.Level, Body: m.Body, Purged: m.Purged}
	copy(e.Space[:], m.SpaceId)
	copy(e.Principal[:], m.Principal)
	if checksum(partition, seq, &e) != m.Checksum {
		return Entry{}, fault.New(fault.Damaged, "entry %d of partition %d: its checksum is another: the store is damaged; restore it from a backup", seq, partition)
	}
	return e, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is over everything that is stored of an entry, and its place.
func checksum(partition uint16, seq uint64, e *Entry) uint32 {
	buf := binary.BigEndian.AppendUint16(make([]byte, 0, 96), partition)
	buf = binary.BigEndian.AppendUint64(buf, seq)
	buf = append(buf, byte(e.Kind))
	buf = append(buf, e.Space[:]...)
	buf = append(buf, e.Principal[:]...)
	buf = binary.BigEndian.AppendUint64(buf, uint64(e.Received))
	buf = binary.BigEndian.AppendUint32(buf, e.Level)
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(e.PushID)))
	buf = append(buf, e.PushID...)
	sum := crc32.Update(crc32.Update(0, castagnoli, buf), castagnoli, e.Body)
	if e.Purged == nil {
		return sum
	}
	// It came from bytes, and goes back to the same ones.
	purged, _ := proto.MarshalOptions{Deterministic: true}.Marshal(e.Purged)
	return crc32.Update(sum, castagnoli, append([]byte{1}, purged...))
}
