package store

import (
	"math"
	"sync"
	"syscall"

	"github.com/tidwall/btree"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// tree is a copy-on-write B-tree: a copy costs nothing, and one that is not
// written to any more may be read by many.
type tree = btree.Map[string, []byte]

// Memory is a disk that lives in memory: it outlives the store that is opened
// on it, does what it is told at a moment that is told, and has the faults of a
// disk. One store may be open on it at a time. It is safe for concurrent use.
type Memory struct {
	mu        sync.Mutex
	durable   *tree
	opened    *memoryBackend // nil: none
	freeBytes uint64
	scrubs    int
}

// NewMemory returns an empty disk of no bounded size.
func NewMemory() *Memory { return &Memory{durable: new(tree), freeBytes: math.MaxUint64} }

// Scrubs is how often stores on this disk have taken out what was written over.
func (m *Memory) Scrubs() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.scrubs
}

// Crash takes the power away. What was committed and is not durable is lost:
// nothing, unless the store was opened with Unsynced. The store that was open
// can do nothing more, and another one may be opened.
func (m *Memory) Crash() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.end()
}

// Sync makes durable what a store with Unsynced has committed until now, as an
// operating system does now and then.
func (m *Memory) Sync() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.opened != nil {
		m.durable = m.opened.committed
	}
}

// Fill leaves so many bytes free, counted as keys and values; what was there
// before is not counted. A commit that needs more fails, and nothing of it is
// stored.
func (m *Memory) Fill(freeBytes uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.freeBytes = freeBytes
}

// FreeBytes returns how much may still be committed. Its form is that of a
// measure of a real disk; the error is always nil.
func (m *Memory) FreeBytes() (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.freeBytes, nil
}

// Clone returns a disk with what is durable now: a backup, from which a store
// can be restored. Its room is not bounded.
func (m *Memory) Clone() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	clone := NewMemory()
	clone.durable = m.durable.Copy()
	return clone
}

// Damage calls damage with every row that is durable, in the order of keys, and
// keeps what it returns in place of the value; nil loses the row. damage must
// not change key and value in place. What is not durable is lost too.
func (m *Memory) Damage(damage func(key, value []byte) []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	damaged := new(tree)
	m.durable.Scan(func(key string, value []byte) bool {
		if value = damage([]byte(key), value); value != nil {
			damaged.Set(key, value)
		}
		return true
	})
	m.durable = damaged
	if m.opened != nil {
		m.opened.committed = damaged
	}
}

// open gives the disk to a store.
func (m *Memory) open(unsynced bool) (backend, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.opened != nil {
		return nil, fault.New(fault.Unavailable, "another store is open on this memory; close it first")
	}
	m.opened = &memoryBackend{memory: m, unsynced: unsynced, committed: m.durable}
	return m.opened, nil
}

// close takes the disk from a store, after everything that it has committed was
// made durable.
func (m *Memory) close(b *memoryBackend) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.opened == b {
		m.durable = b.committed
		m.end()
	}
}

// end cuts off the store that has the disk.
func (m *Memory) end() {
	if m.opened != nil {
		m.opened.ended.Store(true)
		m.opened = nil
	}
}

// commit stores what one transaction has set.
func (m *Memory) commit(b *memoryBackend, rows map[string][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.opened != b {
		return errClosing
	}
	var needBytes uint64
	for key, value := range rows {
		needBytes += uint64(len(key) + len(value))
	}
	if needBytes > m.freeBytes {
		return syscall.ENOSPC
	}
	m.freeBytes -= needBytes
	next := b.committed.Copy()
	for key, value := range rows {
		next.Set(key, value)
	}
	b.committed = next
	if !b.unsynced {
		m.durable = next
	}
	return nil
}
