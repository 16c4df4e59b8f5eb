package clientsdk

import (
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// part is what a transaction writes to one record.
type part struct {
	plan *schema.Plan
	held *held
	// current is the record before the transaction, nil if it is new.
	current *merge.Record
	header  []byte
	// writes are in the order of their cells, each cell once.
	writes []merge.Write
	// unkept are cells that were to be written and are not kept: the person was
	// erased.
	unkept []uint32
	// preview is the record with the writes on it, under an identity that the
	// change will not have; nil as long as there are none.
	preview *merge.Record
}

// now returns the record as the transaction sees it, nil if there is none.
func (p *part) now() *merge.Record {
	if p.preview != nil {
		return p.preview
	}
	return p.current
}

// part returns what the transaction writes to the record, which must be of the
// plan's type if it is there.
func (tx *Tx) part(plan *schema.Plan, id merge.RecordID) (*part, error) {
	if p := tx.byRecord[id]; p != nil {
		return p, p.checkType(plan)
	}
	h, err := tx.w.hold(id)
	if err != nil {
		return nil, err
	}
	p := &part{plan: plan, held: h, current: h.shown}
	if err := p.checkType(plan); err != nil {
		return nil, err
	}
	tx.byRecord[id] = p
	tx.parts = append(tx.parts, p)
	return p, nil
}

func (p *part) checkType(plan *schema.Plan) error {
	if p.plan != plan || p.current != nil && p.current.Type != plan.Name {
		return fault.New(fault.Invalid, "record %s is not of type %s", p.held.row.ID, plan.Name)
	}
	return nil
}

// before is the identity under which a transaction sees its own writes. The
// hash, and so the tag, is known only when all is written.
func (tx *Tx) before() merge.ID {
	return merge.ID{Replica: tx.w.space.Chain.Replica, Seq: tx.w.space.Chain.LastSeq + 1}
}

// add joins writes to what the transaction writes to the record already.
func (tx *Tx) add(p *part, more merge.RecordWrites) error {
	if p.voids() {
		return fault.New(fault.Invalid, "the transaction calls the record a mistake, and an edit says that it is meant: do one of the two")
	}
	p.header = more.Header
	for _, w := range more.Writes {
		if p.current != nil && !p.current.Keeps(w.Cell.Field) {
			p.unkept = append(p.unkept, w.Cell.Field)
			continue
		}
		tx.addWrite(p, w)
	}
	if len(p.writes) == 0 {
		return nil
	}
	c := &merge.Change{ID: tx.before(), Stamp: tx.stamp, Author: tx.register.options.Author}
	preview, err := overlaid(p.current, c, &merge.RecordWrites{Type: p.plan.Name, Record: p.held.row.ID, Header: p.header, Writes: p.writes})
	p.preview = preview
	return err
}

// addWrite adds one write. Where the transaction has written the cell before,
// the new value takes the place of the old one, and replaces what that did. A
// write replaces no more than one may: the values that are left go on
// disagreeing, and another write settles them.
func (tx *Tx) addWrite(p *part, w merge.Write) {
	w.Replaces = slices.DeleteFunc(w.Replaces, func(id merge.ID) bool { return id == tx.before() })
	i, found := slices.BinarySearchFunc(p.writes, w.Cell, func(w merge.Write, key merge.CellKey) int { return w.Cell.Compare(key) })
	if !found {
		p.writes = slices.Insert(p.writes, i, w)
	} else {
		w.Replaces = append(w.Replaces, p.writes[i].Replaces...)
		slices.SortFunc(w.Replaces, merge.ID.Compare)
		w.Replaces = slices.Compact(w.Replaces)
		p.writes[i] = w
	}
	if replaces := &p.writes[i].Replaces; len(*replaces) > limits.Replaces {
		*replaces = (*replaces)[:limits.Replaces]
	}
}

// voids tells whether the transaction calls the record a mistake.
func (p *part) voids() bool {
	return len(p.writes) > 0 && p.writes[0].Cell == merge.Lifecycle && len(p.writes[0].Value) > 0
}
