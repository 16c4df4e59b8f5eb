package store

import (
	"encoding/binary"
	"errors"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// unfinished stands in the place of the format while a store is being restored,
// so that a restore that was cut off is never taken for a store.
const unfinished = 0

// Rows calls each with every row, in the order of keys; each owns them. What
// was written by Restore from them is the same store.
func (s *Snapshot) Rows(each func(key, value []byte) error) error {
	return s.scan(nil, nil, each)
}

// Restore makes a store of the rows that rows puts, where there is none yet.
// begin may then work on it; only when it has returned is the store one that
// can be opened. After an error what is there is of no use, and must be cleared
// away.
func Restore(o Options, rows func(put func(key, value []byte) error) error, begin func(*Store) error) (err error) {
	b, err := openBackend(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	s := &Store{backend: b}
	if err := s.load(rows); err != nil {
		return err
	}
	if err := s.readIdentity(); err != nil {
		return err
	}
	if err := begin(s); err != nil {
		return err
	}
	return s.setFormat(format)
}

func (s *Store) load(rows func(put func(key, value []byte) error) error) error {
	if err := s.mustBeEmpty(); err != nil {
		return err
	}
	if err := s.setFormat(unfinished); err != nil {
		return err
	}
	loading := &loading{store: s, fold: s.Fold()}
	if err := rows(loading.put); err != nil {
		loading.fold.Discard()
		return err
	}
	if !loading.formatSeen {
		loading.fold.Discard()
		return fault.New(fault.Damaged, "the backup does not say which format of store it is of")
	}
	return loading.fold.Commit()
}

func (s *Store) mustBeEmpty() error {
	snapshot := s.Snapshot()
	defer snapshot.Close()
	return snapshot.Rows(func(_, _ []byte) error {
		return fault.New(fault.Invalid, "there is a store already; restore into an empty directory")
	})
}

func (s *Store) setFormat(number uint32) error {
	fold := s.Fold()
	fold.set(metaKey(metaFormat), binary.BigEndian.AppendUint32(nil, number))
	return fold.Commit()
}

// loading writes rows in transactions of half of what one may hold.
type loading struct {
	store      *Store
	fold       *Fold
	formatSeen bool
}

// put keeps neither key nor value.
func (l *loading) put(key, value []byte) error {
	if string(key) == string(metaKey(metaFormat)) {
		l.formatSeen = true
		return checkFormat(value)
	}
	if l.fold.SizeBytes() > l.store.FoldBytes()/2 {
		if err := l.fold.Commit(); err != nil {
			return err
		}
		l.fold = l.store.Fold()
	}
	l.fold.set(append([]byte(nil), key...), append([]byte{}, value...))
	return nil
}
