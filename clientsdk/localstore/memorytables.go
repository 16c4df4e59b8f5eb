package localstore

import (
	"bytes"
	"cmp"
	"iter"

	"github.com/tidwall/btree"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// tables are those of the SQL layout, where their columns are described. What
// SQLite does with an index, a table of keys does here.
type tables struct {
	properties *table[string, []byte]
	spaces     *table[int64, Space] // of the chain the name alone
	chains     *table[int64, chainRow]
	own        *table[int64, ownRow]
	pending    *table[int64, Pending] // without the change's identity
	records    *table[int64, recordRow]
	recordID   *table[recordIDKey, int64]
	recordType *table[recordTypeKey, none]
	overlay    *table[overlayKey, none]
	references *table[referenceKey, none]
	staged     *table[stagedKey, []byte]
	carried    *table[int64, carriedRow]
	relayed    *table[int64, relayedRow]
	relayedID  *table[relayedKey, int64]
	applied    *table[appliedKey, Run]
}

func newTables() *tables {
	return &tables{
		properties: newTable[string, []byte](cmp.Compare),
		spaces:     newTable[int64, Space](cmp.Compare),
		chains:     newTable[int64, chainRow](cmp.Compare),
		own:        newTable[int64, ownRow](cmp.Compare),
		pending:    newTable[int64, Pending](cmp.Compare),
		records:    newTable[int64, recordRow](cmp.Compare),
		recordID:   newTable[recordIDKey, int64](recordIDKey.compare),
		recordType: newTable[recordTypeKey, none](recordTypeKey.compare),
		overlay:    newTable[overlayKey, none](overlayKey.compare),
		references: newTable[referenceKey, none](referenceKey.compare),
		staged:     newTable[stagedKey, []byte](stagedKey.compare),
		carried:    newTable[int64, carriedRow](cmp.Compare),
		relayed:    newTable[int64, relayedRow](cmp.Compare),
		relayedID:  newTable[relayedKey, int64](relayedKey.compare),
		applied:    newTable[appliedKey, Run](appliedKey.compare),
	}
}

func (t *tables) copy() *tables {
	return &tables{
		properties: t.properties.copy(), spaces: t.spaces.copy(), chains: t.chains.copy(),
		own: t.own.copy(), pending: t.pending.copy(),
		records: t.records.copy(), recordID: t.recordID.copy(), recordType: t.recordType.copy(),
		overlay: t.overlay.copy(), references: t.references.copy(),
		staged: t.staged.copy(), carried: t.carried.copy(),
		relayed: t.relayed.copy(), relayedID: t.relayedID.copy(), applied: t.applied.copy(),
	}
}

// none is the value of a table that has keys only.
type none = struct{}

type (
	chainRow struct {
		space int64
		Chain
	}
	ownRow struct {
		tag     merge.Tag
		content []byte
	}
	recordRow struct {
		space int64
		Record
	}
	carriedRow struct {
		space  int64
		digest [16]byte
		last   uint64
		offer  bool
		Carried
	}
	relayedRow struct {
		space   int64
		id      merge.ID
		offer   bool
		content []byte
	}
)

type recordIDKey struct {
	space int64
	id    merge.RecordID
}

func (k recordIDKey) compare(l recordIDKey) int {
	return cmp.Or(cmp.Compare(k.space, l.space), bytes.Compare(k.id[:], l.id[:]))
}

type recordTypeKey struct {
	space    int64
	typeName string
	record   int64
}

func (k recordTypeKey) compare(l recordTypeKey) int {
	return cmp.Or(cmp.Compare(k.space, l.space), cmp.Compare(k.typeName, l.typeName), cmp.Compare(k.record, l.record))
}

type overlayKey struct{ record, change int64 }

func (k overlayKey) compare(l overlayKey) int {
	return cmp.Or(cmp.Compare(k.record, l.record), cmp.Compare(k.change, l.change))
}

type referenceKey struct {
	target merge.RecordID
	field  uint32
	record int64
}

func (k referenceKey) compare(l referenceKey) int {
	return cmp.Or(bytes.Compare(k.target[:], l.target[:]), cmp.Compare(k.field, l.field), cmp.Compare(k.record, l.record))
}

type stagedKey struct{ space, n int64 }

func (k stagedKey) compare(l stagedKey) int {
	return cmp.Or(cmp.Compare(k.space, l.space), cmp.Compare(k.n, l.n))
}

type relayedKey struct {
	space int64
	id    merge.ID
}

func (k relayedKey) compare(l relayedKey) int {
	return cmp.Or(cmp.Compare(k.space, l.space), k.id.Compare(l.id))
}

type appliedKey struct {
	space int64
	last  merge.ID
}

func (k appliedKey) compare(l appliedKey) int {
	return cmp.Or(cmp.Compare(k.space, l.space), k.last.Compare(l.last))
}

// table is rows by key, in the order of the keys. A copy costs nothing, and does
// not see what is done to the other. Values are not altered in place.
type table[K, V any] struct{ rows *btree.BTreeG[*row[K, V]] }

type row[K, V any] struct {
	key   K
	value V
}

func newTable[K, V any](compare func(a, b K) int) *table[K, V] {
	less := func(a, b *row[K, V]) bool { return compare(a.key, b.key) < 0 }
	return &table[K, V]{btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})}
}

