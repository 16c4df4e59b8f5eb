package clientsdk_test

import (
	"testing"

	"pgregory.net/rapid"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// kept is a backup, and whether petro had access then.
type kept struct {
	file    string
	allowed bool
}

// unstable is a fleet whose home is lost and restored now and then, from any
// backup that there is, with what its tablets did meanwhile.
type unstable struct {
	*fleet
	backups  []kept
	restores uint64
}

// However often home is lost and from whichever backup it is restored, whatever
// is cut off and whoever has access: in the end all tablets are what home is,
// everything that they wrote is confirmed, and the log gives all of it again.
func TestTabletsConvergeAcrossRestores(t *testing.T) {
	fewerChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		u := &unstable{fleet: &fleet{T: rt, home: newHome(t), allowed: true}}
		for _, person := range []string{"oksana", "petro", "hanna"} {
			u.tablets = append(u.tablets, newTablet(t, u.home, person, "lyman"))
			u.home.access(u.tablets[0].space, community, true, person)
		}
		defer func() {
			for _, tab := range u.tablets {
				tab.Close()
			}
			u.home.engine.Close()
		}()
		u.backup(rt)
		u.Repeat(map[string]func(*rapid.T){
			"":        u.audit,
			"write":   u.write,
			"write2":  u.write,
			"sync":    u.sync,
			"sync2":   u.sync,
			"access":  u.access,
			"backup":  u.backup,
			"restore": u.restore,
			"page":    func(rt *rapid.T) { u.home.pageBytes = rapid.SampledFrom([]int{0, 1, 300}).Draw(rt, "bytes") },
		})
		u.converge()
		u.home.check()
	})
}

func (u *unstable) backup(*rapid.T) {
	u.backups = append(u.backups, kept{u.home.backup(), u.allowed})
}

func (u *unstable) restore(rt *rapid.T) {
	from := rapid.SampledFrom(u.backups).Draw(rt, "backup")
	if err := u.home.engine.Close(); err != nil {
		rt.Fatal(err)
	}
	u.restores++
	u.home = restored(u.home.t, from.file, 100+u.restores)
	u.allowed = from.allowed
	for _, tab := range u.tablets {
		tab.line.home = u.home
	}
}

// Tablets break, and the server writes too. Whenever home is restored from the
// last verified backup and the tablets that are left have synced, what they had
// pulled is there again, also what its author no longer has.
func TestWhatATabletHasPulledOutlivesItsAuthor(t *testing.T) {
	fewerChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		u := &unstable{fleet: &fleet{T: rt, home: newHome(t), allowed: true}}
		u.home.access(named[merge.SpaceID]("lyman"), community, true, "oksana", "petro", "coordinator")
		for _, person := range []string{"oksana", "petro"} {
			u.tablets = append(u.tablets, newTablet(t, u.home, person, "lyman"))
		}
		defer func() {
			for _, tab := range u.tablets {
				tab.Close()
			}
			u.home.engine.Close()
		}()
		u.backup(rt)
		u.Repeat(map[string]func(*rapid.T){
			"":        u.audit,
			"write":   u.write,
			"settle":  u.settle,
			"sync":    u.sync,
			"sync2":   u.sync,
			"break":   u.breakTablet,
			"backup":  u.backup,
			"restore": u.restoreLast,
		})
		u.restoreLast(rt)
		u.converge()
		u.home.check()
	})
}

// settle writes at home, as a coordinator.
func (u *unstable) settle(rt *rapid.T) {
	if len(u.records) == 0 {
		return
	}
	id, text := rapid.SampledFrom(u.records).Draw(rt, "record"), rapid.StringMatching(`[a-z]{1,4}`).Draw(rt, "text")
	_ = u.home.writeAs("coordinator", u.tablets[0].space, id, &recordsv1.Participant{NameLatin: text}) // it may have that value
}

// breakTablet puts an empty tablet in the place of one.
func (u *unstable) breakTablet(rt *rapid.T) {
	i := rapid.IntRange(0, len(u.tablets)-1).Draw(rt, "tablet")
	if err := u.tablets[i].Close(); err != nil {
		rt.Fatal(err)
	}
	u.tablets[i] = newTablet(u.home.t, u.home, []string{"oksana", "petro"}[i], "lyman")
}

// restoreLast loses home, restores it from the last backup and lets the tablets
// bring what they have.
func (u *unstable) restoreLast(rt *rapid.T) {
	var pulled []merge.ID
	for _, tab := range u.tablets {
		pulled = append(pulled, tab.pulled()...)
	}
	u.backups = u.backups[len(u.backups)-1:]
	u.restore(rt)
	for _, tab := range u.tablets {
		tab.sync()
	}
	for _, id := range pulled {
		outcomes, err := u.home.engine.Verdicts(named[merge.PersonID]("oksana"), u.tablets[0].space, []merge.ID{id})
		if err != nil || len(outcomes) != 1 || !outcomes[0].Verdict.Merged() {
			rt.Fatalf("change %s, which a tablet had pulled, is lost: %+v, %v", id, outcomes, err)
		}
	}
}

// pulled returns the changes of which the base of the tablet has live values.
func (tab *tablet) pulled() (ids []merge.ID) {
	tab.t.Helper()
	rows, err := tab.BaseRows(tab.t.Context(), tab.space)
	if err != nil {
		tab.t.Fatal(err)
	}
	for id, row := range rows {
		rec, err := merge.ParseRecord(id, row)
		if err != nil {
			tab.t.Fatal(err)
		}
		for _, cell := range rec.Cells {
			for _, v := range cell.Values {
				ids = append(ids, v.Change)
			}
		}
	}
	return ids
}
