package merge_test

import (
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

func toVectorID(id merge.ID) vectorID { return vectorID{id.Replica[:], id.Seq, id.Tag[:]} }

func (v vectorID) id() merge.ID {
	return merge.ID{Replica: merge.ReplicaID(v.Replica), Seq: v.Seq, Tag: merge.Tag(v.Tag)}
}

func toVectorIDs(ids []merge.ID) []vectorID {
	list := make([]vectorID, len(ids))
	for i, id := range ids {
		list[i] = toVectorID(id)
	}
	return list
}

func fromVectorIDs(list []vectorID) (ids []merge.ID) {
	for _, v := range list {
		ids = append(ids, v.id())
	}
	return ids
}

func toVectorChange(c *merge.Change) vectorChange {
	v := vectorChange{
		Replica: c.ID.Replica[:], Seq: c.ID.Seq, StampMillis: c.Stamp, Author: c.Author[:],
		Hash: c.Hash[:], Tag: c.ID.Tag[:], Previous: c.Previous[:], Salt: c.Salt[:],
	}
	for _, rec := range c.Records {
		r := vectorRecordWrites{Type: rec.Type, Record: rec.Record[:], Header: rec.Header, Writes: []vectorWrite{}}
		for _, w := range rec.Writes {
			write := vectorWrite{Field: w.Cell.Field, Element: hexBytes(w.Cell.Element), Value: w.Value, Replaces: toVectorIDs(w.Replaces)}
			if w.Salt != nil {
				write.Salt = w.Salt[:]
			}
			if w.Purged != nil {
				write.Purged = w.Purged[:]
			}
			r.Writes = append(r.Writes, write)
		}
		v.Records = append(v.Records, r)
	}
	v.WriteHashes = layoutWriteHashes(&v)
	return v
}

func (v *vectorChange) change() *merge.Change {
	c := &merge.Change{
		ID:   merge.ID{Replica: merge.ReplicaID(v.Replica), Seq: v.Seq, Tag: merge.Tag(v.Tag)},
		Hash: merge.Hash(v.Hash), Previous: merge.Hash(v.Previous), Stamp: v.StampMillis,
		Author: merge.PersonID(v.Author), Salt: merge.Salt(v.Salt),
	}
	for _, r := range v.Records {
		rec := merge.RecordWrites{Type: r.Type, Record: merge.RecordID(r.Record), Header: r.Header}
		for _, w := range r.Writes {
			write := merge.Write{Cell: merge.CellKey{Field: w.Field, Element: string(w.Element)}, Value: w.Value, Replaces: fromVectorIDs(w.Replaces)}
			if w.Salt != nil {
				own := merge.Salt(w.Salt)
				write.Salt = &own
			}
			if w.Purged != nil {
				hash := merge.Hash(w.Purged)
				write.Purged = &hash
			}
			rec.Writes = append(rec.Writes, write)
		}
		c.Records = append(c.Records, rec)
	}
	return c
}

func toVectorRecord(rec *merge.Record) *vectorRecord {
	digest := rec.Digest()
	v := &vectorRecord{
		vectorRow: vectorRow{Record: rec.ID[:], Row: merge.AppendRecord(nil, rec)},
		Type:      rec.Type, Standing: rec.Standing().String(), Digest: digest[:],
	}
	for i := range rec.Cells {
		c := &rec.Cells[i]
		cell := vectorCell{Field: c.Key.Field, Element: hexBytes(c.Key.Element), Values: []vectorValue{}, Missing: toVectorIDs(c.Missing), Distinct: c.Distinct()}
		for _, value := range c.Values {
			cell.Values = append(cell.Values, vectorValue{toVectorID(value.Change), value.At, value.Author[:], value.Data})
		}
		cell.Latest, cell.Earliest = shownID(c, merge.Rule{}), shownID(c, merge.Rule{Pick: merge.Earliest})
		cell.PresentFirst = shownID(c, merge.PresentFirst)
		v.Cells = append(v.Cells, cell)
	}
	return v
}

func shownID(c *merge.Cell, rule merge.Rule) *vectorID {
	shown, ok := c.Shown(rule)
	if !ok {
		return nil
	}
	id := toVectorID(shown.Change)
	return &id
}

// play applies what the case says and returns the space it ends with.
func (v *vectorCase) play(t failer) *mergetest.Space {
	t.Helper()
	s := mergetest.NewSpace()
	for _, start := range v.Start {
		rec, err := merge.ParseRecord(merge.RecordID(start.Record), slices.Clone(start.Row))
		if err != nil {
			t.Fatalf("%s: start: %v", v.Name, err)
		}
		_ = s.Put(rec)
	}
	for _, a := range v.Apply {
		c := v.Changes[a.Change].change()
		var err error
		if a.Following {
			var missing []merge.MissingValue
			for _, id := range fromVectorIDs(a.Missing) {
				missing = append(missing, merge.MissingValue{Change: id})
			}
			_, err = s.Follow(c, a.ReceivedMillis, a.Position, missing)
		} else {
			_, err = s.Apply(c, a.ReceivedMillis, a.Position)
		}
		if err != nil {
			t.Fatalf("%s: apply %s: %v", v.Name, c.ID, err)
		}
	}
	return s
}
