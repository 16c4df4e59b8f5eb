package localstore

import (
	"crypto/sha256"

	"github.com/ncruces/go-sqlite3"
)

// Carried is a batch of the home server's log that the tablet keeps for a
// server that has lost it.
type Carried struct {
	N       int64 // names the batch inside this store; ascending as they came
	Changes int   // how many are in it
	Batch   []byte
}

// Carry keeps a batch whose last change has a position in the home server's
// log. One that is there already gets the position, and is not offered.
func (tx *Tx) Carry(space int64, last uint64, changes int, batch []byte) error {
	digest := sha256.Sum256(batch)
	return tx.conn.exec(`
INSERT INTO carried (space, digest, last, changes, offer, batch) VALUES (?, ?, ?, ?, 0, ?)
ON CONFLICT (space, digest) DO UPDATE SET last = excluded.last, offer = 0`, space, digest[:16], int64(last), int64(changes), batch)
}

// OfferCarried makes all batches that are kept of a space wait to be sent. Their
// positions are forgotten: the server may give others.
func (tx *Tx) OfferCarried(space int64) error {
	return tx.conn.exec("UPDATE carried SET last = 0, offer = 1 WHERE space = ?", space)
}

// Offered calls fn for the batches that wait to be sent, in the order in which
// they came, until it returns false. The bytes are the caller's.
func (tx *Tx) Offered(space int64, fn func(c Carried) bool) error {
	return tx.conn.query("SELECT n, changes, batch FROM carried WHERE space = ? AND offer ORDER BY n", func(s *sqlite3.Stmt) error {
		if !fn(Carried{N: s.ColumnInt64(0), Changes: int(s.ColumnInt64(1)), Batch: copyBlob(s, 2)}) {
			return errStop
		}
		return nil
	}, space)
}

// Settle notes that the server has what is in a batch, up to a position of its
// log; zero if that is not known, and then the batch is kept.
func (tx *Tx) Settle(n int64, last uint64) error {
	return tx.conn.exec("UPDATE carried SET last = ?, offer = 0 WHERE n = ?", int64(last), n)
}

// Drop drops one batch.
func (tx *Tx) Drop(n int64) error {
	return tx.conn.exec("DELETE FROM carried WHERE n = ?", n)
}

// DropDurable drops the batches of a space up to a position, which are in a
// verified backup.
func (tx *Tx) DropDurable(space int64, through uint64) error {
	return tx.conn.exec("DELETE FROM carried WHERE space = ? AND last BETWEEN 1 AND ?", space, int64(through))
}

// DropCarried drops the batches of a space that do not wait to be sent.
func (tx *Tx) DropCarried(space int64) error {
	return tx.conn.exec("DELETE FROM carried WHERE space = ? AND NOT offer", space)
}

// CarriedCount returns how many batches are kept of a space.
func (tx *Tx) CarriedCount(space int64) (count int, err error) {
	err = tx.conn.query("SELECT count(*) FROM carried WHERE space = ?", func(s *sqlite3.Stmt) error {
		count = int(s.ColumnInt64(0))
		return nil
	}, space)
	return count, err
}
