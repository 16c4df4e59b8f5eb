package wire

import (
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// AppliedRun is changes of one replica that follow each other and are merged.
type AppliedRun struct {
	Replica  merge.ReplicaID
	FirstSeq uint64
	LastSeq  uint64
	LastTag  merge.Tag
}

// Covers tells whether a change of the run's replica is in it. Of all but the
// last the tag is not known: of a cloned replica's two changes with one number,
// of which one is merged, both are said to be.
func (r *AppliedRun) Covers(id merge.ID) bool {
	return r.FirstSeq <= id.Seq && (id.Seq < r.LastSeq || id.Seq == r.LastSeq && id.Tag == r.LastTag)
}

// AppendApplied adds a change to a list that is sorted by replica and sequence
// number, of which it is the last.
func AppendApplied(runs []AppliedRun, id merge.ID) []AppliedRun {
	if n := len(runs); n > 0 && runs[n-1].Replica == id.Replica && runs[n-1].LastSeq+1 == id.Seq {
		runs[n-1].LastSeq, runs[n-1].LastTag = id.Seq, id.Tag
		return runs
	}
	return append(runs, AppliedRun{Replica: id.Replica, FirstSeq: id.Seq, LastSeq: id.Seq, LastTag: id.Tag})
}

func appliedToProto(runs []AppliedRun) []*syncv1.AppliedRun {
	if len(runs) == 0 {
		return nil
	}
	list := make([]*syncv1.AppliedRun, len(runs))
	for i := range runs {
		run := &runs[i]
		list[i] = &syncv1.AppliedRun{Replica: run.Replica[:], FirstSeq: run.FirstSeq, LastSeq: run.LastSeq, LastTag: run.LastTag[:]}
	}
	return list
}

func appliedFromProto(list []*syncv1.AppliedRun) ([]AppliedRun, error) {
	if len(list) == 0 {
		return nil, nil
	}
	runs := make([]AppliedRun, len(list))
	for i, m := range list {
		last, err := ChangeIDFromProto(&syncv1.ChangeID{Replica: m.Replica, Seq: m.LastSeq, Tag: m.LastTag})
		if err != nil {
			return nil, fault.New(fault.Malformed, "applied run %d: %w", i+1, err)
		}
		if m.FirstSeq == 0 || m.FirstSeq > m.LastSeq {
			return nil, fault.New(fault.Malformed, "applied run %d: from %d to %d", i+1, m.FirstSeq, m.LastSeq)
		}
		runs[i] = AppliedRun{Replica: last.Replica, FirstSeq: m.FirstSeq, LastSeq: last.Seq, LastTag: last.Tag}
	}
	return runs, nil
}
