package clientsdk

import (
	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// workspace is one space in a local transaction: a record is read when it is
// first needed, changed in memory, and written back by flush.
type workspace struct {
	schema *schema.Schema
	tx     localstore.Tx
	space  *localstore.Space
	held   map[merge.RecordID]*held
	// order is that of first use: what is written must not hang on the order
	// of a map.
	order []*held
	// own are own changes, and relayed ones, that were decoded, by name.
	own map[int64]*merge.Change
	// open are the own changes about which something is open; see pending.
	open map[int64]*openChange
	// chains are the own replicas; see ownName.
	chains map[merge.ReplicaID]int64
	// awaited are the own changes that a verdict is due for.
	awaited map[int64]bool
	// forked says that another store goes by the same replica.
	forked bool
	// mends says that a row which nobody can read is taken for none: what home
	// has of it is fetched before the sync is over. See repair.go.
	mends bool
}

func newWorkspace(known *schema.Schema, tx localstore.Tx, space *localstore.Space) *workspace {
	return &workspace{schema: known, tx: tx, space: space, held: make(map[merge.RecordID]*held), own: make(map[int64]*merge.Change)}
}

// held is a record in a workspace.
type held struct {
	row localstore.Record
	// base is the record as home has it, nil if home has none.
	base *merge.Record
	// shown is the record as it was when the workspace took it up, nil if it
	// was not there. Where there is no view it is the base, so who moves the
	// base does not look at it.
	shown *merge.Record
	// references are those that the store has for it.
	references []schema.Reference
	// overlay are the changes on top of the base, ascending: those that came by
	// a hub, and own ones; stored are those that the store has.
	overlay, stored []int64

	baseChanged bool
	// view is the record with the overlay, where that is known without making
	// it anew from the base.
	view *merge.Record
	// stale says that the view must be made anew.
	stale bool
}

// hold returns the record with this id, whether it is there or not.
func (w *workspace) hold(id merge.RecordID) (*held, error) {
	if h := w.held[id]; h != nil {
		return h, nil
	}
	row, err := w.tx.Record(w.space.N, id)
	if err != nil {
		return nil, err
	}
	h := &held{row: localstore.Record{ID: id}}
	if row != nil {
		h.row = *row
		err := w.read(h)
		if err != nil && w.mends && fault.KindOf(err) == fault.Damaged {
			return w.replaceDamaged(row)
		}
		if err != nil {
			return nil, err
		}
	}
	w.keep(h)
	return h, nil
}

func (w *workspace) keep(h *held) {
	w.held[h.row.ID] = h
	w.order = append(w.order, h)
}

// read decodes the rows of a record.
func (w *workspace) read(h *held) (err error) {
	if h.shown, err = parseRow(h.row.ID, h.row.Row()); err != nil {
		return err
	}
	h.references = w.referencesOf(h.shown)
	if h.row.View == nil {
		h.base = h.shown
		return nil
	}
	if h.row.Base != nil {
		if h.base, err = parseRow(h.row.ID, h.row.Base); err != nil {
			return err
		}
	}
	h.stored, err = w.tx.Overlay(h.row.N)
	h.overlay = append([]int64(nil), h.stored...)
	return err
}

func parseRow(id merge.RecordID, row []byte) (*merge.Record, error) {
	rec, err := merge.ParseRecord(id, row)
	if err != nil {
		return nil, fault.New(fault.Damaged, "record %s: %w: the register is damaged; keep its files and start a new one beside them", id, err)
	}
	return rec, nil
}

// change returns an own change, or one that came by a hub, by its name.
func (w *workspace) change(n int64) (*merge.Change, error) {
	if c := w.own[n]; c != nil {
		return c, nil
	}
	read := w.tx.OwnContent
	if n < 0 {
		read = w.tx.RelayedContent
	}
	content, err := read(n)
	if err != nil {
		return nil, err
	}
	c, err := decodeOwn(w.space.ID, content)
	if err != nil {
		return nil, err
	}
	w.own[n] = c
	return c, nil
}

func decodeOwn(space merge.SpaceID, content []byte) (*merge.Change, error) {
	c, err := wire.DecodeChange(space, content)
	if err != nil {
		return nil, fault.New(fault.Damaged, "change: %w: the register is damaged; keep its files and start a new one beside them", err)
	}
	return c, nil
}
