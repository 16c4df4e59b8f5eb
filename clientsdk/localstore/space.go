package localstore

import (
	"github.com/ncruces/go-sqlite3"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Space is a space that the tablet holds.
type Space struct {
	N    int64 // names the space inside this store
	ID   merge.SpaceID
	Kind int32 // a zhurnal.schema.v1.SpaceKind
	// Chain is where new changes go.
	Chain Chain
	// Cursor is where the next pull goes on, after what is staged; empty to
	// begin from the start.
	Cursor []byte
	// Position of the base in the home server's log.
	Position uint64
	// Epoch of the home server; empty before it was told.
	Epoch []byte
	// Durable is the position up to which the server's log is in a verified
	// backup.
	Durable uint64
	// HubCursor is where the tablet is in the log of the hub that it met last.
	HubCursor []byte
	// Readable is false once the home server has denied access.
	Readable bool
	// SyncedMillis is the tablet's clock at the last complete sync, zero before.
	SyncedMillis int64
}

// Chain is the own changes of one replica.
type Chain struct {
	N         int64
	Replica   merge.ReplicaID
	LastSeq   uint64
	LastHash  merge.Hash
	LastStamp int64
}

const selectSpace = `
SELECT s.n, s.id, s.kind, s.cursor, s.position, s.readable, s.synced_millis, s.epoch, s.durable, s.hub_cursor,
	c.n, c.replica, c.last_seq, c.last_hash, c.last_stamp
FROM space s JOIN chain c ON c.n = s.chain `

func scanSpace(s *sqlite3.Stmt) Space {
	return Space{
		N: s.ColumnInt64(0), ID: merge.SpaceID(s.ColumnRawBlob(1)), Kind: int32(s.ColumnInt64(2)),
		Cursor: copyBlob(s, 3), Position: uint64(s.ColumnInt64(4)), Readable: s.ColumnBool(5), SyncedMillis: s.ColumnInt64(6),
		Epoch: copyBlob(s, 7), Durable: uint64(s.ColumnInt64(8)), HubCursor: copyBlob(s, 9),
		Chain: Chain{
			N: s.ColumnInt64(10), Replica: merge.ReplicaID(s.ColumnRawBlob(11)), LastSeq: uint64(s.ColumnInt64(12)),
			LastHash: merge.Hash(s.ColumnRawBlob(13)), LastStamp: s.ColumnInt64(14),
		},
	}
}

func (tx *sqlTx) Space(id merge.SpaceID) (space *Space, err error) {
	err = tx.conn.query(selectSpace+"WHERE s.id = ?", func(s *sqlite3.Stmt) error {
		found := scanSpace(s)
		space = &found
		return nil
	}, id[:])
	return space, err
}

func (tx *sqlTx) Spaces() (spaces []Space, err error) {
	err = tx.conn.query(selectSpace+"ORDER BY s.n", func(s *sqlite3.Stmt) error {
		spaces = append(spaces, scanSpace(s))
		return nil
	})
	return spaces, err
}

func (tx *sqlTx) AddSpace(id merge.SpaceID, kind int32, replica merge.ReplicaID) error {
	err := tx.conn.exec("INSERT INTO space (id, kind, chain, cursor, position, epoch, durable, hub_cursor, readable, synced_millis) VALUES (?, ?, 0, x'', 0, x'', 0, x'', 1, 0)", id[:], int64(kind))
	if err != nil {
		return err
	}
	return tx.AddChain(&Space{N: tx.conn.db.LastInsertRowID(), Chain: Chain{Replica: replica}})
}

func (tx *sqlTx) AddChain(space *Space) error {
	replica := space.Chain.Replica
	var none merge.Hash
	if err := tx.conn.exec("INSERT INTO chain (space, replica, last_seq, last_hash, last_stamp) VALUES (?, ?, 0, ?, ?)",
		space.N, replica[:], none[:], space.Chain.LastStamp); err != nil {
		return err
	}
	space.Chain = Chain{N: tx.conn.db.LastInsertRowID(), Replica: replica, LastStamp: space.Chain.LastStamp}
	return tx.conn.exec("UPDATE space SET chain = ? WHERE n = ?", space.Chain.N, space.N)
}

func (tx *sqlTx) SaveSpace(space *Space) error {
	return tx.conn.exec("UPDATE space SET cursor = ?, position = ?, epoch = ?, durable = ?, hub_cursor = ?, readable = ?, synced_millis = ? WHERE n = ?",
		notNull(space.Cursor), int64(space.Position), notNull(space.Epoch), int64(space.Durable), notNull(space.HubCursor), space.Readable, space.SyncedMillis, space.N)
}

func (tx *sqlTx) TouchSpaces(ids []merge.SpaceID, syncedMillis int64) error {
	for _, id := range ids {
		if err := tx.conn.exec("UPDATE space SET synced_millis = ? WHERE id = ?", syncedMillis, id[:]); err != nil {
			return err
		}
	}
	return nil
}

func (tx *sqlTx) Stage(space int64, page []byte) error {
	return tx.conn.exec("INSERT INTO staged (space, n, page) VALUES (?1, (SELECT coalesce(max(n), 0) + 1 FROM staged WHERE space = ?1), ?2)", space, page)
}

func (tx *sqlTx) Staged(space int64, fn func(page []byte) error) error {
	return tx.conn.query("SELECT page FROM staged WHERE space = ? ORDER BY n", func(s *sqlite3.Stmt) error {
		return fn(s.ColumnRawBlob(0))
	}, space)
}

func (tx *sqlTx) HasStaged(space int64) (has bool, err error) {
	err = tx.conn.query("SELECT EXISTS (SELECT 1 FROM staged WHERE space = ?)", func(s *sqlite3.Stmt) error {
		has = s.ColumnBool(0)
		return nil
	}, space)
	return has, err
}

func (tx *sqlTx) DropStaged(space int64) error {
	return tx.conn.exec("DELETE FROM staged WHERE space = ?", space)
}
