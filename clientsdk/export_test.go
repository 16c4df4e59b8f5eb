package clientsdk

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// BaseRows returns the rows of the base of a space.
func (r *Register) BaseRows(ctx context.Context, id SpaceID) (map[RecordID][]byte, error) {
	rows := make(map[RecordID][]byte)
	err := r.eachHeld(ctx, id, func(_ *workspace, h *held) error {
		if h.row.Base != nil {
			rows[h.row.ID] = h.row.Base
		}
		return nil
	})
	return rows, err
}

// Indexed returns how many records the index has for a reference.
func (r *Register) Indexed(ctx context.Context, id SpaceID, typeName string, field uint32, target RecordID) (n int, err error) {
	err = r.store.Read(ctx, func(tx localstore.Tx) error {
		space, err := spaceOf(tx, id)
		if err != nil {
			return err
		}
		found, err := tx.RecordsReferring(space.N, typeName, field, target)
		n = len(found)
		return err
	})
	return n, err
}

// CarriedCount returns how many batches of others are kept of a space.
func (r *Register) CarriedCount(ctx context.Context, id SpaceID) (n int, err error) {
	err = r.store.Read(ctx, func(tx localstore.Tx) error {
		space, err := spaceOf(tx, id)
		if err != nil {
			return err
		}
		n, err = tx.CarriedCount(space.N)
		return err
	})
	return n, err
}

func (r *Register) eachHeld(ctx context.Context, id SpaceID, fn func(*workspace, *held) error) error {
	return r.store.Read(ctx, func(tx localstore.Tx) error {
		space, err := spaceOf(tx, id)
		if err != nil {
			return err
		}
		ids, err := tx.RecordIDs(space.N)
		if err != nil {
			return err
		}
		w := newWorkspace(r.options.Schema, tx, space)
		for _, id := range ids {
			h, err := w.hold(id)
			if err != nil {
				return err
			}
			if err := fn(w, h); err != nil {
				return err
			}
		}
		return nil
	})
}

// Audit checks that what is kept of each record is what its base and the own
// changes on it make, and that the own changes are whole chains.
func (r *Register) Audit(ctx context.Context, id SpaceID) error {
	overlaid := make(map[int64]bool)
	err := r.eachHeld(ctx, id, func(w *workspace, h *held) error {
		for _, n := range h.overlay {
			overlaid[n] = true
		}
		return w.audit(h)
	})
	if err != nil {
		return err
	}
	return r.store.Read(ctx, func(tx localstore.Tx) error {
		space, err := spaceOf(tx, id)
		if err != nil {
			return err
		}
		pending, err := tx.Pending(space.N)
		if err != nil {
			return err
		}
		for _, p := range pending {
			if p.Overlaid != overlaid[p.N] {
				return fmt.Errorf("change %s: overlaid %v, in views %v", p.ID, p.Overlaid, overlaid[p.N])
			}
			delete(overlaid, p.N)
		}
		if len(overlaid) > 0 {
			return fmt.Errorf("views have changes %v, about which nothing is open", overlaid)
		}
		return auditChains(tx, space)
	})
}

func (w *workspace) audit(h *held) error {
	want, err := w.render(h)
	if err != nil {
		return err
	}
	if want == nil {
		return fmt.Errorf("record %s is nobody's", h.row.ID)
	}
	shown, err := parseRow(h.row.ID, h.row.Row())
	if err != nil {
		return err
	}
	if string(merge.AppendRecord(nil, want)) != string(merge.AppendRecord(nil, shown)) {
		return fmt.Errorf("record %s: the view is not its base with changes %v on it", h.row.ID, h.overlay)
	}
	if (h.row.View != nil) != (len(h.overlay) > 0) || h.row.Standing != shown.Standing() || h.row.Open != isOpen(w.schema, shown) {
		return fmt.Errorf("record %s: %+v", h.row.ID, h.row)
	}
	return w.auditReferences(h, w.referencesOf(shown))
}

// auditReferences looks every reference up, and one that must not be there.
func (w *workspace) auditReferences(h *held, refs []schema.Reference) error {
	for _, ref := range append(slices.Clone(refs), schema.Reference{Field: 1, Record: merge.RecordID{0xff}}) {
		found, err := w.tx.RecordsReferring(w.space.N, h.row.Type, ref.Field, ref.Record)
		if err != nil {
			return err
		}
		is := slices.ContainsFunc(found, func(r localstore.Record) bool { return r.N == h.row.N })
		if is != containsReference(refs, ref) {
			return fmt.Errorf("record %s: reference %v: in the index %v", h.row.ID, ref, is)
		}
	}
	return nil
}

// auditChains verifies that each chain is whole, and ends where it goes on.
func auditChains(tx localstore.Tx, space *localstore.Space) error {
	chains, err := tx.Chains(space.N)
	if err != nil {
		return err
	}
	for replica, n := range chains {
		var last merge.Change
		for {
			content, err := tx.OwnContent(n<<40 | int64(last.ID.Seq+1))
			if err != nil {
				return err
			}
			if content == nil {
				break
			}
			c, err := decodeOwn(space.ID, content)
			if err != nil {
				return err
			}
			if c.ID.Replica != replica || c.ID.Seq != last.ID.Seq+1 || c.Previous != last.Hash || c.Stamp < last.Stamp {
				return fmt.Errorf("change %s does not follow %s", c.ID, last.ID)
			}
			last = *c
		}
		if replica == space.Chain.Replica && (last.ID.Seq != space.Chain.LastSeq || last.Hash != space.Chain.LastHash) {
			return fmt.Errorf("the chain ends with %s and goes on from %d", last.ID, space.Chain.LastSeq)
		}
	}
	return nil
}

// Holds tells where in the register the text is, as somebody finds it who has the
// key: in rows, and in the originals of changes.
func (r *Register) Holds(ctx context.Context, id SpaceID, text string) (where []string, err error) {
	note := func(place string, data []byte) {
		if bytes.Contains(data, []byte(text)) {
			where = append(where, place)
		}
	}
	err = r.store.Read(ctx, func(tx localstore.Tx) error {
		space, err := spaceOf(tx, id)
		if err != nil {
			return err
		}
		ids, err := tx.RecordIDs(space.N)
		if err != nil {
			return err
		}
		for _, record := range ids {
			row, err := tx.Record(space.N, record)
			if err != nil {
				return err
			}
			note("base", row.Base)
			note("view", row.View)
		}
		if err := tx.OwnChanges(space.N, func(_ int64, content []byte) error { note("own", content); return nil }); err != nil {
			return err
		}
		relayed, err := tx.RelayedChanges(space.N)
		if err != nil {
			return err
		}
		for _, one := range relayed {
			content, err := tx.RelayedContent(one.N)
			if err != nil {
				return err
			}
			note("relayed", content)
		}
		if err := tx.Staged(space.N, func(page []byte) error { note("staged", page); return nil }); err != nil {
			return err
		}
		return tx.CarriedBatches(space.N, func(c localstore.Carried) error {
			changes, err := wire.DecodeKeptBatch(id, c.Batch)
			for _, c := range changes {
				content, _ := wire.EncodeChange(c)
				note("carried", content)
			}
			return err
		})
	})
	return where, err
}
