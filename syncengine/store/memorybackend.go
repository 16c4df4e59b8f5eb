package store

import (
	"bytes"
	"strings"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4/skl"
	"github.com/tidwall/btree"
)

// memoryBackend is a disk in memory that a store has open.
type memoryBackend struct {
	memory    *Memory
	unsynced  bool
	committed *tree       // guarded by memory.mu; not written to any more
	ended     atomic.Bool // closed, or cut off by a crash
}

func (b *memoryBackend) view() view { return b.begin() }

func (b *memoryBackend) update() update {
	t := b.begin()
	t.written, t.rows, t.sizeBytes = map[string][]byte{}, updateFirstRows, updateFirstBytes
	return t
}

func (b *memoryBackend) begin() *memoryTxn {
	b.memory.mu.Lock()
	defer b.memory.mu.Unlock()
	return &memoryTxn{backend: b, tree: b.committed}
}

func (b *memoryBackend) updateBytes() int { return updateBytesMax }

// scrub has nothing to do: what was written over is in no file.
func (b *memoryBackend) scrub() error { return nil }

func (b *memoryBackend) close() error {
	b.memory.close(b)
	return nil
}

// What Badger takes in one transaction with [Settings], by its own count, of rows
// that are sealed: a fold that is too big for one backend is too big for the
// other, but for the row of a key that the first row of a space makes.
const (
	updateBytesMax = memTableBytes * 15 / 100
	updateRowsMax  = updateBytesMax / skl.MaxNodeSize
	// A transaction has a row more, which marks its end.
	updateFirstRows  = 1
	updateFirstBytes = len("!badger!txn") + 10
	updateRowBytes   = 12 // beside key and value
	// A value from this size on counts as the pointer to it.
	updateValueBytes   = 1 << 20
	updatePointerBytes = 12
)

// memoryTxn is what was committed at one moment, and what an update has
// written since.
type memoryTxn struct {
	backend         *memoryBackend
	tree            *tree
	written         map[string][]byte
	rows, sizeBytes int
}

func (t *memoryTxn) get(key []byte) ([]byte, error) {
	value, ok, err := t.find(key)
	if !ok {
		return nil, err
	}
	return append([]byte{}, value...), nil
}

func (t *memoryTxn) has(key []byte) (bool, error) {
	_, ok, err := t.find(key)
	return ok, err
}

func (t *memoryTxn) find(key []byte) (value []byte, ok bool, err error) {
	if t.backend.ended.Load() {
		return nil, false, errClosing
	}
	if value, ok = t.written[string(key)]; !ok {
		value, ok = t.tree.Get(string(key))
	}
	return value, ok, nil
}

func (t *memoryTxn) set(key, value []byte) error {
	rows, sizeBytes, valueBytes := t.rows+1, t.sizeBytes+updateRowBytes+len(key), sealedLen(key, value)
	if valueBytes < updateValueBytes {
		sizeBytes += valueBytes
	} else {
		sizeBytes += updatePointerBytes
	}
	if rows >= updateRowsMax || sizeBytes >= updateBytesMax {
		return ErrFoldTooBig
	}
	t.rows, t.sizeBytes = rows, sizeBytes
	t.written[string(key)] = value
	return nil
}

func (t *memoryTxn) commit() error { return t.backend.memory.commit(t.backend, t.written) }
func (t *memoryTxn) discard()      {}

func (t *memoryTxn) iterate(prefix []byte) iterator {
	return &memoryIterator{backend: t.backend, it: t.tree.Iter(), prefix: string(prefix)}
}

func (t *memoryTxn) last(prefix, bound []byte) (key, value []byte, err error) {
	if t.backend.ended.Load() {
		return nil, nil, errClosing
	}
	t.tree.Descend(string(bound), func(k string, v []byte) bool {
		if strings.HasPrefix(k, string(prefix)) {
			key, value = []byte(k), bytes.Clone(v)
		}
		return false
	})
	return key, value, nil
}

type memoryIterator struct {
	backend *memoryBackend
	it      btree.MapIter[string, []byte]
	prefix  string
	found   bool
}

func (i *memoryIterator) seek(key []byte) { i.found = i.it.Seek(string(key)) }
func (i *memoryIterator) next()           { i.found = i.it.Next() }

func (i *memoryIterator) valid() bool { return i.found && strings.HasPrefix(i.it.Key(), i.prefix) }
func (i *memoryIterator) key() []byte { return []byte(i.it.Key()) }
func (i *memoryIterator) close()      {}

func (i *memoryIterator) value() ([]byte, error) {
	if i.backend.ended.Load() {
		return nil, errClosing
	}
	return bytes.Clone(i.it.Value()), nil
}
