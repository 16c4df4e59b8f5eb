package merge_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

func TestWhatIsWrittenIsWellFormed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, f := range drawHistory(draws{t}) {
			if err := f.Change.Check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestMalformedChanges(t *testing.T) {
	hash, own := merge.Hash{1}, merge.Salt{2}
	purged := merge.Write{Cell: merge.CellKey{Field: 7}, Purged: &hash}
	element := func(e string) merge.CellKey { return merge.CellKey{Field: 7, Element: e} }
	writes := func(list ...merge.Write) []merge.RecordWrites { return []merge.RecordWrites{on(visit, list...)} }
	replacing := func(ids ...merge.ID) []merge.RecordWrites {
		return writes(merge.Write{Cell: nameCell, Replaces: ids})
	}
	for _, c := range []struct {
		name    string
		ok      bool
		records []merge.RecordWrites
		alter   func(c *merge.Change)
	}{
		{"two elements and a field", true, writes(merge.Write{Cell: nameCell}, merge.Write{Cell: element("a")}, merge.Write{Cell: element("b")}), nil},
		{"replaces in order", true, replacing(merge.ID{Seq: 1}, merge.ID{Seq: 1, Tag: merge.Tag{1}}, merge.ID{Seq: 2}), nil},
		{"purged elements beside one that is left", true, writes(purged, merge.Write{Cell: element("b"), Salt: &own}, purged), func(c *merge.Change) { c.Salt = merge.Salt{} }},
		{"highest field", true, writes(merge.Write{Cell: merge.CellKey{Field: merge.MaxField}}), nil},
		{"second of its replica", true, replacing(), func(c *merge.Change) { c.ID.Seq, c.Previous = 2, hash }},

		{"no record", false, nil, nil},
		{"a record twice", false, []merge.RecordWrites{on(visit, merge.Write{Cell: nameCell}), on(visit, merge.Write{Cell: phoneCell})}, nil},
		{"a record without writes", false, writes(), nil},
		{"a record without type", false, []merge.RecordWrites{{Writes: []merge.Write{{Cell: nameCell}}}}, nil},
		{"a cell twice", false, writes(merge.Write{Cell: nameCell}, merge.Write{Cell: nameCell}), nil},
		{"cells out of order", false, writes(merge.Write{Cell: phoneCell}, merge.Write{Cell: nameCell}), nil},
		{"a cell twice around a purged one", false, writes(merge.Write{Cell: element("a"), Salt: &own}, purged, merge.Write{Cell: element("a"), Salt: &own}), func(c *merge.Change) { c.Salt = merge.Salt{} }},
		{"a purged cell out of order", false, writes(purged, merge.Write{Cell: nameCell, Salt: &own}), func(c *merge.Change) { c.Salt = merge.Salt{} }},
		{"a field above protobuf's", false, writes(merge.Write{Cell: merge.CellKey{Field: merge.MaxField + 1}}), nil},
		{"an element of the lifecycle cell", false, writes(merge.Write{Cell: merge.CellKey{Element: "a"}}), nil},
		{"replaces out of order", false, replacing(merge.ID{Seq: 2}, merge.ID{Seq: 1}), nil},
		{"replaces the same twice", false, replacing(merge.ID{Seq: 1}, merge.ID{Seq: 1}), nil},
		{"replaces no change", false, replacing(merge.ID{}), nil},
		{"sequence number 0", false, replacing(), func(c *merge.Change) { c.ID.Seq = 0 }},
		{"sequence number 0 after a change", false, replacing(), func(c *merge.Change) { c.ID.Seq, c.Previous = 0, hash }},
		{"the first with a hash before it", false, replacing(), func(c *merge.Change) { c.Previous = hash }},
		{"the second with none", false, replacing(), func(c *merge.Change) { c.ID.Seq = 2 }},
		{"no salt", false, replacing(), func(c *merge.Change) { c.Salt = merge.Salt{} }},
		{"a second salt", false, writes(merge.Write{Cell: nameCell, Salt: &own}), nil},
		{"own salts and nothing purged", false, writes(merge.Write{Cell: nameCell, Salt: &own}), func(c *merge.Change) { c.Salt = merge.Salt{} }},
		{"purged and yet with its salt", false, writes(purged), nil},
		{"purged and a write without salt", false, writes(merge.Write{Cell: nameCell}, purged), func(c *merge.Change) { c.Salt = merge.Salt{} }},
		{"purged with its element", false, writes(merge.Write{Cell: element("a"), Purged: &hash}), func(c *merge.Change) { c.Salt = merge.Salt{} }},
		{"purged with a value", false, writes(merge.Write{Cell: nameCell, Purged: &hash, Value: []byte("x")}), func(c *merge.Change) { c.Salt = merge.Salt{} }},
	} {
		change := mergetest.NewWriter(testSpace, "tablet A", "Anna").Seal(salt, 1, c.records...)
		if c.alter != nil {
			c.alter(change)
		}
		err := change.Check()
		if (err == nil) != c.ok || (err != nil && !errors.Is(err, merge.ErrMalformedChange)) {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
}

// The hash covers the writes one after the other. That two groupings of the
// same writes have the same hash is why only one of them is taken.
func TestTheHashDoesNotCoverGrouping(t *testing.T) {
	name, phone := merge.Write{Cell: nameCell}, merge.Write{Cell: phoneCell}
	together, apart := anna().Seal(salt, 1, on(visit, name, phone)), anna().Seal(salt, 1, on(visit, name), on(visit, phone))
	if together.Hash != apart.Hash {
		t.Fatal("the hashes differ: Check need not look at the grouping any more")
	}
	if together.Check() != nil || apart.Check() == nil {
		t.Errorf("together: %v, apart: %v; want only the first taken", together.Check(), apart.Check())
	}
}

func TestTheHashCoversEverythingElse(t *testing.T) {
	whole := func() *merge.Change {
		return anna().Seal(salt, 1, on(keyedVisit, merge.Write{Cell: merge.CellKey{Field: 7, Element: "tea"}, Value: []byte{1}, Replaces: []merge.ID{{Seq: 1}}}))
	}
	hash := whole().Hash
	for name, alter := range map[string]func(c *merge.Change, rec *merge.RecordWrites, w *merge.Write){
		"replica":  func(c *merge.Change, _ *merge.RecordWrites, _ *merge.Write) { c.ID.Replica[15]++ },
		"seq":      func(c *merge.Change, _ *merge.RecordWrites, _ *merge.Write) { c.ID.Seq++ },
		"previous": func(c *merge.Change, _ *merge.RecordWrites, _ *merge.Write) { c.Previous[31]++ },
		"stamp":    func(c *merge.Change, _ *merge.RecordWrites, _ *merge.Write) { c.Stamp++ },
		"author":   func(c *merge.Change, _ *merge.RecordWrites, _ *merge.Write) { c.Author[0]++ },
		"salt":     func(c *merge.Change, _ *merge.RecordWrites, _ *merge.Write) { c.Salt[15]++ },
		"type":     func(_ *merge.Change, rec *merge.RecordWrites, _ *merge.Write) { rec.Type += "s" },
		"record":   func(_ *merge.Change, rec *merge.RecordWrites, _ *merge.Write) { rec.Record[0]++ },
		"header":   func(_ *merge.Change, rec *merge.RecordWrites, _ *merge.Write) { rec.Header = nil },
		"field":    func(_ *merge.Change, _ *merge.RecordWrites, w *merge.Write) { w.Cell.Field++ },
		"element":  func(_ *merge.Change, _ *merge.RecordWrites, w *merge.Write) { w.Cell.Element = "Tea" },
		"value":    func(_ *merge.Change, _ *merge.RecordWrites, w *merge.Write) { w.Value = nil },
		"replaces": func(_ *merge.Change, _ *merge.RecordWrites, w *merge.Write) { w.Replaces[0].Tag[7]++ },
		"boundary": func(_ *merge.Change, _ *merge.RecordWrites, w *merge.Write) { w.Cell.Element, w.Value = "tea\x01", nil },
		"another":  func(_ *merge.Change, rec *merge.RecordWrites, w *merge.Write) { rec.Writes = append(rec.Writes, *w) },
	} {
		c := whole()
		alter(c, &c.Records[0], &c.Records[0].Writes[0])
		if c.ComputeHash(testSpace) == hash {
			t.Errorf("%s is not covered by the hash", name)
		}
	}
	if whole().ComputeHash(merge.SpaceID{}) == hash {
		t.Error("the space is not covered by the hash")
	}
}
