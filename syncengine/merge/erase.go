package merge

import (
	"encoding/binary"
	"slices"
)

// Erasure is a person who was erased, with the rules by which records are that
// person's. Which record types there are is the schema's to say; here it is
// data, so that what follows from it does not hang on a schema's version.
type Erasure struct {
	// Subject is the id of the record that is the person.
	Subject RecordID
	// Rules are sorted by type, each type once.
	Rules []ErasureRule
}

// ErasureRule says which records of a type are about a person, and what stays of
// them.
type ErasureRule struct {
	Type string
	// Field is the number of the field that names the person; zero where the
	// record is the person.
	Field uint32
	// Kept are the cells that stay, ascending: what totals need. The lifecycle
	// cell always does, or what was entered by mistake would be counted.
	Kept []uint32
}

// Concerns returns the rule by which the record is the person's; nil if it is
// not.
func (e *Erasure) Concerns(rec *Record) *ErasureRule {
	rule := e.rule(rec.Type)
	if rule == nil || rule.names(e.Subject, rec.ID, rec.Header) {
		return rule
	}
	for i := range rec.Cells {
		for j := range rec.Cells[i].Values {
			if rule.named(e.Subject, rec.Cells[i].Values[j].Data) {
				return rule
			}
		}
	}
	return nil
}

// ConcernsWrites is Concerns of what a change writes to a record.
func (e *Erasure) ConcernsWrites(part *RecordWrites) *ErasureRule {
	rule := e.rule(part.Type)
	if rule == nil || rule.names(e.Subject, part.Record, part.Header) {
		return rule
	}
	for i := range part.Writes {
		if rule.named(e.Subject, part.Writes[i].Value) {
			return rule
		}
	}
	return nil
}

func (e *Erasure) rule(typeName string) *ErasureRule {
	i, ok := slices.BinarySearchFunc(e.Rules, typeName, func(r ErasureRule, name string) int {
		switch {
		case r.Type < name:
			return -1
		case r.Type > name:
			return 1
		}
		return 0
	})
	if !ok {
		return nil
	}
	return &e.Rules[i]
}

// names tells whether id or header say that the record is the person's.
func (r *ErasureRule) names(subject, record RecordID, header []byte) bool {
	if r.Field == 0 {
		return record == subject
	}
	return r.named(subject, header)
}

// named tells whether wire bytes hold the person's id in the field. Bytes that
// cannot be read hold nothing.
func (r *ErasureRule) named(subject RecordID, data []byte) bool {
	const bytesWire = 2
	for r.Field > 0 && len(data) > 0 {
		tag, n := binary.Uvarint(data)
		if n <= 0 {
			return false
		}
		length := wireLength(tag&7, data[n:])
		if length < 0 || length > len(data)-n {
			return false
		}
		field := data[n : n+length]
		if tag == uint64(r.Field)<<3|bytesWire && length == 1+len(subject) && RecordID(field[1:]) == subject {
			return true
		}
		data = data[n+length:]
	}
	return false
}

// wireLength returns how long the value of a field of this wire type is, its own
// length included; -1 if that cannot be read.
func wireLength(wire uint64, data []byte) int {
	const varint, fixed64, bytes, fixed32 = 0, 1, 2, 5
	switch wire {
	case varint:
		if _, n := binary.Uvarint(data); n > 0 {
			return n
		}
	case fixed64:
		return 8
	case bytes:
		if size, n := binary.Uvarint(data); n > 0 && size <= uint64(len(data)) {
			return n + int(size)
		}
	case fixed32:
		return 4
	}
	return -1
}

// Keeps tells whether a rule lets the cell stay.
func (r *ErasureRule) Keeps(field uint32) bool { return keeps(r.Kept, field) }

func keeps(kept []uint32, field uint32) bool {
	_, ok := slices.BinarySearch(kept, field)
	return ok || field == Lifecycle.Field
}

// Keeps tells whether what is written to the cell is kept: of a record that was
// erased, only what its erasure lets stay.
func (r *Record) Keeps(field uint32) bool { return !r.Erased || keeps(r.Kept, field) }

// KeptByBoth returns the cells that both of two erasures of a record let stay.
func KeptByBoth(a, b []uint32) []uint32 {
	return slices.DeleteFunc(slices.Clone(a), func(field uint32) bool { return !slices.Contains(b, field) })
}

// Erase takes out of the record all but these cells, which must be ascending, for
// good: what is written to the others from now on goes nowhere. Of a record that
// was erased before, only what stayed both times is left. It tells whether
// anything changed.
func (r *Record) Erase(kept []uint32) (changed bool) {
	if r.Erased {
		kept = KeptByBoth(kept, r.Kept)
		changed = len(kept) != len(r.Kept)
	} else {
		kept, changed = slices.Clone(kept), true
	}
	before := len(r.Cells)
	r.Erased, r.Kept = true, kept
	r.Cells = slices.DeleteFunc(r.Cells, func(c Cell) bool { return !r.Keeps(c.Key.Field) })
	return changed || len(r.Cells) != before
}
