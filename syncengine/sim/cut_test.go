package sim

import (
	"slices"

	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// homeIsCut lets the server forget what is in a confirmed backup of its log, or
// what is some days old of that. What it has forgotten must be in a backup that
// was confirmed, as far as the season knows them.
func (d *doing) homeIsCut() {
	h := d.home
	if d.IntN(2) == 0 {
		d.homeIsBackedUp()
	}
	d.witness.look()
	days := uint32(d.IntN(3) * 5)
	cut, err := h.engine.Cut(noCut, h.admin, syncengine.CutOptions{Retention: syncengine.Retention{Days: days}})
	if h.isFull() && err != nil {
		return
	}
	d.must(err, "cut the server's log")
	for i := range cut.Spaces {
		s := &cut.Spaces[i]
		if s.CutThrough > s.CutBefore {
			d.tally.Forgotten++
		}
		if s.CutThrough > h.confirmed[s.Space] {
			d.fail("%s: the log is cut through position %d, a verified backup has it up to %d", d.names[s.Space], s.CutThrough, h.confirmed[s.Space])
		}
	}
	d.say("the server's log is cut to %d days: %d entries are gone", days, cut.Entries)
}

// confirm notes that a backup was confirmed, or would have been but for a full
// disk: some spaces may know.
func (h *home) confirm(b *homeBackup) {
	if h.confirmed == nil {
		h.confirmed = map[merge.SpaceID]uint64{}
	}
	for space, l := range b.logs {
		h.confirmed[space] = max(h.confirmed[space], l.position())
	}
	h.verified = append(h.verified, b.file)
}

// checkRows applies the server's log again, from a confirmed backup where it was
// cut, and compares every row. It ends the server.
func (h *home) checkRows() {
	h.close()
	h.engine = nil
	from := ""
	if n := len(h.verified); n > 0 {
		from = h.verified[n-1]
	}
	var damages []string
	found, err := syncengine.Check(noCut, h.options(), from, func(d syncengine.Damage) { damages = append(damages, d.String()) })
	if h.tally.Erased > 0 && fault.KindOf(err) == fault.Invalid {
		return // a person was erased from entries that no longer tell what they did: a later backup is due
	}
	h.must(err, "check the server")
	if len(damages) > 0 || found.Uncompared > 0 {
		h.fail("the server's rows are not what its log makes: %q, %d partitions not compared", slices.Compact(damages), found.Uncompared)
	}
}
