package bench

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// raw is the role that writes the bytes of all changes straight to Badger.
type raw struct {
	db     *badger.DB
	writes []rawWrite
	// state says that each change also reads and writes a row of its record.
	state  bool
	closed bool
}

// rawWrite is one change as R1 and R2 write it.
type rawWrite struct {
	content []byte            // the change, as wire bytes
	index   [rawIndexKey]byte // in random order, with an empty value
	record  merge.RecordID
}

// The sizes of keys, as the engine's would be: a partition and position in
// order, and an index over ids.
const (
	rawLogKey   = 13
	rawIndexKey = 29
)

func beginRaw(j job) (role, answer, error) {
	writes, err := rawWrites(j.Load)
	if err != nil {
		return nil, answer{}, err
	}
	db, err := badger.Open(store.Settings(store.Options{Dir: j.Dir}))
	if err != nil {
		return nil, answer{}, err
	}
	return &raw{db: db, writes: writes, state: j.Role == roleR2}, answer{}, nil
}

// rawWrites writes the changes that the devices push.
func rawWrites(load workload) ([]rawWrite, error) {
	plan, err := participantPlan()
	if err != nil {
		return nil, err
	}
	base, err := newAuthor(load, plan, coordinator).sharedRecords()
	if err != nil {
		return nil, err
	}
	perDevice := make([][]rawWrite, load.Devices)
	err = each(load.Devices, runtime.GOMAXPROCS(0), func(device int) (err error) {
		perDevice[device], err = rawDay(load, plan, device, base)
		return err
	})
	return slices.Concat(perDevice...), err
}

func rawDay(load workload, plan *schema.Plan, device int, base []*merge.Change) ([]rawWrite, error) {
	changes, err := newAuthor(load, plan, device).day(load.ChangesPerDevice, base)
	if err != nil {
		return nil, err
	}
	index := source(forIndex, device)
	writes := make([]rawWrite, len(changes))
	for i, c := range changes {
		w := &writes[i]
		if w.content, err = changeBytes(c); err != nil {
			return nil, err
		}
		w.record = c.Records[0].Record
		w.index[0] = 'i'
		for at := 1; at+8 <= rawIndexKey; at += 8 {
			binary.BigEndian.PutUint64(w.index[at:], index.Uint64())
		}
	}
	return writes, nil
}

func (r *raw) do(o order) (answer, error) {
	if o.Do != doWrite {
		return answer{}, fmt.Errorf("a writer cannot %q", o.Do)
	}
	start := time.Now()
	err := r.writeAll()
	return answer{Micros: time.Since(start).Microseconds()}, err
}

// writeAll folds writes into transactions as large as those for which the
// engine's log gathers.
func (r *raw) writeAll() error {
	foldBytes := int(r.db.MaxBatchSize() / 2)
	txn, sizeBytes := r.db.NewTransaction(true), 0
	defer func() { txn.Discard() }()
	for i := range r.writes {
		n, err := r.write(txn, i)
		if err != nil {
			return err
		}
		if sizeBytes += n; sizeBytes < foldBytes {
			continue
		}
		if err := txn.Commit(); err != nil {
			return err
		}
		txn, sizeBytes = r.db.NewTransaction(true), 0
	}
	return txn.Commit()
}

// write puts one change into the transaction and returns how much it takes.
func (r *raw) write(txn *badger.Txn, i int) (sizeBytes int, err error) {
	w := &r.writes[i]
	key := make([]byte, rawLogKey)
	key[0] = 'e'
	binary.BigEndian.PutUint64(key[rawLogKey-8:], uint64(i))
	if err := errors.Join(txn.Set(key, w.content), txn.Set(w.index[:], nil)); err != nil {
		return 0, err
	}
	sizeBytes = rawLogKey + len(w.content) + rawIndexKey
	if !r.state {
		return sizeBytes, nil
	}
	n, err := r.writeState(txn, w)
	return sizeBytes + n, err
}

// writeState reads the record's row, if there is one, alters it and writes it.
func (r *raw) writeState(txn *badger.Txn, w *rawWrite) (sizeBytes int, err error) {
	key := append(append(make([]byte, 0, 1+2*16), 's'), space[:]...)
	key = append(key, w.record[:]...)
	row := make([]byte, len(w.content))
	item, err := txn.Get(key)
	switch {
	case errors.Is(err, badger.ErrKeyNotFound):
	case err != nil:
		return 0, err
	default:
		if row, err = item.ValueCopy(row); err != nil {
			return 0, err
		}
	}
	row = append(row[:0], w.content...)
	return len(key) + len(row), txn.Set(key, row)
}

func (r *raw) close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	return r.db.Close()
}
