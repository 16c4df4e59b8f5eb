package mergetest

import (
	"fmt"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Source is where a generator draws from: math/rand/v2's Rand, or the draws of
// a property test.
type Source interface {
	// IntN returns a number from 0 to n-1.
	IntN(n int) int
	Uint64() uint64
}

// Shape bounds the records that a generator writes to. Few of each make people
// meet in the same cell.
type Shape struct {
	Records  int // every second one has a key
	Fields   int // plain cells of a record, numbered from 1
	Elements int // elements of the record's one set field
	Changed  int // at most so many cells of one record in one change
}

// Crowded is a shape in which most cells see several writers.
var Crowded = Shape{Records: 4, Fields: 3, Elements: 2, Changed: 3}

// RecordType is the type of the records that generators write to.
const RecordType = "zhurnal.test.Visit"

// setField is the number of the set field: above the plain ones.
const setField = 100

// Subject returns the type, id and header of the numbered record.
func Subject(space merge.SpaceID, number int) merge.RecordWrites {
	if number%2 == 0 {
		header := fmt.Appendf(nil, "\x0a\x02%02d", number%100)
		return merge.RecordWrites{Type: RecordType, Record: merge.KeyedRecordID(space, RecordType, header), Header: header}
	}
	return merge.RecordWrites{Type: RecordType, Record: merge.RecordID(ID16(fmt.Sprintf("record %d", number)))}
}

// Draft draws the writes of an honest edit: somebody who looks at view changes
// some cells of one or two records. Each write names what view holds in its
// cell, as every writer must.
func (s Shape) Draft(src Source, space merge.SpaceID, view *Space) []merge.RecordWrites {
	first := src.IntN(s.Records)
	drafts := []merge.RecordWrites{s.draftRecord(src, Subject(space, first), view)}
	if second := src.IntN(s.Records); src.IntN(3) == 0 && second != first {
		drafts = append(drafts, s.draftRecord(src, Subject(space, second), view))
	}
	return drafts
}

func (s Shape) draftRecord(src Source, draft merge.RecordWrites, view *Space) merge.RecordWrites {
	rec := view.records[draft.Record]
	if rec == nil {
		rec = &merge.Record{}
	}
	for range 1 + src.IntN(s.Changed) {
		w := s.draftWrite(src, rec)
		i, taken := slices.BinarySearchFunc(draft.Writes, w.Cell, func(w merge.Write, key merge.CellKey) int { return w.Cell.Compare(key) })
		if !taken {
			draft.Writes = slices.Insert(draft.Writes, i, w)
		}
	}
	return draft
}

func (s Shape) draftWrite(src Source, rec *merge.Record) merge.Write {
	w := merge.Write{}
	switch choice := src.IntN(s.Fields + s.Elements + 1); {
	case choice < s.Fields:
		w.Cell.Field = uint32(choice + 1)
		w.Value = []byte{0x10, byte(src.IntN(4))}[:2*src.IntN(2)] // few values, so that people agree at times; empty clears
	case choice < s.Fields+s.Elements:
		w.Cell = merge.CellKey{Field: setField, Element: string([]byte{0xa2, 0x06, 1, byte('a' + choice - s.Fields)})}
		w.Value = []byte{1}[:src.IntN(2)]
	default:
		w.Cell = merge.Lifecycle
		if src.IntN(3) > 0 {
			w.Value = rec.LiveChanges().Encode()
		}
	}
	w.Replaces = rec.Cell(w.Cell).Seen()
	return w
}

// History draws count changes by several writers on one space, in an order in
// which they may have been written: each writer has seen all of its own changes
// and whatever others' had reached it by then, in whatever order. Stamps are
// small positive numbers and not in step between writers.
func (s Shape) History(src Source, space merge.SpaceID, writers, count int) []*merge.Change {
	people := make([]*Writer, writers)
	views := make([]*Space, writers)
	for i := range people {
		people[i] = NewWriter(space, fmt.Sprintf("replica %d", i), fmt.Sprintf("person %d", i))
		views[i] = NewSpace()
	}
	var all []*merge.Change
	for len(all) < count {
		i := src.IntN(writers)
		for range src.IntN(4) {
			if len(all) > 0 {
				mustApply(views[i], all[src.IntN(len(all))])
			}
		}
		c := people[i].Seal(DrawSalt(src), int64(1+src.IntN(1000)), s.Draft(src, space, views[i])...)
		mustApply(views[i], c)
		all = append(all, c)
	}
	return all
}

// mustApply panics if a generated change does not apply: a record's type and
// header follow from its id here, so that would be a defect of the generator.
func mustApply(s *Space, c *merge.Change) {
	if _, err := s.Apply(c, 0, 0); err != nil {
		panic(err)
	}
}
