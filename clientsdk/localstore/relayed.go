package localstore

import (
	"github.com/ncruces/go-sqlite3"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Relayed is a change of somebody else that came by a hub, and that home has not
// delivered yet.
type Relayed struct {
	N  int64 // names the change inside this store; below zero, as no own one is
	ID merge.ID
	// Content is the original, as the caller encodes it.
	Content []byte
}

func (tx *sqlTx) AddRelayed(space int64, id merge.ID, content []byte) (n int64, err error) {
	err = tx.conn.exec("INSERT INTO relayed (space, replica, seq, tag, offer, content) VALUES (?, ?, ?, ?, 1, ?)",
		space, id.Replica[:], int64(id.Seq), id.Tag[:], content)
	return -tx.conn.db.LastInsertRowID(), err
}

func (tx *sqlTx) Relayed(space int64, id merge.ID) (n int64, err error) {
	err = tx.conn.query("SELECT -n FROM relayed WHERE space = ? AND replica = ? AND seq = ? AND tag = ?", func(s *sqlite3.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	}, space, id.Replica[:], int64(id.Seq), id.Tag[:])
	return n, err
}

func (tx *sqlTx) RelayedContent(n int64) (content []byte, err error) {
	err = tx.conn.query("SELECT content FROM relayed WHERE n = ?", func(s *sqlite3.Stmt) error {
		content = copyBlob(s, 0)
		return nil
	}, -n)
	return content, err
}

func (tx *sqlTx) SetRelayedContent(n int64, content []byte) error {
	return tx.conn.exec("UPDATE relayed SET content = ? WHERE n = ?", content, -n)
}

func (tx *sqlTx) RelayedChanges(space int64) (list []Relayed, err error) {
	err = tx.conn.query("SELECT -n, replica, seq, tag FROM relayed WHERE space = ? ORDER BY n", func(s *sqlite3.Stmt) error {
		list = append(list, scanRelayed(s))
		return nil
	}, space)
	return list, err
}

func (tx *sqlTx) RelayedOffers(space int64, fn func(r Relayed) bool) error {
	return tx.conn.query("SELECT -n, replica, seq, tag, content FROM relayed WHERE space = ? AND offer ORDER BY n", func(s *sqlite3.Stmt) error {
		r := scanRelayed(s)
		r.Content = copyBlob(s, 4)
		if !fn(r) {
			return errStop
		}
		return nil
	}, space)
}

func scanRelayed(s *sqlite3.Stmt) Relayed {
	return Relayed{N: s.ColumnInt64(0), ID: merge.ID{
		Replica: merge.ReplicaID(s.ColumnRawBlob(1)), Seq: uint64(s.ColumnInt64(2)), Tag: merge.Tag(s.ColumnRawBlob(3)),
	}}
}

func (tx *sqlTx) SettleRelayed(n int64) error {
	return tx.conn.exec("UPDATE relayed SET offer = 0 WHERE n = ?", -n)
}

func (tx *sqlTx) OfferRelayed(space int64) error {
	return tx.conn.exec("UPDATE relayed SET offer = 1 WHERE space = ?", space)
}

func (tx *sqlTx) DropRelayed(n int64) error {
	return tx.conn.exec("DELETE FROM relayed WHERE n = ?", -n)
}

func (tx *sqlTx) RelayedCount(space int64) (count int, err error) {
	err = tx.conn.query("SELECT count(*) FROM relayed WHERE space = ?", func(s *sqlite3.Stmt) error {
		count = int(s.ColumnInt64(0))
		return nil
	}, space)
	return count, err
}
