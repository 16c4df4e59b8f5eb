package sim

import (
	"slices"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// recordIsDamaged alters what a tablet has stored of one record, as storage does
// that fails. The next complete sync mends it.
func (d *doing) recordIsDamaged() {
	t, space := d.tablet, d.space()
	if t.busy { // its sync may have compared already
		return
	}
	beside, err := t.disk.beside()
	if err != nil {
		d.fail("open the store of %s: %w", t, err)
		return
	}
	defer beside.Close()
	said := ""
	err = beside.Write(noCut, func(tx localstore.Tx) error {
		held, err := tx.Space(space)
		if err != nil {
			return err
		}
		ids, err := tx.RecordIDs(held.N)
		if err != nil || len(ids) == 0 {
			return err
		}
		rec, err := tx.Record(held.N, ids[d.IntN(len(ids))])
		if err != nil || rec.Base == nil {
			return err
		}
		said, err = d.damages(tx, held.N, rec)
		return err
	})
	d.must(err, "damage a record of %s", t)
	if said != "" {
		d.tally.Damaged++
		t.damaged[space] = true
		d.say("%s: a record of %s %s", t, d.names[space], said)
	}
}

// damages damages a record that home has delivered. What people would stumble
// over at once, rows that nobody can read and records that never were, is for
// tests of the register.
func (d *doing) damages(tx localstore.Tx, space int64, rec *localstore.Record) (said string, err error) {
	if d.IntN(2) == 0 {
		return "is gone", tx.Erase(space, []merge.RecordID{rec.ID})
	}
	parsed, err := merge.ParseRecord(rec.ID, rec.Base)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(parsed.Cells, func(c merge.Cell) bool { return len(c.Values) > 0 })
	if i < 0 {
		return "", nil
	}
	parsed.Cells[i].Values = parsed.Cells[i].Values[1:]
	rec.Base = merge.AppendRecord(nil, parsed)
	return "has lost a value", tx.SaveRecord(space, rec)
}
