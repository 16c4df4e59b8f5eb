package localstore

import "github.com/zhurnal/zhurnal/syncengine/merge"

func (tx *memoryTx) BaseRows(fn func(space int64, id merge.RecordID, row []byte) error) error {
	for _, kept := range tx.records.all() {
		if kept.Base == nil {
			continue
		}
		if err := fn(kept.space, kept.ID, kept.Base); err != nil {
			return err
		}
	}
	return nil
}

func (tx *memoryTx) BaseRowsOf(space int64, first byte, fn func(space int64, id merge.RecordID, row []byte) error) error {
	for key, n := range tx.recordID.from(recordIDKey{space, merge.RecordID{first}}) {
		if key.space != space || key.id[0] != first {
			break
		}
		kept, _ := tx.records.get(n)
		if kept.Base == nil {
			continue
		}
		if err := fn(space, kept.ID, kept.Base); err != nil {
			return err
		}
	}
	return nil
}

func (tx *memoryTx) Erase(space int64, ids []merge.RecordID) error {
	gone := map[int64]bool{}
	for _, id := range ids {
		n, found := tx.recordID.get(recordIDKey{space, id})
		if !found {
			continue
		}
		gone[n] = true
		names, err := tx.Overlay(n)
		if err != nil {
			return err
		}
		for _, change := range names {
			if err := tx.DropOverlay(n, change); err != nil {
				return err
			}
		}
		if err := tx.DeleteRecord(n); err != nil {
			return err
		}
	}
	return tx.dropReferencesOf(gone)
}

func (tx *memoryTx) OwnChanges(space int64, fn func(n int64, content []byte) error) error {
	for chain := range tx.chainsOf(space) {
		for n, own := range tx.own.from(ownN(chain.N, 0)) {
			if n >= ownN(chain.N+1, 0) {
				break
			}
			if err := fn(n, own.content); err != nil {
				return err
			}
		}
	}
	return nil
}

func (tx *memoryTx) Reopen(n int64, below uint8) error {
	p, found := tx.pending.get(n)
	switch {
	case !found:
		p = Pending{N: n, Sent: true}
	case p.Verdict < below:
		p.Verdict, p.Position, p.Findings = 0, 0, nil
	default:
		return nil
	}
	return put(tx, tx.pending, n, p)
}

func (tx *memoryTx) CarriedBatches(space int64, fn func(c Carried) error) error {
	for _, kept := range tx.carried.all() {
		if kept.space != space {
			continue
		}
		if err := fn(kept.Carried); err != nil {
			return err
		}
	}
	return nil
}

func (tx *memoryTx) Offer(n int64) error {
	return update(tx, tx.carried, n, func(kept *carriedRow) { kept.last, kept.offer = 0, true })
}
