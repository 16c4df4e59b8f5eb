package mergetest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Fact is a change that a copy has applied, with the time at which home
// received it, in milliseconds since 1970; zero if home has not.
type Fact struct {
	Change   *merge.Change
	Received int64
}

// Oracle is the state of a space, computed from the whole set of changes at
// once and without regard to any order: what merging means.
type Oracle map[merge.RecordID]*oracleRecord

type oracleRecord struct {
	typeName, header string
	cells            map[merge.CellKey]*oracleCell
}

// oracleCell is a cell in readable form, so that a difference prints well.
type oracleCell struct {
	live    map[merge.ID]oracleValue
	missing map[merge.ID]bool
}

type oracleValue struct {
	at     int64
	author merge.PersonID
	data   string
}

// Recompute returns the state of the set: per cell, the values of its writes
// that no write names, and the names of what is not in the set.
func Recompute(facts []Fact) Oracle {
	applied := map[merge.ID]bool{}
	for _, f := range facts {
		applied[f.Change.ID] = true
	}
	state := Oracle{}
	for _, f := range facts {
		for i := range f.Change.Records {
			state.record(&f.Change.Records[i])
		}
	}
	eachWrite(facts, func(f Fact, rec *merge.RecordWrites, w *merge.Write) {
		cell := state.cell(rec, w.Cell)
		at := f.Change.Stamp
		if f.Received > 0 {
			at = min(at, f.Received)
		}
		cell.live[f.Change.ID] = oracleValue{at, f.Change.Author, string(w.Value)}
	})
	eachWrite(facts, func(_ Fact, rec *merge.RecordWrites, w *merge.Write) {
		cell := state.cell(rec, w.Cell)
		for _, named := range w.Replaces {
			delete(cell.live, named)
			if !applied[named] {
				cell.missing[named] = true
			}
		}
	})
	return state
}

// eachWrite calls visit for every write whose content was not purged.
func eachWrite(facts []Fact, visit func(f Fact, rec *merge.RecordWrites, w *merge.Write)) {
	for _, f := range facts {
		for r := range f.Change.Records {
			rec := &f.Change.Records[r]
			for w := range rec.Writes {
				if rec.Writes[w].Purged == nil {
					visit(f, rec, &rec.Writes[w])
				}
			}
		}
	}
}

// Erase takes out of a record all but the cells that stay.
func (o Oracle) Erase(record merge.RecordID, kept []uint32) {
	rule := merge.ErasureRule{Kept: kept}
	if r := o[record]; r != nil {
		maps.DeleteFunc(r.cells, func(key merge.CellKey, _ *oracleCell) bool { return !rule.Keeps(key.Field) })
	}
}

func (o Oracle) record(rec *merge.RecordWrites) *oracleRecord {
	r := o[rec.Record]
	if r == nil {
		r = &oracleRecord{rec.Type, string(rec.Header), map[merge.CellKey]*oracleCell{}}
		o[rec.Record] = r
	}
	return r
}

func (o Oracle) cell(rec *merge.RecordWrites, key merge.CellKey) *oracleCell {
	r := o.record(rec)
	if r.cells[key] == nil {
		r.cells[key] = &oracleCell{map[merge.ID]oracleValue{}, map[merge.ID]bool{}}
	}
	return r.cells[key]
}

// Diff tells how the records of a copy differ from the oracle; nil if they do
// not. It also holds the copy to the order that encodings rely on.
func (o Oracle) Diff(records []*merge.Record) error {
	got := Oracle{}
	for _, rec := range records {
		r := &oracleRecord{rec.Type, string(rec.Header), map[merge.CellKey]*oracleCell{}}
		for i, c := range rec.Cells {
			if i > 0 && rec.Cells[i-1].Key.Compare(c.Key) >= 0 {
				return fmt.Errorf("record %s: cells out of order", rec.ID)
			}
			cell, err := readCell(&c)
			if err != nil {
				return fmt.Errorf("record %s, cell %v: %w", rec.ID, c.Key, err)
			}
			r.cells[c.Key] = cell
		}
		got[rec.ID] = r
	}
	if reflect.DeepEqual(got, o) {
		return nil
	}
	return fmt.Errorf("the copy holds\n%swhere the set of its changes means\n%s", got, o)
}

func readCell(c *merge.Cell) (*oracleCell, error) {
	cell := &oracleCell{map[merge.ID]oracleValue{}, map[merge.ID]bool{}}
	for i, v := range c.Values {
		if i > 0 && c.Values[i-1].Change.Compare(v.Change) >= 0 {
			return nil, fmt.Errorf("values out of order")
		}
		cell.live[v.Change] = oracleValue{v.At, v.Author, string(v.Data)}
	}
	for i, id := range c.Missing {
		if i > 0 && c.Missing[i-1].Compare(id) >= 0 {
			return nil, fmt.Errorf("missing values out of order")
		}
		cell.missing[id] = true
	}
	return cell, nil
}

func (o Oracle) String() string {
	var text string
	for id, rec := range o {
		for _, key := range slices.SortedFunc(maps.Keys(rec.cells), merge.CellKey.Compare) {
			text += fmt.Sprintf("  %s %d %x:", id, key.Field, key.Element)
			for _, change := range slices.SortedFunc(maps.Keys(rec.cells[key].live), merge.ID.Compare) {
				v := rec.cells[key].live[change]
				text += fmt.Sprintf(" %s=%x at %d", change, v.data, v.at)
			}
			text += fmt.Sprintf(" missing %v\n", slices.SortedFunc(maps.Keys(rec.cells[key].missing), merge.ID.Compare))
		}
	}
	return text
}
