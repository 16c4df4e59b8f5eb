package syncengine

import (
	"context"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Expire erases records of a space whose time is over, each but for the cells that
// stay, as Erase does those of a person: from the log and quarantine too, from
// hubs and tablets with their next sync, and out of whatever is written to them
// later. Nobody is erased by it. A restore of an older backup brings them back
// until it is asked for again.
func (e *Engine) Expire(ctx context.Context, by merge.PersonID, space merge.SpaceID, records []wire.ErasedRecord) (Erased, error) {
	if err := e.gate.enter(); err != nil {
		return Erased{}, err
	}
	defer e.gate.leave()
	if err := e.checkRoom(); err != nil {
		return Erased{}, err
	}
	if len(records) == 0 {
		return Erased{}, nil
	}
	return e.eraseAll(ctx, by, space, []merge.Erasure{{}}, records...)
}
