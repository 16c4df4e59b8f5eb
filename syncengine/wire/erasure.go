package wire

import (
	"slices"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// ErasedRecord is a record that an entry of the log erased, with the cells that
// stay of it.
type ErasedRecord struct {
	Record merge.RecordID
	Kept   []uint32
}

// ErasuresToProto converts a list; nil for an empty one. Equal rules are said
// once.
func ErasuresToProto(list []merge.Erasure) *syncv1.Erasures {
	if len(list) == 0 {
		return nil
	}
	m := new(syncv1.Erasures)
	for i := range list {
		AppendErasure(m, &list[i])
	}
	return m
}

// AppendErasure adds a person to the message.
func AppendErasure(m *syncv1.Erasures, e *merge.Erasure) {
	rules := rulesToProto(e.Rules)
	at := slices.IndexFunc(m.Rules, func(known *syncv1.ErasureRules) bool { return sameRules(known, rules) })
	if at < 0 {
		at, m.Rules = len(m.Rules), append(m.Rules, rules)
	}
	m.Erasures = append(m.Erasures, &syncv1.Erasure{SubjectId: slices.Clone(e.Subject[:]), Rules: uint32(at)})
}

func rulesToProto(rules []merge.ErasureRule) *syncv1.ErasureRules {
	m := &syncv1.ErasureRules{Types: make([]*syncv1.ErasureRule, len(rules))}
	for i := range rules {
		m.Types[i] = &syncv1.ErasureRule{Type: rules[i].Type, SubjectField: rules[i].Field, Kept: rules[i].Kept}
	}
	return m
}

func sameRules(a, b *syncv1.ErasureRules) bool {
	return slices.EqualFunc(a.Types, b.Types, func(a, b *syncv1.ErasureRule) bool {
		return a.Type == b.Type && a.SubjectField == b.SubjectField && slices.Equal(a.Kept, b.Kept)
	})
}

// ErasuresFromProto checks and converts; nil for none.
func ErasuresFromProto(m *syncv1.Erasures) ([]merge.Erasure, error) {
	if len(m.GetErasures()) == 0 {
		return nil, nil
	}
	rules := make([][]merge.ErasureRule, len(m.Rules))
	for i := range m.Rules {
		var err error
		if rules[i], err = rulesFromProto(m.Rules[i]); err != nil {
			return nil, err
		}
	}
	list := make([]merge.Erasure, len(m.Erasures))
	for i, e := range m.Erasures {
		if int(e.Rules) >= len(rules) {
			return nil, fault.New(fault.Malformed, "erasure %d: rules %d of %d", i+1, e.Rules, len(rules))
		}
		subject, err := ID16[merge.RecordID](e.SubjectId, "subject_id")
		if err != nil {
			return nil, fault.New(fault.Malformed, "erasure %d: %w", i+1, err)
		}
		list[i] = merge.Erasure{Subject: subject, Rules: rules[e.Rules]}
	}
	return list, nil
}

func rulesFromProto(m *syncv1.ErasureRules) ([]merge.ErasureRule, error) {
	rules := make([]merge.ErasureRule, len(m.Types))
	for i, r := range m.Types {
		if r.Type == "" || i > 0 && m.Types[i-1].Type >= r.Type || !ascend(r.Kept) {
			return nil, fault.New(fault.Malformed, "erasure rules: type %q is out of order, or its cells are", r.Type)
		}
		rules[i] = merge.ErasureRule{Type: r.Type, Field: r.SubjectField, Kept: r.Kept}
	}
	return rules, nil
}

func ascend(fields []uint32) bool {
	for i := range fields {
		if fields[i] > merge.MaxField || i > 0 && fields[i] <= fields[i-1] {
			return false
		}
	}
	return true
}

// ErasedToProto converts a list; nil for an empty one. It shares the bytes of ids.
func ErasedToProto(list []ErasedRecord) []*syncv1.ErasedRecord {
	if len(list) == 0 {
		return nil
	}
	out := make([]*syncv1.ErasedRecord, len(list))
	for i := range list {
		out[i] = &syncv1.ErasedRecord{RecordId: list[i].Record[:], Kept: list[i].Kept}
	}
	return out
}

// ErasedFromProto checks and converts a list; nil for an empty one.
func ErasedFromProto(list []*syncv1.ErasedRecord) ([]ErasedRecord, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := make([]ErasedRecord, len(list))
	for i, m := range list {
		id, err := ID16[merge.RecordID](m.RecordId, "erased record")
		if err != nil {
			return nil, err
		}
		if !ascend(m.Kept) {
			return nil, fault.New(fault.Malformed, "erased record %s: its cells do not ascend", id)
		}
		out[i] = ErasedRecord{Record: id, Kept: m.Kept}
	}
	return out, nil
}
