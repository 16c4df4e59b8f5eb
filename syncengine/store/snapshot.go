package store

import (
	"bytes"
	"encoding/binary"
	"errors"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Snapshot is the state at one moment. It is used by one goroutine, and must be
// closed soon: while it is open, compaction keeps what it may read.
type Snapshot struct {
	rows
	view view
}

// Snapshot begins reading.
func (s *Store) Snapshot() *Snapshot {
	view := s.backend.view()
	return &Snapshot{rows: rows{view}, view: view}
}

// Close ends reading.
func (s *Snapshot) Close() { s.view.discard() }

// HasRecord tells whether there is a record, without reading it.
func (s *Snapshot) HasRecord(space merge.SpaceID, id merge.RecordID) (bool, error) {
	return s.view.has(recordKey(space, id))
}

// Record returns a record, nil if there is none.
func (s *Snapshot) Record(space merge.SpaceID, id merge.RecordID) (*merge.Record, error) {
	row, err := s.recordRow(space, id)
	if err != nil || row == nil {
		return nil, err
	}
	return parseRecord(id, row)
}

// RecordRow returns the row of a record, nil if there is none.
func (s *Snapshot) RecordRow(space merge.SpaceID, id merge.RecordID) ([]byte, error) {
	return s.recordRow(space, id)
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
// that ends an entry, and that the log is not cut beyond. each may return
// ErrStop.
func (s *Snapshot) Deliveries(space merge.SpaceID, after uint64, each func(firstPosition uint64, d *logv1.Delivery) error) error {
	prefix := spaceKey(space, kindDelivery)
	return s.scan(prefix, deliveryKey(space, after+1), func(key, value []byte) error {
		first := binary.BigEndian.Uint64(key[len(prefix):])
		if len(value) == 0 {
			return errForgotten(space, first)
		}
		d, err := parseDelivery(space, value)
		if err != nil {
			return err
		}
		return each(first, d)
	})
}

func parseDelivery(space merge.SpaceID, value []byte) (*logv1.Delivery, error) {
	d := new(logv1.Delivery)
	if err := proto.Unmarshal(value, d); err != nil {
		return nil, fault.New(fault.Damaged, "log of space %s: %w: the store is damaged; restore it from a backup", space, err)
	}
	return d, nil
}

// LogBytesAt returns the size of all batches delivered up to a position that
// ends an entry, and that the log is not cut beyond.
func (s *Snapshot) LogBytesAt(space merge.SpaceID, position uint64) (uint64, error) {
	_, d, err := s.DeliveryAt(space, position)
	if err != nil || d != nil {
		return d.GetLogBytes(), err
	}
	head, err := s.Head(space) // the log begins here, or ends
	return head.GetCutLogBytes(), err
}

// DeliveryAt returns the entry of a space's log that has a position, and its
// first one; the last entry if the log ends before, nil if there is none or it
// is forgotten.
func (s *Snapshot) DeliveryAt(space merge.SpaceID, position uint64) (firstPosition uint64, d *logv1.Delivery, err error) {
	prefix := spaceKey(space, kindDelivery)
	key, value, err := s.view.last(prefix, deliveryKey(space, position))
	if err != nil || key == nil || len(value) == 0 || position == 0 {
		return 0, nil, err
	}
	d, err = parseDelivery(space, value)
	return binary.BigEndian.Uint64(key[len(prefix):]), d, err
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
// in order. It must not be below what the log is cut through.
func (s *Snapshot) Entries(partition uint16, after uint64, each func(seq uint64, entry *logv1.Entry) error) error {
	prefix := []byte{classEntry, byte(partition)}
	return s.scan(prefix, entryKey(partition, after+1), func(key, value []byte) error {
		entry, seq := new(logv1.Entry), binary.BigEndian.Uint64(key[2:])
		if len(value) == 0 {
			return fault.New(fault.Damaged, "entry %d of partition %d is not there: the store is damaged; restore it from a backup", seq, partition)
		}
		if err := proto.Unmarshal(value, entry); err != nil {
			return fault.New(fault.Damaged, "log of partition %d: %w: the store is damaged; restore it from a backup", partition, err)
		}
		return each(seq, entry)
	})
}

// Spaces calls each with every space.
func (s *Snapshot) Spaces(each func(space merge.SpaceID, head *logv1.SpaceHead) error) error {
	return s.NamedSpaces(func(space merge.SpaceID) error {
		head, err := s.Head(space)
		if err != nil || head == nil {
			return err
		}
		return each(space, head)
	})
}

// NamedSpaces calls each with every space of which there is any row, also those
// that nobody has made: of what was sent for them, it is kept that it was.
func (s *Snapshot) NamedSpaces(each func(space merge.SpaceID) error) error {
	it := s.view.iterate([]byte{classSpace})
	defer it.close()
	for it.seek([]byte{classSpace}); it.valid(); {
		key := bytes.Clone(it.key()[:18])
		if err := each(merge.SpaceID(key[2:])); err != nil {
			return err
		}
		it.seek(append(key, 0xff)) // beyond the last kind of row
	}
	return nil
}

// QuarantinedChanges calls each with the quarantined changes of a space from an
// identity on, in the order of identities. each may return ErrStop.
func (s *Snapshot) QuarantinedChanges(space merge.SpaceID, from merge.ID, each func(id merge.ID, q *logv1.Quarantined) error) error {
	prefix := spaceKey(space, kindQuarantine)
	return s.scan(prefix, changeKey(space, kindQuarantine, from), func(key, value []byte) error {
		if len(value) == 0 {
			return nil // no longer
		}
		q := new(logv1.Quarantined)
		if err := proto.Unmarshal(value, q); err != nil {
			return fault.New(fault.Damaged, "quarantine of space %s: %w: the store is damaged; restore it from a backup", space, err)
		}
		return each(parseChange(key[len(prefix):]), q)
	})
}

// scan calls each with the rows from a key on; it owns key and value.
func (s *Snapshot) scan(prefix, from []byte, each func(key, value []byte) error) error {
	it := s.view.iterate(prefix)
	defer it.close()
	for it.seek(from); it.valid(); it.next() {
		value, err := it.value()
		if err != nil {
			return err
		}
		switch err := each(bytes.Clone(it.key()), value); {
		case errors.Is(err, ErrStop):
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}
