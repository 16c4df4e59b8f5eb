package store

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/dgraph-io/badger/v4"
	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Snapshot is the state at one moment. It is used by one goroutine, and must be
// closed soon: while it is open, compaction keeps what it may read.
type Snapshot struct {
	rows
	txn *badger.Txn
}

// Snapshot begins reading.
func (s *Store) Snapshot() *Snapshot {
	txn := s.db.NewTransaction(false)
	return &Snapshot{txn: txn, rows: rows{get: func(key []byte) ([]byte, error) { return getCopy(txn, key) }}}
}

// Close ends reading.
func (s *Snapshot) Close() { s.txn.Discard() }

func getCopy(txn *badger.Txn, key []byte) ([]byte, error) {
	item, err := txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, readFault(err)
	}
	data, err := item.ValueCopy(nil)
	if err != nil {
		return nil, readFault(err)
	}
	if data == nil {
		data = []byte{} // there, and empty
	}
	return data, nil
}

func readFault(err error) error {
	if errors.Is(err, badger.ErrDBClosed) || errors.Is(err, badger.ErrDiscardedTxn) {
		return fault.New(fault.Unavailable, "the store is closing; try again later")
	}
	return fault.New(fault.Damaged, "read row: %w: the store is damaged; restore it from a backup", err)
}

// HasRecord tells whether there is a record, without reading it.
func (s *Snapshot) HasRecord(space merge.SpaceID, id merge.RecordID) (bool, error) {
	_, err := s.txn.Get(recordKey(space, id))
	if errors.Is(err, badger.ErrKeyNotFound) {
		return false, nil
	}
	if err != nil {
		return false, readFault(err)
	}
	return true, nil
}

// Record returns a record, nil if there is none.
func (s *Snapshot) Record(space merge.SpaceID, id merge.RecordID) (*merge.Record, error) {
	row, err := s.recordRow(space, id)
	if err != nil || row == nil {
		return nil, err
	}
	return parseRecord(id, row)
}

// Records calls each with the records of a space from an id on, in the order of
// ids. each may return ErrStop.
func (s *Snapshot) Records(space merge.SpaceID, from merge.RecordID, each func(rec *merge.Record) error) error {
	return s.RecordRows(space, from, func(id merge.RecordID, row []byte) error {
		rec, err := parseRecord(id, row)
		if err != nil {
			return err
		}
		return each(rec)
	})
}

// Known returns what is known of a change, nil if it was never received.
func (s *Snapshot) Known(space merge.SpaceID, id merge.ID) (*Known, error) {
	block, err := s.block(space, id.Replica, id.Seq/blockSeqs)
	if err != nil {
		return nil, err
	}
	known, _ := block.find(id.Seq, id.Tag)
	return known, nil
}

// ErrStop ends an iteration without an error.
var ErrStop = errors.New("stop")

// RecordRows calls each with the rows of a space from an id on, in the order of
// ids. each may return ErrStop; it owns the row.
func (s *Snapshot) RecordRows(space merge.SpaceID, from merge.RecordID, each func(id merge.RecordID, row []byte) error) error {
	prefix := spaceKey(space, kindRecord)
	return s.scan(prefix, recordKey(space, from), func(key, value []byte) error {
		if len(key) != len(prefix)+16 {
			return nil // a span
		}
		row, err := s.joinSpans(key, value)
		if err != nil {
			return err
		}
		return each(merge.RecordID(key[len(prefix):]), row)
	})
}

// Deliveries calls each with the entries of a space's log beyond a position
// that ends an entry. each may return ErrStop.
func (s *Snapshot) Deliveries(space merge.SpaceID, after uint64, each func(firstPosition uint64, d *logv1.Delivery) error) error {
	prefix := spaceKey(space, kindDelivery)
	return s.scan(prefix, deliveryKey(space, after+1), func(key, value []byte) error {
		d := new(logv1.Delivery)
		if err := proto.Unmarshal(value, d); err != nil {
			return fault.New(fault.Damaged, "log of space %s: %w: the store is damaged; restore it from a backup", space, err)
		}
		return each(binary.BigEndian.Uint64(key[len(prefix):]), d)
	})
}

