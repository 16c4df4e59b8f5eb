package syncengine

import (
	"context"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Repair tells a damaged copy in which rows it differs from the space's, or gives
// it rows. The copy must be at the head: otherwise the answer is that the space
// has moved on.
func (e *Engine) Repair(ctx context.Context, person merge.PersonID, ask wire.RepairAsk) (wire.RepairAnswer, error) {
	if err := e.gate.enter(); err != nil {
		return wire.RepairAnswer{}, err
	}
	defer e.gate.leave()
	if ask.Buckets != nil { // which reads the whole space: one at a time, however many ask
		select {
		case e.comparing <- struct{}{}:
			defer func() { <-e.comparing }()
		case <-ctx.Done():
			return wire.RepairAnswer{}, fault.New(fault.Unavailable, "repair: %w while others were served; try again", ctx.Err())
		}
	}
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	head, access, err := readable(snapshot, ask.Space, person)
	if err != nil {
		return wire.RepairAnswer{}, err
	}
	p := &pulling{snapshot: snapshot, space: ask.Space, epoch: e.epoch.id, head: head}
	if err := p.open(e.sealer, ask.Cursor, access); err != nil {
		return wire.RepairAnswer{}, err
	}
	switch {
	case p.due():
		return wire.RepairAnswer{MovedOn: true}, nil
	case ask.Buckets != nil:
		whole, err := headDigest(ask.Space, head)
		if err != nil {
			return wire.RepairAnswer{}, err
		}
		return compareBuckets(ctx, snapshot, ask, whole)
	}
	return rowsOf(snapshot, ask)
}

// rowsOf gives rows, as many as fit but always the first.
func rowsOf(snapshot *store.Snapshot, ask wire.RepairAsk) (a wire.RepairAnswer, err error) {
	budgetBytes := limits.PageBytes
	for _, id := range ask.Records {
		row, err := snapshot.RecordRow(ask.Space, id)
		if err != nil {
			return wire.RepairAnswer{}, err
		}
		if a.Answered > 0 && len(row) > budgetBytes {
			break
		}
		a.Answered++
		if row == nil {
			continue
		}
		budgetBytes -= len(row) + 24
		a.Rows = append(a.Rows, wire.StateRow{Record: id, Row: row})
	}
	return a, nil
}

// comparison is the comparing of a copy's buckets with the rows of a space, which
// are read in the order of their ids.
type comparison struct {
	copy *[256]merge.ShortDigest
	// at is the bucket under way, with what was read of it.
	at      int
	digest  merge.Digest
	records []wire.RecordDigest
	tooLong bool // records does not hold all of them

	whole       merge.Digest
	answer      wire.RepairAnswer
	budgetBytes int
}

// compareBuckets lists what is in the buckets that differ, as many as fit but
// always one. Where it comes to the end of the space, its rows must have the
// digest that the head says: the copy would be mended by damaged rows.
func compareBuckets(ctx context.Context, snapshot *store.Snapshot, ask wire.RepairAsk, head merge.Digest) (wire.RepairAnswer, error) {
	c := &comparison{copy: ask.Buckets, budgetBytes: limits.PageBytes}
	err := snapshot.RecordRows(ask.Space, merge.RecordID{}, func(id merge.RecordID, row []byte) error {
		if err := c.endBuckets(int(id[0])); err != nil {
			return err
		}
		c.add(id, row)
		return ctx.Err()
	})
	if err == nil && c.at < len(c.copy) && c.budgetBytes > 0 {
		if err = c.endBuckets(len(c.copy)); err == nil && c.whole != head {
			err = fault.New(fault.Damaged, "space %s: its rows have not the digest that its head says: the store is damaged; check it, and restore it from a backup", ask.Space)
		}
	}
	if err == store.ErrStop {
		err = nil
	}
	return c.answer, err
}

// endBuckets ends the buckets before the one.
func (c *comparison) endBuckets(before int) error {
	for ; c.at < before; c.at++ {
		c.whole = c.whole.Combine(c.digest)
		if c.digest.Short() != c.copy[c.at] {
			if c.tooLong {
				return fault.New(fault.TooLarge, "repair: the records that begin with %02x are too many to be listed; fetch the space anew", c.at)
			}
			if c.budgetBytes -= wire.RecordDigestBytes * len(c.records); c.budgetBytes <= 0 && len(c.answer.Buckets) > 0 {
				return store.ErrStop
			}
			c.answer.Buckets = append(c.answer.Buckets, wire.RepairBucket{First: byte(c.at), Records: c.records})
			c.records = nil
		}
		c.digest, c.records, c.tooLong = merge.Digest{}, c.records[:0], false
	}
	return nil
}

func (c *comparison) add(id merge.RecordID, row []byte) {
	digest := merge.DigestRow(id, row)
	c.digest = c.digest.Combine(digest)
	if c.tooLong = len(c.records) == limits.RepairBucketRecords; !c.tooLong {
		c.records = append(c.records, wire.RecordDigest{Record: id, Digest: digest.Short()})
	}
}
