package store

import (
	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// ReplicaDevice returns which device writes on a replica; nil if that is not
// known.
func (r rows) ReplicaDevice(space merge.SpaceID, replica merge.ReplicaID) (*logv1.ReplicaDevice, error) {
	device := new(logv1.ReplicaDevice)
	ok, err := r.message(replicaKey(space, replica), device)
	if !ok {
		return nil, err
	}
	return device, nil
}

// PutReplicaDevice keeps which device writes on a replica.
func (f *Fold) PutReplicaDevice(space merge.SpaceID, replica merge.ReplicaID, device *logv1.ReplicaDevice) error {
	return f.setMessage(replicaKey(space, replica), device)
}
