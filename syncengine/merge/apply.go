package merge

import (
	"errors"
	"fmt"
)

// Rows is the state that [Apply] reads and writes: the records of one space.
type Rows interface {
	// Record returns the record for changing in place, nil if there is none.
	Record(id RecordID) (*Record, error)
	// Put keeps a record that Apply has made; those that Record returned need
	// no putting, and are in Effect.Touched.
	Put(rec *Record) error
	// Applied tells whether the change is in the set already applied.
	Applied(id ID) (bool, error)
}

// Effect is what applying a change did.
type Effect struct {
	// Touched are the records that changed, in the order of the change.
	Touched []*Record
	// Created are the records among them that were not there before.
	Created []RecordID
	// Missing are the replaced values that have not come: the change is flagged
	// until they do.
	Missing []MissingValue
}

// MissingValue is a value that a change replaces and that has not come.
type MissingValue struct {
	Record RecordID
	Cell   CellKey
	Change ID
}

// ErrTypeChanged says that a change names a record by another type or header
// than the record has. Who judges changes before they are applied keeps such a
// change out, since a record's id fixes both.
var ErrTypeChanged = errors.New("record id belongs to a record of another type or key")

// Apply puts the change into the state. The caller has made sure that it is
// well formed (see [Change.Check]) and not in the set already; afterwards it
// adds it to the set.
//
// received is the home server's time of receipt in milliseconds, zero while
// home has not confirmed the change. position is the change's place in home's
// log, zero likewise; a record whose row already reflects this position is
// left alone, so that rows may be fetched while the log goes on.
//
// A purged write puts nothing into the state, but it makes the record that it
// was made to: what refers to it goes on finding it, and what its history says
// of positions stays. Its change is in the set, so nothing waits for it any
// longer. What is written to a cell that was erased is like it.
//
// After [ErrTypeChanged] the state is as it was. After an error of rows it may
// hold part of the change, and must be dropped.
//
// Bytes of the change are kept by the records: the caller must not alter them.
func Apply(rows Rows, c *Change, received int64, position uint64) (Effect, error) {
	found, err := lookUp(rows, c)
	if err != nil {
		return Effect{}, err
	}
	a := application{rows: rows, change: c, at: c.Stamp, position: position}
	if received != 0 && received < a.at {
		a.at = received
	}
	a.effect.Touched = found[:0] // which never gets ahead of the loop
	for i, rec := range found {
		if err := a.applyRecord(rec, &c.Records[i]); err != nil {
			return Effect{}, err
		}
	}
	return a.effect, nil
}

// lookUp returns the records that the change writes to, nil for those that are
// not there yet.
func lookUp(rows Rows, c *Change) ([]*Record, error) {
	found := make([]*Record, len(c.Records))
	for i := range c.Records {
		part := &c.Records[i]
		rec, err := rows.Record(part.Record)
		if err != nil {
			return nil, err
		}
		if rec != nil && !rec.Fits(part) {
			return nil, fmt.Errorf("change %s, record %s: %w", c.ID, part.Record, ErrTypeChanged)
		}
		found[i] = rec
	}
	return found, nil
}

// application is one call of Apply.
type application struct {
	rows     Rows
	change   *Change
	at       int64
	position uint64
	effect   Effect
	room     []Value // for the first values of a new record's cells, in one piece
}

func (a *application) applyRecord(rec *Record, part *RecordWrites) error {
	switch {
	case rec == nil && len(part.Writes) == 0:
		return nil
	case rec == nil:
		rec = &Record{Type: part.Type, ID: part.Record, Header: part.Header, Cells: make([]Cell, 0, len(part.Writes))}
		a.room = make([]Value, len(part.Writes))
		a.effect.Created = append(a.effect.Created, rec.ID)
		if err := a.rows.Put(rec); err != nil {
			return err
		}
	case a.position != 0 && rec.Position >= a.position:
		return nil
	}
	rec.Position = max(rec.Position, a.position)
	a.effect.Touched = append(a.effect.Touched, rec)
	for i := range part.Writes {
		if err := a.applyWrite(rec, &part.Writes[i]); err != nil {
			return err
		}
	}
	for i := range part.Writes {
		if isPurged(part.Writes[i]) {
			rec.unmarkAll(part.Writes[i].Cell.Field, a.change.ID)
		}
	}
	return nil
}

// applyWrite is the merging of one cell.
func (a *application) applyWrite(rec *Record, w *Write) error {
	if isPurged(*w) || !rec.Keeps(w.Cell.Field) {
		return nil
	}
	cell := rec.cellFor(w.Cell)
	for _, replaced := range w.Replaces {
		if cell.take(replaced) {
			continue
		}
		applied, err := a.rows.Applied(replaced)
		if err != nil {
			return err
		}
		if applied {
			continue
		}
		cell.mark(replaced)
		a.effect.Missing = append(a.effect.Missing, MissingValue{Record: rec.ID, Cell: w.Cell, Change: replaced})
	}
	if cell.unmark(a.change.ID) {
		return nil
	}
	if cell.Values == nil && len(a.room) > 0 {
		cell.Values, a.room = a.room[:0:1], a.room[1:]
	}
	cell.put(Value{Change: a.change.ID, At: a.at, Author: a.change.Author, Data: w.Value})
	return nil
}

// unmarkAll takes out the markers that await the change in any cell of a field.
// Which element of a set a purged write was about is no longer known; but what the
// change's other writes had to take is taken already, so what is left awaits the
// purged ones.
func (r *Record) unmarkAll(field uint32, change ID) {
	for i := range r.Cells {
		if r.Cells[i].Key.Field == field {
			r.Cells[i].unmark(change)
		}
	}
}
