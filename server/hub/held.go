package hub

import (
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// heldBack is what a request offers of what is in quarantine here.
type heldBack struct {
	ids     []merge.ID
	batches [][]byte
	// next is the identity from which on the rest is looked for, if there is more.
	next merge.ID
	more bool
}

// packHeld packs what is in quarantine here and was not offered in this epoch.
// The home server has its own mind about it.
func (r *round) packHeld(t *tour, budgetBytes int) error {
	from := t.held.next
	t.held = heldBack{}
	var changes []*merge.Change
	err := r.engine.HeldBack(t.space, from, func(c *merge.Change) bool {
		if epoch, offered := r.heldOffered[c.ID]; offered && epoch == t.at.Epoch {
			return true
		}
		sizeBytes := wire.ChangeSizeBytes(c)
		if len(changes) == spaceBatches || budgetBytes < sizeBytes && len(changes)+len(t.brought.Batches) > 0 {
			t.held.more, t.held.next = true, c.ID
			return false
		}
		budgetBytes -= sizeBytes
		changes = append(changes, c)
		return true
	})
	for i := 0; i < len(changes) && err == nil; i++ {
		var batch []byte
		// One change in a batch: one that is over a limit is the home server's to
		// keep back.
		if batch, err = wire.EncodeBatch(t.space, changes[i:i+1]); err == nil {
			t.held.ids = append(t.held.ids, changes[i].ID)
			t.held.batches = append(t.held.batches, batch)
		}
	}
	return err
}
