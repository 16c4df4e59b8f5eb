package syncengine

import (
	"slices"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// eraserRows is a fold or a snapshot.
type eraserRows interface {
	Record(space merge.SpaceID, id merge.RecordID) (*merge.Record, error)
	Erasures(space merge.SpaceID) (*logv1.SpaceErasures, error)
}

// eraser tells what of the changes of a space is erased: what they write to
// records that were, and to those that are a person's who was.
type eraser struct {
	rows     eraserRows
	space    merge.SpaceID
	erasures []merge.Erasure
	// named are records that were found to be an erased person's and are not marked
	// in the state yet, with the cells that stay of them.
	named map[merge.RecordID][]uint32
	// renamed says that something was found: what was looked at before may be such a
	// record's.
	renamed bool
	// marked are those that are, as far as they were looked up; nil for the others.
	marked map[merge.RecordID]*merge.ErasureRule
	// stored is set where what is stored is purged. Then of changes that are merged
	// only what they write to marked records is: a record that named the person
	// once, and another since, is about the other.
	stored func(id merge.ID) (merged bool, err error)
}

// newEraser returns nil where nobody was erased, which is what most spaces have.
func newEraser(rows eraserRows, space merge.SpaceID) (*eraser, error) {
	stored, err := rows.Erasures(space)
	if err != nil || len(stored.GetErasures().GetErasures()) == 0 {
		return nil, err
	}
	list, err := wire.ErasuresFromProto(stored.Erasures)
	if err != nil {
		return nil, fault.New(fault.Damaged, "erasures of space %s: %w: the store is damaged; restore it from a backup", space, err)
	}
	e := &eraser{rows: rows, space: space, erasures: list, named: map[merge.RecordID][]uint32{}, marked: map[merge.RecordID]*merge.ErasureRule{}}
	if err := e.nameAll(stored.Awaited); err != nil {
		return nil, fault.New(fault.Damaged, "erasures of space %s: %w: the store is damaged; restore it from a backup", space, err)
	}
	return e, nil
}

// ofStored makes the eraser one of what is stored.
func (e *eraser) ofStored(known func(id merge.ID) (*store.Known, error)) *eraser {
	if e != nil {
		e.stored = func(id merge.ID) (bool, error) {
			k, err := known(id)
			return k != nil && k.Verdict.Merged(), err
		}
	}
	return e
}

// kept returns which cells stay of what a change writes to a record; false if
// nothing of it is erased.
func (e *eraser) kept(c *merge.Change, part *merge.RecordWrites) (kept []uint32, erased bool, err error) {
	mark, err := e.mark(part.Record)
	if err != nil {
		return nil, false, err
	}
	if mark != nil {
		return mark.Kept, true, nil
	}
	rules := e.concerning(part)
	_, erased = e.named[part.Record]
	if !erased && len(rules) == 0 {
		return nil, false, nil
	}
	if may, err := e.mayName(c); err != nil || !may {
		return nil, false, err
	}
	for _, rule := range rules {
		e.name(part.Record, rule.Kept)
	}
	return e.named[part.Record], true, nil
}

// concerning returns the rules by which what is written to a record is an erased
// person's.
func (e *eraser) concerning(part *merge.RecordWrites) (rules []*merge.ErasureRule) {
	for i := range e.erasures {
		if rule := e.erasures[i].ConcernsWrites(part); rule != nil {
			rules = append(rules, rule)
		}
	}
	return rules
}

// mark returns what stays of a record that is marked as erased, nil of any other.
func (e *eraser) mark(id merge.RecordID) (*merge.ErasureRule, error) {
	if mark, known := e.marked[id]; known {
		return mark, nil
	}
	rec, err := e.rows.Record(e.space, id)
	if err != nil {
		return nil, err
	}
	if e.marked[id] = nil; rec != nil && rec.Erased {
		e.marked[id] = &merge.ErasureRule{Kept: rec.Kept}
	}
	return e.marked[id], nil
}

// name notes that a record is an erased person's; of one that two of them share,
// what both let stay.
func (e *eraser) name(record merge.RecordID, kept []uint32) {
	before, named := e.named[record]
	if named {
		kept = merge.KeptByBoth(kept, before)
	}
	if !named || len(kept) < len(before) {
		e.named[record], e.renamed = kept, true
	}
}

// nameAll notes what was found before, as an entry of the log has it.
func (e *eraser) nameAll(erased []*syncv1.ErasedRecord) error {
	list, err := wire.ErasedFromProto(erased)
	for _, r := range list {
		e.name(r.Record, r.Kept)
	}
	return err
}

// mayName tells whether a change may say whose a record is.
func (e *eraser) mayName(c *merge.Change) (bool, error) {
	if e.stored == nil {
		return true, nil
	}
	merged, err := e.stored(c.ID)
	return !merged, err
}

// purging returns what decides, of the writes of these changes, which are
// purged; touched tells whether any of them is to an erased record, whichever of
// them says that it is.
func (e *eraser) purging(changes []*merge.Change) (purge func(rec *merge.RecordWrites, w *merge.Write) bool, touched bool, err error) {
	of := map[*merge.RecordWrites]merge.ErasureRule{}
	for e.renamed = true; e.renamed; {
		e.renamed = false
		for _, c := range changes {
			for i := range c.Records {
				kept, erased, err := e.kept(c, &c.Records[i])
				if err != nil {
					return nil, false, err
				}
				if erased {
					of[&c.Records[i]] = merge.ErasureRule{Kept: kept}
				}
			}
		}
	}
	return func(rec *merge.RecordWrites, w *merge.Write) bool {
		rule, erased := of[rec]
		return erased && !rule.Keeps(w.Cell.Field)
	}, len(of) > 0, nil
}

// namedIn lists the records of these changes that were found to be an erased
// person's, in the order in which the changes have them.
func (e *eraser) namedIn(changes []*merge.Change) (list []wire.ErasedRecord) {
	seen := map[merge.RecordID]bool{}
	for _, c := range changes {
		for i := range c.Records {
			id := c.Records[i].Record
			if kept, named := e.named[id]; named && !seen[id] {
				seen[id] = true
				list = append(list, wire.ErasedRecord{Record: id, Kept: kept})
			}
		}
	}
	return list
}

// left are the findings that are not about what is erased.
func left(findings []wire.Finding, erased []wire.ErasedRecord) []wire.Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f wire.Finding) bool {
		i := slices.IndexFunc(erased, func(r wire.ErasedRecord) bool { return r.Record == f.Record })
		return i >= 0 && isAboutErased(&f, erased[i].Kept)
	})
}

// isAboutErased tells whether a finding about a record is about a cell that does
// not stay.
func isAboutErased(f *wire.Finding, kept []uint32) bool {
	if f.Cause != wire.RuleFailed {
		return false
	}
	rule := merge.ErasureRule{Kept: kept}
	return f.Field != 0 && !rule.Keeps(f.Field) || slices.ContainsFunc(f.Fields, func(field uint32) bool { return !rule.Keeps(field) })
}
