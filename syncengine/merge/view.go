package merge

import (
	"bytes"
	"cmp"
	"slices"
)

// Pick says which of several live values a view shows.
type Pick uint8

// The picks. The zero Pick is Latest.
const (
	Latest   Pick = iota // the highest At
	Earliest             // the lowest At
	Heaviest             // the highest weight, among equals the latest
)

// Rule is how the values of a cell are shown; it comes from the schema and has
// no part in merging.
type Rule struct {
	Pick Pick
	// Review puts several distinct values before a person.
	Review bool
	// Weight ranks a value for Heaviest; required then.
	Weight func(data []byte) int64
}

// PresentFirst is the rule of a set's elements: a removal that has not seen an
// add never beats it.
var PresentFirst = Rule{Pick: Heaviest, Weight: func(data []byte) int64 { return int64(min(len(data), 1)) }}

// Shown returns the value that a view shows; false if the cell has no value.
// Ties go to the higher tag: the same on every copy, and in favour of nobody.
func (c *Cell) Shown(rule Rule) (Value, bool) {
	if c == nil || len(c.Values) == 0 {
		return Value{}, false
	}
	if len(c.Values) == 1 {
		return c.Values[0], true
	}
	return slices.MaxFunc(c.Values, func(a, b Value) int { return rule.compare(&a, &b) }), true
}

func (rule Rule) compare(a, b *Value) int {
	byTime := cmp.Compare(a.At, b.At)
	byTag := bytes.Compare(a.Change.Tag[:], b.Change.Tag[:])
	switch rule.Pick {
	case Earliest:
		byTime = -byTime
	case Heaviest:
		byTime = cmp.Or(cmp.Compare(rule.Weight(a.Data), rule.Weight(b.Data)), byTime)
	}
	return cmp.Or(byTime, byTag, a.Change.Compare(b.Change))
}
