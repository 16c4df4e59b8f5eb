package store

import (
	"encoding/binary"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// What is forgotten of a log is an empty value: nothing is deleted. A space's
// head says up to which position that is so, a partition's head up to which
// entry; beyond them an empty value is damage.

// PartitionHead returns the head of a partition's log; an empty one if there is
// no log.
func (r rows) PartitionHead(partition uint16) (*logv1.PartitionHead, error) {
	head := new(logv1.PartitionHead)
	_, err := r.message(partitionHeadKey(partition), head)
	return head, err
}

// PartitionHead returns the head of a partition's log, to be changed in place.
func (f *Fold) PartitionHead(partition uint16) (*logv1.PartitionHead, error) {
	if head, ok := f.partitions[partition]; ok {
		return head, nil
	}
	head, err := f.rows.PartitionHead(partition)
	if err != nil {
		return nil, err
	}
	f.partitions[partition] = head
	return head, nil
}

// Delivery returns the entry of a space's log that begins at a position.
func (f *Fold) Delivery(space merge.SpaceID, firstPosition uint64) (*logv1.Delivery, error) {
	key := deliveryKey(space, firstPosition)
	value, err := f.get(key)
	if err != nil {
		return nil, err
	}
	if len(value) == 0 {
		return nil, errForgotten(space, firstPosition)
	}
	return parseDelivery(space, value)
}

// CutDelivery forgets the entry of a space's log that begins at a position.
func (f *Fold) CutDelivery(space merge.SpaceID, firstPosition uint64) {
	f.set(deliveryKey(space, firstPosition), []byte{})
}

// CutEntry forgets an entry of a partition's log.
func (f *Fold) CutEntry(partition uint16, seq uint64) {
	f.set(entryKey(partition, seq), []byte{})
}

// EmptyEntries calls each with the places of a partition's log that hold
// nothing any more, in order.
func (s *Snapshot) EmptyEntries(partition uint16, each func(seq uint64) error) error {
	prefix := []byte{classEntry, byte(partition)}
	return s.scan(prefix, entryKey(partition, 1), func(key, value []byte) error {
		if len(value) > 0 {
			return ErrStop // only the beginning is forgotten
		}
		return each(binary.BigEndian.Uint64(key[2:]))
	})
}

func errForgotten(space merge.SpaceID, position uint64) error {
	return fault.New(fault.Damaged, "log of space %s at %d: it is not there: the store is damaged; restore it from a backup", space, position)
}
