package store

import (
	"encoding/binary"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Epochs returns the epochs of the store, in the order of their numbers.
func (s *Snapshot) Epochs() ([]*logv1.Epoch, error) {
	var epochs []*logv1.Epoch
	err := s.scan(metaKey(metaEpoch), metaKey(metaEpoch), func(key, value []byte) error {
		epoch := new(logv1.Epoch)
		if err := proto.Unmarshal(value, epoch); err != nil {
			return fault.New(fault.Damaged, "row %x: %w: the store is damaged; restore it from a backup", key, err)
		}
		epochs = append(epochs, epoch)
		return nil
	})
	return epochs, err
}

// PutEpoch keeps an epoch.
func (f *Fold) PutEpoch(epoch *logv1.Epoch) error {
	return f.setMessage(binary.BigEndian.AppendUint64(metaKey(metaEpoch), epoch.Number), epoch)
}

// SpaceEpochs returns where epochs began in a space; none for one that was made
// in the present epoch.
func (r rows) SpaceEpochs(space merge.SpaceID) (*logv1.SpaceEpochs, error) {
	epochs := new(logv1.SpaceEpochs)
	_, err := r.message(spaceKey(space, kindEpochs), epochs)
	return epochs, err
}

// PutSpaceEpochs keeps where epochs began in a space.
func (f *Fold) PutSpaceEpochs(space merge.SpaceID, epochs *logv1.SpaceEpochs) error {
	return f.setMessage(spaceKey(space, kindEpochs), epochs)
}
