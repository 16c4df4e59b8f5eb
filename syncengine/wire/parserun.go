package wire

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// batch reads a Batch of the parser's space.
func (p *parser) batch(message []byte) ([]*merge.Change, error) {
	const (
		spaceID, runs = 1, 2
	)
	total, err := count(message, runs)
	if err != nil {
		return nil, fault.New(fault.Malformed, "batch: %w", err)
	}
	var space []byte
	var changes []*merge.Change
	run := 0
	for f := (fields{rest: message}); f.next(); {
		switch {
		case f.is(spaceID, protowire.BytesType):
			space = f.bytes
		case f.is(runs, protowire.BytesType):
			run++
			if changes, err = p.run(f.bytes, changes); err != nil {
				return nil, fault.New(fault.KindOf(err), "batch: run %d of %d: %w", run, total, err)
			}
		}
	}
	switch {
	case string(space) != string(p.space[:]):
		return nil, fault.New(fault.Malformed, "batch: made for another space than it was sent for")
	case total == 0:
		return nil, fault.New(fault.Malformed, "batch: holds no changes")
	}
	return changes, nil
}

// runHead is what a Run has besides its changes.
type runHead struct {
	replica  merge.ReplicaID
	author   merge.PersonID
	previous merge.Hash
	last     merge.Hash
}

const runChanges = 4

// run reads a Run, verifies its chain and appends its changes.
func (p *parser) run(message []byte, changes []*merge.Change) ([]*merge.Change, error) {
	n, err := count(message, runChanges)
	switch {
	case err != nil:
		return nil, err
	case n == 0:
		return nil, fault.New(fault.Malformed, "holds no changes")
	case len(changes)+n > limits.BatchChanges:
		return nil, fault.New(fault.TooLarge, "over %d changes; send smaller batches", limits.BatchChanges)
	}
	head, err := parseRunHead(message)
	if err != nil {
		return nil, err
	}
	room := make([]merge.Change, 0, n)
	for f := (fields{rest: message}); f.next(); {
		if !f.is(runChanges, protowire.BytesType) {
			continue
		}
		room = room[:len(room)+1]
		c := &room[len(room)-1]
		if err := p.change(f.bytes, c); err != nil {
			return nil, fault.New(fault.KindOf(err), "change %d/%d: %w", len(room), n, err)
		}
		if len(room) > 1 && c.ID.Seq != room[len(room)-2].ID.Seq+1 {
			return nil, fault.New(fault.Malformed, "change %d/%d: sequence number %d after %d; a run has no gaps, send the changes between or start a new run",
				len(room), n, c.ID.Seq, room[len(room)-2].ID.Seq)
		}
		if err := head.seal(p.space, c); err != nil {
			return nil, err
		}
		changes = append(changes, c)
	}
	if head.previous != head.last {
		return nil, fault.New(fault.FalseHash, "the hash of change %d is not the one that was sent: something in the run was altered on the way; read it from the store again",
			room[n-1].ID.Seq)
	}
	return changes, sign(message, changes[len(changes)-n:])
}

// seal gives a change its place at the end of the chain.
func (h *runHead) seal(space merge.SpaceID, c *merge.Change) error {
	c.ID.Replica, c.Author, c.Previous = h.replica, h.author, h.previous
	if err := c.Check(); err != nil {
		return fault.New(fault.Malformed, "%w", err)
	}
	c.Seal(space)
	h.previous = c.Hash
	return nil
}

func parseRunHead(message []byte) (h runHead, err error) {
	const (
		replica, author, previousHash, lastHash = 1, 2, 3, 5
	)
	var found [lastHash + 1][]byte
	for f := (fields{rest: message}); f.next(); {
		if f.wire == protowire.BytesType && f.number <= lastHash {
			found[f.number] = f.bytes
		}
	}
	if h.replica, err = ID16[merge.ReplicaID](found[replica], "replica"); err != nil {
		return h, err
	}
	if h.author, err = ID16[merge.PersonID](found[author], "author"); err != nil {
		return h, err
	}
	if h.previous, err = optional[merge.Hash](found[previousHash], "previous hash"); err != nil {
		return h, err
	}
	if h.last, err = optional[merge.Hash](found[lastHash], "last hash"); err != nil {
		return h, err
	}
	switch {
	case len(found[lastHash]) == 0:
		return h, fault.New(fault.Malformed, "no last hash")
	case len(found[previousHash]) > 0 && h.previous == merge.Hash{}:
		return h, fault.New(fault.Malformed, "a previous hash of zeros; none is due before the first change")
	}
	return h, nil
}
