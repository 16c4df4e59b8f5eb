package clientsdk

import (
	"context"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Status is what a status line says: how much is here, how much of it the
// server has confirmed, and when.
type Status struct {
	// ClockOffsetMillis is the server's clock less the tablet's at the last
	// sync, to tell a person that the tablet's clock is wrong.
	ClockOffsetMillis int64
	// Spaces are in the order in which they were joined.
	Spaces []SpaceStatus
}

// SpaceStatus counts the tablet's own changes of one space. Saved is the sum of
// Confirmed, Waiting, Quarantined and Dismissed.
type SpaceStatus struct {
	Space SpaceID
	Kind  SpaceKind
	// Saved are the changes made on this tablet, without discarded drafts.
	Saved int
	// Confirmed are those that the server has merged, and said so.
	Confirmed int
	// Waiting are those over which there is no verdict yet, and Handed those of
	// them that a hub has.
	Waiting, Handed int
	// Quarantined are those that the server keeps and has not merged.
	Quarantined int
	// Dismissed are those that a person gave back as drafts.
	Dismissed int
	// Relayed are changes of others that came by a hub, and that home has not
	// delivered yet.
	Relayed int
	// Readable is false once the server has said that the author may not read
	// the space.
	Readable bool
	// Position of the base in the server's log.
	Position uint64
	// SyncedMillis is the tablet's clock at the last complete sync of the space,
	// zero before the first.
	SyncedMillis int64
}

// Status tells how the register stands, all of one moment.
func (r *Register) Status(ctx context.Context) (Status, error) {
	var status Status
	err := r.store.Read(ctx, func(tx localstore.Tx) error {
		spaces, err := tx.Spaces()
		if err != nil {
			return err
		}
		status.Spaces = make([]SpaceStatus, len(spaces))
		for i := range spaces {
			if status.Spaces[i], err = statusOf(tx, &spaces[i]); err != nil {
				return err
			}
		}
		status.ClockOffsetMillis, err = clockOffset(tx)
		return err
	})
	return status, about(err, "status")
}

func statusOf(tx localstore.Tx, space *localstore.Space) (SpaceStatus, error) {
	s := SpaceStatus{
		Space: space.ID, Kind: SpaceKind(space.Kind), Readable: space.Readable, Position: space.Position, SyncedMillis: space.SyncedMillis,
	}
	var err error
	if s.Saved, err = tx.OwnCount(space.N); err != nil {
		return s, err
	}
	if s.Relayed, err = tx.RelayedCount(space.N); err != nil {
		return s, err
	}
	pending, err := tx.Pending(space.N)
	if err != nil {
		return s, err
	}
	for i := range pending {
		switch wire.Verdict(pending[i].Verdict) {
		case 0:
			s.Waiting++
			if pending[i].Handed {
				s.Handed++
			}
		case wire.Quarantined:
			s.Quarantined++
		case wire.Dismissed:
			s.Dismissed++
		case discarded:
			s.Saved--
		}
	}
	s.Confirmed = s.Saved - s.Waiting - s.Quarantined - s.Dismissed
	return s, nil
}

// Digests are hashes over all that is live in a space, for comparing copies.
type Digests struct {
	// Base is over what home delivered. It equals the server's digest at the
	// same position.
	Base     merge.Hash
	Position uint64
	// View is over what the tablet shows. It equals Base when nothing waits.
	View merge.Hash
}

// Digest computes the digests of a space. It reads all of it.
func (r *Register) Digest(ctx context.Context, space SpaceID) (Digests, error) {
	var d Digests
	err := r.store.Read(ctx, func(tx localstore.Tx) error {
		held, err := spaceOf(tx, space)
		if err != nil {
			return err
		}
		d.Position = held.Position
		ids, err := tx.RecordIDs(held.N)
		if err != nil {
			return err
		}
		for _, id := range ids {
			rec, err := tx.Record(held.N, id)
			if err != nil {
				return err
			}
			if err := d.add(rec); err != nil {
				return err
			}
		}
		return nil
	})
	return d, about(err, "digest of space %s", space)
}

func (d *Digests) add(rec *localstore.Record) error {
	view, err := parseRow(rec.ID, rec.Row())
	if err != nil {
		return err
	}
	digest := view.Digest()
	d.View = d.View.Combine(digest)
	if rec.View != nil {
		if rec.Base == nil {
			return nil
		}
		base, err := parseRow(rec.ID, rec.Base)
		if err != nil {
			return err
		}
		digest = base.Digest()
	}
	d.Base = d.Base.Combine(digest)
	return nil
}
