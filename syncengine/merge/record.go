package merge

import "slices"

// Record is the merged state of one record.
type Record struct {
	Type   string
	ID     RecordID
	Header []byte
	// Position is the position in the space's log of the last change that
	// touched the record; zero while none of them came from the home server.
	Position uint64
	// Erased says that the person whom the record is about was erased. The cells
	// in Kept stay, ascending, and the lifecycle cell; what is written to others
	// is not kept.
	Erased bool
	Kept   []uint32
	// Cells are sorted by key.
	Cells []Cell
}

// Cell holds the values of applied writes that no applied write has named as
// replaced.
type Cell struct {
	Key CellKey
	// Values are sorted by change. More than one *distinct* value is a
	// disagreement; none, only markers, means that all that was written is
	// replaced by something still on its way.
	Values []Value
	// Missing names the values, sorted, that an applied write has replaced
	// before they came. They are swallowed when they come.
	Missing []ID
}

// Value is a value that is live in a cell.
type Value struct {
	Change ID
	// At is the change's stamp, or the home server's time of receipt where that
	// is lower: a clock in the future gains nothing. Milliseconds since 1970.
	At     int64
	Author PersonID
	Data   []byte
}

// Cell returns the cell with this key, nil if nothing was ever written there.
func (r *Record) Cell(key CellKey) *Cell {
	i, ok := r.find(key)
	if !ok {
		return nil
	}
	return &r.Cells[i]
}

func (r *Record) find(key CellKey) (int, bool) {
	return slices.BinarySearchFunc(r.Cells, key, func(c Cell, k CellKey) int { return c.Key.Compare(k) })
}

// cellFor returns the cell with this key, made if need be.
func (r *Record) cellFor(key CellKey) *Cell {
	i, ok := r.find(key)
	if !ok {
		r.Cells = slices.Insert(r.Cells, i, Cell{Key: key})
	}
	return &r.Cells[i]
}

// Fits tells whether the writes name the record by its own type and header, as
// whatever is applied to it does.
func (r *Record) Fits(part *RecordWrites) bool {
	return r.Type == part.Type && string(r.Header) == string(part.Header)
}

// Clone returns a copy that shares no slice that Apply may change. Value data
// and headers are never changed in place, and are shared.
func (r *Record) Clone() *Record {
	values, missing := 0, 0
	for i := range r.Cells {
		values += len(r.Cells[i].Values)
		missing += len(r.Cells[i].Missing)
	}
	valueRoom, missingRoom := make([]Value, 0, values), make([]ID, 0, missing)
	clone := *r
	clone.Cells = slices.Clone(r.Cells)
	for i := range clone.Cells {
		c := &clone.Cells[i]
		c.Values, valueRoom = moved(c.Values, valueRoom)
		c.Missing, missingRoom = moved(c.Missing, missingRoom)
	}
	return &clone
}

// moved copies the list to the end of room; the copy cannot grow into what
// comes after it.
func moved[T any](list, room []T) (copied, rest []T) {
	start := len(room)
	room = append(room, list...)
	return room[start:len(room):len(room)], room
}

// Seen returns the changes whose values are live in the cell: what a write that
// has seen the cell as it stands replaces. The caller owns the slice.
func (c *Cell) Seen() []ID {
	if c == nil {
		return nil
	}
	ids := make([]ID, len(c.Values))
	for i := range c.Values {
		ids[i] = c.Values[i].Change
	}
	return ids
}

// Distinct returns the number of different values that are live in the cell.
func (c *Cell) Distinct() int {
	n := 0
	for i := range c.Values {
		if !slices.ContainsFunc(c.Values[:i], func(v Value) bool { return string(v.Data) == string(c.Values[i].Data) }) {
			n++
		}
	}
	return n
}

func (c *Cell) take(id ID) bool {
	i, ok := slices.BinarySearchFunc(c.Values, id, func(v Value, id ID) int { return v.Change.Compare(id) })
	if ok {
		c.Values = slices.Delete(c.Values, i, i+1)
	}
	return ok
}

func (c *Cell) put(v Value) {
	i, ok := slices.BinarySearchFunc(c.Values, v.Change, func(v Value, id ID) int { return v.Change.Compare(id) })
	if !ok {
		c.Values = slices.Insert(c.Values, i, v)
	}
}

func (c *Cell) mark(id ID) {
	i, ok := slices.BinarySearchFunc(c.Missing, id, ID.Compare)
	if !ok {
		c.Missing = slices.Insert(c.Missing, i, id)
	}
}

func (c *Cell) unmark(id ID) bool {
	i, ok := slices.BinarySearchFunc(c.Missing, id, ID.Compare)
	if ok {
		c.Missing = slices.Delete(c.Missing, i, i+1)
	}
	return ok
}