// LogBytesAt returns the size of all batches delivered up to a position that
// ends an entry.
func (s *Snapshot) LogBytesAt(space merge.SpaceID, position uint64) (uint64, error) {
	if position == 0 {
		return 0, nil
	}
	var logBytes uint64
	prefix := spaceKey(space, kindDelivery)
	opts := badger.DefaultIteratorOptions
	opts.Reverse, opts.PrefetchValues, opts.Prefix = true, false, prefix
	it := s.txn.NewIterator(opts)
	defer it.Close()
	it.Seek(deliveryKey(space, position))
	if !it.ValidForPrefix(prefix) {
		return 0, nil
	}
	err := it.Item().Value(func(value []byte) error {
		d := new(logv1.Delivery)
		err := proto.Unmarshal(value, d)
		logBytes = d.LogBytes
		return err
	})
	if err != nil {
		return 0, readFault(err)
	}
	return logBytes, nil
}

// Entry returns an entry of the log.
func (s *Snapshot) Entry(partition uint16, seq uint64) (*logv1.Entry, error) {
	entry := new(logv1.Entry)
	ok, err := s.message(entryKey(partition, seq), entry)
	if err == nil && !ok {
		err = fault.New(fault.Damaged, "entry %d of partition %d is not there: the store is damaged; restore it from a backup", seq, partition)
	}
	return entry, err
}

// Entries calls each with the entries of a partition after a sequence number,
// in order.
func (s *Snapshot) Entries(partition uint16, after uint64, each func(seq uint64, entry *logv1.Entry) error) error {
	prefix := []byte{classEntry, byte(partition)}
	return s.scan(prefix, entryKey(partition, after+1), func(key, value []byte) error {
		entry := new(logv1.Entry)
		if err := proto.Unmarshal(value, entry); err != nil {
			return fault.New(fault.Damaged, "log of partition %d: %w: the store is damaged; restore it from a backup", partition, err)
		}
		return each(binary.BigEndian.Uint64(key[2:]), entry)
	})
}

// Spaces calls each with every space.
func (s *Snapshot) Spaces(each func(space merge.SpaceID, head *logv1.SpaceHead) error) error {
	opts := badger.DefaultIteratorOptions
	opts.PrefetchValues, opts.Prefix = false, []byte{classSpace}
	it := s.txn.NewIterator(opts)
	defer it.Close()
	for it.Seek([]byte{classSpace}); it.Valid(); {
		key := it.Item().Key()
		space := merge.SpaceID(key[2:18])
		head, err := s.Head(space)
		if err != nil {
			return err
		}
		if head != nil {
			if err := each(space, head); err != nil {
				return err
			}
		}
		next := append(bytes.Clone(key[:18]), 0xff) // beyond the last kind of row
		it.Seek(next)
	}
	return nil
}

// QuarantinedChanges calls each with the quarantined changes of a space. each
// may return ErrStop.
func (s *Snapshot) QuarantinedChanges(space merge.SpaceID, each func(id merge.ID, q *logv1.Quarantined) error) error {
	prefix := spaceKey(space, kindQuarantine)
	return s.scan(prefix, prefix, func(key, value []byte) error {
		if len(value) == 0 {
			return nil // no longer
		}
		q := new(logv1.Quarantined)
		if err := proto.Unmarshal(value, q); err != nil {
			return fault.New(fault.Damaged, "quarantine of space %s: %w: the store is damaged; restore it from a backup", space, err)
		}
		return each(parseChangeKey(key[len(prefix):]), q)
	})
}

func (s *Snapshot) scan(prefix, from []byte, each func(key, value []byte) error) error {
	opts := badger.DefaultIteratorOptions
	opts.PrefetchValues, opts.Prefix = false, prefix
	it := s.txn.NewIterator(opts)
	defer it.Close()
	for it.Seek(from); it.Valid(); it.Next() {
		item := it.Item()
		value, err := item.ValueCopy(nil)
		if err != nil {
			return readFault(err)
		}
		switch err := each(item.KeyCopy(nil), value); {
		case errors.Is(err, ErrStop):
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}
