package sim

import (
	"bytes"
	"context"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// personIsErased erases a person at the server, of whom at times some fields
// stay.
func (d *doing) personIsErased() {
	space := d.space()
	d.witness.look()
	person, found := d.anybody(space)
	if !found {
		return
	}
	var keep map[string][]uint32
	if d.IntN(3) > 0 {
		keep = map[string][]uint32{typePerson: {1, 3}, typeVisit: {3, 5}, typeParcel: {2}}
	}
	_, err := d.home.engine.Erase(noCut, d.witness.person, space, person, keep)
	d.say("%s is erased from %s, keeping %v: %v", person, d.names[space], keep, err)
	switch kind := fault.KindOf(err); {
	case err == nil:
		d.tally.Erased++
	case d.home.isFull(): // it may have begun
		d.tally.Erased++
	case kind == fault.NotFound || kind == fault.Invalid: // nobody of that id, or some call a record a mistake
	default:
		d.must(err, "erase a person")
	}
}

// anybody is a person of whom there is a record, or whom others name.
func (d *doing) anybody(space merge.SpaceID) (merge.RecordID, bool) {
	if d.IntN(2) == 0 {
		return merge.RecordID(d.reference()), true
	}
	var people []merge.RecordID
	for _, rec := range d.witness.logs[space].state.Records() {
		if rec.Type == typePerson {
			people = append(people, rec.ID)
		}
	}
	if len(people) == 0 {
		return merge.RecordID{}, false
	}
	return people[d.IntN(len(people))], true
}

// isOfErased tells whether a change writes of somebody who was erased; one that a hub
// has purged does, though it says of whom no longer.
func (l *spaceLog) isOfErased(c *merge.Change) bool {
	for i := range c.Records {
		if slices.ContainsFunc(c.Records[i].Writes, func(w merge.Write) bool { return w.Purged != nil }) {
			return true
		}
		for j := range l.persons {
			if l.persons[j].ConcernsWrites(&c.Records[i]) != nil {
				return true
			}
		}
	}
	return false
}

// checkErased looks that no copy holds anything that was erased: not the server in
// its rows, its log and what it keeps back, and no tablet in its base, its views
// and the originals that it keeps.
func (f *fleet) checkErased() {
	checks := map[merge.SpaceID]*erasedCheck{}
	for _, space := range f.spaces {
		if f.failed == nil && len(f.witness.logs[space].erased) > 0 {
			checks[space] = f.erasedIn(space)
		}
	}
	if len(checks) == 0 {
		return
	}
	f.checkErasedLog("the server", f.home.engine, checks)
	f.checkErasedLog("the hub", f.hall.engine, checks)
	for _, space := range f.spaces {
		if c := checks[space]; c != nil {
			c.heldBack("the server", f.home.engine)
			c.heldBack("the hub", f.hall.engine)
			for _, t := range f.tablets {
				c.tablet(t)
			}
		}
	}
}

// erasedCheck is what must be held nowhere of a space.
type erasedCheck struct {
	*fleet
	space merge.SpaceID
	kept  map[merge.RecordID]merge.ErasureRule
}

// erasedIn reads which records the server says are erased, and looks at them.
func (f *fleet) erasedIn(space merge.SpaceID) *erasedCheck {
	c := &erasedCheck{f, space, map[merge.RecordID]merge.ErasureRule{}}
	_, err := f.home.engine.Records(space, func(rec *merge.Record) error {
		if rec.Erased {
			c.kept[rec.ID] = merge.ErasureRule{Kept: rec.Kept}
			c.record("the server", rec)
		}
		return nil
	})
	f.must(err, "read the rows of %s", f.names[space])
	for _, of := range f.witness.logs[space].erased {
		if _, erased := c.kept[of.Record]; !erased {
			f.fail("%s: record %s was erased at position %d, and is not any more", f.names[space], of.Record, of.position)
		}
	}
	return c
}

func (c *erasedCheck) record(who string, rec *merge.Record) {
	rule, erased := c.kept[rec.ID]
	for i := range rec.Cells {
		if cell := &rec.Cells[i]; erased && !rule.Keeps(cell.Key.Field) {
			c.fail("%s has field %d of record %s in %s, which was erased", who, cell.Key.Field, rec.ID, c.names[c.space])
		}
	}
}

func (c *erasedCheck) changes(who string, changes []*merge.Change, err error) {
	c.must(err, "read changes of %s", who)
	for _, change := range changes {
		for i := range change.Records {
			part := &change.Records[i]
			rule, erased := c.kept[part.Record]
			for j := range part.Writes {
				if w := &part.Writes[j]; erased && w.Purged == nil && !rule.Keeps(w.Cell.Field) {
					c.fail("%s has what change %s wrote to field %d of record %s in %s, which was erased", who, change.ID, w.Cell.Field, part.Record, c.names[c.space])
				}
			}
		}
	}
}

// checkErasedLog looks at a log as it lies there.
func (f *fleet) checkErasedLog(who string, e *syncengine.Engine, checks map[merge.SpaceID]*erasedCheck) {
	var file bytes.Buffer
	_, err := e.Backup(context.Background(), &file)
	f.must(err, "read the rows of %s", who)
	_, err = backup.Read(&file, func(key, value []byte) error {
		var entry logv1.Entry
		var body logv1.Push
		isHead := bytes.HasSuffix(key, make([]byte, 8))
		if key[0] != 'e' || isHead || len(value) == 0 || proto.Unmarshal(value, &entry) != nil || entry.Kind != logv1.EntryKind_ENTRY_KIND_PUSH {
			return nil
		}
		c := checks[merge.SpaceID(entry.SpaceId)]
		if c == nil {
			return nil
		}
		if err := proto.Unmarshal(entry.Body, &body); err != nil {
			return err
		}
		changes, err := wire.DecodeKeptBatch(c.space, body.Batch)
		c.changes(who, changes, err)
		return nil
	})
	f.must(err, "read the rows of %s", who)
}

// heldBack looks at the quarantine.
func (c *erasedCheck) heldBack(who string, e *syncengine.Engine) {
	err := e.HeldBack(c.space, merge.ID{}, func(change *merge.Change) bool {
		c.changes(who, []*merge.Change{change}, nil)
		return true
	})
	c.must(err, "read what %s keeps back", who)
}

func (c *erasedCheck) tablet(t *tablet) {
	beside, err := t.disk.beside()
	c.must(err, "open the register of %s", t)
	if err != nil {
		return
	}
	defer beside.Close()
	err = beside.Read(noCut, func(tx localstore.Tx) error {
		space, err := tx.Space(c.space)
		if err != nil || space == nil {
			return err
		}
		if err := c.rows(t, tx, space.N); err != nil {
			return err
		}
		return c.originals(t, tx, space.N)
	})
	c.must(err, "read the register of %s", t)
}

func (c *erasedCheck) rows(t *tablet, tx localstore.Tx, space int64) error {
	for id := range c.kept {
		row, err := tx.Record(space, id)
		if err != nil || row == nil {
			return err
		}
		for _, data := range [][]byte{row.Base, row.View} {
			if data == nil {
				continue
			}
			rec, err := merge.ParseRecord(id, data)
			if err != nil {
				return err
			}
			c.record(t.name, rec)
		}
	}
	return nil
}

func (c *erasedCheck) originals(t *tablet, tx localstore.Tx, space int64) error {
	one := func(kind string, content []byte) {
		change, err := wire.DecodeChange(c.space, content)
		if err == nil {
			c.changes(t.name+", of "+kind+" changes,", []*merge.Change{change}, nil)
		}
	}
	if err := tx.OwnChanges(space, func(_ int64, content []byte) error { one("its own", content); return nil }); err != nil {
		return err
	}
	relayed, err := tx.RelayedChanges(space)
	if err != nil {
		return err
	}
	for _, r := range relayed {
		content, err := tx.RelayedContent(r.N)
		if err != nil {
			return err
		}
		one("relayed", content)
	}
	return tx.CarriedBatches(space, func(carried localstore.Carried) error {
		changes, err := wire.DecodeKeptBatch(c.space, carried.Batch)
		c.changes(t.name+", of carried changes,", changes, err)
		return nil
	})
}
