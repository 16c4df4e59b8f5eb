package schema

import (
	"bytes"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// present is the value of an element that is in a set; a removed one has an
// empty value. Readers compare it only, and never write to it.
var present = []byte{1}

// Draft is a message on its way to become writes.
type Draft struct {
	// Record is the record's id: 16 random bytes for a new record of a type
	// without key. For a keyed type it follows from the key, and is left zero
	// or must be that.
	Record  merge.RecordID
	Message proto.Message
	// Fields says what is to be written: the cells of these fields, each of
	// them whole, empty if the message has nothing there; of a set field all
	// elements, so that others that are live are removed. Empty: the cells of
	// every populated field, and no element is removed.
	Fields []protoreflect.FieldNumber
	// Seal makes the value of a sealed cell of its content. Without it none is
	// written: whoever has no keys must not put a plain value there.
	Seal func(c *CellPlan, content []byte) ([]byte, error)
	// Open reads what is live in a sealed cell, so that the same content is not
	// sealed again. Without it, and where it fails, every content is another.
	Open Open
}

// Compose turns a draft into the writes that make a record hold what the draft
// says. It is the one place where a message becomes writes.
//
// current is the record as the author sees it, nil for a new one; each write
// replaces what is live there in its cell. A cell whose one value is already
// the wanted one is not written; one that disagrees always is, which settles
// it. So no write at all may be left for a record that exists; a new one gets
// at least a write to its lifecycle cell. When current is given and no key
// field of the message is set, the header is that of current.
//
// Fields of the message that the plan does not know are left alone in a record
// that exists, whose cells hold them; for a new record they are an error, since
// nobody here knows what belongs together. Errors are fault.Invalid.
func (p *Plan) Compose(space merge.SpaceID, current *merge.Record, d Draft) (merge.RecordWrites, error) {
	c, err := p.takeApart(d.Message)
	if err != nil {
		return merge.RecordWrites{}, err
	}
	w, err := p.identify(space, current, d, c)
	if err != nil {
		return merge.RecordWrites{}, err
	}
	if len(d.Fields) == 0 {
		w.Writes, err = p.writePopulated(current, c, &d)
	} else {
		w.Writes, err = p.writeNamed(current, c, &d)
	}
	if err != nil {
		return merge.RecordWrites{}, err
	}
	if current == nil && len(w.Writes) == 0 {
		w.Writes = []merge.Write{{Cell: merge.Lifecycle}}
	}
	return w, nil
}

// identify works out which record the draft is about.
func (p *Plan) identify(space merge.SpaceID, current *merge.Record, d Draft, c *content) (merge.RecordWrites, error) {
	w := merge.RecordWrites{Type: p.Name, Record: d.Record, Header: c.header}
	if current != nil && len(w.Header) == 0 {
		w.Header = current.Header
	}
	if err := p.CheckHeader(w.Header); err != nil {
		return w, err
	}
	if p.Keyed() {
		w.Record = merge.KeyedRecordID(space, p.Name, w.Header)
	} else if current != nil && w.Record == (merge.RecordID{}) {
		w.Record = current.ID
	}
	switch {
	case w.Record == (merge.RecordID{}):
		return w, fault.New(fault.Invalid, "%s: a new record needs an id: 16 random bytes", p.Name)
	case d.Record != (merge.RecordID{}) && d.Record != w.Record:
		return w, fault.New(fault.Invalid, "%s: the id does not follow from the key fields, which are written once: for another key make another record", p.Name)
	case current != nil && (current.ID != w.Record || current.Type != p.Name):
		return w, fault.New(fault.Invalid, "%s: the record to change is another one than the draft is about", p.Name)
	}
	return w, nil
}

func (p *Plan) writePopulated(current *merge.Record, c *content, d *Draft) (writes []merge.Write, err error) {
	if c.unknown && current == nil {
		return nil, fault.New(fault.Invalid, "%s: the message has fields that this version of the schema does not know, and cannot place in a new record: use a newer schema", p.Name)
	}
	writes = make([]merge.Write, 0, c.populated())
	for i := range p.cells {
		switch {
		case p.cells[i].Set:
			writes = p.appendElements(writes, current, i, c.elements[i], false)
		case c.values[i] != nil:
			if writes, err = p.appendValue(writes, current, i, c.values[i], d); err != nil {
				return nil, err
			}
		}
	}
	return writes, nil
}

func (p *Plan) writeNamed(current *merge.Record, c *content, d *Draft) (writes []merge.Write, err error) {
	named := make([]bool, len(p.cells))
	for _, number := range d.Fields {
		f := p.field(number)
		switch {
		case f == nil:
			return nil, p.fieldError(number, "the schema does not know it")
		case f.cell == keyField:
			return nil, p.fieldError(number, "a key field is written once, when the record begins: leave it out of the fields to write")
		}
		named[f.cell] = true
	}
	for i := range p.cells {
		switch {
		case !named[i]:
		case p.cells[i].Set:
			writes = p.appendElements(writes, current, i, c.elements[i], true)
		default:
			if writes, err = p.appendValue(writes, current, i, c.values[i], d); err != nil {
				return nil, err
			}
		}
	}
	return writes, nil
}

// appendValue appends the write that gives the cell this value, if one is needed.
func (p *Plan) appendValue(writes []merge.Write, current *merge.Record, cell int, value []byte, d *Draft) ([]merge.Write, error) {
	key := merge.CellKey{Field: p.cells[cell].Field}
	live := cellOf(current, key)
	if p.cells[cell].Sealed && len(value) > 0 {
		return p.appendSealed(writes, live, &p.cells[cell], value, d)
	}
	return appendWrite(writes, key, live, value), nil
}

// appendElements appends the writes by which the set holds these elements, and,
// if they are all of it, no others. Writes stay sorted by cell.
func (p *Plan) appendElements(writes []merge.Write, current *merge.Record, cell int, elements []string, all bool) []merge.Write {
	first := len(writes)
	field := p.cells[cell].Field
	for _, element := range elements {
		key := merge.CellKey{Field: field, Element: element}
		writes = appendWrite(writes, key, cellOf(current, key), present)
	}
	if all && current != nil {
		for i := range current.Cells {
			c := &current.Cells[i]
			if c.Key.Field == field && !slices.Contains(elements, c.Key.Element) {
				writes = appendWrite(writes, c.Key, c, nil)
			}
		}
	}
	slices.SortFunc(writes[first:], func(a, b merge.Write) int { return a.Cell.Compare(b.Cell) })
	return writes
}

func cellOf(current *merge.Record, key merge.CellKey) *merge.Cell {
	if current == nil {
		return nil
	}
	return current.Cell(key)
}

// appendWrite leaves the write out if the cell already is what it would be: its
// one value is the same, or there is nothing to clear.
func appendWrite(writes []merge.Write, key merge.CellKey, cell *merge.Cell, value []byte) []merge.Write {
	if cell == nil || len(cell.Values) == 0 {
		if len(value) == 0 {
			return writes
		}
		return append(writes, merge.Write{Cell: key, Value: value})
	}
	if bytes.Equal(cell.Values[0].Data, value) && cell.Distinct() == 1 {
		return writes
	}
	return append(writes, merge.Write{Cell: key, Value: value, Replaces: cell.Seen()})
}
