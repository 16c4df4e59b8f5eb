package sim

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// homeBackup is a backup of the server, who had access when it was made, and
// what the witness had read.
type homeBackup struct {
	file    string
	logs    map[merge.SpaceID]*spaceLog
	allowed map[merge.SpaceID]map[merge.PersonID]bool
	// verified and confirmed are what home had of them.
	verified  []string
	confirmed map[merge.SpaceID]uint64
}

// homeIsBackedUp makes a backup, which at times nobody confirms.
func (d *doing) homeIsBackedUp() {
	h := d.home
	made := homeBackup{
		file:    filepath.Join(d.dir, fmt.Sprintf("home-%d.backup", len(h.backups))),
		allowed: map[merge.SpaceID]map[merge.PersonID]bool{},
	}
	for space, people := range h.allowed {
		made.allowed[space] = maps.Clone(people)
	}
	summary, err := backup.WriteFile(made.file, func(to io.Writer) (backup.Written, error) {
		return h.engine.Backup(context.Background(), to)
	})
	d.must(err, "back the server up")
	d.witness.look()
	made.logs = cloneLogs(d.witness.logs)
	made.verified, made.confirmed = slices.Clone(h.verified), maps.Clone(h.confirmed)
	h.backups = append(h.backups, made)
	confirmed := d.IntN(3) > 0
	if confirmed {
		h.confirm(&made)
		_, err := h.engine.ConfirmBackup(context.Background(), h.admin, summary.ID, summary.FileHash)
		if !h.isFull() {
			d.must(err, "confirm a backup")
		}
	}
	d.say("the server is backed up, confirmed %t", confirmed)
}

func cloneLogs(logs map[merge.SpaceID]*spaceLog) map[merge.SpaceID]*spaceLog {
	clone := make(map[merge.SpaceID]*spaceLog, len(logs))
	for space, l := range logs {
		clone[space] = &spaceLog{
			cursor: l.cursor, rows: l.rows, facts: slices.Clone(l.facts), digests: slices.Clone(l.digests),
			positions: maps.Clone(l.positions), state: l.state.Clone(), erased: slices.Clone(l.erased), persons: slices.Clone(l.persons),
		}
	}
	return clone
}

// homeIsRestored puts a backup, not always the last one, in place of what the
// server has. Whatever tablets have written comes back from them; what only the
// server had may be gone.
func (d *doing) homeIsRestored() {
	h := d.home
	if len(h.backups) == 0 {
		return
	}
	from := h.backups[len(h.backups)-1-d.IntN(min(2, len(h.backups)))]
	_ = h.engine.Close()
	h.disk = store.NewMemory()
	_, err := syncengine.Restore(h.options(), from.file, h.register)
	d.must(err, "restore the server")
	for space, people := range from.allowed {
		h.allowed[space] = maps.Clone(people)
	}
	h.open()
	d.tally.Restored++
	d.say("the server is restored from %s", filepath.Base(from.file))
	d.witness.logs = cloneLogs(from.logs)
	h.verified, h.confirmed = slices.Clone(from.verified), maps.Clone(from.confirmed)
	for _, of := range d.acknowledged {
		for id, ack := range of {
			if ack.by == coordinator {
				of[id] = acknowledgement{by: coordinator, forgotten: true}
			}
		}
	}
}
