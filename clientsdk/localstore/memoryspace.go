package localstore

import (
	"math"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func (tx *memoryTx) Property(name string) ([]byte, error) {
	value, _ := tx.properties.get(name)
	return cloned(value), nil
}

func (tx *memoryTx) SetProperty(name string, value []byte) error {
	return put(tx, tx.properties, name, cloned(value))
}

func (tx *memoryTx) Space(id merge.SpaceID) (*Space, error) {
	for _, space := range tx.spaces.all() {
		if space.ID == id {
			tx.complete(&space)
			return &space, nil
		}
	}
	return nil, nil
}

func (tx *memoryTx) Spaces() (spaces []Space, err error) {
	for _, space := range tx.spaces.all() {
		tx.complete(&space)
		spaces = append(spaces, space)
	}
	return spaces, nil
}

// complete makes the caller's own of a space that is kept.
func (tx *memoryTx) complete(space *Space) {
	chain, _ := tx.chains.get(space.Chain.N)
	space.Chain, space.Cursor, space.Epoch = chain.Chain, cloned(space.Cursor), cloned(space.Epoch)
	space.HubCursor = cloned(space.HubCursor)
}

func (tx *memoryTx) AddSpace(id merge.SpaceID, kind int32, replica merge.ReplicaID) error {
	if held, err := tx.Space(id); held != nil || err != nil {
		return errExists
	}
	space := Space{N: nextName(tx.spaces), ID: id, Kind: kind, Readable: true}
	if err := put(tx, tx.spaces, space.N, space); err != nil {
		return err
	}
	return tx.AddChain(&Space{N: space.N, Chain: Chain{Replica: replica}})
}

func (tx *memoryTx) AddChain(space *Space) error {
	chains, err := tx.Chains(space.N)
	if err != nil {
		return err
	}
	if _, found := chains[space.Chain.Replica]; found {
		return errExists
	}
	space.Chain = Chain{N: nextName(tx.chains), Replica: space.Chain.Replica, LastStamp: space.Chain.LastStamp}
	if err := put(tx, tx.chains, space.Chain.N, chainRow{space.N, space.Chain}); err != nil {
		return err
	}
	return update(tx, tx.spaces, space.N, func(kept *Space) { kept.Chain.N = space.Chain.N })
}

func (tx *memoryTx) SaveSpace(space *Space) error {
	return update(tx, tx.spaces, space.N, func(kept *Space) {
		kept.Cursor, kept.Position, kept.Epoch = cloned(space.Cursor), space.Position, cloned(space.Epoch)
		kept.HubCursor = cloned(space.HubCursor)
		kept.Durable, kept.Readable, kept.SyncedMillis = space.Durable, space.Readable, space.SyncedMillis
	})
}

func (tx *memoryTx) TouchSpaces(ids []merge.SpaceID, syncedMillis int64) error {
	for _, id := range ids {
		is := func(space Space) bool { return space.ID == id }
		if err := updateAll(tx, tx.spaces, is, func(kept *Space) { kept.SyncedMillis = syncedMillis }); err != nil {
			return err
		}
	}
	return nil
}

func (tx *memoryTx) Stage(space int64, page []byte) error {
	n := int64(1)
	for _, key := range tx.stagedKeys(space) {
		n = key.n + 1
	}
	return put(tx, tx.staged, stagedKey{space, n}, cloned(page))
}

func (tx *memoryTx) stagedKeys(space int64) (keys []stagedKey) {
	for key := range tx.staged.from(stagedKey{space, math.MinInt64}) {
		if key.space != space {
			break
		}
		keys = append(keys, key)
	}
	return keys
}

func (tx *memoryTx) Staged(space int64, fn func(page []byte) error) error {
	for _, key := range tx.stagedKeys(space) {
		page, _ := tx.staged.get(key)
		if err := fn(cloned(page)); err != nil {
			return err
		}
	}
	return nil
}

func (tx *memoryTx) HasStaged(space int64) (bool, error) { return len(tx.stagedKeys(space)) > 0, nil }

func (tx *memoryTx) DropStaged(space int64) error {
	return drop(tx, tx.staged, tx.stagedKeys(space)...)
}