func (t *table[K, V]) copy() *table[K, V] { return &table[K, V]{t.rows.Copy()} }

func (t *table[K, V]) get(key K) (value V, found bool) {
	if r, found := t.rows.Get(&row[K, V]{key: key}); found {
		return r.value, true
	}
	return value, false
}

func (t *table[K, V]) has(key K) bool {
	_, found := t.get(key)
	return found
}

// all walks over the table.
func (t *table[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		t.rows.Scan(func(r *row[K, V]) bool { return yield(r.key, r.value) })
	}
}

// from walks over the rows from this key on.
func (t *table[K, V]) from(key K) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		t.rows.Ascend(&row[K, V]{key: key}, func(r *row[K, V]) bool { return yield(r.key, r.value) })
	}
}

// nextName is the row number that SQLite gives to a new row.
func nextName[V any](t *table[int64, V]) int64 {
	if last, found := t.rows.Max(); found {
		return last.key + 1
	}
	return 1
}

var (
	errReadOnly = fault.New(fault.Internal, "register: a transaction that reads was written to")
	errExists   = fault.New(fault.Internal, "register: such a row is there already")
)

// put keeps a row, in place of one with the same key.
func put[K, V any](tx *memoryTx, t *table[K, V], key K, value V) error {
	if !tx.writes {
		return errReadOnly
	}
	t.rows.Set(&row[K, V]{key, value})
	return nil
}

// drop drops the rows with these keys that are there.
func drop[K, V any](tx *memoryTx, t *table[K, V], keys ...K) error {
	if !tx.writes {
		return errReadOnly
	}
	for _, key := range keys {
		t.rows.Delete(&row[K, V]{key: key})
	}
	return nil
}

// update alters the row with this key, if there is one.
func update[K, V any](tx *memoryTx, t *table[K, V], key K, alter func(value *V)) error {
	value, found := t.get(key)
	if !found {
		return nil
	}
	alter(&value)
	return put(tx, t, key, value)
}

// keysOf returns the keys of those rows, so that they can be written to.
func keysOf[K, V any](t *table[K, V], wanted func(V) bool) (keys []K) {
	for key, value := range t.all() {
		if wanted(value) {
			keys = append(keys, key)
		}
	}
	return keys
}

// updateAll alters those rows.
func updateAll[K, V any](tx *memoryTx, t *table[K, V], wanted func(V) bool, alter func(value *V)) error {
	for _, key := range keysOf(t, wanted) {
		if err := update(tx, t, key, alter); err != nil {
			return err
		}
	}
	return nil
}

// cloned returns a copy of a blob; nil, as SQLite does, for an empty one.
func cloned(blob []byte) []byte { return append([]byte(nil), blob...) }
