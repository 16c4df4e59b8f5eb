package sim

import (
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// follower keeps of a space the digests of all rows, and reads only what has
// changed since it looked last. Another engine it reads from the beginning, as what
// is kept in memory is.
type follower struct {
	engine   *syncengine.Engine
	position uint64
	rows     map[merge.RecordID]merge.Hash
}

func (l *follower) look(h *home, space merge.SpaceID) {
	if l.engine != h.engine {
		*l = follower{engine: h.engine}
	}
	read := map[merge.RecordID]merge.Hash{}
	position, all, err := h.engine.Changed(space, l.position, func(rec *merge.Record) error {
		read[rec.ID] = rec.Digest()
		return nil
	})
	if h.must(err, "what has changed of %s after %d", h.names[space], l.position); all {
		l.rows = nil
	}
	if l.rows == nil {
		l.rows = map[merge.RecordID]merge.Hash{}
	}
	for id, digest := range read {
		l.rows[id] = digest
	}
	l.position = position
}

// check holds what was followed to the rows of the server.
func (l *follower) check(h *home, space merge.SpaceID, rows []*merge.Record) {
	l.look(h, space)
	for _, rec := range rows {
		if l.rows[rec.ID] != rec.Digest() {
			h.fail("%s: record %s has changed up to %d, and who follows was not told", h.names[space], rec.ID, l.position)
		}
	}
	if len(l.rows) != len(rows) {
		h.fail("%s: who follows has %d records, the server %d", h.names[space], len(l.rows), len(rows))
	}
}
