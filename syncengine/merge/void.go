package merge

import (
	"encoding/binary"
	"errors"
	"slices"
)

// VoidList is what a lifecycle cell holds when somebody called the record
// entered by mistake: the changes whose values that person saw in the record,
// sorted, without repetition. The record is hidden while every live value is on
// a list, so an edit that nobody of them had seen keeps it alive.
//
// A lifecycle cell with an empty value says that the record is meant. That is
// not the list of nothing, which voids a record that holds no values.
type VoidList []ID

// Standing is what the lifecycle cell makes of a record.
type Standing uint8

// The standings of a record.
const (
	Active    Standing = iota // nobody calls it a mistake
	Void                      // entered by mistake; hidden
	Contested                 // called a mistake by somebody who had not seen all of it; shown
)

// String names the standing.
func (s Standing) String() string { return [...]string{"active", "void", "contested"}[s] }

var errVoidList = errors.New("void list is not a list of change identities")

// LiveChanges returns, sorted and without repetition, the changes whose values
// are live in the record outside its lifecycle cell: what a void that has seen
// the record lists.
func (r *Record) LiveChanges() VoidList {
	var ids VoidList
	for i := range r.Cells {
		if r.Cells[i].Key != Lifecycle {
			ids = append(ids, r.Cells[i].Seen()...)
		}
	}
	slices.SortFunc(ids, ID.Compare)
	return slices.Compact(ids)
}

// Standing tells whether the record was entered by mistake.
func (r *Record) Standing() Standing {
	listed, voided := r.listed()
	if !voided {
		return Active
	}
	for i := range r.Cells {
		if r.Cells[i].Key != Lifecycle && !r.Cells[i].allIn(listed) {
			return Contested
		}
	}
	return Void
}

// allIn tells whether all values of the cell come from these changes, which are
// sorted.
func (c *Cell) allIn(changes []ID) bool {
	for i := range c.Values {
		if _, found := slices.BinarySearchFunc(changes, c.Values[i].Change, ID.Compare); !found {
			return false
		}
	}
	return true
}

// listed returns, sorted, what all void lists of the record hold together, and
// whether there is one. A value that is no list hides nothing.
func (r *Record) listed() (listed VoidList, voided bool) {
	cell := r.Cell(Lifecycle)
	if cell == nil {
		return nil, false
	}
	for i := range cell.Values {
		if len(cell.Values[i].Data) == 0 {
			continue
		}
		if list, err := ParseVoidList(cell.Values[i].Data); err == nil {
			voided = true
			listed = append(listed, list...)
		}
	}
	slices.SortFunc(listed, ID.Compare)
	return listed, voided
}

// Encode returns the list as the value of a lifecycle cell. It is never empty.
func (l VoidList) Encode() []byte {
	buf := binary.AppendUvarint(nil, uint64(len(l)))
	for _, id := range l {
		buf = appendID(buf, id)
	}
	return buf
}

// ParseVoidList reads what [VoidList.Encode] wrote. Empty data, by which a
// record is meant, gives an empty list too.
func ParseVoidList(data []byte) (VoidList, error) {
	if len(data) == 0 {
		return nil, nil
	}
	p := parser{data: data}
	list := p.ids()
	if p.failed || len(p.data) != 0 {
		return nil, errVoidList
	}
	return list, nil
}
