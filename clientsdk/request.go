package clientsdk

import (
	"context"
	"slices"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// askBytes is what asking for one verdict takes in a request.
const askBytes = 48

// load is what a request carries for one space.
type load struct {
	cursor []byte
	// position is that of the base, and staging says that pages are staged
	// beyond it.
	position uint64
	staging  bool
	// epoch and durable are what the server said last.
	epoch   []byte
	durable uint64
	// names are the own changes in it, and resent how many of them had been on
	// their way before.
	names  []int64
	resent int
	// carried are batches of others in it, and spoilt those that cannot be read
	// any more; relayed are changes of others that came by a hub.
	carried []carriedBatch
	spoilt  []int64
	relayed []offeredRelay
	// hubCursor is where the tablet is in a hub's log.
	hubCursor []byte
	// left says that more is to be sent or asked.
	left bool
}

// request packs what all spaces have for the server that are not done yet, as
// far as one request carries it: first those that were put off, so that each
// gets its turn however much there is in the others.
func (s *exchange) request(ctx context.Context) (*syncv1.SyncRequest, []*tour, error) {
	req := &syncv1.SyncRequest{}
	var under []*tour
	err := s.register.store.Read(ctx, func(tx localstore.Tx) error {
		budgetBytes := s.register.requestBytes
		for _, t := range slices.Concat(s.tours[s.first:], s.tours[:s.first]) {
			if t.done || len(under) == limits.SyncSpaces {
				continue
			}
			up, err := t.pack(tx, s.register, s.hub, &budgetBytes)
			if err != nil {
				return about(err, "space %s", t.space)
			}
			req.Spaces = append(req.Spaces, up)
			under = append(under, t)
		}
		var err error
		req.Status, err = s.register.standing(tx, under)
		return err
	})
	return req, under, err
}

// pack fills the space's part of a request from the budget, which the last
// thing packed may overdraw. Of a hub nothing is asked, and it is given own
// changes alone.
func (t *tour) pack(tx localstore.Tx, register *Register, hub bool, budgetBytes *int) (*syncv1.SpaceUp, error) {
	space, err := spaceOf(tx, t.space)
	if err != nil {
		return nil, err
	}
	t.up = load{cursor: space.Cursor, position: space.Position, epoch: space.Epoch, durable: space.Durable, hubCursor: space.HubCursor}
	if t.up.staging, err = tx.HasStaged(space.N); err != nil {
		return nil, err
	}
	up := &syncv1.SpaceUp{SpaceId: t.space[:], Cursor: space.Cursor, HubCursor: space.HubCursor}
	if !t.mute {
		contents, err := t.packChanges(tx, space, budgetBytes)
		if err != nil {
			return nil, err
		}
		if up.Batches, err = register.ownBatches(space.ID, contents); err != nil {
			// Something about the originals is damaged, or the key store is locked.
			// Fetching goes on.
			t.fail(err)
			t.mute, t.up.names, t.up.resent, t.up.left = true, nil, 0, false
		}
	}
	if hub {
		return up, nil
	}
	if !t.mute {
		others, err := t.packOthers(tx, space, budgetBytes)
		if err != nil {
			return nil, err
		}
		up.Batches = append(up.Batches, others...)
	}
	asks, err := t.packAsks(tx, space, budgetBytes)
	up.Asks = wire.ChangeIDsToProto(asks)
	return up, err
}

// packOthers takes what others wrote and home may not have.
func (t *tour) packOthers(tx localstore.Tx, space *localstore.Space, budgetBytes *int) ([][]byte, error) {
	batches, err := t.packRelayed(tx, space, budgetBytes)
	if err != nil {
		return nil, err
	}
	if t.oneByOne && len(batches) > 0 {
		return batches, nil
	}
	carried, err := t.packCarried(tx, space, budgetBytes)
	return append(batches, carried...), err
}

// packChanges takes unsent changes, always from the oldest on, so that what is
// sent again after a cut is the same.
func (t *tour) packChanges(tx localstore.Tx, space *localstore.Space, budgetBytes *int) (contents [][]byte, err error) {
	err = tx.Unsent(space.N, func(p localstore.Pending, content []byte) bool {
		if p.N <= t.handed {
			return true
		}
		if *budgetBytes <= 0 {
			t.up.left = true
			return false
		}
		*budgetBytes -= len(content)
		t.up.names = append(t.up.names, p.N)
		if p.Sent {
			t.up.resent++
		}
		contents = append(contents, content)
		return true
	})
	return contents, err
}

// packAsks takes the changes whose verdict may have become another without a
// word in the log: where rows came in place of it, or nothing may be read.
func (t *tour) packAsks(tx localstore.Tx, space *localstore.Space, budgetBytes *int) ([]merge.ID, error) {
	pending, err := tx.Pending(space.N)
	if err != nil {
		return nil, err
	}
	var asks []merge.ID
	for i := range pending {
		p := &pending[i]
		if verdict := wire.Verdict(p.Verdict); p.N <= t.asked || verdict != wire.Flagged && verdict != wire.Quarantined {
			continue
		}
		if len(asks) == limits.Asks || *budgetBytes <= 0 {
			t.up.left = true
			break
		}
		asks = append(asks, p.ID)
		t.asked = p.N
		*budgetBytes -= askBytes
	}
	return asks, nil
}

// markSent notes that the changes of a request that got no answer were on their
// way. The sync may have ended because its context did.
func (s *exchange) markSent(ctx context.Context, under []*tour) error {
	return s.register.store.Write(context.WithoutCancel(ctx), func(tx localstore.Tx) error {
		for _, t := range under {
			if err := tx.MarkSent(t.up.names); err != nil {
				return err
			}
		}
		return nil
	})
}
