package localstore

import (
	"github.com/ncruces/go-sqlite3"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Run is changes of one replica that follow each other and that the base holds.
// Of all but the last the tag is not kept.
type Run struct {
	FirstSeq, LastSeq uint64
	LastTag           merge.Tag
}

func (tx *sqlTx) AppliedRuns(space int64, replica merge.ReplicaID) (runs []Run, err error) {
	err = tx.conn.query("SELECT first_seq, last_seq, last_tag FROM applied WHERE space = ? AND replica = ? ORDER BY last_seq, last_tag", func(s *sqlite3.Stmt) error {
		runs = append(runs, Run{uint64(s.ColumnInt64(0)), uint64(s.ColumnInt64(1)), merge.Tag(s.ColumnRawBlob(2))})
		return nil
	}, space, replica[:])
	return runs, err
}

func (tx *sqlTx) AddApplied(space int64, replica merge.ReplicaID, r Run) error {
	return tx.conn.exec("INSERT OR REPLACE INTO applied (space, replica, last_seq, last_tag, first_seq) VALUES (?, ?, ?, ?, ?)",
		space, replica[:], int64(r.LastSeq), r.LastTag[:], int64(r.FirstSeq))
}

func (tx *sqlTx) DropApplied(space int64, replica merge.ReplicaID, r Run) error {
	return tx.conn.exec("DELETE FROM applied WHERE space = ? AND replica = ? AND last_seq = ? AND last_tag = ?",
		space, replica[:], int64(r.LastSeq), r.LastTag[:])
}

func (tx *sqlTx) ClearApplied(space int64) error {
	return tx.conn.exec("DELETE FROM applied WHERE space = ?", space)
}
