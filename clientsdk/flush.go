package clientsdk

import (
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// flush writes back what has changed and forgets all records.
func (w *workspace) flush() error {
	for _, h := range w.order {
		if err := w.save(h); err != nil {
			return err
		}
	}
	clear(w.held)
	w.order = w.order[:0]
	return nil
}

func (w *workspace) save(h *held) (err error) {
	if !h.baseChanged && !h.stale && h.view == nil {
		return nil
	}
	shown := h.view
	if shown == nil {
		if shown, err = w.render(h); err != nil {
			return err
		}
	}
	if shown == nil {
		return w.drop(h)
	}
	if err := w.fill(h, shown); err != nil {
		return err
	}
	if err := w.tx.SaveRecord(w.space.N, &h.row); err != nil {
		return err
	}
	if err := w.saveOverlay(h); err != nil {
		return err
	}
	return w.saveReferences(h, w.referencesOf(shown))
}

// fill brings the row of a record up to date.
func (w *workspace) fill(h *held, shown *merge.Record) error {
	row := &h.row
	row.Type, row.Standing, row.Open = shown.Type, shown.Standing(), isOpen(w.schema, shown)
	if h.baseChanged {
		row.Base = merge.AppendRecord(nil, h.base)
	}
	row.View = nil
	if len(h.overlay) > 0 {
		row.View = merge.AppendRecord(nil, shown)
	}
	if h.view == nil { // a new own change is in no quarantine yet, and frees none
		pending, err := w.pending()
		if err != nil {
			return err
		}
		row.Quarantined = inQuarantine(pending, h.overlay)
	}
	return nil
}

// drop deletes a record that neither home nor the tablet has any more.
func (w *workspace) drop(h *held) error {
	if h.row.N == 0 {
		return nil
	}
	if err := w.saveOverlay(h); err != nil {
		return err
	}
	if err := w.saveReferences(h, nil); err != nil {
		return err
	}
	return w.tx.DeleteRecord(h.row.N)
}

func (w *workspace) saveOverlay(h *held) error {
	for _, n := range h.overlay {
		if slices.Contains(h.stored, n) {
			continue
		}
		if err := w.tx.AddOverlay(h.row.N, n); err != nil {
			return err
		}
	}
	for _, n := range h.stored {
		if slices.Contains(h.overlay, n) {
			continue
		}
		if err := w.tx.DropOverlay(h.row.N, n); err != nil {
			return err
		}
	}
	h.stored = slices.Clone(h.overlay)
	return nil
}

// saveReferences writes what differs: most of a record's references are in its
// key, and never change.
func (w *workspace) saveReferences(h *held, now []schema.Reference) error {
	for _, ref := range now {
		if containsReference(h.references, ref) {
			continue
		}
		if err := w.tx.AddReference(h.row.N, ref.Field, ref.Record); err != nil {
			return err
		}
	}
	for _, ref := range h.references {
		if containsReference(now, ref) {
			continue
		}
		if err := w.tx.DropReference(h.row.N, ref.Field, ref.Record); err != nil {
			return err
		}
	}
	h.references = now
	return nil
}

func containsReference(list []schema.Reference, ref schema.Reference) bool {
	return slices.ContainsFunc(list, func(r schema.Reference) bool { return r.Field == ref.Field && r.Record == ref.Record })
}

// putOn lays an own change over the records that it writes to; takeOff takes it
// off again. Their views are made anew.
func (w *workspace) putOn(n int64) error {
	return w.eachPart(n, func(h *held) {
		if i, found := slices.BinarySearch(h.overlay, n); !found {
			h.overlay = slices.Insert(h.overlay, i, n)
		}
	})
}

func (w *workspace) takeOff(n int64) error {
	return w.eachPart(n, func(h *held) {
		if i, found := slices.BinarySearch(h.overlay, n); found {
			h.overlay = slices.Delete(h.overlay, i, i+1)
		}
	})
}

func (w *workspace) eachPart(n int64, do func(h *held)) error {
	c, err := w.change(n)
	if err != nil {
		return err
	}
	for i := range c.Records {
		h, err := w.hold(c.Records[i].Record)
		if err != nil {
			return err
		}
		do(h)
		h.stale = true
	}
	return nil
}
