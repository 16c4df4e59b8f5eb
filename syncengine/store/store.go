package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// The format of the store. A store of another format is not opened.
const format = 1

const (
	metaFormat    = "format"
	metaReplica   = "replica"
	metaCursorKey = "cursor-key"
	metaSchema    = "schema/"
)

// Store is an open Badger store.
type Store struct {
	db        *badger.DB
	replica   merge.ReplicaID
	cursorKey [32]byte
}

// Options say where and how to open a store.
type Options struct {
	Dir string
	// InMemory keeps everything in memory and nothing on disk, for tests.
	InMemory bool
	// Unsynced commits without waiting for the disk. It loses acknowledged
	// changes in a power cut, and exists so that a test can show that it does.
	Unsynced bool
	// Random gives the bytes for a new store's replica and cursor key.
	Random io.Reader
}

// Settings returns Badger's options; where they differ from its defaults, a
// measured reason stands beside them.
func Settings(o Options) badger.Options {
	opts := badger.DefaultOptions(o.Dir).
		WithLogger(nil).
		WithMetricsEnabled(false).
		WithSyncWrites(!o.Unsynced). // the default loses acknowledged commits in a power cut
		// Blocks are not verified by default: a flipped bit is served as data.
		WithChecksumVerificationMode(options.OnBlockRead).
		WithVerifyValueChecksum(true).
		WithMemTableSize(16 << 20).                                // at 64 MB a commit writes ten times as much to the device
		WithNumMemtables(3).WithNumCompactors(2).                  // no gain from more on two cores
		WithBlockCacheSize(32 << 20).WithIndexCacheSize(16 << 20). // zero keeps all indices in memory
		WithValueLogFileSize(16 << 20).                            // values live in the LSM tree, the value log stays empty
		WithDetectConflicts(false).                                // there is one committer
		WithNumVersionsToKeep(1)
	if o.InMemory {
		opts = opts.WithInMemory(true).WithDir("").WithValueDir("").WithSyncWrites(false)
	}
	return opts
}

// Open opens the store in the directory, or makes one in an empty directory.
// The directory belongs to one process at a time.
func Open(o Options) (*Store, error) {
	if !o.InMemory {
		if err := checkDir(o.Dir); err != nil {
			return nil, err
		}
	}
	db, err := badger.Open(Settings(o))
	if err != nil {
		if strings.Contains(err.Error(), "Cannot acquire directory lock") {
			return nil, fault.New(fault.Unavailable, "%s: another process has the store open; stop it first", o.Dir)
		}
		return nil, fault.New(fault.Damaged, "%s: %w: the store cannot be opened; restore it from a backup", o.Dir, err)
	}
	s := &Store{db: db}
	if err := s.readMeta(o.Random); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// checkDir makes the directory and finds damage that Badger would answer with
// a panic.
func checkDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.New(fault.Invalid, "store directory: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, badger.ManifestFilename)); err != nil {
		return nil // a new store
	}
	registry := filepath.Join(dir, badger.KeyRegistryFileName)
	if _, err := os.Stat(registry); err != nil {
		return fault.New(fault.Damaged, "%s is missing: without it nothing in the store can be read; put it back from the backup that this store belongs to", registry)
	}
	return nil
}

func (s *Store) readMeta(random io.Reader) error {
	snapshot := s.Snapshot()
	defer snapshot.Close()
	stored, err := snapshot.get(metaKey(metaFormat))
	if err != nil {
		return err
	}
	if stored == nil {
		return s.create(random)
	}
	if len(stored) != 4 || binary.BigEndian.Uint32(stored) != format {
		return fault.New(fault.Damaged, "the store has format %x, this program reads format %d; use the program that wrote it", stored, format)
	}
	replica, err := snapshot.get(metaKey(metaReplica))
	if err != nil {
		return err
	}
	cursorKey, err := snapshot.get(metaKey(metaCursorKey))
	if err != nil {
		return err
	}
	if len(replica) != len(s.replica) || len(cursorKey) != len(s.cursorKey) {
		return fault.New(fault.Damaged, "the store has lost its own identity: it is damaged; restore it from a backup")
	}
	copy(s.replica[:], replica)
	copy(s.cursorKey[:], cursorKey)
	return nil
}

// create gives a new store its identity.
func (s *Store) create(random io.Reader) error {
	if _, err := io.ReadFull(random, s.replica[:]); err != nil {
		return fmt.Errorf("random bytes for a new store: %w", err)
	}
	if _, err := io.ReadFull(random, s.cursorKey[:]); err != nil {
		return fmt.Errorf("random bytes for a new store: %w", err)
	}
	fold := s.Fold()
	fold.set(metaKey(metaFormat), binary.BigEndian.AppendUint32(nil, format))
	fold.set(metaKey(metaReplica), s.replica[:])
	fold.set(metaKey(metaCursorKey), s.cursorKey[:])
	return fold.Commit()
}

// Replica returns the replica on which the server itself writes.
func (s *Store) Replica() merge.ReplicaID { return s.replica }

// CursorKey returns the key that seals cursors.
func (s *Store) CursorKey() [32]byte { return s.cursorKey }

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
func (s *Store) FoldBytes() int { return int(s.db.MaxBatchSize()) }

// Close makes everything durable and ends the store.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}
