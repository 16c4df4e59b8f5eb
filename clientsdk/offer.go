package clientsdk

import (
	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// lacking is what a copy has and home does not: the changes of which it has
// values, and records of which nobody can read what they hold.
type lacking struct {
	changes map[merge.ID]bool
	records map[merge.RecordID]bool
}

// has tells whether a change may be what home lacks.
func (l *lacking) has(c *merge.Change) bool {
	if l.changes[c.ID] {
		return true
	}
	for i := range c.Records {
		if l.records[c.Records[i].Record] {
			return true
		}
	}
	return false
}

// offerLacking makes the originals of what home lacks go up, own ones and those
// that are carried for others, each record's once: if home still lacks it then,
// it was never anybody's. A damaged value goes under the name of a change that
// home has, and brings nothing up.
func (m *mending) offerLacking(f *follower) (offered bool, err error) {
	lacks := lacking{map[merge.ID]bool{}, map[merge.RecordID]bool{}}
	for _, d := range m.damaged {
		if m.repair.offered[d.id] {
			continue
		}
		if m.repair.offered == nil {
			m.repair.offered = make(map[merge.RecordID]bool)
		}
		m.repair.offered[d.id] = true
		if err := lacks.add(f, d.id, m.rows[d.id]); err != nil {
			return false, err
		}
	}
	if len(lacks.changes)+len(lacks.records) == 0 {
		return false, nil
	}
	own, err := f.offerOwn(&lacks)
	if err != nil {
		return false, err
	}
	carried, err := f.offerCarried(&lacks)
	return own || carried, err
}

// add notes what the base has of a record and home's row has not.
func (l *lacking) add(f *follower, id merge.RecordID, home *merge.Record) error {
	row, err := f.tx.Record(f.space.N, id)
	if err != nil || row == nil || row.Base == nil {
		return err
	}
	rec, err := merge.ParseRecord(id, row.Base)
	if err != nil {
		if home == nil {
			l.records[id] = true
		}
		return nil
	}
	has := changesOf(home)
	for change := range changesOf(rec) {
		if !has[change] {
			l.changes[change] = true
		}
	}
	return nil
}

// changesOf returns the changes that have values live in a record.
func changesOf(rec *merge.Record) map[merge.ID]bool {
	changes := make(map[merge.ID]bool)
	if rec == nil {
		return changes
	}
	for i := range rec.Cells {
		for j := range rec.Cells[i].Values {
			changes[rec.Cells[i].Values[j].Change] = true
		}
	}
	return changes
}

// offerOwn is offerAll of some changes.
func (w *workspace) offerOwn(lacks *lacking) (offered bool, err error) {
	var names []int64
	err = w.tx.OwnChanges(w.space.N, func(n int64, content []byte) error {
		c, err := decodeOwn(w.space.ID, content)
		if err == nil && lacks.has(c) {
			names = append(names, n)
		}
		return nil // what nobody can read cannot be sent
	})
	for _, n := range names {
		if err == nil {
			err = w.tx.Reopen(n, uint8(wire.Dismissed))
		}
	}
	return len(names) > 0, err
}

func (w *workspace) offerCarried(lacks *lacking) (offered bool, err error) {
	var names []int64
	err = w.tx.CarriedBatches(w.space.N, func(c localstore.Carried) error {
		changes, err := wire.DecodeKeptBatch(w.space.ID, c.Batch)
		if err != nil {
			return nil // nor can this
		}
		for _, change := range changes {
			if lacks.has(change) {
				names = append(names, c.N)
				break
			}
		}
		return nil
	})
	for _, n := range names {
		if err == nil {
			err = w.tx.Offer(n)
		}
	}
	return len(names) > 0, err
}
