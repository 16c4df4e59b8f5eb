package mergetest

import (
	"bytes"
	"maps"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Space is a space held in memory: its records and the set of changes applied
// to them. It is the [merge.Rows] of tests, and not safe for concurrent use.
type Space struct {
	records map[merge.RecordID]*merge.Record
	applied map[merge.ID]bool
}

var _ merge.Rows = (*Space)(nil)

// NewSpace returns an empty space.
func NewSpace() *Space {
	return &Space{records: map[merge.RecordID]*merge.Record{}, applied: map[merge.ID]bool{}}
}

// Record is part of [merge.Rows]. The record is the space's own: a caller that
// is not Apply must not change it.
func (s *Space) Record(id merge.RecordID) (*merge.Record, error) { return s.records[id], nil }

// Put is part of [merge.Rows]. It is also how a fetched row takes the place of
// the one that is there; the space owns the record from then on.
func (s *Space) Put(rec *merge.Record) error {
	s.records[rec.ID] = rec
	return nil
}

// Applied is part of [merge.Rows].
func (s *Space) Applied(id merge.ID) (bool, error) { return s.applied[id], nil }

// Has tells whether the change is in the set already applied.
func (s *Space) Has(id merge.ID) bool { return s.applied[id] }

// Admit adds the change to the applied set without applying it: for a copy
// whose rows were fetched and reflect it.
func (s *Space) Admit(id merge.ID) { s.applied[id] = true }

// Apply applies the change unless it is in the applied set, and adds it there.
// received and position are those of [merge.Apply].
func (s *Space) Apply(c *merge.Change, received int64, position uint64) (merge.Effect, error) {
	return s.applyTo(s, c, received, position)
}

// Follow applies an entry of the home server's log to a copy that follows it.
// missing is what home found missing when it applied the change: a copy whose
// rows were fetched at several positions cannot tell from its own set which
// values home knew of at that position.
func (s *Space) Follow(c *merge.Change, received int64, position uint64, missing []merge.MissingValue) (merge.Effect, error) {
	return s.applyTo(following{s, missing}, c, received, position)
}

func (s *Space) applyTo(rows merge.Rows, c *merge.Change, received int64, position uint64) (merge.Effect, error) {
	if s.applied[c.ID] {
		return merge.Effect{}, nil
	}
	effect, err := merge.Apply(rows, c, received, position)
	if err != nil {
		return merge.Effect{}, err
	}
	s.applied[c.ID] = true
	return effect, nil
}

// following answers Applied as home did.
type following struct {
	*Space
	missing []merge.MissingValue
}

func (f following) Applied(id merge.ID) (bool, error) {
	return !slices.ContainsFunc(f.missing, func(m merge.MissingValue) bool { return m.Change == id }), nil
}

// Records returns the records in the order of their ids. They are the space's
// own.
func (s *Space) Records() []*merge.Record {
	return slices.SortedFunc(maps.Values(s.records), func(a, b *merge.Record) int {
		return bytes.Compare(a.ID[:], b.ID[:])
	})
}

// AppliedCount returns the size of the applied set.
func (s *Space) AppliedCount() int { return len(s.applied) }

// Digest returns the combined digest of all records.
func (s *Space) Digest() merge.Hash {
	var sum merge.Hash
	for _, rec := range s.records {
		sum = sum.Combine(rec.Digest())
	}
	return sum
}

// Clone returns a copy that shares nothing that applying changes.
func (s *Space) Clone() *Space {
	clone := &Space{records: make(map[merge.RecordID]*merge.Record, len(s.records)), applied: maps.Clone(s.applied)}
	for id, rec := range s.records {
		clone.records[id] = rec.Clone()
	}
	return clone
}
