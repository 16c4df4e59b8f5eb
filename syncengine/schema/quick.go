package schema

import "google.golang.org/protobuf/encoding/protowire"

// quick is what one Check finds out about the rules while it scans the writes.
// Where it has no doubt, nothing that was written can break a rule or fail to be
// read, and no message need be made to see it. For a new participant of ten
// cells that is a quarter of the work, for an attendance mark a sixth (medians of
// BenchmarkCheck with it and, with every field in doubt, without). It never finds
// a violation; what one is, buf.validate alone says.
type quick struct {
	readings
	// doubt says that the rules must be evaluated.
	doubt bool
	// last is the field that was read before in this cell, items how often it
	// was there, and met how many fields that must be there were.
	last  *fieldPlan
	items int64
	met   int
}

// begin is called before the fields of a cell, or of the header, are read.
func (q *quick) begin() { q.last, q.met = nil, 0 }

// read takes in one field, in wire bytes with its tag. What is not in ascending
// order is in doubt, and so is a second value where there can be one only.
func (q *quick) read(f *fieldPlan, field []byte, wire protowire.Type) {
	b := f.bound
	if q.doubt || b == nil || (q.last != nil && f.number <= q.last.number && (f != q.last || !b.list)) {
		q.doubt = true
		return
	}
	if f != q.last {
		q.last, q.items = f, 0
		if !b.none {
			q.met++
		}
	}
	q.items++
	n, fine := b.holds(field, wire)
	q.doubt = !fine || q.items > b.itemsMax
	if b.list {
		n = q.items
	}
	q.note(b, n)
}

// end is called after the fields of a cell. One that must be there and is not
// is in doubt.
func (q *quick) end(c *CellPlan) { q.doubt = q.doubt || q.met < c.needed }

// certain tells whether every rule that is for the written cells holds, and what
// was written can be read.
func (q *quick) certain(rules *rulebook, written *cellSet) bool {
	for i := range rules.whole {
		if q.doubt {
			return false
		}
		rule := &rules.whole[i]
		q.doubt = rule.readable(written) && !rule.quick.holds(&q.readings)
	}
	return !q.doubt
}

// readings are the fields that rules on the whole message read, by slot.
type readings struct {
	// values are numbers, lengths of text in characters and of bytes in bytes,
	// and of lists in items. The first is for fields that no rule reads.
	values [slotsMax + 1]int64
	// has are the fields that are there, a bit each.
	has uint32
	// overflow says that a number was too large to be computed with.
	overflow bool
}

// slotsMax bounds the fields that the rules on one message read; a rule that
// reads more is always evaluated in full.
const slotsMax = 31

func (r *readings) note(b *bound, n int64) {
	r.values[b.slot] = n
	if b.presence || n != 0 {
		r.has |= 1 << b.slot
	}
}
