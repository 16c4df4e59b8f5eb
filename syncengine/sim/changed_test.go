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
func (l *follower) check(h *home, space merge.SpaceID) {
	l.look(h, space)
	records := 0
	_, err := h.engine.Records(space, func(rec *merge.Record) error {
		if records++; l.rows[rec.ID] != rec.Digest() {
			h.fail("%s: record %s has changed up to %d, and who follows was not told", h.names[space], rec.ID, l.position)
		}
		return nil
	})
	if h.must(err, "read the rows of %s", h.names[space]); len(l.rows) != records {
		h.fail("%s: who follows has %d records, the server %d", h.names[space], len(l.rows), records)
	}
}

// checkFollowers is asked while the server still runs that they have followed.
func (f *fleet) checkFollowers() {
	for _, space := range f.spaces {
		if f.failed == nil {
			f.witness.logs[space].changed.check(f.home, space)
		}
	}
}
