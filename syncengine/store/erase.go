package store

import (
	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Erasures returns who was erased in a space; an empty list as a rule, which
// costs one look-up.
func (r rows) Erasures(space merge.SpaceID) (*logv1.SpaceErasures, error) {
	erasures := new(logv1.SpaceErasures)
	_, err := r.message(spaceKey(space, kindErasures), erasures)
	return erasures, err
}

// PutErasures keeps who was erased in a space.
func (f *Fold) PutErasures(space merge.SpaceID, erasures *logv1.SpaceErasures) error {
	return f.setMessage(spaceKey(space, kindErasures), erasures)
}

// Entry returns an entry of the log that is stored, nil if it is forgotten.
func (f *Fold) Entry(partition uint16, seq uint64) (*logv1.Entry, error) {
	value, err := f.get(entryKey(partition, seq))
	if err != nil || len(value) == 0 {
		return nil, err
	}
	entry := new(logv1.Entry)
	if err := proto.Unmarshal(value, entry); err != nil {
		return nil, fault.New(fault.Damaged, "entry %d of partition %d: %w: the store is damaged; restore it from a backup", seq, partition, err)
	}
	return entry, nil
}

// RewriteEntry puts an entry in place of what is stored there.
func (f *Fold) RewriteEntry(partition uint16, seq uint64, entry *logv1.Entry) error {
	return f.setMessage(entryKey(partition, seq), entry)
}

// KnownAt returns what is known of the changes of a replica with a sequence
// number: one, unless the replica was cloned.
func (f *Fold) KnownAt(space merge.SpaceID, replica merge.ReplicaID, seq uint64) (list []Known, err error) {
	folded, err := f.block(space, merge.ID{Replica: replica, Seq: seq})
	if err != nil {
		return nil, err
	}
	for _, k := range folded.block {
		if k.Seq == seq {
			list = append(list, k)
		}
	}
	return list, nil
}

// Scrub takes out of the files what rows held before they were written again.
// Until then it lies there: neither in reach nor gone. Nothing is committed
// meanwhile.
func (s *Store) Scrub() error {
	s.committing.Lock()
	defer s.committing.Unlock()
	if err := s.backend.scrub(); err != nil {
		return fault.New(fault.Unavailable, "take erased values out of the files: %w; it is tried again when the server starts", err)
	}
	return nil
}
