package localstore

import "crypto/sha256"

func (tx *memoryTx) Carry(space int64, last uint64, changes int, batch []byte) error {
	whole := sha256.Sum256(batch)
	digest := [16]byte(whole[:16])
	same := keysOf(tx.carried, func(c carriedRow) bool { return c.space == space && c.digest == digest })
	if len(same) > 0 {
		return tx.Settle(same[0], last)
	}
	n := nextName(tx.carried)
	return put(tx, tx.carried, n, carriedRow{space, digest, last, false, Carried{n, changes, cloned(batch)}})
}

func (tx *memoryTx) OfferCarried(space int64) error {
	return updateAll(tx, tx.carried, func(c carriedRow) bool { return c.space == space }, func(kept *carriedRow) {
		kept.last, kept.offer = 0, true
	})
}

func (tx *memoryTx) Offered(space int64, fn func(c Carried) bool) error {
	for _, kept := range tx.carried.all() {
		if kept.space != space || !kept.offer {
			continue
		}
		c := kept.Carried
		if c.Batch = cloned(c.Batch); !fn(c) {
			break
		}
	}
	return nil
}

func (tx *memoryTx) ReplaceCarried(n int64, batch []byte) error {
	whole := sha256.Sum256(batch)
	digest := [16]byte(whole[:16])
	replaced, found := tx.carried.get(n)
	if !found {
		return nil
	}
	same := keysOf(tx.carried, func(c carriedRow) bool { return c.space == replaced.space && c.digest == digest && c.N != n })
	if err := drop(tx, tx.carried, same...); err != nil {
		return err
	}
	return update(tx, tx.carried, n, func(kept *carriedRow) { kept.digest, kept.Batch = digest, cloned(batch) })
}

func (tx *memoryTx) Settle(n int64, last uint64) error {
	return update(tx, tx.carried, n, func(kept *carriedRow) { kept.last, kept.offer = last, false })
}

func (tx *memoryTx) Drop(n int64) error { return drop(tx, tx.carried, n) }

func (tx *memoryTx) DropDurable(space int64, through uint64) error {
	return tx.dropCarried(func(c carriedRow) bool { return c.space == space && c.last > 0 && c.last <= through })
}

func (tx *memoryTx) DropCarried(space int64) error {
	return tx.dropCarried(func(c carriedRow) bool { return c.space == space && !c.offer })
}

func (tx *memoryTx) dropCarried(wanted func(carriedRow) bool) error {
	return drop(tx, tx.carried, keysOf(tx.carried, wanted)...)
}

func (tx *memoryTx) CarriedCount(space int64) (int, error) {
	return len(keysOf(tx.carried, func(c carriedRow) bool { return c.space == space })), nil
}
