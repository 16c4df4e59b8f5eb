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

func (tx *sqlTx) Carry(space int64, last uint64, changes int, batch []byte) error {
	digest := sha256.Sum256(batch)
	return tx.conn.exec(`
INSERT INTO carried (space, digest, last, changes, offer, batch) VALUES (?, ?, ?, ?, 0, ?)
ON CONFLICT (space, digest) DO UPDATE SET last = excluded.last, offer = 0`, space, digest[:16], int64(last), int64(changes), batch)
}

func (tx *sqlTx) OfferCarried(space int64) error {
	return tx.conn.exec("UPDATE carried SET last = 0, offer = 1 WHERE space = ?", space)
}

func (tx *sqlTx) Offered(space int64, fn func(c Carried) bool) error {
	return tx.conn.query("SELECT n, changes, batch FROM carried WHERE space = ? AND offer ORDER BY n", func(s *sqlite3.Stmt) error {
		if !fn(Carried{N: s.ColumnInt64(0), Changes: int(s.ColumnInt64(1)), Batch: copyBlob(s, 2)}) {
			return errStop
		}
		return nil
	}, space)
}

func (tx *sqlTx) ReplaceCarried(n int64, batch []byte) error {
	digest := sha256.Sum256(batch)
	return tx.conn.exec("UPDATE OR REPLACE carried SET digest = ?, batch = ? WHERE n = ?", digest[:16], batch, n)
}

func (tx *sqlTx) Settle(n int64, last uint64) error {
	return tx.conn.exec("UPDATE carried SET last = ?, offer = 0 WHERE n = ?", int64(last), n)
}

func (tx *sqlTx) Drop(n int64) error {
	return tx.conn.exec("DELETE FROM carried WHERE n = ?", n)
}

func (tx *sqlTx) DropDurable(space int64, through uint64) error {
	return tx.conn.exec("DELETE FROM carried WHERE space = ? AND last BETWEEN 1 AND ?", space, int64(through))
}

func (tx *sqlTx) DropCarried(space int64) error {
	return tx.conn.exec("DELETE FROM carried WHERE space = ? AND NOT offer", space)
}

func (tx *sqlTx) CarriedCount(space int64) (count int, err error) {
	err = tx.conn.query("SELECT count(*) FROM carried WHERE space = ?", func(s *sqlite3.Stmt) error {
		count = int(s.ColumnInt64(0))
		return nil
	}, space)
	return count, err
}
