package localstore

import (
	"iter"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func (tx *memoryTx) AddRelayed(space int64, id merge.ID, content []byte) (n int64, err error) {
	if tx.relayedID.has(relayedKey{space, id}) {
		return 0, errExists
	}
	n = nextName(tx.relayed)
	if err := put(tx, tx.relayed, n, relayedRow{space, id, true, cloned(content)}); err != nil {
		return 0, err
	}
	return -n, put(tx, tx.relayedID, relayedKey{space, id}, n)
}

func (tx *memoryTx) Relayed(space int64, id merge.ID) (int64, error) {
	n, _ := tx.relayedID.get(relayedKey{space, id})
	return -n, nil
}

func (tx *memoryTx) RelayedContent(n int64) ([]byte, error) {
	kept, _ := tx.relayed.get(-n)
	return cloned(kept.content), nil
}

func (tx *memoryTx) SetRelayedContent(n int64, content []byte) error {
	return update(tx, tx.relayed, -n, func(kept *relayedRow) { kept.content = cloned(content) })
}

// relayedOf walks over the relayed changes of a space.
func (tx *memoryTx) relayedOf(space int64) iter.Seq2[int64, relayedRow] {
	return func(yield func(int64, relayedRow) bool) {
		for n, kept := range tx.relayed.all() {
			if kept.space == space && !yield(n, kept) {
				return
			}
		}
	}
}

func (tx *memoryTx) RelayedChanges(space int64) (list []Relayed, err error) {
	for n, kept := range tx.relayedOf(space) {
		list = append(list, Relayed{N: -n, ID: kept.id})
	}
	return list, nil
}

func (tx *memoryTx) RelayedOffers(space int64, fn func(r Relayed) bool) error {
	for n, kept := range tx.relayedOf(space) {
		if kept.offer && !fn(Relayed{N: -n, ID: kept.id, Content: cloned(kept.content)}) {
			break
		}
	}
	return nil
}

func (tx *memoryTx) SettleRelayed(n int64) error {
	return update(tx, tx.relayed, -n, func(kept *relayedRow) { kept.offer = false })
}

func (tx *memoryTx) OfferRelayed(space int64) error {
	return updateAll(tx, tx.relayed, func(r relayedRow) bool { return r.space == space }, func(kept *relayedRow) { kept.offer = true })
}

func (tx *memoryTx) DropRelayed(n int64) error {
	kept, found := tx.relayed.get(-n)
	if !found {
		return nil
	}
	if err := drop(tx, tx.relayedID, relayedKey{kept.space, kept.id}); err != nil {
		return err
	}
	return drop(tx, tx.relayed, -n)
}

func (tx *memoryTx) RelayedCount(space int64) (count int, err error) {
	for range tx.relayedOf(space) {
		count++
	}
	return count, nil
}

func appliedKeyOf(space int64, replica merge.ReplicaID, r Run) appliedKey {
	return appliedKey{space, merge.ID{Replica: replica, Seq: r.LastSeq, Tag: r.LastTag}}
}

func (tx *memoryTx) AppliedRuns(space int64, replica merge.ReplicaID) (runs []Run, err error) {
	for key, r := range tx.applied.from(appliedKey{space, merge.ID{Replica: replica}}) {
		if key.space != space || key.last.Replica != replica {
			break
		}
		runs = append(runs, r)
	}
	return runs, nil
}

func (tx *memoryTx) AddApplied(space int64, replica merge.ReplicaID, r Run) error {
	return put(tx, tx.applied, appliedKeyOf(space, replica, r), r)
}

func (tx *memoryTx) DropApplied(space int64, replica merge.ReplicaID, r Run) error {
	return drop(tx, tx.applied, appliedKeyOf(space, replica, r))
}

func (tx *memoryTx) ClearApplied(space int64) error {
	var keys []appliedKey
	for key := range tx.applied.from(appliedKey{space: space}) {
		if key.space != space {
			break
		}
		keys = append(keys, key)
	}
	return drop(tx, tx.applied, keys...)
}
