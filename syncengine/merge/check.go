package merge

import (
	"errors"
	"fmt"
)

// ErrMalformedChange says that a change is not in the form on which hashing,
// applying and the encoding of records rely. Sending it again does not help.
var ErrMalformedChange = errors.New("malformed change")

// MaxField is the highest field number of a cell: protobuf's own bound.
const MaxField = 1<<29 - 1

// Check tells whether the change has its one form: what does not come from this
// program passes it before it is applied. A change's hash covers the sequence
// of its writes and not how they are grouped, so that a second form would be a
// second meaning under the same hash. Errors wrap [ErrMalformedChange].
func (c *Change) Check() error {
	if err := c.check(); err != nil {
		return fmt.Errorf("change %s: %w: %w", c.ID, ErrMalformedChange, err)
	}
	return nil
}

func (c *Change) check() error {
	if c.ID.Seq == 0 {
		return errors.New("sequence number 0; the first is 1")
	}
	if first := c.ID.Seq == 1; first != (c.Previous == Hash{}) {
		return fmt.Errorf("sequence number %d with previous hash %x; the first change has none, every other has one", c.ID.Seq, c.Previous[:4])
	}
	if len(c.Records) == 0 {
		return errors.New("writes no record")
	}
	seen := make(map[RecordID]bool, len(c.Records))
	for i := range c.Records {
		rec := &c.Records[i]
		if seen[rec.Record] {
			return fmt.Errorf("record %s: stands twice", rec.Record)
		}
		seen[rec.Record] = true
		if err := rec.check(); err != nil {
			return fmt.Errorf("record %s: %w", rec.Record, err)
		}
	}
	return c.checkSalts()
}

func (rec *RecordWrites) check() error {
	if rec.Type == "" {
		return errors.New("has no type")
	}
	if len(rec.Writes) == 0 {
		return errors.New("no cell is written")
	}
	last := -1 // of the writes that were not purged
	for i := range rec.Writes {
		w := &rec.Writes[i]
		if err := w.check(); err != nil {
			return fmt.Errorf("field %d: %w", w.Cell.Field, err)
		}
		if i > 0 && rec.Writes[i-1].Cell.Field > w.Cell.Field {
			return fmt.Errorf("field %d: cells out of order", w.Cell.Field)
		}
		if w.Purged != nil {
			continue
		}
		if last >= 0 && rec.Writes[last].Cell.Compare(w.Cell) >= 0 {
			return fmt.Errorf("field %d: cells out of order or written twice", w.Cell.Field)
		}
		last = i
	}
	return nil
}

func (w *Write) check() error {
	if w.Cell.Field > MaxField {
		return fmt.Errorf("no field has a number above %d", MaxField)
	}
	if w.Cell.Field == Lifecycle.Field && w.Cell.Element != "" {
		return errors.New("the lifecycle cell has no elements")
	}
	if w.Purged != nil && (w.Cell.Element != "" || len(w.Value) > 0 || len(w.Replaces) > 0 || w.Salt != nil) {
		return errors.New("a purged write has nothing but its field and its hash")
	}
	for i, id := range w.Replaces {
		if id.Seq == 0 {
			return errors.New("replaces a change with sequence number 0; the first is 1")
		}
		if i > 0 && w.Replaces[i-1].Compare(id) >= 0 {
			return errors.New("replaced values out of order or named twice")
		}
	}
	return nil
}

// checkSalts holds the change to one of its two forms: as written, with a salt
// of its own and nothing purged, or purged, with a salt in each write that is
// left.
func (c *Change) checkSalts() error {
	whole, purged := c.Salt != Salt{}, false
	for i := range c.Records {
		for j := range c.Records[i].Writes {
			w := &c.Records[i].Writes[j]
			purged = purged || w.Purged != nil
			switch {
			case whole && (w.Purged != nil || w.Salt != nil):
				return errors.New("a change with a salt of its own has no purged write, and no write with a salt")
			case !whole && w.Purged == nil && w.Salt == nil:
				return errors.New("a write without a salt in a change without a salt")
			}
		}
	}
	if !whole && !purged {
		return errors.New("no salt, although nothing was purged")
	}
	return nil
}
