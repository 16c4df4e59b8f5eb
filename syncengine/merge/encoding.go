package merge

import (
	"encoding/binary"
	"slices"
)

// The first byte of every row says whether the record was erased.
const (
	recordFormat = 1
	erasedFormat = 2
)

// source is a replica with the person who wrote on it.
type source struct {
	replica ReplicaID
	author  PersonID
}

// liveWrite is a change that has values live in a record.
type liveWrite struct {
	source int
	seq    uint64
	tag    Tag
	at     int64
}

// AppendRecord appends the canonical encoding of the record without its id:
// two records with equal content have equal bytes. It is what the server
// stores, what a tablet receives in place of a long log, and what golden
// vectors hold. All integers are varints, lengths before content:
//
//	format, position, type, header,
//	kept: count, each field (in a record that was erased only),
//	sources: count, each replica and author,
//	changes: count, each source index, sequence number, tag, at (zigzag),
//	cells: count, each field, element,
//	       values: count, each change index, data,
//	       missing: count, each replica, sequence number, tag
//
// Sources and changes stand in the order in which the cells first use them.
func AppendRecord(buf []byte, r *Record) []byte {
	format := byte(recordFormat)
	if r.Erased {
		format = erasedFormat
	}
	buf = append(buf, format)
	buf = binary.AppendUvarint(buf, r.Position)
	buf = appendBytes(buf, r.Type)
	buf = appendBytes(buf, r.Header)
	if r.Erased {
		buf = binary.AppendUvarint(buf, uint64(len(r.Kept)))
		for _, field := range r.Kept {
			buf = binary.AppendUvarint(buf, uint64(field))
		}
	}

	var sourceRoom [4]source // most records need no more, and no allocation
	var writeRoom [8]liveWrite
	var changeRoom [32]int
	sources, writes := dictionary[source]{items: sourceRoom[:0]}, dictionary[liveWrite]{items: writeRoom[:0]}
	changes := changeRoom[:0] // the change of each value, in the order of the cells
	for i := range r.Cells {
		for j := range r.Cells[i].Values {
			v := &r.Cells[i].Values[j]
			var s, w int
			s, sources = sources.index(source{v.Change.Replica, v.Author})
			w, writes = writes.index(liveWrite{s, v.Change.Seq, v.Change.Tag, v.At})
			changes = append(changes, w)
		}
	}
	buf = appendSources(buf, sources.items)
	buf = appendLiveWrites(buf, writes.items)
	buf = binary.AppendUvarint(buf, uint64(len(r.Cells)))
	for i := range r.Cells {
		buf, changes = appendCell(buf, &r.Cells[i], changes)
	}
	return buf
}

func appendSources(buf []byte, sources []source) []byte {
	buf = binary.AppendUvarint(buf, uint64(len(sources)))
	for _, s := range sources {
		buf = append(buf, s.replica[:]...)
		buf = append(buf, s.author[:]...)
	}
	return buf
}

func appendLiveWrites(buf []byte, writes []liveWrite) []byte {
	buf = binary.AppendUvarint(buf, uint64(len(writes)))
	for _, w := range writes {
		buf = binary.AppendUvarint(buf, uint64(w.source))
		buf = binary.AppendUvarint(buf, w.seq)
		buf = append(buf, w.tag[:]...)
		buf = binary.AppendVarint(buf, w.at)
	}
	return buf
}

// appendCell takes the changes of the cell's values from the front of changes.
func appendCell(buf []byte, c *Cell, changes []int) ([]byte, []int) {
	buf = binary.AppendUvarint(buf, uint64(c.Key.Field))
	buf = appendBytes(buf, c.Key.Element)
	buf = binary.AppendUvarint(buf, uint64(len(c.Values)))
	for i := range c.Values {
		buf = binary.AppendUvarint(buf, uint64(changes[i]))
		buf = appendBytes(buf, c.Values[i].Data)
	}
	buf = binary.AppendUvarint(buf, uint64(len(c.Missing)))
	for _, id := range c.Missing {
		buf = appendID(buf, id)
	}
	return buf, changes[len(c.Values):]
}

func appendBytes[T string | []byte](buf []byte, s T) []byte {
	buf = binary.AppendUvarint(buf, uint64(len(s)))
	return append(buf, s...)
}

func appendID(buf []byte, id ID) []byte {
	buf = append(buf, id.Replica[:]...)
	buf = binary.AppendUvarint(buf, id.Seq)
	return append(buf, id.Tag[:]...)
}

// dictionary numbers items in the order of their first use.
type dictionary[T comparable] struct {
	items   []T
	indexes map[T]int // only once there are too many items to search
}

// searchedItems is how many items are searched one by one. Most records have
// one or two, and up to about here a map is slower.
const searchedItems = 128

// index returns the item's number, and the dictionary that holds the item.
func (d dictionary[T]) index(item T) (int, dictionary[T]) {
	if d.indexes == nil {
		if i := slices.Index(d.items, item); i >= 0 {
			return i, d
		}
		if len(d.items) == searchedItems {
			d.indexes = make(map[T]int, 4*searchedItems)
			for i, known := range d.items {
				d.indexes[known] = i
			}
		}
	} else if i, ok := d.indexes[item]; ok {
		return i, d
	}
	if d.indexes != nil {
		d.indexes[item] = len(d.items)
	}
	d.items = append(d.items, item)
	return len(d.items) - 1, d
}
