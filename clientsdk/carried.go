package clientsdk

import (
	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// The tablet keeps the originals of what others wrote until the server has them
// in a verified backup. A server that was restored from an older one says so by
// another epoch: then they go up as they came down, beside the tablet's own.
// They are no own changes: nothing waits for their verdicts, and no view hangs
// on them.

// carriedMost bounds the batches of others in one request; with those of the
// tablet's own it stays below what the server takes.
const carriedMost = limits.PushBatches / 2

// carriedBatch is a batch of others under way.
type carriedBatch struct {
	n       int64
	changes []merge.ID
}

// packCarried takes batches that the server may have lost, once no own change
// is left to send: if something is wrong with them it keeps no own one back.
func (t *tour) packCarried(tx localstore.Tx, space *localstore.Space, budgetBytes *int) (batches [][]byte, err error) {
	waits := t.up.left || len(t.up.names) > 0
	err = tx.Offered(space.N, func(c localstore.Carried) bool {
		if waits || *budgetBytes <= 0 || len(batches) == carriedMost || t.oneByOne && len(batches) > 0 {
			t.up.left = true
			return false
		}
		changes, err := wire.DecodeKeptBatch(space.ID, c.Batch)
		if err != nil {
			t.up.spoilt = append(t.up.spoilt, c.N)
			return true
		}
		*budgetBytes -= 3 * len(c.Batch) // the budget is in bytes before compression
		batches = append(batches, c.Batch)
		t.up.carried = append(t.up.carried, carriedBatch{c.N, idsOf(changes)})
		return true
	})
	return batches, err
}

func idsOf(changes []*merge.Change) []merge.ID {
	ids := make([]merge.ID, len(changes))
	for i, c := range changes {
		ids[i] = c.ID
	}
	return ids
}

// epochsPerSync bounds how often one sync goes on for an epoch that is new: a
// server that says so each time would keep it for ever. A sync may last for
// hours, and the server be restored more than once meanwhile.
const epochsPerSync = 3

// enterEpoch offers everything again to a server that is not what it was. The
// verdicts of this answer are of the new epoch already.
func (in *intake) enterEpoch(f *follower) error {
	known := f.space.Epoch
	if len(in.epoch) == 0 || string(in.epoch) == string(known) {
		return nil
	}
	f.space.Epoch, f.space.Durable = in.epoch, 0
	if len(known) == 0 {
		return nil // the first that it meets
	}
	in.entered++
	in.newEpoch, in.up.left = true, in.entered <= epochsPerSync
	if err := f.carryStaged(); err != nil {
		return err
	}
	if err := f.tx.OfferCarried(f.space.N); err != nil {
		return err
	}
	if err := f.tx.OfferRelayed(f.space.N); err != nil {
		return err
	}
	return f.offerAll(in.up.names)
}

// carryStaged keeps what has come with pages that are no part of the base yet.
// The server may begin the space anew, and they are dropped.
func (f *follower) carryStaged() error {
	return f.tx.Staged(f.space.N, func(data []byte) error {
		var m syncv1.Page
		if proto.Unmarshal(data, &m) != nil {
			return nil // nobody can read it, and it is in the way of nothing else
		}
		for _, e := range m.Entries {
			if len(e.Batch) == 0 {
				continue
			}
			if err := f.tx.Carry(f.space.N, 0, int(e.Positions), e.Batch); err != nil {
				return err
			}
		}
		return nil
	})
}

// carry keeps an entry of the log that was applied, if it holds changes of
// others and the server has no verified backup of it.
func (f *follower) carry(e *wire.LogEntry, last uint64) error {
	if f.others == 0 || last <= f.space.Durable {
		return nil
	}
	return f.tx.Carry(f.space.N, last, int(e.Positions), e.Batch)
}

// noteDurable drops what the server has a verified backup of.
func (f *follower) noteDurable(through uint64) error {
	if through <= f.space.Durable {
		return nil
	}
	f.space.Durable = through
	return f.tx.DropDurable(f.space.N, through)
}

// settleCarried takes in what the server says of batches of others that it was
// offered, and returns how many it said nothing of.
func (in *intake) settleCarried(f *follower) (unanswered int, err error) {
	for _, n := range in.up.spoilt {
		if err := f.tx.Drop(n); err != nil {
			return 0, err
		}
	}
	for _, c := range in.up.carried {
		fate := fateOf(c.changes, in.outcomes)
		switch {
		case !fate.answered:
			unanswered++
		case !f.space.Readable, fate.last == 0 && !fate.held:
			err = f.tx.Drop(c.n)
		case fate.held:
			err = f.tx.Settle(c.n, 0)
		default:
			err = f.tx.Settle(c.n, fate.last)
		}
		if err != nil {
			return unanswered, err
		}
	}
	return unanswered, nil
}

// fate is what the server made of a batch.
type fate struct {
	answered bool   // every change has a verdict
	held     bool   // one is in quarantine: no position says when that is durable
	last     uint64 // the highest position, zero if none is merged
}

func fateOf(changes []merge.ID, outcomes []wire.Outcome) fate {
	all := fate{answered: true}
	for _, id := range changes {
		i := coveredBy(id, outcomes)
		if i < 0 {
			return fate{}
		}
		o := &outcomes[i]
		all.held = all.held || o.Verdict == wire.Quarantined
		all.last = max(all.last, o.LastPosition)
	}
	return all
}

// coveredBy returns the place of the outcome over a change, -1 if there is none.
func coveredBy(id merge.ID, outcomes []wire.Outcome) int {
	for i := range outcomes {
		o := &outcomes[i]
		if o.Replica == id.Replica && o.FirstSeq <= id.Seq && id.Seq <= o.LastSeq && (id.Seq != o.LastSeq || id.Tag == o.LastTag) {
			return i
		}
	}
	return -1
}
