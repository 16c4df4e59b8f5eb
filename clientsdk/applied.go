package clientsdk

import (
	"slices"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// appliedSet are the changes that the base of a space holds. The base does not
// need it: home's log has each change once. It tells what comes by a hub and is
// new from what home has delivered, perhaps long ago and replaced since.
type appliedSet struct {
	tx    localstore.Tx
	space int64
	// runs are those of the replicas that were looked at, and stored what the
	// store has of them; order is that in which they were looked at.
	runs, stored map[merge.ReplicaID][]localstore.Run
	order        []merge.ReplicaID
}

func newAppliedSet(tx localstore.Tx, space int64) *appliedSet {
	return &appliedSet{tx: tx, space: space, runs: map[merge.ReplicaID][]localstore.Run{}, stored: map[merge.ReplicaID][]localstore.Run{}}
}

func (s *appliedSet) of(replica merge.ReplicaID) ([]localstore.Run, error) {
	if runs, ok := s.runs[replica]; ok {
		return runs, nil
	}
	runs, err := s.tx.AppliedRuns(s.space, replica)
	if err != nil {
		return nil, err
	}
	s.runs[replica], s.stored[replica] = runs, slices.Clone(runs)
	s.order = append(s.order, replica)
	return runs, nil
}

// add adds a change that home has delivered.
func (s *appliedSet) add(c *merge.Change) error {
	runs, err := s.of(c.ID.Replica)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(runs, func(r localstore.Run) bool { return r.LastSeq+1 == c.ID.Seq && r.LastTag == c.Previous.Tag() })
	if i < 0 {
		runs = append(runs, localstore.Run{FirstSeq: c.ID.Seq})
		i = len(runs) - 1
	}
	runs[i].LastSeq, runs[i].LastTag = c.ID.Seq, c.ID.Tag
	s.runs[c.ID.Replica] = runs
	return nil
}

// has tells whether the base holds a change, as wire.AppliedRun.Covers does.
func (s *appliedSet) has(id merge.ID) (bool, error) {
	runs, err := s.of(id.Replica)
	return slices.ContainsFunc(runs, func(r localstore.Run) bool {
		run := wire.AppliedRun{FirstSeq: r.FirstSeq, LastSeq: r.LastSeq, LastTag: r.LastTag}
		return run.Covers(id)
	}), err
}

// replace takes what came with rows in place of all that was known.
func (s *appliedSet) replace(runs []wire.AppliedRun) error {
	if err := s.clear(); err != nil {
		return err
	}
	for i := range runs {
		replica := runs[i].Replica
		before, err := s.of(replica)
		if err != nil {
			return err
		}
		s.runs[replica] = append(before, localstore.Run{FirstSeq: runs[i].FirstSeq, LastSeq: runs[i].LastSeq, LastTag: runs[i].LastTag})
	}
	return nil
}

func (s *appliedSet) clear() error {
	*s = *newAppliedSet(s.tx, s.space)
	return s.tx.ClearApplied(s.space)
}

// flush writes back what has changed.
func (s *appliedSet) flush() error {
	for _, replica := range s.order {
		runs, stored := s.runs[replica], s.stored[replica]
		for _, r := range stored {
			if slices.Contains(runs, r) {
				continue
			}
			if err := s.tx.DropApplied(s.space, replica, r); err != nil {
				return err
			}
		}
		for _, r := range runs {
			if slices.Contains(stored, r) {
				continue
			}
			if err := s.tx.AddApplied(s.space, replica, r); err != nil {
				return err
			}
		}
		s.stored[replica] = slices.Clone(runs)
	}
	return nil
}
