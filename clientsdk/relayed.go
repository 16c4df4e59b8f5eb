package clientsdk

import (
	"context"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// What others wrote and a hub has passed on lies over the base as own changes
// do, marked provisional, until home delivers it. The tablet offers it to home
// too, if it meets home first. When home says that it has it, the change stays
// in the views until the base has come so far; when home keeps it back, it
// leaves them, and comes with the log if it is ever merged.

// Relayed lists the changes of others that came by a hub and that home has not
// delivered yet, in the order in which they came. What a view shows of them is
// provisional.
func (r *Register) Relayed(ctx context.Context, space SpaceID) (ids []ChangeID, err error) {
	err = r.store.Read(ctx, func(tx localstore.Tx) error {
		held, err := spaceOf(tx, space)
		if err != nil {
			return err
		}
		list, err := tx.RelayedChanges(held.N)
		for _, one := range list {
			ids = append(ids, one.ID)
		}
		return err
	})
	return ids, about(err, "list what came by a hub to space %s", space)
}

// relay lays a change over the base that came by a hub, if it is new. One on a
// replica of this tablet's own, known or not, is left to home: a hub's word makes
// nobody a clone. So is one over a limit, which home would not merge.
func (f *follower) relay(c *merge.Change) error {
	ours, err := f.isOwnReplica(c.ID.Replica)
	if err != nil || ours || wire.CheckLimits(c) != nil {
		return err
	}
	n := int64(0)
	if delivered, err := f.applied.has(c.ID); err != nil || delivered {
		return err
	}
	if n, err = f.tx.Relayed(f.space.N, c.ID); err != nil || n != 0 {
		return err
	}
	if err := f.purgeErased(c); err != nil {
		return err
	}
	content, err := wire.EncodeChange(c)
	if err != nil {
		return err
	}
	if n, err = f.tx.AddRelayed(f.space.N, c.ID, content); err != nil {
		return err
	}
	f.relayed++
	f.own[n] = c
	return f.putOn(n)
}

// endRelayed takes a relayed change out of the views: home has delivered it, or
// keeps it back. Of one that is none, nothing is done.
func (w *workspace) endRelayed(id merge.ID) error {
	n, err := w.tx.Relayed(w.space.N, id)
	if err != nil || n == 0 {
		return err
	}
	if err := w.takeOff(n); err != nil {
		return err
	}
	return w.tx.DropRelayed(n)
}

// endDelivered ends the relayed changes that the base holds, after rows came in
// place of the log; all of them if the base is gone with the right to read it.
func (f *follower) endDelivered(all bool) error {
	list, err := f.tx.RelayedChanges(f.space.N)
	if err != nil {
		return err
	}
	for _, r := range list {
		delivered, err := f.applied.has(r.ID)
		if err != nil {
			return err
		}
		if !delivered && !all {
			continue
		}
		if err := f.endRelayed(r.ID); err != nil {
			return err
		}
	}
	return nil
}

// offeredRelay is a relayed change under way to home.
type offeredRelay struct {
	n  int64
	id merge.ID
}

// packRelayed takes relayed changes that home may not have, once no own change
// is left to send. One that cannot be read any more is left out.
func (t *tour) packRelayed(tx localstore.Tx, space *localstore.Space, budgetBytes *int) ([][]byte, error) {
	waits := t.up.left || len(t.up.names) > 0
	var changes []*merge.Change
	err := tx.RelayedOffers(space.N, func(r localstore.Relayed) bool {
		if waits || *budgetBytes <= 0 || t.oneByOne && len(changes) > 0 {
			t.up.left = true
			return false
		}
		c, err := decodeOwn(space.ID, r.Content)
		if err != nil {
			return true
		}
		*budgetBytes -= len(r.Content)
		t.up.relayed = append(t.up.relayed, offeredRelay{r.N, r.ID})
		changes = append(changes, c)
		return true
	})
	if err != nil {
		return nil, err
	}
	return wire.EncodeBatches(space.ID, changes)
}

// settleRelayed takes in what home says of relayed changes that it was offered,
// and returns how many it said nothing of.
func (in *intake) settleRelayed(f *follower) (unanswered int, err error) {
	for _, r := range in.up.relayed {
		i := coveredBy(r.id, in.outcomes)
		switch {
		case i < 0:
			unanswered++
		case in.outcomes[i].Verdict.Merged():
			err = f.tx.SettleRelayed(r.n)
		default:
			err = f.endRelayed(r.id)
		}
		if err != nil {
			return unanswered, err
		}
	}
	return unanswered, nil
}
