package syncengine

import (
	"context"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Upstream is how far a hub has come with the home server in a space.
type Upstream struct {
	// Epoch is that of the home server; zero before it was met.
	Epoch wire.EpochID
	// Cursor is the home server's.
	Cursor []byte
	// OfferedThrough is the position in the hub's own log up to which the home
	// server was offered what did not come from itself, and up to AllThrough what
	// did: it was restored since.
	OfferedThrough, AllThrough uint64
}

// Upstream returns how far the hub has come in a space.
func (e *Engine) Upstream(space merge.SpaceID) (Upstream, error) {
	if err := e.gate.enter(); err != nil {
		return Upstream{}, err
	}
	defer e.gate.leave()
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	m, err := snapshot.Upstream(space)
	if err != nil {
		return Upstream{}, err
	}
	u := Upstream{Cursor: m.Cursor, OfferedThrough: m.OfferedThrough, AllThrough: m.AllThrough}
	copy(u.Epoch[:], m.EpochId)
	return u, nil
}

// SetUpstream keeps how far the hub has come in a space.
func (e *Engine) SetUpstream(ctx context.Context, space merge.SpaceID, u Upstream) error {
	if err := e.gate.enter(); err != nil {
		return err
	}
	defer e.gate.leave()
	// However full the disk is: it is little, and without it a hub would offer the
	// same for ever, and never get rid of it.
	body, err := proto.Marshal(&logv1.Upstream{EpochId: u.Epoch[:], Cursor: u.Cursor, OfferedThrough: u.OfferedThrough, AllThrough: u.AllThrough})
	if err != nil {
		return marshalFailed("upstream", err)
	}
	_, err = e.append(ctx, log.Entry{Kind: log.Upstream, Space: space, Body: body, SizeBytes: len(body)})
	return err
}

func (a applier) upstream(fold *store.Fold, e *log.Entry) (log.Outcome, error) {
	var body logv1.Upstream
	if err := proto.Unmarshal(e.Body, &body); err != nil {
		return log.Outcome{}, fault.New(fault.Damaged, "upstream entry: %w", err)
	}
	head, err := fold.Head(e.Space)
	if err != nil {
		return log.Outcome{}, err
	}
	return log.Outcome{Recorded: true, Position: head.GetPosition()}, fold.PutUpstream(e.Space, &body)
}

// Adopt is Push of what a hub's relay has from the home server.
func (e *Engine) Adopt(ctx context.Context, hub merge.PersonID, space merge.SpaceID, batches [][]byte) error {
	if err := e.gate.enter(); err != nil {
		return err
	}
	defer e.gate.leave()
	_, err := e.push(ctx, hub, space, batches, push{fromHome: true})
	return err
}

// Brought is what a hub has for the home server.
type Brought struct {
	Batches [][]byte
	// Through is the position of the hub's own log up to which all is in it, and
	// Head where that log ends.
	Through, Head uint64
}

// Brought returns what the log of a space holds beyond what was offered: as many
// batches at most, of about so many bytes. Beyond u.AllThrough, what came from
// the home server itself is left out.
func (e *Engine) Brought(space merge.SpaceID, u Upstream, batches, sizeBytes int) (Brought, error) {
	if err := e.gate.enter(); err != nil {
		return Brought{}, err
	}
	defer e.gate.leave()
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	head, err := snapshot.Head(space)
	if err != nil {
		return Brought{}, err
	}
	b := Brought{Through: u.OfferedThrough, Head: head.GetPosition()}
	reader := &pulling{snapshot: snapshot, space: space}
	err = snapshot.Deliveries(space, u.OfferedThrough, func(first uint64, d *logv1.Delivery) error {
		if len(b.Batches) == batches || sizeBytes <= 0 {
			return store.ErrStop
		}
		last := first + uint64(d.Positions) - 1
		entry, err := snapshot.Entry(store.Partition(space), d.EntrySeq)
		if err != nil {
			return err
		}
		home, err := isFromHome(entry)
		if err != nil || home && last > u.AllThrough {
			b.Through = last
			return err
		}
		delivered, err := reader.entry(first, d)
		if err != nil {
			return err
		}
		b.Through = last
		if len(delivered.Batch) > 0 {
			b.Batches = append(b.Batches, delivered.Batch)
			sizeBytes -= len(delivered.Batch)
		}
		return nil
	})
	return b, err
}

func isFromHome(entry *logv1.Entry) (bool, error) {
	if log.Kind(entry.Kind) != log.Push {
		return false, nil
	}
	var body logv1.Push
	if err := proto.Unmarshal(entry.Body, &body); err != nil {
		return false, fault.New(fault.Damaged, "push entry: %w: the store is damaged; restore it from a backup", err)
	}
	return body.FromHome, nil
}

// HeldBack calls each with the changes of a space that are in quarantine, from an
// identity on in the order of identities, until it returns false. The home server may know better. Changes that were emptied, since they
// were not sealed, are left out: home would take them for erased, and merge what
// is left. Whoever wrote them brings them there.
func (e *Engine) HeldBack(space merge.SpaceID, from merge.ID, each func(c *merge.Change) bool) error {
	if err := e.gate.enter(); err != nil {
		return err
	}
	defer e.gate.leave()
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	return snapshot.QuarantinedChanges(space, from, func(id merge.ID, q *logv1.Quarantined) error {
		c, err := wire.DecodeChange(space, q.Run)
		if err != nil {
			return fault.New(fault.Damaged, "quarantined change %s: %w", id, err)
		}
		if isEmptied(e.Schema(), c) {
			return nil
		}
		if !each(c) {
			return store.ErrStop
		}
		return nil
	})
}
