package localstore

import (
	"iter"
	"math"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func (tx *memoryTx) Append(space *Space, c *merge.Change, content []byte) (n int64, err error) {
	chain := &space.Chain
	n = ownN(chain.N, c.ID.Seq)
	if tx.own.has(n) {
		return 0, errExists
	}
	if err := put(tx, tx.own, n, ownRow{c.ID.Tag, cloned(content)}); err != nil {
		return 0, err
	}
	if err := tx.SavePending(&Pending{N: n, Overlaid: true}); err != nil {
		return 0, err
	}
	chain.LastSeq, chain.LastHash, chain.LastStamp = c.ID.Seq, c.Hash, c.Stamp
	return n, update(tx, tx.chains, chain.N, func(kept *chainRow) {
		kept.LastSeq, kept.LastHash, kept.LastStamp = chain.LastSeq, chain.LastHash, chain.LastStamp
	})
}

// chainsOf walks over the chains of a space.
func (tx *memoryTx) chainsOf(space int64) iter.Seq[Chain] {
	return func(yield func(Chain) bool) {
		for _, chain := range tx.chains.all() {
			if chain.space == space && !yield(chain.Chain) {
				return
			}
		}
	}
}

func (tx *memoryTx) Chains(space int64) (map[merge.ReplicaID]int64, error) {
	chains := make(map[merge.ReplicaID]int64, 1)
	for chain := range tx.chainsOf(space) {
		chains[chain.Replica] = chain.N
	}
	return chains, nil
}

func (tx *memoryTx) Own(chain int64, id merge.ID) (n int64, err error) {
	if id.Seq >= 1<<seqBits {
		return 0, nil
	}
	n = ownN(chain, id.Seq)
	if own, found := tx.own.get(n); !found || own.tag != id.Tag {
		return 0, nil
	}
	return n, nil
}

func (tx *memoryTx) OwnContent(n int64) ([]byte, error) {
	own, _ := tx.own.get(n)
	return cloned(own.content), nil
}

func (tx *memoryTx) SetOwnContent(n int64, content []byte) error {
	return update(tx, tx.own, n, func(kept *ownRow) { kept.content = cloned(content) })
}

func (tx *memoryTx) OwnCount(space int64) (count int, err error) {
	for chain := range tx.chainsOf(space) {
		count += int(chain.LastSeq)
	}
	return count, nil
}

// pendingOf walks over the pending changes of a space, with the originals as
// they are kept.
func (tx *memoryTx) pendingOf(space int64) iter.Seq2[Pending, ownRow] {
	return func(yield func(Pending, ownRow) bool) {
		for chain := range tx.chainsOf(space) {
			for n, p := range tx.pending.from(ownN(chain.N, 0)) {
				if n >= ownN(chain.N+1, 0) {
					break
				}
				own, found := tx.own.get(n)
				if !found {
					continue
				}
				p.ID = merge.ID{Replica: chain.Replica, Seq: uint64(n & (1<<seqBits - 1)), Tag: own.tag}
				p.Findings = cloned(p.Findings)
				if !yield(p, own) {
					return
				}
			}
		}
	}
}

func (tx *memoryTx) Pending(space int64) (list []Pending, err error) {
	for p := range tx.pendingOf(space) {
		list = append(list, p)
	}
	return list, nil
}

func (tx *memoryTx) Unsent(space int64, fn func(p Pending, content []byte) bool) error {
	for p, own := range tx.pendingOf(space) {
		if p.Verdict == 0 && !fn(p, cloned(own.content)) {
			break
		}
	}
	return nil
}

func (tx *memoryTx) SavePending(p *Pending) error {
	kept := *p
	kept.ID, kept.Findings = merge.ID{}, cloned(p.Findings)
	return put(tx, tx.pending, p.N, kept)
}

func (tx *memoryTx) DropPending(n int64) error { return drop(tx, tx.pending, n) }

func (tx *memoryTx) ReopenOwn(space int64, below uint8) error {
	for chain := range tx.chainsOf(space) {
		for n := range tx.own.from(ownN(chain.N, 0)) {
			if n >= ownN(chain.N+1, 0) {
				break
			}
			if err := tx.Reopen(n, below); err != nil {
				return err
			}
		}
	}
	return nil
}

func (tx *memoryTx) MarkSent(names []int64) error {
	for _, n := range names {
		if err := update(tx, tx.pending, n, func(p *Pending) { p.Sent = true }); err != nil {
			return err
		}
	}
	return nil
}

func (tx *memoryTx) MarkHanded(names []int64) error {
	for _, n := range names {
		if err := update(tx, tx.pending, n, func(p *Pending) { p.Handed = true }); err != nil {
			return err
		}
	}
	return nil
}

func (tx *memoryTx) Overlay(record int64) (names []int64, err error) {
	for key := range tx.overlay.from(overlayKey{record, math.MinInt64}) {
		if key.record != record {
			break
		}
		names = append(names, key.change)
	}
	return names, nil
}

func (tx *memoryTx) AddOverlay(record, change int64) error {
	return put(tx, tx.overlay, overlayKey{record, change}, none{})
}

func (tx *memoryTx) DropOverlay(record, change int64) error {
	return drop(tx, tx.overlay, overlayKey{record, change})
}
