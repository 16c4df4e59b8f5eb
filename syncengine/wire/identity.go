package wire

import (
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// ID16 reads an id of 16 bytes; what names it in the error.
func ID16[T ~[16]byte](data []byte, what string) (T, error) {
	if len(data) != 16 {
		return T{}, fault.New(fault.Malformed, "%s: %d bytes where 16 are due", what, len(data))
	}
	return T(data), nil
}

// ChangeIDToProto returns the message for an identity. It shares no bytes.
func ChangeIDToProto(id merge.ID) *syncv1.ChangeID {
	bytes := make([]byte, 24)
	copy(bytes, id.Replica[:])
	copy(bytes[16:], id.Tag[:])
	return &syncv1.ChangeID{Replica: bytes[:16:16], Seq: id.Seq, Tag: bytes[16:]}
}

// ChangeIDFromProto checks and converts.
func ChangeIDFromProto(m *syncv1.ChangeID) (merge.ID, error) {
	if len(m.GetReplica()) != 16 || len(m.GetTag()) != 8 || m.GetSeq() == 0 {
		return merge.ID{}, fault.New(fault.Malformed, "change id: replica of %d bytes, tag of %d, sequence number %d; 16, 8 and at least 1 are due",
			len(m.GetReplica()), len(m.GetTag()), m.GetSeq())
	}
	return merge.ID{Replica: merge.ReplicaID(m.Replica), Seq: m.Seq, Tag: merge.Tag(m.Tag)}, nil
}

// ChangeIDsToProto converts a list; nil for an empty one.
func ChangeIDsToProto(ids []merge.ID) []*syncv1.ChangeID {
	if len(ids) == 0 {
		return nil
	}
	list := make([]*syncv1.ChangeID, len(ids))
	for i, id := range ids {
		list[i] = ChangeIDToProto(id)
	}
	return list
}

// ChangeIDsFromProto checks and converts a list; nil for an empty one.
func ChangeIDsFromProto(list []*syncv1.ChangeID) ([]merge.ID, error) {
	if len(list) == 0 {
		return nil, nil
	}
	ids := make([]merge.ID, len(list))
	for i, m := range list {
		id, err := ChangeIDFromProto(m)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}
