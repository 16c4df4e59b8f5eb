package store

import (
	"encoding/binary"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// The changes that wait for one thing may be thousands: marks of a person whom
// another tablet registered and has not sent yet. So they lie in pages. A full
// page is a row of its own, and is not written again for those that come after;
// the row of the thing says how many there are, and holds the rest.
const waitingPage = 64

// waiters are the changes that wait for one thing, as its row has them.
type waiters struct {
	pages uint64     // that are full
	rest  []merge.ID // on none of them
}

type spaceAwaited struct {
	space merge.SpaceID
	what  Awaited
}

// Wait adds a flagged change to those that wait for something to come.
func (f *Fold) Wait(space merge.SpaceID, what Awaited, id merge.ID) error {
	key := spaceAwaited{space, what}
	w, err := f.waiters(key)
	if err != nil {
		return err
	}
	if _, held := f.waiting[key]; !held {
		f.waiting[key] = w
		f.grown += waitingBytes(len(w.rest))
	}
	f.grown += changeBytes
	if w.rest = append(w.rest, id); len(w.rest) == waitingPage {
		f.set(waitingPageKey(key, w.pages), appendChanges(nil, w.rest))
		w.pages, w.rest = w.pages+1, nil
	}
	return nil
}

// Waiting returns the flagged changes that wait for something to come, in the
// order in which they began to. The caller owns the list.
func (f *Fold) Waiting(space merge.SpaceID, what Awaited) ([]merge.ID, error) {
	key := spaceAwaited{space, what}
	w, err := f.waiters(key)
	if err != nil {
		return nil, err
	}
	var all []merge.ID
	for page := range w.pages {
		key := waitingPageKey(key, page)
		row, err := f.get(key)
		if err == nil {
			all, err = parseChanges(all, key, row)
		}
		if err != nil {
			return nil, err
		}
	}
	return append(all, w.rest...), nil
}

// PutWaiting has these changes wait for something, and no others. It copies the
// list.
func (f *Fold) PutWaiting(space merge.SpaceID, what Awaited, ids []merge.ID) error {
	key := spaceAwaited{space, what}
	before, err := f.waiters(key)
	if err != nil {
		return err
	}
	w := new(waiters)
	for ; len(ids) >= waitingPage; ids = ids[waitingPage:] {
		f.set(waitingPageKey(key, w.pages), appendChanges(nil, ids[:waitingPage]))
		w.pages++
	}
	for page := w.pages; page < before.pages; page++ {
		f.set(waitingPageKey(key, page), nil)
	}
	w.rest = slices.Clone(ids)
	f.waiting[key] = w
	f.grown += waitingBytes(len(w.rest))
	return nil
}

// waiters returns who waits for something; nobody as a rule, which costs one
// look-up.
func (f *Fold) waiters(key spaceAwaited) (*waiters, error) {
	if w, ok := f.waiting[key]; ok {
		return w, nil
	}
	w, rowKey := new(waiters), waitingKey(key.space, key.what)
	row, err := f.get(rowKey)
	if err != nil || len(row) == 0 {
		return w, err
	}
	pages, n := binary.Uvarint(row)
	if n <= 0 {
		return nil, errDamagedWaiting(rowKey)
	}
	w.pages = pages
	w.rest, err = parseChanges(nil, rowKey, row[n:])
	return w, err
}

// encode returns the row; empty if nobody waits.
func (w *waiters) encode() []byte {
	if w.pages == 0 && len(w.rest) == 0 {
		return nil
	}
	return appendChanges(binary.AppendUvarint(nil, w.pages), w.rest)
}

// waitingBytes is about what a row takes, with its key.
func waitingBytes(changes int) int { return 64 + changes*changeBytes }

// waitingPageKey sorts after the row of the thing, before those of others.
func waitingPageKey(key spaceAwaited, page uint64) []byte {
	return binary.BigEndian.AppendUint32(waitingKey(key.space, key.what), uint32(page))
}

func appendChanges(row []byte, ids []merge.ID) []byte {
	row = slices.Grow(row, len(ids)*changeBytes)
	for _, id := range ids {
		row = appendChange(row, id)
	}
	return row
}

func parseChanges(ids []merge.ID, key, row []byte) ([]merge.ID, error) {
	if len(row)%changeBytes != 0 {
		return nil, errDamagedWaiting(key)
	}
	for ; len(row) > 0; row = row[changeBytes:] {
		ids = append(ids, parseChange(row))
	}
	return ids, nil
}

func errDamagedWaiting(key []byte) error {
	return fault.New(fault.Damaged, "row %x: cut short: the store is damaged; restore it from a backup", key)
}
