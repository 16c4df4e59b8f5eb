package localstore

import (
	"github.com/ncruces/go-sqlite3"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// seqBits is how much of an own change's row number its sequence number takes.
const seqBits = 40

// ownN is the row number of a chain's change.
func ownN(chain int64, seq uint64) int64 { return chain<<seqBits | int64(seq) }

// Pending is an own change about which something is open: no verdict yet, not
// in the base yet, or a verdict that somebody should look at.
type Pending struct {
	N  int64 // names the change inside this store; ascending as they were made
	ID merge.ID
	// Verdict of the home server, a zhurnal.sync.v1.Verdict; zero before it.
	// The caller may have verdicts of its own beside those.
	Verdict uint8
	// Position in the home server's log, zero if it is in none.
	Position uint64
	// Overlaid says that the views have the change on top of their base.
	Overlaid bool
	// Sent says that it was on its way to the server once.
	Sent bool
	// Handed says that a hub has it.
	Handed bool
	// Findings of the verdict, as the caller encodes them.
	Findings []byte
}

func (tx *sqlTx) Append(space *Space, c *merge.Change, content []byte) (n int64, err error) {
	chain := &space.Chain
	n = ownN(chain.N, c.ID.Seq)
	if err := tx.conn.exec("INSERT INTO own (n, tag, content) VALUES (?, ?, ?)", n, c.ID.Tag[:], content); err != nil {
		return 0, err
	}
	if err := tx.SavePending(&Pending{N: n, Overlaid: true}); err != nil {
		return 0, err
	}
	chain.LastSeq, chain.LastHash, chain.LastStamp = c.ID.Seq, c.Hash, c.Stamp
	return n, tx.conn.exec("UPDATE chain SET last_seq = ?, last_hash = ?, last_stamp = ? WHERE n = ?",
		int64(chain.LastSeq), chain.LastHash[:], chain.LastStamp, chain.N)
}

func (tx *sqlTx) Chains(space int64) (chains map[merge.ReplicaID]int64, err error) {
	chains = make(map[merge.ReplicaID]int64, 1)
	err = tx.conn.query("SELECT replica, n FROM chain WHERE space = ?", func(s *sqlite3.Stmt) error {
		chains[merge.ReplicaID(s.ColumnRawBlob(0))] = s.ColumnInt64(1)
		return nil
	}, space)
	return chains, err
}

func (tx *sqlTx) Own(chain int64, id merge.ID) (n int64, err error) {
	if id.Seq >= 1<<seqBits {
		return 0, nil
	}
	err = tx.conn.query("SELECT n FROM own WHERE n = ? AND tag = ?", func(s *sqlite3.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	}, ownN(chain, id.Seq), id.Tag[:])
	return n, err
}

func (tx *sqlTx) OwnContent(n int64) (content []byte, err error) {
	err = tx.conn.query("SELECT content FROM own WHERE n = ?", func(s *sqlite3.Stmt) error {
		content = copyBlob(s, 0)
		return nil
	}, n)
	return content, err
}

func (tx *sqlTx) SetOwnContent(n int64, content []byte) error {
	return tx.conn.exec("UPDATE own SET content = ? WHERE n = ?", content, n)
}

func (tx *sqlTx) OwnCount(space int64) (count int, err error) {
	err = tx.conn.query("SELECT sum(last_seq) FROM chain WHERE space = ?", func(s *sqlite3.Stmt) error {
		count = int(s.ColumnInt64(0))
		return nil
	}, space)
	return count, err
}

const selectPending = `
SELECT p.n, c.replica, o.tag, p.verdict, p.position, p.overlaid, p.sent, p.handed, p.findings
FROM chain c JOIN pending p ON p.n BETWEEN c.n << 40 AND (c.n << 40) + 1099511627775 JOIN own o ON o.n = p.n `

func scanPending(s *sqlite3.Stmt) Pending {
	n := s.ColumnInt64(0)
	return Pending{
		N: n, ID: merge.ID{Replica: merge.ReplicaID(s.ColumnRawBlob(1)), Seq: uint64(n & (1<<seqBits - 1)), Tag: merge.Tag(s.ColumnRawBlob(2))},
		Verdict: uint8(s.ColumnInt64(3)), Position: uint64(s.ColumnInt64(4)), Overlaid: s.ColumnBool(5), Sent: s.ColumnBool(6), Handed: s.ColumnBool(7), Findings: copyBlob(s, 8),
	}
}

func (tx *sqlTx) Pending(space int64) (list []Pending, err error) {
	err = tx.conn.query(selectPending+"WHERE c.space = ? ORDER BY p.n", func(s *sqlite3.Stmt) error {
		list = append(list, scanPending(s))
		return nil
	}, space)
	return list, err
}

func (tx *sqlTx) Unsent(space int64, fn func(p Pending, content []byte) bool) error {
	return tx.conn.query(`
SELECT p.n, c.replica, o.tag, p.verdict, p.position, p.overlaid, p.sent, p.handed, p.findings, o.content
FROM chain c JOIN pending p ON p.n BETWEEN c.n << 40 AND (c.n << 40) + 1099511627775 JOIN own o ON o.n = p.n
WHERE c.space = ? AND p.verdict = 0 ORDER BY p.n`, func(s *sqlite3.Stmt) error {
		if !fn(scanPending(s), copyBlob(s, 9)) {
			return errStop
		}
		return nil
	}, space)
}

func (tx *sqlTx) SavePending(p *Pending) error {
	return tx.conn.exec("INSERT OR REPLACE INTO pending (n, verdict, position, overlaid, sent, handed, findings) VALUES (?, ?, ?, ?, ?, ?, ?)",
		p.N, int64(p.Verdict), int64(p.Position), p.Overlaid, p.Sent, p.Handed, notNull(p.Findings))
}

func (tx *sqlTx) DropPending(n int64) error {
	return tx.conn.exec("DELETE FROM pending WHERE n = ?", n)
}

func (tx *sqlTx) ReopenOwn(space int64, below uint8) error {
	return tx.conn.exec(`
INSERT INTO pending (n, verdict, position, overlaid, sent, handed, findings)
SELECT o.n, 0, 0, 0, 1, 0, x'' FROM chain c JOIN own o ON o.n BETWEEN c.n << 40 AND (c.n << 40) + 1099511627775
WHERE c.space = ?
ON CONFLICT (n) DO UPDATE SET verdict = 0, position = 0, findings = x'' WHERE verdict < ?`, space, int64(below))
}

func (tx *sqlTx) MarkSent(names []int64) error {
	for _, n := range names {
		if err := tx.conn.exec("UPDATE pending SET sent = 1 WHERE n = ? AND sent = 0", n); err != nil {
			return err
		}
	}
	return nil
}

func (tx *sqlTx) MarkHanded(names []int64) error {
	for _, n := range names {
		if err := tx.conn.exec("UPDATE pending SET handed = 1 WHERE n = ? AND handed = 0", n); err != nil {
			return err
		}
	}
	return nil
}

func (tx *sqlTx) Overlay(record int64) (names []int64, err error) {
	err = tx.conn.query("SELECT change FROM overlay WHERE record = ? ORDER BY change", func(s *sqlite3.Stmt) error {
		names = append(names, s.ColumnInt64(0))
		return nil
	}, record)
	return names, err
}

func (tx *sqlTx) AddOverlay(record, change int64) error {
	return tx.conn.exec("INSERT OR IGNORE INTO overlay (record, change) VALUES (?, ?)", record, change)
}

func (tx *sqlTx) DropOverlay(record, change int64) error {
	return tx.conn.exec("DELETE FROM overlay WHERE record = ? AND change = ?", record, change)
}
