package fieldwork

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Ref names a record across spaces. Rows refer to each other inside their
// space; only persons are followed from one space to another.
type Ref struct {
	Space  merge.SpaceID
	Record merge.RecordID
}

// Compare orders by space and record. The order means nothing; it makes lists
// the same whatever the order in which records came.
func (r Ref) Compare(other Ref) int {
	return cmp.Or(bytes.Compare(r.Space[:], other.Space[:]), compareRecords(r.Record, other.Record))
}

func compareRecords(a, b merge.RecordID) int { return bytes.Compare(a[:], b[:]) }

// to follows a reference field. A field that holds no id leads nowhere: to a
// record that no book has.
func (r Ref) to(id []byte) Ref { return Ref{r.Space, recordID(id)} }

// recordID reads an id field; what is not 16 bytes long is no id, and zero.
func recordID(field []byte) merge.RecordID {
	if len(field) != len(merge.RecordID{}) {
		return merge.RecordID{}
	}
	return merge.RecordID(field)
}

func personID(field []byte) merge.PersonID { return merge.PersonID(recordID(field)) }

// hasID tells whether an id field names anything. Rows about nobody must not
// make all of them one person.
func hasID(field []byte) bool { return recordID(field) != (merge.RecordID{}) }

func sortedRefs[T any](m map[Ref]T) []Ref { return slices.SortedFunc(maps.Keys(m), Ref.Compare) }

func sortedRecords[T any](m map[merge.RecordID]T) []merge.RecordID {
	return slices.SortedFunc(maps.Keys(m), compareRecords)
}
