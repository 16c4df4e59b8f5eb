package syncengine

import (
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// A counselling note that an app with a defect sends without a seal must not lie
// here where people read it: not in quarantine, and not in the log, whose entries
// are kept and backed up. Refusing the batch would hold up all that comes behind
// it, for ever, since a change cannot be altered once it was made. So the change
// is kept as after an erasure: without what was written there, of which the hash
// is left, so that the chain goes on verifying. Its author's tablet has the
// original, and is told.
//
// What a server keeps of a type that it does not know yet it cannot know to be
// plain. Give a server the schema before the app.

// unsealed returns the cell of a write that is not sealed and should be; zero if
// there is none. Of a change that was kept back before, what was emptied counts:
// what access or schema frees must not be merged without it.
func (j *judge) unsealed(plan *schema.Plan, w *merge.RecordWrites) uint32 {
	for i := range w.Writes {
		if plan.IsPlain(&w.Writes[i]) || j.again && plan.IsEmptied(&w.Writes[i]) {
			return w.Writes[i].Cell.Field
		}
	}
	return 0
}

// emptyPlain takes plain values of sealed cells out of the batch, before it is
// stored, whatever else is found about the changes.
func (p *push) emptyPlain(known *schema.Schema, space merge.SpaceID) (err error) {
	emptied := 0
	for _, c := range p.changes {
		emptied += c.Purge(func(rec *merge.RecordWrites, w *merge.Write) bool {
			plan := known.Plan(rec.Type)
			return plan != nil && plan.IsPlain(w)
		})
	}
	if emptied > 0 {
		p.batch, err = wire.EncodeBatch(space, p.changes)
	}
	return err
}

func isEmptied(known *schema.Schema, c *merge.Change) bool {
	return slices.ContainsFunc(c.Records, func(rec merge.RecordWrites) bool {
		plan := known.Plan(rec.Type)
		return plan != nil && slices.ContainsFunc(rec.Writes, func(w merge.Write) bool { return plan.IsEmptied(&w) })
	})
}
