package merge_test

import (
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func rejections() *rejectedVectors {
	r := &rejectedVectors{Chains: rejectedChains()}
	for _, s := range spellings() {
		if !s.ok {
			r.Rows = append(r.Rows, rejectedBytes{s.name, s.row})
		}
	}
	low, high := merge.ID{Seq: 1}, merge.ID{Seq: 2}
	r.VoidLists = []rejectedBytes{
		{"out of order", merge.VoidList{high, low}.Encode()},
		{"named twice", merge.VoidList{low, low}.Encode()},
		{"cut off", merge.VoidList{low}.Encode()[:20]},
		{"a byte too many", append(merge.VoidList{low}.Encode(), 0)},
	}
	return r
}

// rejectedChains are two changes of one replica each, of which the second has
// the defect that the name says, and no other.
func rejectedChains() []*rejectedChain {
	name, phone := merge.Write{Cell: nameCell, Value: []byte("Olha")}, merge.Write{Cell: phoneCell, Value: []byte("044")}
	element := merge.Write{Cell: merge.CellKey{Field: 7, Element: "\x3a\x03tea"}, Value: []byte{1}}
	replacing := func(ids ...merge.ID) merge.RecordWrites {
		return on(visit, merge.Write{Cell: nameCell, Replaces: ids})
	}
	unaltered := func(*merge.Change) {}
	high := merge.Write{Cell: merge.CellKey{Field: merge.MaxField + 1}}
	return []*rejectedChain{
		chain("value altered on the way", "false hash", func(c *merge.Change) { c.Records[0].Writes[0].Value = []byte("Olga") }, on(visit, name)),
		chain("stamp altered on the way", "false hash", func(c *merge.Change) { c.Stamp++ }, on(visit, name)),
		chain("tag is not the start of the hash", "false hash", func(c *merge.Change) { c.ID.Tag[0]++ }, on(visit, name)),
		chain("another change before it", "broken chain", func(c *merge.Change) { c.Previous[0]++; c.Seal(testSpace) }, on(visit, name)),
		chain("a sequence number left out", "gap", func(c *merge.Change) { c.ID.Seq++; c.Seal(testSpace) }, on(visit, name)),
		chain("a record twice", "malformed", unaltered, on(visit, name), on(visit, phone)),
		chain("a record without writes", "malformed", unaltered, on(visit, name), on(keyedVisit)),
		chain("cells out of order", "malformed", unaltered, on(visit, phone, name)),
		chain("a cell twice", "malformed", unaltered, on(visit, name, name)),
		chain("a field above protobuf's", "malformed", unaltered, on(visit, high)),
		chain("an element of the lifecycle cell", "malformed", unaltered, on(visit, merge.Write{Cell: merge.CellKey{Element: "a"}})),
		chain("replaced values out of order", "malformed", unaltered, replacing(merge.ID{Seq: 2}, merge.ID{Seq: 1})),
		chain("a replaced value twice", "malformed", unaltered, replacing(merge.ID{Seq: 1}, merge.ID{Seq: 1})),
		chain("no salt", "malformed", func(c *merge.Change) { c.Salt = merge.Salt{}; c.Seal(testSpace) }, on(visit, name)),
		chain("purged, and yet with a salt", "malformed", func(c *merge.Change) { c.Purge(everything); c.Salt = salt }, on(visit, name)),
		chain("purged, and yet with its element", "malformed", func(c *merge.Change) {
			c.Purge(everything)
			c.Records[0].Writes[0].Cell = element.Cell
		}, on(visit, element)),
	}
}

func chain(name, defect string, alter func(*merge.Change), records ...merge.RecordWrites) *rejectedChain {
	a := anna()
	first, second := put(a, nameCell, "Olha"), a.Seal(salt, noon, records...)
	alter(second)
	return &rejectedChain{
		Name: name, Space: testSpace[:], At: 1, Defect: defect,
		Changes: []vectorChange{toVectorChange(first), toVectorChange(second)},
	}
}
