package sim

import (
	"context"
	"maps"
	"math"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// noCut is for calls that nothing cuts short.
var noCut = context.Background()

// deeds are what can happen in a season. Their order is part of what a seed
// means: new ones go to the end.
func deeds() []deed {
	return []deed{
		{"writes", 40, true, (*doing).writes},
		{"syncs", 30, true, (*doing).syncs},
		{"opens a form", 6, true, func(d *doing) { d.opensForm(d.space()) }},
		{"is killed", 4, false, (*doing).isKilled},
		{"is copied", 3, false, (*doing).isCopied},
		{"is cloned", 1, false, (*doing).isCloned},
		{"is set back", 2, false, (*doing).isSetBack},
		{"has its clock moved", 3, false, (*doing).clockMoves},
		{"gets the newer app", 1, false, (*doing).getsNewerApp},
		{"loses access", 3, false, func(d *doing) { d.setAccess(false) }},
		{"gets access", 4, false, func(d *doing) { d.setAccess(true) }},
		{"the server crashes", 2, false, (*doing).homeCrashes},
		{"the server gets the newer types", 1, false, (*doing).homeGetsNewer},
		{"the server's disk is full", 1, false, (*doing).fillsHome},
		{"the server's disk has room", 2, false, (*doing).clearsHome},
		{"a coordinator settles", 4, false, (*doing).coordinatorSettles},
		{"a stranger lies", 3, false, (*doing).strangerLies},
		{"a coordinator decides about what is kept back", 2, false, (*doing).coordinatorDecides},
		{"the server is backed up", 3, false, (*doing).homeIsBackedUp},
		{"the server is restored", 2, false, (*doing).homeIsRestored},
		{"syncs with the hub", 12, false, (*doing).syncsWithTheHub},
		{"the hub relays", 6, false, (*doing).hubRelays},
		{"the hub crashes", 1, false, (*doing).hubCrashes},
		{"the hub is lost", 1, false, (*doing).hubIsLost},
		{"the server's log is cut", 4, false, (*doing).homeIsCut},
		{"a tablet's record is damaged", 3, false, (*doing).isDamaged},
		{"a person is erased", 3, false, (*doing).personIsErased},
	}
}

func deedNamed(name string) deed {
	all := deeds()
	return all[slices.IndexFunc(all, func(d deed) bool { return d.name == name })]
}

func (d *doing) space() merge.SpaceID { return d.tablet.spaces[d.IntN(len(d.tablet.spaces))] }

func (d *doing) writes() {
	count := 1 + d.IntN(d.Burst)
	d.say("%s: %d transactions", d.tablet, count)
	for range count {
		d.writesSomething(d.space())
	}
}

func (d *doing) syncs() {
	t := d.tablet
	if t.busy {
		return
	}
	d.say("%s syncs", t)
	l := &link{tablet: t, draws: d.Rand, pageBytes: []uint32{0, 0, 0, 1, 700}[d.IntN(5)]}
	result, err := t.sync(l)
	said := "all is there"
	if err != nil {
		said = "cut: " + err.Error()
	} else if result.Err() != nil {
		said = result.Err().Error()
	}
	d.say("%s: %d sent, %d again, %d changes and %d rows came, %d records were mended; %s", t, result.Sent, result.Resent, result.Changes, result.Rows, result.Repaired, said)
}

// isKilled ends the app where it stands; in the midst of a sync before the
// answer comes.
func (d *doing) isKilled() {
	if d.tablet.busy {
		d.tablet.doomed = true
		return
	}
	d.say("%s: the app is killed and started again", d.tablet)
	d.tablet.kill()
}

// isCopied makes a backup of the tablet, as its system does at night.
func (d *doing) isCopied() {
	t := d.tablet
	t.backupDisk, t.backup = t.copyOf(t.disk), cloneOwn(t.own)
	d.say("%s: a copy is made of its files", t)
}

// isSetBack puts the last copy in place of what the tablet has. What it has
// written since may be gone with it.
func (d *doing) isSetBack() {
	t := d.tablet
	if t.busy || t.backupDisk == nil {
		return
	}
	d.tally.SetBack++
	d.say("%s: the copy is put back", t)
	for space, ids := range t.own {
		for _, id := range ids {
			if !slices.Contains(t.backup[space], id) && d.acknowledged[space][id].by == t.name {
				d.acknowledged[space][id] = acknowledgement{by: t.name, forgotten: true}
			}
		}
	}
	t.own = cloneOwn(t.backup)
	t.start(t.backupDisk)
}

// isCloned makes a second tablet of the first: the same replica twice.
func (d *doing) isCloned() {
	t := d.tablet
	if t.busy || len(d.tablets) >= 2*d.Tablets {
		return
	}
	d.tally.Cloned++
	second := &tablet{
		fleet: d.fleet, name: t.name + "'s clone", person: t.person, signer: t.signer, spaces: t.spaces, newer: t.newer, aheadMillis: t.aheadMillis,
		own: cloneOwn(t.own), epochs: map[merge.SpaceID]wire.EpochID{}, damaged: maps.Clone(t.damaged), struck: maps.Clone(t.struck),
	}
	second.random = newSeededBytes(d.Seed, second.name)
	second.start(t.disk)
	d.tablets = append(d.tablets, second)
	d.say("%s is cloned", t)
}

func (d *doing) clockMoves() {
	const year = int64(365 * 24 * 60 * minute)
	d.tally.ClocksMoved++
	d.tablet.aheadMillis = d.Int64N(65*year) - 55*year
	d.say("%s: the clock is now wrong by %d days", d.tablet, d.tablet.aheadMillis/(24*60*minute))
}

func (d *doing) getsNewerApp() {
	t := d.tablet
	if t.busy || t.newer {
		return
	}
	t.newer = true
	d.say("%s gets the newer app", t)
	t.kill()
}

func (d *doing) setAccess(allowed bool) {
	space := d.space()
	if !allowed {
		d.tally.Revoked++
	}
	d.say("access of %s to %s: %t", d.tablet, d.names[space], allowed)
	d.home.allow(d.tablet.person, space, allowed)
}

func (d *doing) homeCrashes() {
	d.tally.HomeCrashes++
	d.say("the server loses power and starts again")
	d.home.crash()
}

func (d *doing) homeGetsNewer() {
	d.home.newer = true
	d.say("the server gets the newer types")
	d.home.restart()
}

// fillsHome leaves so little room on the server's disk that it refuses, or that
// it accepts and then cannot commit.
func (d *doing) fillsHome() {
	d.tally.HomeFull++
	room := d.Uint64N(4 * roomBytesMin)
	d.home.disk.Fill(room)
	d.say("the server's disk has %d bytes left", room)
}

func (d *doing) clearsHome() {
	d.home.disk.Fill(math.MaxUint64)
	d.say("the server's disk has room again")
}

func cloneOwn(own map[merge.SpaceID][]merge.ID) map[merge.SpaceID][]merge.ID {
	clone := map[merge.SpaceID][]merge.ID{}
	for space, ids := range own {
		clone[space] = slices.Clone(ids)
	}
	return clone
}
