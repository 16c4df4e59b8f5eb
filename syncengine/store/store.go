package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
)

// The format of the store. A store of another format is not opened.
const format = 1

const (
	metaFormat    = "format"
	metaSecret    = "secret"
	metaSchema    = "schema/" // place in the log
	metaEpoch     = "epoch/"  // number
	metaDirectory = "directory"
)

// Store is an open store.
type Store struct {
	backend backend
	secret  [32]byte
	// committing keeps commits out while files are scrubbed.
	committing sync.Mutex
}

// Options say where and how to open a store.
type Options struct {
	Dir string
	// Memory is where the store is instead of in the directory, for tests.
	Memory *Memory
	// Master is the key under which a store in a directory is sealed. A Memory is
	// not sealed: it is gone with the process, and what a test damages in it must
	// be a row, not noise.
	Master keyring.Master
	// Unsynced commits without waiting for the disk. It loses acknowledged
	// changes in a power cut, and exists so that a test can show that it does.
	Unsynced bool
	// Existing says that a store that is not there is an error, not a new one.
	Existing bool
	// Random gives the bytes for a new store's secret.
	Random io.Reader
}

// Open opens the store in the directory, or makes one in an empty directory.
// The directory belongs to one process at a time.
func Open(o Options) (*Store, error) {
	b, err := openBackend(o)
	if err != nil {
		return nil, err
	}
	s := &Store{backend: b}
	if err := s.readMeta(o); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return s, nil
}

func openBackend(o Options) (backend, error) {
	if o.Memory != nil {
		return o.Memory.open(o.Unsynced)
	}
	return openBadger(o)
}

func (s *Store) readMeta(o Options) error {
	snapshot := s.Snapshot()
	defer snapshot.Close()
	stored, err := snapshot.get(metaKey(metaFormat))
	if err != nil {
		return err
	}
	if stored == nil && o.Existing {
		return errNoStore
	}
	if stored == nil {
		return s.create(o.Random)
	}
	if err := checkFormat(stored); err != nil {
		return err
	}
	return s.readIdentity()
}

var errNoStore = fault.New(fault.NotFound, "there is no store here")

func checkFormat(stored []byte) error {
	switch {
	case len(stored) == 4 && binary.BigEndian.Uint32(stored) == format:
		return nil
	case len(stored) == 4 && binary.BigEndian.Uint32(stored) == unfinished:
		return fault.New(fault.Damaged, "restoring the store was cut off; clear the directory and restore it again")
	}
	return fault.New(fault.Damaged, "the store has format %x, this program reads format %d; use the program that wrote it", stored, format)
}

func (s *Store) readIdentity() error {
	snapshot := s.Snapshot()
	defer snapshot.Close()
	secret, err := snapshot.get(metaKey(metaSecret))
	if err != nil {
		return err
	}
	if len(secret) != len(s.secret) {
		return fault.New(fault.Damaged, "the store has lost its own identity: it is damaged; restore it from a backup")
	}
	copy(s.secret[:], secret)
	return nil
}

// create gives a new store its identity.
func (s *Store) create(random io.Reader) error {
	if _, err := io.ReadFull(random, s.secret[:]); err != nil {
		return fmt.Errorf("random bytes for a new store: %w", err)
	}
	fold := s.Fold()
	fold.set(metaKey(metaFormat), binary.BigEndian.AppendUint32(nil, format))
	fold.set(metaKey(metaSecret), s.secret[:])
	return fold.Commit()
}

// Secret returns random bytes that only this store has, and stores restored from its
// backups. Keys are derived from it, each for one purpose.
func (s *Store) Secret() [32]byte { return s.secret }

// Schemas returns the FileDescriptorSets that were made known, in order.
func (s *Store) Schemas() ([][]byte, error) {
	snapshot := s.Snapshot()
	defer snapshot.Close()
	var sets [][]byte
	err := snapshot.scan(metaKey(metaSchema), metaKey(metaSchema), func(_, value []byte) error {
		sets = append(sets, value)
		return nil
	})
	return sets, err
}

// FoldBytes returns how much one fold may hold.
func (s *Store) FoldBytes() int { return s.backend.updateBytes() }

// Close makes everything durable and ends the store.
func (s *Store) Close() error {
	if err := s.backend.close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}
