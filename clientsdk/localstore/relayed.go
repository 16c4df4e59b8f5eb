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

// AddRelayed keeps a change that came by a hub, to be offered to home.
func (tx *Tx) AddRelayed(space int64, id merge.ID, content []byte) (n int64, err error) {
	err = tx.conn.exec("INSERT INTO relayed (space, replica, seq, tag, offer, content) VALUES (?, ?, ?, ?, 1, ?)",
		space, id.Replica[:], int64(id.Seq), id.Tag[:], content)
	return -tx.conn.db.LastInsertRowID(), err
}

// Relayed returns the name of a relayed change, zero if it is none.
func (tx *Tx) Relayed(space int64, id merge.ID) (n int64, err error) {
	err = tx.conn.query("SELECT -n FROM relayed WHERE space = ? AND replica = ? AND seq = ? AND tag = ?", func(s *sqlite3.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	}, space, id.Replica[:], int64(id.Seq), id.Tag[:])
	return n, err
}

// RelayedContent returns the original of a relayed change, nil if there is none.
func (tx *Tx) RelayedContent(n int64) (content []byte, err error) {
	err = tx.conn.query("SELECT content FROM relayed WHERE n = ?", func(s *sqlite3.Stmt) error {
		content = copyBlob(s, 0)
		return nil
	}, -n)
	return content, err
}

// RelayedChanges returns all relayed changes of a space, without their content,
// in the order in which they came.
func (tx *Tx) RelayedChanges(space int64) (list []Relayed, err error) {
	err = tx.conn.query("SELECT -n, replica, seq, tag FROM relayed WHERE space = ? ORDER BY n", func(s *sqlite3.Stmt) error {
		list = append(list, scanRelayed(s))
		return nil
	}, space)
	return list, err
}

// RelayedOffers calls fn for the relayed changes that home has not said it has,
// with their originals, in the order in which they came, until it returns false.
func (tx *Tx) RelayedOffers(space int64, fn func(r Relayed) bool) error {
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

// SettleRelayed notes that home has a relayed change.
func (tx *Tx) SettleRelayed(n int64) error {
	return tx.conn.exec("UPDATE relayed SET offer = 0 WHERE n = ?", -n)
}

// OfferRelayed makes all relayed changes of a space wait to be offered.
func (tx *Tx) OfferRelayed(space int64) error {
	return tx.conn.exec("UPDATE relayed SET offer = 1 WHERE space = ?", space)
}

// DropRelayed drops a relayed change. The caller has taken it off all records.
func (tx *Tx) DropRelayed(n int64) error {
	return tx.conn.exec("DELETE FROM relayed WHERE n = ?", -n)
}

// RelayedCount returns how many relayed changes a space has.
func (tx *Tx) RelayedCount(space int64) (count int, err error) {
	err = tx.conn.query("SELECT count(*) FROM relayed WHERE space = ?", func(s *sqlite3.Stmt) error {
		count = int(s.ColumnInt64(0))
		return nil
	}, space)
	return count, err
}
