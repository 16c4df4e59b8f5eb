package wire

import (
	"slices"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Verdict is what the home server made of a change.
type Verdict int32

// The verdicts, with the numbers of zhurnal.sync.v1.Verdict.
const (
	Applied     = Verdict(syncv1.Verdict_VERDICT_APPLIED)
	Flagged     = Verdict(syncv1.Verdict_VERDICT_FLAGGED)
	Quarantined = Verdict(syncv1.Verdict_VERDICT_QUARANTINED)
	Dismissed   = Verdict(syncv1.Verdict_VERDICT_DISMISSED)
	Received    = Verdict(syncv1.Verdict_VERDICT_RECEIVED) // a hub's receipt, no verdict
)

// Merged tells whether the change is part of the state.
func (v Verdict) Merged() bool { return v == Applied || v == Flagged }

// String names the verdict.
func (v Verdict) String() string { return syncv1.Verdict(v).String() }

// Cause is why a change is flagged, quarantined or dismissed.
type Cause int32

// The causes, with the numbers of zhurnal.sync.v1.Cause.
const (
	RuleFailed         = Cause(syncv1.Cause_CAUSE_RULE_FAILED)
	ReferenceDangles   = Cause(syncv1.Cause_CAUSE_REFERENCE_DANGLES)
	PredecessorMissing = Cause(syncv1.Cause_CAUSE_PREDECESSOR_MISSING)
	ReplacedMissing    = Cause(syncv1.Cause_CAUSE_REPLACED_MISSING)
	Forked             = Cause(syncv1.Cause_CAUSE_FORKED)
	NoAccess           = Cause(syncv1.Cause_CAUSE_NO_ACCESS)
	UnknownType        = Cause(syncv1.Cause_CAUSE_UNKNOWN_TYPE)
	Unreadable         = Cause(syncv1.Cause_CAUSE_UNREADABLE)
	WrongSpace         = Cause(syncv1.Cause_CAUSE_WRONG_SPACE)
	KeyMismatch        = Cause(syncv1.Cause_CAUSE_KEY_MISMATCH)
	OverLimit          = Cause(syncv1.Cause_CAUSE_OVER_LIMIT)
	GivenBack          = Cause(syncv1.Cause_CAUSE_GIVEN_BACK)
	ForeignReplica     = Cause(syncv1.Cause_CAUSE_FOREIGN_REPLICA)
	NotSealed          = Cause(syncv1.Cause_CAUSE_NOT_SEALED)
	DeviceUnproven     = Cause(syncv1.Cause_CAUSE_DEVICE)
)

// Quarantines tells whether the cause keeps a change from being applied.
func (c Cause) Quarantines() bool { return c >= NoAccess && c != GivenBack }

// String names the cause.
func (c Cause) String() string { return syncv1.Cause(c).String() }

// Finding is one thing found about a change.
type Finding struct {
	Cause  Cause
	Type   string         // the record's type; empty where it is about the change
	Record merge.RecordID // zero where it is about the change
	Field  uint32         // the field or cell; zero where it is about the record
	Fields []uint32       // the cells of a rule over several, ascending, Field is zero then; or the group of Field
	// MessageKey is a stable key for the text that a person reads.
	MessageKey string
	// What has not come, by cause; zero otherwise.
	MissingChange merge.ID
	MissingRecord merge.RecordID
}

// Equal tells whether both say the same.
func (f Finding) Equal(g Finding) bool {
	return f.Cause == g.Cause && f.Type == g.Type && f.Record == g.Record && f.Field == g.Field && slices.Equal(f.Fields, g.Fields) &&
		f.MessageKey == g.MessageKey && f.MissingChange == g.MissingChange && f.MissingRecord == g.MissingRecord
}

// Outcome is the verdict over changes of one replica that follow each other.
type Outcome struct {
	Replica  merge.ReplicaID
	FirstSeq uint64
	LastSeq  uint64 // the same as FirstSeq if there are findings
	LastTag  merge.Tag
	Verdict  Verdict
	// LastPosition is the highest position in the space's log that one of them
	// has; zero if none is applied.
	LastPosition uint64
	Findings     []Finding
}

// Last returns the identity of the last change.
func (o *Outcome) Last() merge.ID {
	return merge.ID{Replica: o.Replica, Seq: o.LastSeq, Tag: o.LastTag}
}

// AppendOutcome adds the verdict over one change to a list, joining it with the
// last one where both say the same.
func AppendOutcome(list []Outcome, id merge.ID, verdict Verdict, position uint64, findings []Finding) []Outcome {
	return JoinOutcomes(list, Outcome{
		Replica: id.Replica, FirstSeq: id.Seq, LastSeq: id.Seq, LastTag: id.Tag,
		Verdict: verdict, LastPosition: position, Findings: findings,
	})
}

// JoinOutcomes adds verdicts to a list, the first of them joined with the last
// one there where both say the same of changes that follow each other.
func JoinOutcomes(list []Outcome, more ...Outcome) []Outcome {
	if len(list) == 0 || len(more) == 0 {
		return append(list, more...)
	}
	last, first := &list[len(list)-1], &more[0]
	if last.Replica == first.Replica && last.LastSeq+1 == first.FirstSeq && last.Verdict == first.Verdict &&
		len(last.Findings) == 0 && len(first.Findings) == 0 {
		last.LastSeq, last.LastTag, last.LastPosition = first.LastSeq, first.LastTag, max(last.LastPosition, first.LastPosition)
		more = more[1:]
	}
	return append(list, more...)
}

// OutcomesToProto converts a list.
func OutcomesToProto(list []Outcome) []*syncv1.Outcome {
	if len(list) == 0 {
		return nil
	}
	out := make([]*syncv1.Outcome, len(list))
	for i := range list {
		o := &list[i]
		out[i] = &syncv1.Outcome{
			Replica: o.Replica[:], FirstSeq: o.FirstSeq, LastSeq: o.LastSeq, LastTag: o.LastTag[:],
			Verdict: syncv1.Verdict(o.Verdict), LastPosition: o.LastPosition, Findings: FindingsToProto(o.Findings),
		}
	}
	return out
}

// OutcomesFromProto checks and converts a list.
func OutcomesFromProto(list []*syncv1.Outcome) ([]Outcome, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := make([]Outcome, len(list))
	for i, m := range list {
		last, err := ChangeIDFromProto(&syncv1.ChangeID{Replica: m.Replica, Seq: m.LastSeq, Tag: m.LastTag})
		if err != nil {
			return nil, fault.New(fault.Malformed, "outcome %d: %w", i+1, err)
		}
		if m.FirstSeq == 0 || m.FirstSeq > m.LastSeq {
			return nil, fault.New(fault.Malformed, "outcome %d: from %d to %d", i+1, m.FirstSeq, m.LastSeq)
		}
		findings, err := FindingsFromProto(m.Findings)
		if err != nil {
			return nil, fault.New(fault.Malformed, "outcome %d: %w", i+1, err)
		}
		out[i] = Outcome{
			Replica: last.Replica, FirstSeq: m.FirstSeq, LastSeq: m.LastSeq, LastTag: last.Tag,
			Verdict: Verdict(m.Verdict), LastPosition: m.LastPosition, Findings: findings,
		}
	}
	return out, nil
}

// FindingsToProto converts a list.
func FindingsToProto(list []Finding) []*syncv1.Finding {
	if len(list) == 0 {
		return nil
	}
	out := make([]*syncv1.Finding, len(list))
	for i := range list {
		f := &list[i]
		m := &syncv1.Finding{Cause: syncv1.Cause(f.Cause), Type: f.Type, Field: f.Field, Fields: f.Fields, MessageKey: f.MessageKey}
		if f.Record != (merge.RecordID{}) {
			m.RecordId = f.Record[:]
		}
		if f.MissingChange != (merge.ID{}) {
			m.MissingChange = ChangeIDToProto(f.MissingChange)
		}
		if f.MissingRecord != (merge.RecordID{}) {
			m.MissingRecord = f.MissingRecord[:]
		}
		out[i] = m
	}
	return out
}

// FindingsFromProto checks and converts a list.
func FindingsFromProto(list []*syncv1.Finding) ([]Finding, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := make([]Finding, len(list))
	for i, m := range list {
		f := &out[i]
		*f = Finding{Cause: Cause(m.Cause), Type: m.Type, Field: m.Field, Fields: m.Fields, MessageKey: m.MessageKey}
		var err error
		if len(m.RecordId) > 0 {
			if f.Record, err = ID16[merge.RecordID](m.RecordId, "record id"); err != nil {
				return nil, err
			}
		}
		if m.MissingChange != nil {
			if f.MissingChange, err = ChangeIDFromProto(m.MissingChange); err != nil {
				return nil, err
			}
		}
		if len(m.MissingRecord) > 0 {
			if f.MissingRecord, err = ID16[merge.RecordID](m.MissingRecord, "missing record"); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
