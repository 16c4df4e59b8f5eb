package store

import (
	"encoding/binary"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// AppliedRuns returns the changes of a space that are merged at a position, as
// runs of each replica. Where a replica was cloned, and a sequence number stands
// for several changes, each of them is in a run.
func (s *Snapshot) AppliedRuns(space merge.SpaceID, through uint64) (runs []wire.AppliedRun, err error) {
	prefix := spaceKey(space, kindBlock)
	err = s.scan(prefix, prefix, func(key, value []byte) error {
		replica := merge.ReplicaID(key[len(prefix):])
		block, err := parseBlock(binary.BigEndian.Uint64(key[len(prefix)+16:]), value)
		if err != nil {
			return err
		}
		for i := range block {
			if k := &block[i]; k.Verdict.Merged() && k.Position <= through {
				runs = wire.AppendApplied(runs, merge.ID{Replica: replica, Seq: k.Seq, Tag: k.Tag})
			}
		}
		return nil
	})
	return runs, err
}
