package localstore

import (
	"bytes"
	"context"
	"sync"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Opener opens a store that is not in a directory: a [Memory].
type Opener interface {
	Open(ctx context.Context, key []byte) (Store, error)
}

// Memory is where a register lies that is in no file, for tests: it outlives
// the stores that are opened on it, and whoever closes none leaves what a killed
// process leaves. Several stores may be open on it, as several processes may
// share the files. It is safe for concurrent use.
type Memory struct {
	writer chan struct{} // holds a token while a transaction writes

	mu        sync.Mutex
	key       []byte  // nil until it was opened once
	committed *tables // not written to any more
}

// NewMemory returns one that holds nothing.
func NewMemory() *Memory {
	return &Memory{writer: make(chan struct{}, 1), committed: newTables()}
}

// Clone returns a copy of what is committed now, as one copies the files.
func (m *Memory) Clone() *Memory {
	clone := NewMemory()
	clone.committed = m.begin()
	m.mu.Lock()
	defer m.mu.Unlock()
	clone.key = m.key
	return clone
}

// Open opens the register, which takes the key that it is opened with first.
// What [Open] says of keys holds here too.
func (m *Memory) Open(ctx context.Context, key []byte) (Store, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.key == nil {
		m.key = bytes.Clone(key)
	}
	if !bytes.Equal(m.key, key) {
		return nil, fault.New(fault.Damaged, "open register: %w", ErrKey)
	}
	return &memoryStore{memory: m}, nil
}

// begin returns a copy of what is committed, to be written to.
func (m *Memory) begin() *tables {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.committed.copy()
}

// now returns what is committed, to be read.
func (m *Memory) now() *tables {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.committed
}

func (m *Memory) commit(t *tables) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.committed = t
}

// memoryStore is a store that is open on a memory.
type memoryStore struct {
	memory  *Memory
	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup // transactions; none is added once closed
}

// memoryTx is a transaction: what is committed at one moment, or, if it writes,
// a copy of that.
type memoryTx struct {
	*tables
	writes bool
}

// Write implements Store.
func (s *memoryStore) Write(ctx context.Context, fn func(Tx) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.running.Done()
	select {
	case s.memory.writer <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.memory.writer }()
	tx := &memoryTx{tables: s.memory.begin(), writes: true}
	if err := run(ctx, tx, fn); err != nil {
		return err
	}
	s.memory.commit(tx.tables)
	return nil
}

// Read implements Store.
func (s *memoryStore) Read(ctx context.Context, fn func(Tx) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.running.Done()
	return run(ctx, &memoryTx{tables: s.memory.now()}, fn)
}

// run is over in vain if the context ends meanwhile.
func run(ctx context.Context, tx *memoryTx, fn func(Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return err
	}
	return ctx.Err()
}

func (s *memoryStore) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.running.Add(1)
	return nil
}

// Scrub implements Store: what was written over is in no file.
func (s *memoryStore) Scrub(context.Context) error { return nil }

// Close implements Store.
func (s *memoryStore) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.running.Wait()
	return nil
}
